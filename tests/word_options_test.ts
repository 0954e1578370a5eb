/**
 * One row for each option that is a word, across the whole library: every word
 * that it has is taken, every other one is refused, and all are named.
 *
 * @module
 */

import {
  assert,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as datasets from "../datasets/mod.ts";
import * as F from "../src/nn/functional.ts";
import * as nn from "../src/nn/mod.ts";
import { randint, randn } from "../src/ops/random.ts";
import * as optim from "../src/optim/mod.ts";
import { tensor, zeros } from "../src/tensor/create.ts";
import { HostArray } from "../src/tensor/host_array.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import * as vision from "../src/vision/mod.ts";

/** The option, the words that it has, and a call with one. */
type WordRow = readonly [
  option: string,
  words: readonly string[],
  // programs without types are what the wrong words stand for
  call: (word: never) => unknown,
];

const { Image, transforms: T } = vision;
const { functional: TF } = T;

const x = (): Tensor => zeros([2, 3]);
const image = (): Tensor => zeros([1, 2, 4, 4]);
const picture = () => new Image(new Uint8Array(48), 4, 4, 3);
const box = { top: 0, left: 0, height: 2, width: 2 };
const optimizer = () =>
  new optim.SGD([tensor([1], { requiresGrad: true })], {
    lr: 0.1,
    momentum: 0.9,
  });

const REDUCTIONS = ["none", "mean", "sum"];
const DTYPES = ["float32", "float16", "int32", "uint32", "uint8", "bool"];
const INTERPOLATIONS = ["nearest", "nearest-exact", "bilinear", "bicubic"];
const WARPS = ["nearest", "bilinear"];
const PADDINGS = ["constant", "edge", "reflect", "symmetric"];
const MODES = ["unchanged", "gray", "rgb", "rgba"];
const GRAY_16 = new URL("vision/images/gray16/plain.png", import.meta.url);
const GELUS = ["none", "tanh"];
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

/** Opens a table of no rows. */
async function table(options: datasets.TableOptions): Promise<unknown> {
  const file = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(file, "file,label\n");
    return await datasets.Table.open(file, options);
  } finally {
    await Deno.remove(file);
  }
}

const ROWS: readonly WordRow[] = [
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
  // images
  ["mode of convertImage", MODES, (m) => vision.convertImage(picture(), m)],
  [
    "mode of decodeImage",
    [...MODES, "gray16"],
    async (mode) =>
      await vision.decodeImage(await Deno.readFile(GRAY_16), { mode }),
  ],
  [
    "format of encodeImage",
    ["jpeg", "png"],
    (format) => vision.encodeImage(picture(), { format }),
  ],
  [
    "interpolation of resize",
    INTERPOLATIONS,
    (interpolation) => T.resize(2, { interpolation }),
  ],
  [
    "interpolation of letterbox",
    INTERPOLATIONS,
    (interpolation) => T.letterbox(2, { interpolation }),
  ],
  [
    "interpolation of functional.resize",
    INTERPOLATIONS,
    (interpolation) => TF.resize(image(), [2, 2], { interpolation }),
  ],
  [
    "interpolation of functional.resizedCrop",
    INTERPOLATIONS,
    (interpolation) =>
      TF.resizedCrop(image(), box, { size: [2, 2], interpolation }),
  ],
  [
    "interpolation of randomResizedCrop",
    INTERPOLATIONS,
    (interpolation) => T.randomResizedCrop(2, { interpolation }),
  ],
  [
    "interpolation of letterbox",
    INTERPOLATIONS,
    (interpolation) => T.letterbox(2, { interpolation }),
  ],
  [
    "interpolation of randomRotation",
    WARPS,
    (interpolation) => T.randomRotation(9, { interpolation }),
  ],
  [
    "interpolation of randomAffine",
    WARPS,
    (interpolation) => T.randomAffine(9, { interpolation }),
  ],
  [
    "interpolation of randomPerspective",
    WARPS,
    (interpolation) => T.randomPerspective({ interpolation }),
  ],
  [
    "value of randomErasing",
    ["random"],
    (value) => T.randomErasing({ value }),
  ],
  [
    "interpolation of functional.affine",
    WARPS,
    (interpolation) =>
      TF.affine(image(), {
        angle: 9,
        translate: [0, 0],
        scale: 1,
        shear: 0,
        interpolation,
      }),
  ],
  [
    "interpolation of functional.rotate",
    WARPS,
    (interpolation) => TF.rotate(image(), 9, { interpolation }),
  ],
  [
    "paddingMode of pad",
    PADDINGS,
    (paddingMode) => T.pad(1, { paddingMode }),
  ],
  [
    "paddingMode of randomCrop",
    PADDINGS,
    (paddingMode) => T.randomCrop(2, { padding: 1, paddingMode }),
  ],
  [
    "paddingMode of functional.pad",
    PADDINGS,
    (paddingMode) => TF.pad(image(), 1, { paddingMode }),
  ],
  [
    "dtype of convertImageDtype",
    ["uint8", "float32"],
    (dtype) => T.convertImageDtype(dtype),
  ],
  // data sets
  ["missing of Table", ["refuse", "skip"], (word) => table({ missing: word })],
  [
    "format of extract",
    ["tar", "tar.gz", "zip", "gz"],
    // a folder that is there is left alone
    (format) => datasets.extract("a.rar", ".", { format }),
  ],
  ["quoting of Table", ["minimal", "none"], (word) => table({ quoting: word })],
];

/** No words of any option: a slip, nothing, names that objects inherit. */
const WRONG = ["nonsense", "", "toString", "constructor", "__proto__"];

for (const [option, words, call] of ROWS) {
  Deno.test(`${option} is one of its words`, async () => {
    for (const word of words) await call(word as never);
    const slips = words.flatMap((word) => [` ${word}`, word.toUpperCase()]);
    for (const wrong of [...WRONG, ...slips]) {
      const error = await assertRejects(
        async () => await call(wrong as never),
        Error,
      );
      assert(error instanceof RangeError || error instanceof TypeError);
      assertStringIncludes(error.message, JSON.stringify(wrong));
      for (const word of words) {
        assertStringIncludes(error.message, `"${word}"`);
      }
    }
  });
}

Deno.test("div() refuses a roundingMode of null, and does not round down", () => {
  assertThrows(
    () => x().div(2, { roundingMode: null as never }), // as above
    RangeError,
    'Cannot div with roundingMode null: expected "trunc" or "floor"',
  );
});

Deno.test("norm() and convolutions refuse words where numbers belong, in their words", () => {
  for (const p of ["fro", "nuc", "inf", "2"]) {
    assertThrows(
      () => x().norm(p as never), // as above
      TypeError,
      `Cannot norm with p "${p}": expected a number`,
    );
  }
  assertThrows(
    () =>
      F.convTranspose2d(image(), zeros([2, 1, 3, 3]), undefined, {
        padding: "same" as never, // a convolution has it
      }),
    RangeError,
    "Cannot convTranspose2d with padding same: expected an integer",
  );
});
