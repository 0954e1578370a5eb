/**
 * Functions that are linear between kinks: gradients at kinks, ties and NaN are
 * PyTorch's, and further derivatives are 0, whether PyTorch says so or refuses.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

import { grad } from "../../src/autograd/backward.ts";
import * as F from "../../src/nn/functional.ts";
import { arange, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, indices } from "./_gradients.ts";

/** What the gradients below were taken at. */
const SPOTS = [-4, -3, -1, -0.25, 0, 0.5, 1, 3, 6, NaN];

const Z = zeros([10]);
const ONES = Z.add(1);
const SIGNS = tensor([1, -1, 1, -1, 1, -1, 1, -1, 1, -1]);

/** A function, and the gradient of its sum by PyTorch 1.13. */
type Row = readonly [(x: Tensor) => Tensor, readonly number[]];

const zero = new Array<number>(10).fill(0);
const one = new Array<number>(10).fill(1);

// deno-fmt-ignore -- a row each, so that gradients stand below each other
const ROWS: Readonly<Record<string, Row>> = {
  relu: [F.relu, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]],
  relu6: [F.relu6, [0, 0, 0, 0, 0, 1, 1, 1, 0, 1]],
  hardtanh: [(x) => F.hardtanh(x), [0, 0, 0, 1, 1, 1, 0, 0, 0, 1]],
  leakyRelu: [(x) => F.leakyRelu(x), [0.01, 0.01, 0.01, 0.01, 0.01, 1, 1, 1, 1, 0.01]],
  threshold: [(x) => F.threshold(x, 0.5, 7), [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]],
  prelu: [(x) => F.prelu(x, tensor([0.25])), [0.25, 0.25, 0.25, 0.25, 0.25, 1, 1, 1, 1, 0.25]],
  "prelu of channels": [(x) => F.prelu(x.reshape([1, 10]), arange(10).to("float32")), [0, 1, 2, 3, 4, 1, 1, 1, 1, 9]],
  hardsigmoid: [F.hardsigmoid, [0, 0, 0.1667, 0.1667, 0.1667, 0.1667, 0.1667, 0, 0, 0]],
  clamp: [(x) => x.clamp(-1, 1), [0, 0, 1, 1, 1, 1, 1, 0, 0, 0]],
  "clamp below": [(x) => x.clamp(0), [0, 0, 0, 0, 1, 1, 1, 1, 1, 0]],
  "clamp by tensors": [(x) => x.clamp(Z, ONES), [0, 0, 0, 0, 1, 1, 1, 0, 0, 0]],
  maximum: [(x) => x.maximum(Z), [0, 0, 0, 0, 0.5, 1, 1, 1, 1, 1]],
  minimum: [(x) => x.minimum(Z), [1, 1, 1, 1, 0.5, 0, 0, 0, 0, 1]],
  "maximum of itself": [(x) => x.maximum(x.mul(2)), [1, 1, 1, 1, 1.5, 2, 2, 2, 2, 3]],
  abs: [(x) => x.abs(), [-1, -1, -1, -1, 0, 1, 1, 1, 1, 0]],
  sign: [(x) => x.sign(), zero],
  floor: [(x) => x.floor(), zero],
  ceil: [(x) => x.ceil(), zero],
  round: [(x) => x.round(), zero],
  trunc: [(x) => x.trunc(), zero],
  frac: [(x) => x.frac(), one],
  mul: [(x) => x.mul(2), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]],
  fmod: [(x) => x.fmod(2), one],
  remainder: [(x) => x.remainder(2), one],
  "fmod by tensors": [(x) => x.fmod(Z.add(2)), one],
  floorDivide: [(x) => x.floorDivide(2), zero],
  nanToNum: [(x) => x.nanToNum(), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]],
  where: [(x) => x.where(x.gt(0), Z), [0, 0, 0, 0, 0, 1, 1, 1, 1, 0]],
  maskedFill: [(x) => x.maskedFill(x.gt(0), 0), [1, 1, 1, 1, 1, 0, 0, 0, 0, 1]],
  max: [(x) => x.max(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  min: [(x) => x.min(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  "max(0)": [(x) => x.max(0).values, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  amax: [(x) => x.amax(0), zero.map(() => NaN)],
  amin: [(x) => x.amin(0), zero.map(() => NaN)],
  sort: [(x) => x.sort().values, one],
  topk: [(x) => x.topk(3).values, [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]],
  maxPool1d: [(x) => F.maxPool1d(x.reshape([1, 10]), 2), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]],
  maxPool2d: [(x) => F.maxPool2d(x.reshape([1, 1, 1, 10]), [1, 2]), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]],
  maxPool3d: [(x) => F.maxPool3d(x.reshape([1, 1, 1, 1, 10]), [1, 1, 2]), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]],
  adaptiveMaxPool2d: [(x) => F.adaptiveMaxPool2d(x.reshape([1, 1, 1, 10]), [1, 3]), [0, 0, 0, 1, 0, 0, 1, 0, 0, 1]],
  avgPool1d: [(x) => F.avgPool1d(x.reshape([1, 10]), 2), [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]],
  l1Loss: [(x) => F.l1Loss(x, Z), [-0.1, -0.1, -0.1, -0.1, 0, 0.1, 0.1, 0.1, 0.1, 0]],
  "smoothL1Loss of beta 0": [(x) => F.smoothL1Loss(x, Z, { beta: 0 }), [-0.1, -0.1, -0.1, -0.1, -0.1, 0.1, 0.1, 0.1, 0.1, NaN]],
  hingeEmbeddingLoss: [(x) => F.hingeEmbeddingLoss(x, SIGNS), [0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, 0, 0.1, 0]],
  marginRankingLoss: [(x) => F.marginRankingLoss(x, Z, SIGNS), [-0.1, 0, -0.1, 0, -0.1, 0.1, 0, 0.1, 0, 0]],
  "norm(1)": [(x) => x.norm(1), [-1, -1, -1, -1, 0, 1, 1, 1, 1, 0]],
  "norm(Infinity)": [(x) => x.norm(Infinity), zero],
  interpolate: [(x) => F.interpolate(x.reshape([1, 1, 10]), { scaleFactor: 2, mode: "linear" }), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]],
  "pad by reflection": [(x) => F.pad(x.reshape([1, 1, 10]), [1, 1], { mode: "reflect" }), [1, 2, 1, 1, 1, 1, 1, 1, 2, 1]],
  cumsum: [(x) => x.cumsum(0), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
  nllLoss: [(x) => F.nllLoss(x.reshape([1, 10]), indices([1], [3])), [0, 0, 0, -1, 0, 0, 0, 0, 0, 0]],
  "tripletMarginLoss of p 1": [(x) => F.tripletMarginLoss(x.reshape([1, 10]), Z.reshape([1, 10]), ONES.reshape([1, 10]), { p: 1 }), zero],
  "pairwiseDistance of p 1": [(x) => F.pairwiseDistance(x.reshape([1, 10]), Z.reshape([1, 10]), { p: 1 }), [-1, -1, -1, -1, 1, 1, 1, 1, 1, 0]],
};

for (const [name, [f, wanted]] of Object.entries(ROWS)) {
  Deno.test(`${name}() is linear between kinks, as PyTorch has it`, async () => {
    const x = tensor(SPOTS, { requiresGrad: true });
    const [dx] = grad(f(x).sum(), [x], { createGraph: true });
    await assertClose(dx!, wanted, 1e-4);
    const [second] = grad(dx!.sum(), [x], { createGraph: true });
    const [third] = grad(second!.sum(), [x]);
    assertEquals([...await second!.data()].map(Math.abs), zero, "second");
    assertEquals([...await third!.data()].map(Math.abs), zero, "third");

    // the gradient is linear in the one that it is made from: g(v) = dg/dv v
    const at = tensor(SPOTS.with(-1, 7), { requiresGrad: true });
    const y = f(at);
    const v = arange(y.size).reshape(y.shape).mul(0.3).sub(1).requiresGrad_();
    const [g] = grad(y, [at], { createGraph: true, gradient: v });
    const weighted = g!.mul(arange(10).cos()).sum();
    const [dv, none] = grad(weighted, [v, at]);
    const product = await dv!.mul(v).sum().item();
    await assertClose(weighted, [product], 1e-4);
    assertEquals([...await none!.data()].map(Math.abs), zero);
  });
}
