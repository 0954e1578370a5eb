/**
 * What tests of numbers beside tensors share: tensors by their type, and elements
 * and numbers at the ends of the types' ranges.
 *
 * @module
 */

import { tensor } from "../../src/tensor/create.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

type Values = Parameters<typeof tensor>[0];

/** A tensor of bytes. */
export function u8(values: Values): Tensor {
  return tensor(values, { dtype: "uint8" });
}

/** A tensor of signed integers. */
export function i32(values: Values): Tensor {
  return tensor(values, { dtype: "int32" });
}

/** A tensor of unsigned integers. */
export function u32(values: Values): Tensor {
  return tensor(values, { dtype: "uint32" });
}

/** A tensor of halves. */
export function f16(values: Values): Tensor {
  return tensor(values, { dtype: "float16" });
}

/** The elements of a tensor as an array. */
export async function list(x: Tensor): Promise<number[]> {
  return [...await x.data()];
}

/** Elements of the types, the ends of their ranges among them. */
export const ELEMENTS: Readonly<Partial<Record<DType, readonly number[]>>> = {
  uint8: [0, 1, 200, 255],
  int32: [-(2 ** 31), -16777217, -1, 0, 1, 16777217, 2 ** 31 - 1],
  uint32: [0, 1, 16777217, 2 ** 31, 2 ** 32 - 1],
  bool: [0, 1],
};

// deno-fmt-ignore
/** Numbers inside and outside of these ranges. */
export const NUMBERS = [
  0, -0, 1, 0.5, -0.5, 1.0000000001, -1, 127.5, 200, 254.5, 255, 255.5, 256, 300,
  16777216, 16777216.5, 2 ** 31 - 1, 2 ** 31 - 0.5, 2 ** 31, -(2 ** 31),
  -(2 ** 31) - 0.5, -(2 ** 31) - 1, 3e9, 2 ** 32 - 1, 2 ** 32, 2 ** 40, -3e9,
  1e300, -1e300, Infinity, -Infinity, NaN,
];
