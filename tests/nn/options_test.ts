import * as nn from "../../src/nn/mod.ts";
import { zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type OptionsRow, testUnknownOptions } from "../unknown_options.ts";

const x = (): Tensor => zeros([2, 4]);

const BY_TWO_SIZES = [
  "Linear",
  "Embedding",
  "GroupNorm",
  "MultiheadAttention",
  "TransformerEncoderLayer",
  "TransformerDecoderLayer",
  "RNN",
  "GRU",
  "LSTM",
  "RNNCell",
  "GRUCell",
  "LSTMCell",
] as const;

const BY_CHANNELS_AND_KERNEL = [
  "Conv1d",
  "Conv2d",
  "Conv3d",
  "ConvTranspose1d",
  "ConvTranspose2d",
] as const;

const BY_ONE_SIZE = [
  "LayerNorm",
  "LocalResponseNorm",
  "BatchNorm1d",
  "BatchNorm2d",
  "InstanceNorm1d",
  "InstanceNorm2d",
  "MaxPool2d",
  "MaxPool3d",
  "AvgPool2d",
] as const;

const INITS = [
  "kaimingUniform_",
  "kaimingNormal_",
  "xavierUniform_",
  "xavierNormal_",
] as const;

testUnknownOptions([
  ...BY_TWO_SIZES.map((name): OptionsRow => [
    name,
    (options) => new nn[name](4, 2, options),
  ]),
  ...BY_CHANNELS_AND_KERNEL.map((name): OptionsRow => [
    name,
    (options) => new nn[name](4, 2, 3, options),
  ]),
  ...BY_ONE_SIZE.map((name): OptionsRow => [
    name,
    (options) => new nn[name](4, options),
  ]),
  ...(["CrossEntropyLoss", "NLLLoss", "MSELoss"] as const).map((
    name,
  ): OptionsRow => [name, (options) => new nn[name](options)]),
  ...INITS.map((name): OptionsRow => [
    name,
    (options) => nn.init[name](x(), options),
  ]),
  ["uniform_", (options) => nn.init.uniform_(x(), 0, 1, options)],
  ["normal_", (options) => nn.init.normal_(x(), 0, 1, options)],
  ["Bilinear", (options) => new nn.Bilinear(4, 2, 3, options)],
  ["Parameter", (options) => new nn.Parameter(x(), options)],
  ["Buffer", (options) => new nn.Buffer(x(), options)],
  ["Buffer", (options) => new nn.ReLU().registerBuffer("x", x(), options)],
  ["namedParameters", (options) => new nn.ReLU().parameters(options)],
  ["namedBuffers", (options) => new nn.ReLU().buffers(options)],
  [
    "loadStateDict",
    (options) => new nn.ReLU().loadStateDict(new Map(), options),
  ],
  [
    "MultiheadAttention's call",
    (options) => new nn.MultiheadAttention(4, 2).call(x(), x(), x(), options),
  ],
  [
    "MultiheadAttention's call",
    (options) => new nn.TransformerEncoderLayer(4, 2).call(x(), options),
  ],
]);
