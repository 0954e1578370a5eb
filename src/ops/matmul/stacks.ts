/**
 * Stacks of matrices: the leading dims of both operands of a product as one
 * dim, which kernels can step along. Offsets and strides count elements.
 *
 * @module
 */

import { mergeDims } from "../../tensor/layout.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Matrix } from "./choice.ts";

/** A tensor and where its matrices lie. */
export interface Stack {
  readonly tensor: Tensor;
  readonly matrix: Matrix;
}

/** The leading dims of both as one, copied where strides cannot say it. */
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
  // an empty operand is not looked at, whatever its strides
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
