/**
 * The options that are words of schedules, losses, ops, layers and types.
 *
 * @module
 */

import * as F from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/mod.ts";
import { randint, randn } from "../../src/ops/random/random.ts";
import * as optim from "../../src/optim/mod.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { WordRow } from "./row.ts";

const x = (): Tensor => zeros([2, 3]);
const image = (): Tensor => zeros([1, 2, 4, 4]);
const optimizer = () =>
  new optim.SGD([tensor([1], { requiresGrad: true })], {
    lr: 0.1,
    momentum: 0.9,
  });

const REDUCTIONS = ["none", "mean", "sum"];
const GELUS = ["none", "tanh"];
const DTYPES = ["float32", "float16", "int32", "uint32", "uint8", "bool"];
const GAINS = [
  "linear",
  "conv2d",
  "sigmoid",
  "tanh",
  "relu",
  "leakyRelu",
  "selu",
];

const LOSSES = [
  "mseLoss",
  "l1Loss",
  "huberLoss",
  "smoothL1Loss",
  "binaryCrossEntropy",
  "binaryCrossEntropyWithLogits",
  "poissonNllLoss",
  "hingeEmbeddingLoss",
  "softMarginLoss",
  "multilabelSoftMarginLoss",
] as const;

const TRIPLES = [
  "gaussianNllLoss",
  "marginRankingLoss",
  "tripletMarginLoss",
] as const;

/** An image or a signal that an interpolation's mode is for. */
function scalable(mode: string): Tensor {
  if (mode === "linear") return zeros([1, 2, 4]);
  return mode === "trilinear" ? zeros([1, 2, 4, 4, 4]) : image();
}

/** A row for each. */
export const ROWS_OF_TENSORS: readonly WordRow[] = [
  // optimizers' schedules
  [
    "mode of ReduceLROnPlateau",
    ["min", "max"],
    (mode) => new optim.ReduceLROnPlateau(optimizer(), { mode }),
  ],
  [
    "thresholdMode of ReduceLROnPlateau",
    ["rel", "abs"],
    (thresholdMode) =>
      new optim.ReduceLROnPlateau(optimizer(), { thresholdMode }),
  ],
  [
    "mode of CyclicLR",
    ["triangular", "triangular2", "exp_range"],
    (mode) => new optim.CyclicLR(optimizer(), { baseLr: 0.1, maxLr: 1, mode }),
  ],
  [
    "scaleMode of CyclicLR",
    ["cycle", "iterations"],
    (scaleMode) =>
      new optim.CyclicLR(optimizer(), { baseLr: 0.1, maxLr: 1, scaleMode }),
  ],
  [
    "annealStrategy of OneCycleLR",
    ["cos", "linear"],
    (annealStrategy) =>
      new optim.OneCycleLR(optimizer(), {
        maxLr: 1,
        totalSteps: 9,
        annealStrategy,
      }),
  ],
  // losses
  ...LOSSES.map((name): WordRow => [
    `reduction of ${name}`,
    REDUCTIONS,
    (reduction) => F[name](x(), x(), { reduction }),
  ]),
  ...TRIPLES.map((name): WordRow => [
    `reduction of ${name}`,
    REDUCTIONS,
    (reduction) => F[name](x(), x(), x(), { reduction }),
  ]),
  [
    "reduction of cosineEmbeddingLoss",
    REDUCTIONS,
    (reduction) =>
      F.cosineEmbeddingLoss(x(), x(), tensor([1, -1]), { reduction }),
  ],
  [
    "reduction of klDiv",
    [...REDUCTIONS, "batchmean"],
    (reduction) => F.klDiv(x(), x(), { reduction }),
  ],
  ...(["crossEntropy", "nllLoss"] as const).map((name): WordRow => [
    `reduction of ${name}`,
    REDUCTIONS,
    (reduction) =>
      F[name](x(), tensor([0, 2], { dtype: "int32" }), { reduction }),
  ]),
  ...(["CrossEntropyLoss", "NLLLoss", "MSELoss"] as const).map((
    name,
  ): WordRow => [
    `reduction of ${name}`,
    REDUCTIONS,
    (reduction) => new nn[name]({ reduction }),
  ]),
  // ops
  [
    "roundingMode of div",
    ["trunc", "floor"],
    (roundingMode) => x().div(2, { roundingMode }),
  ],
  [
    "mode of pad",
    ["constant", "reflect", "replicate", "circular"],
    (mode) => x().pad([1, 1], { mode }),
  ],
  [
    "mode of interpolate",
    [
      "nearest",
      "nearest-exact",
      "linear",
      "bilinear",
      "trilinear",
      "bicubic",
    ],
    (mode) => F.interpolate(scalable(mode), { mode, scaleFactor: 2 }),
  ],
  [
    "mode of gridSample",
    ["bilinear", "nearest", "bicubic"],
    (mode) => F.gridSample(image(), zeros([1, 2, 2, 2]), { mode }),
  ],
  [
    "paddingMode of gridSample",
    ["zeros", "border", "reflection"],
    (paddingMode) =>
      F.gridSample(image(), zeros([1, 2, 2, 2]), { paddingMode }),
  ],
  ["approximate of gelu", GELUS, (word) => x().gelu(word)],
  [
    "approximate of F.gelu",
    GELUS,
    (approximate) => F.gelu(x(), { approximate }),
  ],
  ["approximate of GELU", GELUS, (word) => new nn.GELU(word)],
  [
    "padding of conv1d",
    ["valid", "same"],
    (padding) =>
      F.conv1d(zeros([1, 2, 4]), zeros([1, 2, 3]), undefined, { padding }),
  ],
  [
    "padding of conv2d",
    ["valid", "same"],
    (padding) => F.conv2d(image(), zeros([1, 2, 3, 3]), undefined, { padding }),
  ],
  [
    "padding of conv3d",
    ["valid", "same"],
    (padding) =>
      F.conv3d(zeros([1, 2, 4, 4, 4]), zeros([1, 2, 3, 3, 3]), undefined, {
        padding,
      }),
  ],
  // layers
  ...(["Conv1d", "Conv2d", "Conv3d"] as const).map((name): WordRow => [
    `padding of ${name}`,
    ["valid", "same"],
    (padding) => new nn[name](2, 2, 3, { padding }),
  ]),
  ...(["RNN", "RNNCell"] as const).map((name): WordRow => [
    `nonlinearity of ${name}`,
    ["tanh", "relu"],
    (nonlinearity) => new nn[name](2, 2, { nonlinearity }),
  ]),
  ...(["TransformerEncoderLayer", "TransformerDecoderLayer"] as const).map((
    name,
  ): WordRow => [
    `activation of ${name}`,
    ["relu", "gelu"],
    (activation) => new nn[name](2, 1, { activation, dimFeedforward: 2 }),
  ]),
  ...(["kaimingUniform_", "kaimingNormal_"] as const).flatMap((
    name,
  ): WordRow[] => [
    [
      `mode of ${name}`,
      ["fanIn", "fanOut"],
      (mode) => nn.init[name](x(), { mode }),
    ],
    [
      `nonlinearity of ${name}`,
      GAINS,
      (nonlinearity) => nn.init[name](x(), { nonlinearity }),
    ],
  ]),
  ["nonlinearity of calculateGain", GAINS, (w) => nn.init.calculateGain(w)],
  // types
  ["dtype of tensor", DTYPES, (dtype) => tensor([1, 0], { dtype })],
  ["dtype of zeros", DTYPES, (dtype) => zeros([2], { dtype })],
  ["dtype of to", DTYPES, (dtype) => x().to(dtype)],
  ["dtype of randn", ["float32", "float16"], (dtype) => randn([2], { dtype })],
  [
    "dtype of a module",
    ["float32", "float16"],
    (dtype) => new nn.Linear(1, 1).to(dtype),
  ],
  [
    "dtype of randint",
    ["int32", "uint32", "uint8"],
    (dtype) => randint(0, 9, [2], { dtype }),
  ],
  [
    "dtype of HostArray",
    ["uint8", "bool"],
    (dtype) => new HostArray(Uint8Array.of(1), [1], dtype),
  ],
];
