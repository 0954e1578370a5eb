/**
 * The hash rule of the goldens' README: tensors too large to store, made again
 * from a salt, the tensor's number and the element's.
 *
 * @module
 */

import { DTYPES, isDType, isFloat } from "../../src/tensor/dtype.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Generated } from "./case.ts";
import { ownDType } from "./compare.ts";
import { Unsupported } from "./outcome.ts";

/** Unsigned 32-bit arithmetic that wraps around; the result is signed. */
function mix(x: number): number {
  let z = (x + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/**
 * An array filled by the hash rule: float32, or whole numbers where the rule
 * says int64 (or another type of integers).
 */
export function hashed(
  { salt, tensor_index: tensor, shape, lo, hi, dtype = "float32" }: Generated,
): HostArray {
  const own = ownDType(dtype);
  if (!isDType(own)) throw new Unsupported(`generated ${dtype}`);
  const start = mix((mix(salt) + tensor) | 0);
  const data = new DTYPES[own].array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const u = (mix((i + start) | 0) >>> 8) / 2 ** 24;
    const value = lo + (hi - lo) * u; // in double, rounded once when it is stored
    data[i] = isFloat(own) ? value : Math.floor(value);
  }
  return new HostArray(data, shape, own);
}
