/**
 * Ops at sizes that the goldens of a clone don't have, so that the kernels
 * which are only chosen for such sizes are compiled and run as well.
 *
 * @module
 */

import { grad } from "../src/autograd/backward.ts";
import { scaledDotProductAttention } from "../src/ops/attention/attention.ts";
import { conv2d } from "../src/ops/conv/conv.ts";
import { dropout } from "../src/ops/random/dropout.ts";
import { arange, ones, zeros } from "../src/tensor/create.ts";
import { scope } from "../src/tensor/scope.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import {
  IMAGENET,
  normalize,
  toFloat,
} from "../src/vision/transforms/colours.ts";
import { compose } from "../src/vision/transforms/compose.ts";

const leaf = { requiresGrad: true };
const int = { dtype: "int32" } as const;

const CALLS: readonly (() => Tensor)[] = [
  () => dropout(ones([64]), { p: 0.5 }),
  // long rows, which a GPU gives a workgroup each
  () => gradientSum([ones([4, 4096], leaf)], ([x]) => x!.softmax(-1)),
  // strides, as products of matrices
  () =>
    gradientSum(
      [ones([2, 32, 28, 28], leaf), ones([32, 32, 3, 3], leaf)],
      ([x, w]) => conv2d(x!, w!, undefined, { stride: 2, padding: 1 }),
    ),
  // in groups of one channel
  () =>
    gradientSum(
      [ones([2, 8, 28, 28], leaf), ones([8, 1, 3, 3], leaf)],
      ([x, w]) => conv2d(x!, w!, undefined, { stride: 2, groups: 8 }),
    ),
  // with too few channels for products, but more than one
  () =>
    gradientSum(
      [ones([2, 8, 28, 28], leaf), ones([8, 4, 3, 3], leaf)],
      ([x, w]) => conv2d(x!, w!, undefined, { stride: 2, groups: 2 }),
    ),
  // queries that a CPU takes by blocks
  () =>
    gradientSum(
      [ones([512, 4], leaf)],
      ([x]) => scaledDotProductAttention(x!, x!, x!, { isCausal: true }),
    ),
  // a stack of products too small for tiles
  () => ones([1000, 2, 3]).bmm(ones([1000, 3, 2])).sum(),
  () => ones([3, 4], int).matmul(ones([4, 2], int)).sum(),
  // more values than an invocation may look at, sorted for many places
  () => {
    const places = arange(70000).remainder(4096);
    return zeros([4096]).scatterAdd(0, places, ones([70000])).sum();
  },
  // images as decoders give them, the bytes of a pixel side by side
  () =>
    compose([toFloat(), normalize(IMAGENET)])
      .call(ones([2, 8, 8, 3], { dtype: "uint8" }).permute([0, 3, 1, 2])),
];

function gradientSum(
  inputs: readonly Tensor[],
  call: (inputs: readonly Tensor[]) => Tensor,
): Tensor {
  const y = call(inputs);
  const all = grad(y, inputs, { gradient: ones(y.shape) });
  return all.map((each) => each.sum()).reduce((a, b) => a.add(b));
}

/** Runs them; throws what WebGPU says of a kernel that does not compile. */
export async function runLargeShapes(): Promise<void> {
  await scope(async () => {
    for (const call of CALLS) await call().data();
  });
}
