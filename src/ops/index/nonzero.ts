/**
 * Ops whose result's size depends on values. The host waits for the values, so
 * these ops return promises and cannot be part of a compiled function.
 *
 * @module
 */

import { fromHost } from "../../tensor/create.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { broadcastShapes } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexSelect } from "./index.ts";

/** Returns the indices of all nonzero elements, one per row: int32 [n, ndim]. */
export async function nonzero(x: Tensor): Promise<Tensor> {
  const values = await x.data();
  const { shape } = x;
  const found: number[] = [];
  const index = new Array<number>(shape.length).fill(0);
  for (const value of values) {
    if (value !== 0) found.push(...index);
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      if (++index[dim]! < shape[dim]!) break;
      index[dim] = 0;
    }
  }
  const rows = shape.length === 0
    ? Number(values[0] !== 0)
    : found.length / shape.length;
  const data = Int32Array.from(found);
  return fromHost(new HostArray(data, [rows, shape.length]));
}

/** Returns the elements where `mask`, which broadcasts, is not 0, in order: [n]. */
export async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  const shape = broadcastShapes("maskedSelect", [x.shape, mask.shape]);
  const flat = x.expand(shape).reshape([-1]);
  const chosen = await mask.expand(shape).data();
  const index: number[] = [];
  chosen.forEach((value, i) => {
    if (value !== 0) index.push(i);
  });
  return indexSelect(flat, 0, fromHost(new HostArray(Int32Array.from(index))));
}
