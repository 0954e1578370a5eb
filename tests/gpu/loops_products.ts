/**
 * Calls of matrix products and of attention, with their gradients.
 *
 * @module
 */

import { F, ones } from "../../mod.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { backprop, type LoopCall, loopCall } from "./_loop_calls.ts";

const leaf = { requiresGrad: true };

/** The shapes of two operands. */
type Pair = readonly [a: Shape, b: Shape];

function multiplied(
  name: string,
  sizes: readonly [small: Pair, far: Pair],
  change: (x: Tensor) => Tensor = (x) => x,
): LoopCall {
  return loopCall(name, sizes, ([left, right]) => {
    const [a, b] = [ones(left, leaf), ones(right, leaf)];
    backprop(change(a).matmul(change(b)), [a, b]);
  });
}

const swap = (x: Tensor) => x.transpose(-2, -1);

/** Queries, keys and their width. */
type Attended = readonly [queries: number, keys: number, width: number];

function attended(
  name: string,
  sizes: readonly [small: Attended, far: Attended],
  isCausal = false,
): LoopCall {
  return loopCall(name, sizes, ([queries, keys, width]) => {
    const q = ones([1, queries, width], leaf);
    const [k, v] = [ones([1, keys, width], leaf), ones([1, keys, width], leaf)];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal });
    backprop(y, [q, k, v]);
  });
}

/** The calls. */
export const PRODUCT_CALLS: readonly LoopCall[] = [
  multiplied("matmul", [[[20, 300], [300, 30]], [[70, 400_000], [
    400_000,
    70,
  ]]]),
  multiplied("matmul of few rows", [
    [[3, 301], [301, 5]],
    [[3, 5_000_001], [5_000_001, 5]],
  ]),
  multiplied("matmul of transposed operands", [
    [[300, 20], [30, 300]],
    [[400_000, 70], [70, 400_000]],
  ], swap),
  multiplied("matmul of stacks", [
    [[3, 20, 301], [3, 301, 6]],
    [[3, 20, 400_001], [3, 400_001, 6]],
  ]),
  multiplied("matmul of many small stacks", [
    [[20, 2, 301], [20, 301, 2]],
    [[20, 2, 400_001], [20, 400_001, 2]],
  ]),
  multiplied("matmul of a stack and one matrix", [
    [[3, 20, 301], [301, 6]],
    [[3, 20, 400_001], [400_001, 6]],
  ]),
  multiplied("dot", [[[1000], [1000]], [[20_000_000], [20_000_000]]]),
  multiplied("a vector times a matrix", [
    [[1000], [1000, 3]],
    [[5_000_000], [5_000_000, 3]],
  ]),
  multiplied("a matrix times a vector", [
    [[3, 1000], [1000]],
    [[3, 5_000_000], [5_000_000]],
  ]),
  loopCall("matmul of integers", [500, 5_000_000], (k) => {
    const int32 = { dtype: "int32" } as const;
    ones([2, k], int32).matmul(ones([k, 3], int32));
  }),
  attended("attention", [[70, 90, 8], [60_000, 50, 64]]),
  attended("attention to many keys", [[20, 300, 64], [20, 200_000, 128]]),
  attended("causal attention", [[130, 130, 8], [4000, 4000, 64]], true),
];
