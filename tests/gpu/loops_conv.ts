/**
 * Calls of convolutions: forward, and the gradients to input and weights.
 *
 * @module
 */

import { F, ones } from "../../mod.ts";
import type { ConvOptions } from "../../src/ops/conv/shapes.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { backprop, type LoopCall, loopCall } from "./_loop_calls.ts";

const leaf = { requiresGrad: true };

/** The shapes of an input and of filters. */
type Sizes = readonly [x: Shape, w: Shape];

function convolved(
  name: string,
  sizes: readonly [small: Sizes, far: Sizes],
  options: ConvOptions = {},
): LoopCall {
  return loopCall(name, sizes, ([from, filters]) => {
    const [x, w] = [ones(from, leaf), ones(filters, leaf)];
    const convolve = from.length === 3
      ? F.conv1d
      : from.length === 4
      ? F.conv2d
      : F.conv3d;
    backprop(convolve(x, w, undefined, options), [x, w]);
  });
}

function transposed(
  name: string,
  sizes: readonly [small: Sizes, far: Sizes],
  options: ConvOptions = {},
): LoopCall {
  return loopCall(name, sizes, ([from, filters]) => {
    const [x, w] = [ones(from, leaf), ones(filters, leaf)];
    const { padding: _same, ...sizes } = options;
    backprop(F.convTranspose2d(x, w, undefined, sizes), [x, w]);
  });
}

/** The calls. */
export const CONV_CALLS: readonly LoopCall[] = [
  convolved("conv2d", [
    [[2, 8, 16, 20], [16, 8, 3, 3]],
    [[32, 64, 112, 112], [64, 64, 3, 3]],
  ], { padding: 1 }),
  convolved("conv2d of a large image", [
    [[1, 3, 40, 40], [5, 3, 3, 3]],
    [[1, 3, 2100, 2050], [5, 3, 3, 3]],
  ], { padding: 1 }),
  convolved("conv2d, strided", [
    [[1, 3, 41, 40], [16, 3, 3, 3]],
    [[1, 3, 2100, 2051], [16, 3, 3, 3]],
  ], { stride: 2, padding: 1 }),
  convolved("conv2d, strided, of few channels", [
    [[2, 3, 41, 40], [5, 3, 3, 3]],
    [[1, 3, 1100, 2051], [5, 3, 3, 3]],
  ], { stride: 2, padding: 1 }),
  convolved("conv2d, dilated", [
    [[2, 2, 20, 21], [3, 2, 3, 3]],
    [[1, 2, 1500, 1500], [3, 2, 3, 3]],
  ], { dilation: 2 }),
  convolved("conv2d of many channels", [
    [[1, 50, 6, 6], [40, 50, 3, 3]],
    [[1, 20_000, 6, 6], [40, 20_000, 3, 3]],
  ]),
  convolved("conv2d to many channels", [
    [[1, 40, 6, 6], [50, 40, 3, 3]],
    [[1, 40, 6, 6], [20_000, 40, 3, 3]],
  ]),
  convolved("conv2d of many channels, dilated", [
    [[1, 50, 6, 6], [2, 50, 3, 3]],
    [[1, 20_000, 6, 6], [2, 20_000, 3, 3]],
  ], { dilation: 2 }),
  convolved("conv2d in groups of many channels", [
    [[1, 50, 6, 6], [50, 25, 3, 3]],
    [[1, 20_000, 6, 6], [10, 10_000, 3, 3]],
  ], { groups: 2 }),
  convolved("conv2d by a large filter", [
    [[1, 2, 40, 40], [1, 2, 20, 20]],
    [[1, 2, 400, 400], [1, 2, 300, 300]],
  ], { padding: [3, 0] }),
  convolved("conv2d by large filters", [
    [[1, 2, 40, 40], [16, 2, 20, 20]],
    [[1, 2, 300, 300], [16, 2, 250, 250]],
  ], { stride: 2 }),
  convolved("conv2d, pointwise", [
    [[3, 20, 6, 6], [5, 20, 1, 1]],
    [[3, 500_000, 2, 2], [5, 500_000, 1, 1]],
  ]),
  convolved("conv2d, pointwise, of many images", [
    [[300, 20, 1, 1], [3, 20, 1, 1]],
    [[300_000, 20, 1, 1], [3, 20, 1, 1]],
  ]),
  convolved("conv2d of many small images", [
    [[300, 1, 1, 4], [13, 1, 1, 3]],
    [[300_000, 1, 1, 4], [13, 1, 1, 3]],
  ], { padding: [0, 1], stride: [1, 2] }),
  convolved("conv2d, depthwise", [
    [[2, 4, 30, 30], [4, 1, 3, 3]],
    [[1, 4, 2000, 2000], [4, 1, 3, 3]],
  ], { groups: 4, padding: 1 }),
  convolved("conv2d, depthwise, high", [
    [[2, 4, 50, 8], [4, 1, 5, 5]],
    [[1, 4, 70_000, 100], [4, 1, 5, 5]],
  ], { groups: 4, padding: 2 }),
  convolved("conv2d, depthwise, strided", [
    [[2, 4, 50, 9], [4, 1, 3, 3]],
    [[1, 4, 20_000, 90], [4, 1, 3, 3]],
  ], { groups: 4, padding: 1, stride: 2 }),
  convolved("conv2d, depthwise, dilated", [
    [[2, 4, 30, 30], [4, 1, 3, 3]],
    [[1, 4, 2000, 2000], [4, 1, 3, 3]],
  ], { groups: 4, dilation: 2 }),
  convolved("conv1d", [
    [[2, 3, 4000], [5, 3, 5]],
    [[1, 3, 3_000_001], [5, 3, 5]],
  ]),
  convolved("conv1d of one channel", [
    [[2, 1, 4000], [5, 1, 5]],
    [[1, 1, 3_000_001], [5, 1, 5]],
  ]),
  convolved("conv1d, strided", [
    [[2, 3, 4000], [16, 3, 10]],
    [[1, 3, 3_000_001], [16, 3, 10]],
  ], { stride: 5 }),
  convolved("conv1d by a long filter", [
    [[1, 1, 300], [1, 1, 130]],
    [[1, 1, 200_000], [1, 1, 150_000]],
  ], { padding: 20 }),
  convolved("conv3d", [
    [[1, 2, 5, 9, 9], [3, 2, 3, 3, 3]],
    [[1, 3, 64, 200, 200], [4, 3, 3, 3, 3]],
  ]),
  transposed("convTranspose2d", [
    [[1, 4, 20, 20], [4, 3, 4, 4]],
    [[1, 4, 1000, 1000], [4, 3, 4, 4]],
  ], { stride: 2 }),
  transposed("convTranspose2d of many channels", [
    [[1, 60, 5, 5], [60, 3, 4, 4]],
    [[1, 30_000, 5, 5], [30_000, 3, 4, 4]],
  ], { stride: 2 }),
  transposed("convTranspose2d, depthwise", [
    [[1, 4, 20, 20], [4, 1, 3, 3]],
    [[1, 4, 9000, 50], [4, 1, 3, 3]],
  ], { stride: 2, groups: 4 }),
  transposed("convTranspose2d by large filters", [
    [[1, 1, 5, 5], [1, 2, 20, 22]],
    [[1, 1, 5, 5], [1, 2, 300, 400]],
  ], { stride: 3 }),
  loopCall<Shape>(
    "unfold",
    [[1, 2, 20, 20], [1, 2, 1000, 1000]],
    (shape) => {
      const x = ones(shape, leaf);
      backprop(F.unfold(x, 3, { padding: 1 }), [x]);
    },
  ),
];
