/**
 * Windows: tensors over a part of a storage that is larger than the adapter's
 * binding limit. The elements stay the same; the offset counts from the
 * beginning of the window. Sizes are in bytes; layouts count elements.
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

/** Layout and type of a tensor, without its storage. */
export interface Extents {
  readonly layout: Layout;
  readonly dtype: DType;
}

/** Returns true if a storage is larger than the binding limit. */
export function isLarge(storage: Storage): boolean {
  return boundBytes(storage) > bindingLimit();
}

/** Returns the range of bytes that a kernel binds to reach all elements. */
export function windowOf({ layout, dtype }: Extents): [number, number] {
  if (sizeOf(layout.shape) === 0) return [0, BIND_ALIGN];
  const { bytes } = DTYPES[dtype];
  const [first, end] = reachOf(layout);
  return [
    Math.floor(first * bytes / BIND_ALIGN) * BIND_ALIGN,
    Math.ceil(end * bytes / BIND_ALIGN) * BIND_ALIGN,
  ];
}

/** Returns the number of bytes that a kernel binds to reach all elements. */
export function windowBytes(extents: Extents): number {
  const [first, end] = windowOf(extents);
  return end - first;
}

/**
 * Returns the tensors with windows in place of storages larger than the binding
 * limit; other tensors are returned as they are.
 */
export function windowed(tensors: readonly Tensor[]): Tensor[] {
  // equal windows share one object: kernels compare storages by identity
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
