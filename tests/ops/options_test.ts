import * as F from "../../src/nn/functional.ts";
import { addmm, baddbmm } from "../../src/ops/matmul/matmul.ts";
import { rand, randint, randn, randperm } from "../../src/ops/random/random.ts";
import { bernoulli, bernoulli_ } from "../../src/ops/random/random.ts";
import { varMean } from "../../src/ops/reduce/statistics.ts";
import { zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type OptionsRow, testUnknownOptions } from "../unknown_options.ts";

const x = (): Tensor => zeros([2, 3]);
const index = (): Tensor => zeros([2], { dtype: "int32" });
const signal = (): Tensor => zeros([1, 2, 4]);
const image = (): Tensor => zeros([1, 2, 4, 4]);
const volume = (): Tensor => zeros([1, 2, 4, 4, 4]);

const REDUCTIONS = [
  "sum",
  "mean",
  "prod",
  "amax",
  "amin",
  "argmax",
  "argmin",
  "any",
  "all",
  "var",
  "std",
] as const;

const LOSSES = [
  "mseLoss",
  "l1Loss",
  "huberLoss",
  "smoothL1Loss",
  "binaryCrossEntropy",
  "binaryCrossEntropyWithLogits",
  "klDiv",
  "poissonNllLoss",
  "hingeEmbeddingLoss",
  "softMarginLoss",
  "multilabelSoftMarginLoss",
] as const;

const TRIPLES = [
  "gaussianNllLoss",
  "marginRankingLoss",
  "cosineEmbeddingLoss",
  "tripletMarginLoss",
] as const;

testUnknownOptions([
  ...REDUCTIONS.map((name): OptionsRow => [
    name,
    (options) => x()[name](0, options),
  ]),
  ["max", (options) => x().max(0, options)],
  ["min", (options) => x().min(0, options)],
  ["norm", (options) => x().norm(2, 0, options)],
  ["logsumexp", (options) => x().logsumexp(0, options)],
  ["varMean", (options) => varMean(x(), 0, options)],
  ["sort", (options) => x().sort(options)],
  ["argsort", (options) => x().argsort(options)],
  ["topk", (options) => x().topk(1, options)],
  ["pad", (options) => x().pad([1, 1], options)],
  ["add", (options) => x().add(1, options)],
  ["sub", (options) => x().sub(1, options)],
  ["add_", (options) => x().add_(1, options)],
  ["sub_", (options) => x().sub_(1, options)],
  ["div", (options) => x().div(2, options)],
  ["addcmul", (options) => x().addcmul(x(), x(), options)],
  ["addcdiv", (options) => x().addcdiv(x(), x(), options)],
  ["nanToNum", (options) => x().nanToNum(options)],
  ["indexAdd", (options) => x().indexAdd(0, index(), x(), options)],
  ["addmm", (options) => addmm(x(), x(), zeros([3, 3]), options)],
  [
    "baddbmm",
    (options) => baddbmm(signal(), signal(), zeros([1, 4, 4]), options),
  ],
  ["rand", (options) => rand([2], options)],
  ["randn", (options) => randn([2], options)],
  ["randint", (options) => randint(0, 9, [2], options)],
  ["randperm", (options) => randperm(4, options)],
  ["bernoulli", (options) => bernoulli(x(), options)],
  ["bernoulli_", (options) => bernoulli_(x(), 0.5, options)],
  ["gelu", (options) => F.gelu(x(), options)],
  ["dropout", (options) => F.dropout(x(), options)],
  ["embedding", (options) => F.embedding(index(), x(), options)],
  ["normalize", (options) => F.normalize(x(), options)],
  ["cosineSimilarity", (options) => F.cosineSimilarity(x(), x(), options)],
  ["pairwiseDistance", (options) => F.pairwiseDistance(x(), x(), options)],
  ["layerNorm", (options) => F.layerNorm(x(), [3], options)],
  ["groupNorm", (options) => F.groupNorm(image(), 2, options)],
  ["batchNorm", (options) => F.batchNorm(x(), options)],
  ["instanceNorm", (options) => F.instanceNorm(image(), options)],
  ["localResponseNorm", (options) => F.localResponseNorm(image(), 2, options)],
  [
    "scaledDotProductAttention",
    (options) => F.scaledDotProductAttention(x(), x(), x(), options),
  ],
  [
    "conv1d",
    (options) => F.conv1d(signal(), zeros([1, 2, 3]), undefined, options),
  ],
  [
    "conv2d",
    (options) => F.conv2d(image(), zeros([1, 2, 3, 3]), undefined, options),
  ],
  [
    "conv3d",
    (options) => F.conv3d(volume(), zeros([1, 2, 3, 3, 3]), undefined, options),
  ],
  [
    "convTranspose1d",
    (options) =>
      F.convTranspose1d(signal(), zeros([2, 1, 3]), undefined, options),
  ],
  [
    "convTranspose2d",
    (options) =>
      F.convTranspose2d(image(), zeros([2, 1, 3, 3]), undefined, options),
  ],
  ["maxPool2d", (options) => F.maxPool2d(image(), 2, options)],
  ["maxPool1d", (options) => F.maxPool1d(signal(), 2, options)],
  ["adaptiveMaxPool2d", (options) => F.adaptiveMaxPool2d(image(), 2, options)],
  [
    "maxUnpool2d",
    (options) => F.maxUnpool2d(image(), image(), 2, options),
  ],
  ["avgPool1d", (options) => F.avgPool1d(signal(), 2, options)],
  ["avgPool2d", (options) => F.avgPool2d(image(), 2, options)],
  ["lpPool2d", (options) => F.lpPool2d(image(), 2, 2, options)],
  ["maxPool3d", (options) => F.maxPool3d(volume(), 2, options)],
  ["interpolate", (options) => F.interpolate(image(), options)],
  [
    "gridSample",
    (options) => F.gridSample(image(), zeros([1, 2, 2, 2]), options),
  ],
  ["unfold", (options) => F.unfold(image(), 2, options)],
  ["fold", (options) => F.fold(zeros([1, 4, 9]), 4, options)],
  ["crossEntropy", (options) => F.crossEntropy(x(), index(), options)],
  ["nllLoss", (options) => F.nllLoss(x(), index(), options)],
  ...LOSSES.map((name): OptionsRow => [
    name,
    (options) => F[name](x(), x(), options),
  ]),
  ...TRIPLES.map((name): OptionsRow => [
    name,
    (options) => F[name](x(), x(), x(), options),
  ]),
]);
