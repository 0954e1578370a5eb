/**
 * Modules by torch's names of their classes: what nets of the category training
 * are built from, and what cases of the category nn name.
 *
 * @module
 */

import {
  Flatten,
  GELU,
  Identity,
  LeakyReLU,
  LogSoftmax,
  ReLU,
  Sigmoid,
  SiLU,
  Softmax,
  Tanh,
} from "../../src/nn/activation.ts";
import {
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from "../../src/nn/attention.ts";
import {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvLayerOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  type ConvTransposeLayerOptions,
} from "../../src/nn/conv.ts";
import { Bilinear } from "../../src/nn/bilinear.ts";
import { Dropout } from "../../src/nn/dropout.ts";
import {
  Embedding,
  type EmbeddingLayerOptions,
} from "../../src/nn/embedding.ts";
import { Linear, type LinearOptions } from "../../src/nn/linear.ts";
import type { AnyModule, Module } from "../../src/nn/module.ts";
import {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNormLayerOptions,
  InstanceNorm1d,
  InstanceNorm2d,
} from "../../src/nn/batch_norm.ts";
import {
  CrossEntropyLoss,
  MSELoss,
  NLLLoss,
  type ReductionOptions,
} from "../../src/nn/loss.ts";
import {
  type AffineNormOptions,
  GroupNorm,
  LayerNorm,
  type LayerNormOptions,
  LocalResponseNorm,
} from "../../src/nn/norm.ts";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  MaxPool2d,
  MaxPool3d,
} from "../../src/nn/pool.ts";
import {
  GRU,
  LSTM,
  type LSTMOptions,
  RNN,
  type RNNOptions,
} from "../../src/nn/recurrent.ts";
import {
  type CellOptions,
  GRUCell,
  LSTMCell,
  RNNCell,
  type RNNCellOptions,
} from "../../src/nn/recurrent_cell.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "../../src/nn/transformer.ts";
import type { AvgPoolOptions } from "../../src/ops/pool/avg.ts";
import type {
  CrossEntropyOptions,
  NllLossOptions,
} from "../../src/ops/loss/cross_entropy.ts";
import type { LocalResponseNormOptions } from "../../src/ops/norm/local_response.ts";
import type { MaxPoolOptions } from "../../src/ops/pool/max.ts";
import type { MaxPool3dOptions } from "../../src/ops/pool/max3d.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Encoder, Last, Residual } from "./nets.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import { asFields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

/** Makes a module from the arguments of its constructor. */
type ModuleRow = (args: Arguments) => AnyModule;

const RECURRENT = { GRU, LSTM, RNN };

function lastOf(args: Arguments): Last {
  const kind = args.value<string>("kind");
  if (kind !== "GRU" && kind !== "LSTM" && kind !== "RNN") {
    throw new Unsupported(`a recurrent ${kind}`);
  }
  const { batchFirst = true, ...options } = recurrentOptions(args);
  if (!batchFirst) throw new Unsupported("Last without batch_first");
  const inputSize = args.value<number>("input_size");
  const hiddenSize = args.value<number>("hidden_size");
  const given = { ...options, batchFirst };
  return new Last(new RECURRENT[kind](inputSize, hiddenSize, given));
}

function recurrentOptions(args: Arguments): LSTMOptions & RNNOptions {
  return args.options<LSTMOptions & RNNOptions>(
    "numLayers",
    "bias",
    "batchFirst",
    "dropout",
    "bidirectional",
    "projSize",
    "nonlinearity",
  );
}

function transformerArguments(
  args: Arguments,
): [number, number, TransformerLayerOptions] {
  return [
    args.value("d_model"),
    args.value("nhead"),
    args.options<TransformerLayerOptions>(
      "dimFeedforward",
      "dropout",
      "activation",
      "layerNormEps",
      "batchFirst",
      "normFirst",
    ),
  ];
}

/** Sizes of a recurrent layer or cell. */
function sizes(args: Arguments): [inputSize: number, hiddenSize: number] {
  return [args.value("input_size"), args.value("hidden_size")];
}

/** The numbers of a tensor that a constructor takes as a list. */
function listed<T extends { readonly weight?: Tensor }>(
  args: Arguments,
  options: T,
): T {
  const weight = args.option<number[]>("weight");
  return weight ? { ...options, weight: tensor(weight) } : options;
}

function batchNormOptions(args: Arguments): BatchNormLayerOptions {
  return args.options<BatchNormLayerOptions>(
    "eps",
    "momentum",
    "affine",
    "trackRunningStats",
  );
}

function convArguments(
  args: Arguments,
): [number, number, number, ConvLayerOptions & ConvTransposeLayerOptions] {
  return [
    args.value("in_channels"),
    args.value("out_channels"),
    args.value("kernel_size"),
    args.options<ConvLayerOptions & ConvTransposeLayerOptions>(
      "stride",
      "padding",
      "outputPadding",
      "dilation",
      "groups",
      "bias",
    ),
  ];
}

const CONTAINERS: Readonly<Record<string, ModuleRow>> = {
  Encoder: (args) => {
    const [width, heads, options] = transformerArguments(args);
    const given = { dropout: 0, ...options, batchFirst: true };
    return new Encoder(new TransformerEncoderLayer(width, heads, given));
  },
  Last: lastOf,
  Residual: (args) => new Residual(sequentialOf(args.value("body"))),
  Sequential: (args) => sequentialOf(args.value("modules")),
};

const LAYERS: Readonly<Record<string, ModuleRow>> = {
  AdaptiveAvgPool2d: (args) => new AdaptiveAvgPool2d(args.value("output_size")),
  AvgPool2d: (args) =>
    new AvgPool2d(
      args.value("kernel_size"),
      args.options<AvgPoolOptions>(
        "stride",
        "padding",
        "ceilMode",
        "countIncludePad",
        "divisorOverride",
      ),
    ),
  BatchNorm1d: (args) =>
    new BatchNorm1d(args.value("num_features"), batchNormOptions(args)),
  BatchNorm2d: (args) =>
    new BatchNorm2d(args.value("num_features"), batchNormOptions(args)),
  Bilinear: (args) =>
    new Bilinear(
      args.value("in1_features"),
      args.value("in2_features"),
      args.value("out_features"),
      args.options<LinearOptions>("bias"),
    ),
  Conv1d: (args) => new Conv1d(...convArguments(args)),
  Conv2d: (args) => new Conv2d(...convArguments(args)),
  Conv3d: (args) => new Conv3d(...convArguments(args)),
  ConvTranspose1d: (args) => new ConvTranspose1d(...convArguments(args)),
  ConvTranspose2d: (args) => new ConvTranspose2d(...convArguments(args)),
  Dropout: (args) => new Dropout(args.option("p")),
  Embedding: (args) =>
    new Embedding(
      args.value("num_embeddings"),
      args.value("embedding_dim"),
      args.options<EmbeddingLayerOptions>("paddingIdx"),
    ),
  Flatten: (args) =>
    new Flatten(args.option("start_dim"), args.option("end_dim")),
  GELU: (args) => new GELU(args.option("approximate")),
  GRU: (args) => new GRU(...sizes(args), recurrentOptions(args)),
  GRUCell: (args) =>
    new GRUCell(...sizes(args), args.options<CellOptions>("bias")),
  GroupNorm: (args) =>
    new GroupNorm(
      args.value("num_groups"),
      args.value("num_channels"),
      args.options<AffineNormOptions>("eps", "affine"),
    ),
  Identity: () => new Identity(),
  InstanceNorm1d: (args) =>
    new InstanceNorm1d(args.value("num_features"), batchNormOptions(args)),
  InstanceNorm2d: (args) =>
    new InstanceNorm2d(args.value("num_features"), batchNormOptions(args)),
  LSTM: (args) => new LSTM(...sizes(args), recurrentOptions(args)),
  LSTMCell: (args) =>
    new LSTMCell(...sizes(args), args.options<CellOptions>("bias")),
  LeakyReLU: (args) => new LeakyReLU(args.option("negative_slope")),
  LayerNorm: (args) =>
    new LayerNorm(
      args.value("normalized_shape"),
      args.options<LayerNormOptions>("eps", "elementwiseAffine"),
    ),
  Linear: (args) =>
    new Linear(
      args.value("in_features"),
      args.value("out_features"),
      args.options<LinearOptions>("bias"),
    ),
  LocalResponseNorm: (args) =>
    new LocalResponseNorm(
      args.value("size"),
      args.options<LocalResponseNormOptions>("alpha", "beta", "k"),
    ),
  LogSoftmax: (args) => new LogSoftmax(args.value("dim")),
  MaxPool2d: (args) =>
    new MaxPool2d(
      args.value("kernel_size"),
      args.options<MaxPoolOptions>("stride", "padding", "dilation", "ceilMode"),
    ),
  MaxPool3d: (args) =>
    new MaxPool3d(
      args.value("kernel_size"),
      args.options<MaxPool3dOptions>(
        "stride",
        "padding",
        "dilation",
        "ceilMode",
      ),
    ),
  MultiheadAttention: (args) =>
    new MultiheadAttention(
      args.value("embed_dim"),
      args.value("num_heads"),
      args.options<MultiheadAttentionOptions>("dropout", "bias", "batchFirst"),
    ),
  RNN: (args) => new RNN(...sizes(args), recurrentOptions(args)),
  RNNCell: (args) =>
    new RNNCell(
      ...sizes(args),
      args.options<RNNCellOptions>("bias", "nonlinearity"),
    ),
  ReLU: () => new ReLU(),
  SiLU: () => new SiLU(),
  Sigmoid: () => new Sigmoid(),
  Softmax: (args) => new Softmax(args.value("dim")),
  Tanh: () => new Tanh(),
  TransformerDecoderLayer: (args) =>
    new TransformerDecoderLayer(...transformerArguments(args)),
  TransformerEncoderLayer: (args) =>
    new TransformerEncoderLayer(...transformerArguments(args)),
};

const LOSSES: Readonly<Record<string, ModuleRow>> = {
  CrossEntropyLoss: (args) =>
    new CrossEntropyLoss(listed(
      args,
      args.options<CrossEntropyOptions>(
        "ignoreIndex",
        "reduction",
        "labelSmoothing",
      ),
    )),
  MSELoss: (args) => new MSELoss(args.options<ReductionOptions>("reduction")),
  NLLLoss: (args) =>
    new NLLLoss(
      listed(args, args.options<NllLossOptions>("ignoreIndex", "reduction")),
    ),
};

const ROWS = new Map(Object.entries({ ...CONTAINERS, ...LAYERS, ...LOSSES }));

const PREFIX = "torch.nn.";

/** Whether a call makes a module of a class that is here. */
export function hasModule(op: string): boolean {
  return op.startsWith(PREFIX) && ROWS.has(op.slice(PREFIX.length));
}

/** A new module of a class, from arguments that someone else looks through. */
export function construct(op: string, args: Arguments): AnyModule {
  const make = ROWS.get(op.replace(PREFIX, ""));
  if (!make) throw new Unsupported(`no ${op}`);
  return make(args);
}

/**
 * A new module of a class. Arguments that are given and that it does not have
 * make the case unsupported.
 */
export function moduleOf(name: string, kwargs: unknown): AnyModule {
  const op = name.startsWith(PREFIX) ? name : PREFIX + name;
  return withArguments(
    { op, kwargs: asFields(kwargs ?? {}, "kwargs") },
    (args) => construct(op, args),
  );
}

/**
 * The net of a list of modules: each as [class, arguments] or as {op, kwargs}
 * (whose class may be a Sequential of more `modules`).
 */
export function sequentialOf(net: unknown): Sequential {
  if (!Array.isArray(net)) throw new Unsupported("a net that is no list");
  return new Sequential(...net.map((each: unknown) => {
    const module = describedModule(each);
    // its class says what it takes: one tensor, or the case is not of use
    return module as Module;
  }));
}

/** A module that is described as [class, arguments] or as {op, kwargs}. */
export function describedModule(described: unknown): AnyModule {
  if (Array.isArray(described)) {
    const [name, kwargs] = described;
    return moduleOf(String(name), kwargs);
  }
  const { op, kwargs, modules } = asFields(described, "a module");
  return moduleOf(String(op), modules ? { modules } : kwargs);
}
