/**
 * Batches between a worker and main.
 *
 * Structured clone loses classes, so a batch travels as a tree of records.
 * Values other than arrays, images, lists and plain objects are sent as the
 * fields of a dataset are: NOTE [sending] in portable.ts.
 *
 * Arrays in lent memory are transferred with their buffers, which main sends
 * back. Other arrays may be views of the dataset's memory, and are copied.
 *
 * @module
 */

import type { DType, TypedArray } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Shape } from "../../tensor/shape.ts";
import { isPlainObject, isTypedArray } from "../checks/values.ts";
import type { Arena } from "../collate/arena.ts";
import { ImageBatch } from "../images/image_batch.ts";
import { fromPortable } from "./rebuild.ts";
import { type Portable, toPortable } from "./portable.ts";
import { describeView, makeView, type PortableView } from "./views.ts";

/** A batch as plain data. */
export type PackedBatch =
  | {
    readonly kind: "array";
    readonly data: PortableView;
    readonly shape: Shape;
    readonly dtype: DType;
    /** Whether the array is a typed array, not a HostArray. */
    readonly isBare: boolean;
  }
  | {
    readonly kind: "images";
    readonly data: PortableView;
    readonly sizes: ImageBatch["sizes"];
    readonly channels: number;
    readonly isPlanar: boolean;
    readonly pending: ImageBatch["pending"];
  }
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "object"; readonly portable: Portable }
  | { readonly kind: "list"; readonly items: readonly PackedBatch[] }
  | {
    readonly kind: "record";
    readonly fields: readonly (readonly [name: string, item: PackedBatch])[];
  };

/**
 * Packs a batch, and lists the buffers to transfer with it.
 *
 * @throws {TypeError} If a value in the batch can't be sent
 */
export function packBatch(
  batch: unknown,
  arena: Arena,
): { packed: PackedBatch; transfer: ArrayBuffer[] } {
  const transfer = new Set<ArrayBuffer>();

  /** Describes an array in lent memory, copied if need be. */
  function lend(array: HostArray): PortableView {
    let { data } = array;
    if (!arena.isLent(data.buffer)) {
      const copy = arena.empty(array.shape, array.dtype);
      copy.data.set(data);
      data = copy.data;
    }
    // lent memory is not shared
    transfer.add(data.buffer as ArrayBuffer);
    return describeView(data);
  }

  function packArray(array: HostArray, isBare: boolean): PackedBatch {
    const { shape, dtype } = array;
    return { kind: "array", data: lend(array), shape, dtype, isBare };
  }

  function packImages(images: ImageBatch): PackedBatch {
    const { sizes, channels, isPlanar, pending } = images;
    const data = lend(new HostArray(images.data));
    return { kind: "images", data, sizes, channels, isPlanar, pending };
  }

  function pack(value: unknown, path: string): PackedBatch {
    if (value instanceof HostArray) return packArray(value, false);
    if (value instanceof ImageBatch) return packImages(value);
    if (isTypedArray(value)) return packArray(new HostArray(value), true);
    if (Array.isArray(value)) {
      if (value.every((item) => typeof item === "string")) {
        return { kind: "value", value };
      }
      const items = value.map((item, i) => pack(item, `${path}[${i}]`));
      return { kind: "list", items };
    }
    if (isPlainObject(value)) {
      const fields = Object.entries(value).map(([key, item]) =>
        [key, pack(item, `${path}.${key}`)] as const
      );
      return { kind: "record", fields };
    }
    return {
      kind: "object",
      portable: toPortable(value, path, { way: "from" }),
    };
  }

  const packed = pack(batch, "batch");
  return { packed, transfer: [...transfer] };
}

/**
 * Unpacks a batch, and lists the buffers to send back after its last use.
 *
 * @throws {TypeError} If a class in it is not found
 */
export async function unpackBatch(
  packed: PackedBatch,
): Promise<{ batch: unknown; buffers: ArrayBuffer[] }> {
  const buffers = new Set<ArrayBuffer>();

  async function unpack(part: PackedBatch): Promise<unknown> {
    switch (part.kind) {
      case "array": {
        // packArray sends no shared memory
        buffers.add(part.data.buffer as ArrayBuffer);
        const data = makeView(part.data) as TypedArray; // as packArray has it
        return part.isBare ? data : new HostArray(data, part.shape, part.dtype);
      }
      case "images": {
        const { sizes, channels, isPlanar, pending } = part;
        // packImages sends bytes, in no shared memory
        buffers.add(part.data.buffer as ArrayBuffer);
        const data = makeView(part.data) as Uint8Array;
        return new ImageBatch(data, sizes, channels, { isPlanar, pending });
      }
      case "value":
        return part.value;
      case "object":
        return await fromPortable(part.portable);
      case "list":
        return await Promise.all(part.items.map(unpack));
      case "record": {
        const names = part.fields.map(([name]) => name);
        const items = await Promise.all(
          part.fields.map(([, item]) => unpack(item)),
        );
        return Object.fromEntries(names.map((name, i) => [name, items[i]]));
      }
      default:
        return part satisfies never;
    }
  }

  return { batch: await unpack(packed), buffers: [...buffers] };
}
