/**
 * Windows: tensors as kernels see them where a storage is larger than what an
 * adapter binds. The same elements, with an offset that counts from the
 * beginning of a part of the buffer. Bytes, unless something else is said.
 *
 * @module
 */

import { BIND_ALIGN, bindingLimit } from "../../gpu/device.ts";
import { boundBytes } from "../../gpu/plan.ts";
import { type DType, DTYPES } from "../../tensor/dtype.ts";
import { type Layout, reachOf } from "../../tensor/layout.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Storage } from "../../tensor/storage.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** Where a tensor lies, without the tensor. */
export interface Extents {
  readonly layout: Layout;
  readonly dtype: DType;
}

/** Whether a storage is larger than a binding. */
export function isLarge(storage: Storage): boolean {
  return boundBytes(storage) > bindingLimit();
}

/** The bytes of a storage that a kernel binds to reach all elements. */
export function windowOf({ layout, dtype }: Extents): [number, number] {
  if (sizeOf(layout.shape) === 0) return [0, BIND_ALIGN];
  const { bytes } = DTYPES[dtype];
  const [first, end] = reachOf(layout);
  return [
    Math.floor(first * bytes / BIND_ALIGN) * BIND_ALIGN,
    Math.ceil(end * bytes / BIND_ALIGN) * BIND_ALIGN,
  ];
}

/** How many bytes a kernel binds to reach all elements. */
export function windowBytes(extents: Extents): number {
  const [first, end] = windowOf(extents);
  return end - first;
}

/**
 * The tensors with windows in place of the storages that are too large. Those
 * that fit into a binding are returned as they are.
 */
export function windowed(tensors: readonly Tensor[]): Tensor[] {
  // one object for each window: kernels ask whether two storages are one
  const parts = new Map<Storage, Map<string, Storage>>();
  return tensors.map((tensor) => {
    const { storage, layout, dtype } = tensor;
    if (!isLarge(storage)) return tensor;
    const [first, last] = windowOf(tensor);
    const end = Math.min(last, storage.buffer.bytes - storageStart(storage));
    const known = parts.get(storage) ?? new Map<string, Storage>();
    parts.set(storage, known);
    const key = `${first} ${end}`;
    const part = known.get(key) ?? storage.part(first, end);
    known.set(key, part);
    const isEmpty = sizeOf(layout.shape) === 0;
    const offset = isEmpty ? 0 : layout.offset - first / DTYPES[dtype].bytes;
    return new Tensor(part, { ...layout, offset }, dtype, tensor.origin);
  });
}

function storageStart({ window }: Storage): number {
  return window ? window.first : 0;
}
