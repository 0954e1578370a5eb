/**
 * Calls of pooling: forward, gradients, and the indices of maxima.
 *
 * @module
 */

import { F, ones } from "../../mod.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { backprop, type LoopCall, loopCall } from "./_loop_calls.ts";

const leaf = { requiresGrad: true };

type Size = number | readonly [number, number];

/** The shape of what is pooled, and the size of windows or of the result. */
type Sizes = readonly [x: Shape, size: Size];

function pooled(
  name: string,
  sizes: readonly [small: Sizes, far: Sizes],
  pool: (x: Tensor, size: Size) => Tensor,
): LoopCall {
  return loopCall(name, sizes, ([shape, size]) => {
    const x = ones(shape, leaf);
    backprop(pool(x, size), [x]);
  });
}

/** The same windows for means and for maxima, with their indices. */
function both(
  name: string,
  sizes: readonly [small: Sizes, far: Sizes],
  options: {
    readonly stride?: Size;
    readonly padding?: Size;
    readonly ceilMode?: boolean;
  } = {},
): LoopCall[] {
  return [
    pooled(
      `avgPool2d ${name}`,
      sizes,
      (x, size) => F.avgPool2d(x, size, options),
    ),
    pooled(
      `maxPool2d ${name}`,
      sizes,
      (x, size) => F.maxPool2d(x, size, options),
    ),
    loopCall(
      `maxPool2d ${name}, with indices`,
      sizes,
      ([shape, size]) =>
        F.maxPool2d(ones(shape), size, { ...options, returnIndices: true }),
    ),
  ];
}

/** The calls. */
export const POOL_CALLS: readonly LoopCall[] = [
  ...both("of 2 x 2", [[[2, 3, 16, 16], 2], [[1, 2, 3000, 3000], 2]]),
  ...both("of overlapping windows", [
    [[2, 3, 17, 19], 3],
    [[1, 2, 3000, 3001], 3],
  ], { stride: 2, padding: 1 }),
  ...both("of odd strides", [
    [[2, 3, 17, 19], 3],
    [[1, 2, 3000, 3001], 3],
  ], { stride: 3, ceilMode: true }),
  ...both("of a long row", [
    [[1, 2, 1, 900], [1, 3]],
    [[1, 2, 1, 3_000_000], [1, 3]],
  ], { stride: [1, 2] }),
  ...both("of a long column", [
    [[1, 2, 900, 1], [3, 1]],
    [[1, 2, 3_000_000, 1], [3, 1]],
  ], { stride: [2, 1] }),
  ...both("of a long row, odd strides", [
    [[1, 2, 1, 900], [1, 5]],
    [[1, 2, 1, 3_000_000], [1, 5]],
  ]),
  ...both("of large windows", [
    [[1, 2, 50, 60], 20],
    [[1, 2, 600, 600], 300],
  ], { padding: 5 }),
  ...both("of large windows, close together", [
    [[1, 2, 50, 60], 20],
    [[1, 2, 600, 600], 300],
  ], { stride: 1 }),
  ...both("of high windows", [
    [[1, 2, 90, 20], [40, 3]],
    [[1, 2, 40_000, 20], [30_000, 3]],
  ], { stride: [1, 2] }),
  ...both("of long windows", [
    [[1, 2, 1, 300], [1, 100]],
    [[1, 2, 1, 300_000], [1, 200_000]],
  ], { stride: [1, 1], padding: [0, 30] }),
  pooled("adaptiveAvgPool2d", [
    [[1, 2, 31, 29], [3, 4]],
    [[1, 2, 1301, 1299], [3, 4]],
  ], F.adaptiveAvgPool2d),
  pooled("adaptiveMaxPool2d", [
    [[1, 2, 31, 29], [3, 4]],
    [[1, 2, 1301, 1299], [3, 4]],
  ], (x, size) => F.adaptiveMaxPool2d(x, size)),
  pooled("adaptiveAvgPool2d to more than there is", [
    [[1, 2, 3, 2], [31, 29]],
    [[1, 2, 3, 2], [1301, 1299]],
  ], F.adaptiveAvgPool2d),
  pooled("adaptiveMaxPool2d to more than there is", [
    [[1, 2, 3, 2], [31, 29]],
    [[1, 2, 3, 2], [1301, 1299]],
  ], (x, size) => F.adaptiveMaxPool2d(x, size)),
  pooled("lpPool2d", [
    [[1, 2, 31, 29], 5],
    [[1, 2, 800, 800], 270],
  ], (x, size) => F.lpPool2d(x, 2, size)),
  pooled("maxPool3d", [
    [[1, 2, 5, 9, 8], 3],
    [[1, 2, 300, 90, 80], 70],
  ], (x, size) => F.maxPool3d(x, size as number)), // one number for all dims
  pooled("localResponseNorm", [
    [[1, 40, 5], 9],
    [[1, 70_000, 5], 69_999],
  ], (x, size) => F.localResponseNorm(x, size as number)), // likewise
];
