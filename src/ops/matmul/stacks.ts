/**
 * Stacks of matrices: merges the leading dims of both operands of a product into
 * one dim with a stride. Offsets and strides count elements.
 *
 * @module
 */

import { mergeDims } from "../../tensor/layout.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Matrix } from "./choice.ts";

/** Tensor, and the offset and strides of its matrices. */
export interface Stack {
  readonly tensor: Tensor;
  readonly matrix: Matrix;
}

/** Merges the leading dims of both, and copies if strides do not allow it. */
export function stacks(
  a: Tensor,
  b: Tensor,
): { readonly a: Stack; readonly b: Stack } {
  const leading = [a, b].map(({ layout }) => ({
    shape: layout.shape.slice(0, -2),
    strides: layout.strides.slice(0, -2),
    offset: layout.offset,
  }));
  const { shape, strides } = mergeDims(leading);
  // kernels do not read an empty operand, so that its strides do not matter
  if (shape.length > 1 && a.size * b.size > 0) {
    return stacks(a.contiguous(), b.contiguous());
  }
  const stack = (tensor: Tensor, [batch = 0]: readonly number[]): Stack => {
    const { strides, offset } = tensor.layout;
    const [row = 0, col = 0] = strides.slice(-2);
    return { tensor, matrix: { offset, row, col, batch } };
  };
  return { a: stack(a, strides[0]!), b: stack(b, strides[1]!) };
}
