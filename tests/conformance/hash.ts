/**
 * The hash rule of the goldens' README: tensors too large to store, made again
 * from a salt, the tensor's number and the element's.
 *
 * @module
 */

import { HostArray } from "../../src/tensor/host_array.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Generated } from "./case.ts";

/** Unsigned 32-bit arithmetic that wraps around; the result is signed. */
function mix(x: number): number {
  let z = (x + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** A float32 array filled by the hash rule. */
export function hashUniform(
  { salt, tensor_index: tensor, shape, lo, hi }: Generated,
): HostArray {
  const start = mix((mix(salt) + tensor) | 0);
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const u = (mix((i + start) | 0) >>> 8) / 2 ** 24;
    data[i] = lo + (hi - lo) * u; // in double, rounded once when it is stored
  }
  return new HostArray(data, shape);
}
