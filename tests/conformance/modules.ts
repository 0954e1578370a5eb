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
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvLayerOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  type ConvTransposeLayerOptions,
} from "../../src/nn/conv.ts";
import { Dropout } from "../../src/nn/dropout.ts";
import { Linear, type LinearOptions } from "../../src/nn/linear.ts";
import { type AnyModule, Module } from "../../src/nn/module.ts";
import {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNormLayerOptions,
} from "../../src/nn/batch_norm.ts";
import {
  type AffineNormOptions,
  GroupNorm,
  LayerNorm,
  type LayerNormOptions,
} from "../../src/nn/norm.ts";
import { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from "../../src/nn/pool.ts";
import {
  GRU,
  LSTM,
  type RecurrentOptions,
  RNN,
} from "../../src/nn/recurrent.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import type { AvgPoolOptions } from "../../src/ops/avg_pool.ts";
import type { MaxPoolOptions } from "../../src/ops/max_pool.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Arguments } from "./arguments.ts";
import { asFields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

type ModuleRow = (args: Arguments) => Module;

/** relu(body(x) + x), as the goldens' notes say. */
class Residual extends Module {
  readonly body: Sequential;

  constructor(body: Sequential) {
    super();
    this.body = body;
  }

  override forward(x: Tensor): Tensor {
    return this.body.call(x).add(x).relu();
  }
}

/** The output of a recurrent layer's last step, as the goldens' notes say. */
class Last extends Module {
  readonly rnn: GRU | LSTM | RNN;

  constructor(rnn: GRU | LSTM | RNN) {
    super();
    this.rnn = rnn;
  }

  override forward(x: Tensor): Tensor {
    return this.rnn.call(x)[0].select(1, -1);
  }
}

const RECURRENT = { GRU, LSTM, RNN };

function lastOf(args: Arguments): Last {
  const kind = args.value<string>("kind");
  if (kind !== "GRU" && kind !== "LSTM" && kind !== "RNN") {
    throw new Unsupported(`a recurrent ${kind}`);
  }
  const options = args.options<RecurrentOptions>(
    "numLayers",
    "bias",
    "bidirectional",
  );
  const inputSize = args.value<number>("input_size");
  const hiddenSize = args.value<number>("hidden_size");
  const given = { ...options, batchFirst: true };
  return new Last(new RECURRENT[kind](inputSize, hiddenSize, given));
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

const ROWS: Readonly<Record<string, ModuleRow>> = {
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
  Conv1d: (args) => new Conv1d(...convArguments(args)),
  Conv2d: (args) => new Conv2d(...convArguments(args)),
  Conv3d: (args) => new Conv3d(...convArguments(args)),
  ConvTranspose1d: (args) => new ConvTranspose1d(...convArguments(args)),
  ConvTranspose2d: (args) => new ConvTranspose2d(...convArguments(args)),
  Dropout: (args) => new Dropout(args.option("p")),
  Flatten: (args) =>
    new Flatten(args.option("start_dim"), args.option("end_dim")),
  GELU: (args) => new GELU(args.option("approximate")),
  GroupNorm: (args) =>
    new GroupNorm(
      args.value("num_groups"),
      args.value("num_channels"),
      args.options<AffineNormOptions>("eps", "affine"),
    ),
  Identity: () => new Identity(),
  LeakyReLU: (args) => new LeakyReLU(args.option("negative_slope")),
  Last: lastOf,
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
  LogSoftmax: (args) => new LogSoftmax(args.value("dim")),
  MaxPool2d: (args) =>
    new MaxPool2d(
      args.value("kernel_size"),
      args.options<MaxPoolOptions>("stride", "padding", "dilation", "ceilMode"),
    ),
  ReLU: (args) => {
    args.ignore("inplace");
    return new ReLU();
  },
  Residual: (args) => new Residual(sequentialOf(args.value("body"))),
  SiLU: () => new SiLU(),
  Sigmoid: () => new Sigmoid(),
  Softmax: (args) => new Softmax(args.value("dim")),
  Tanh: () => new Tanh(),
};

/**
 * A new module of a class. Arguments that are given and that it does not have
 * make the case unsupported.
 */
export function moduleOf(name: string, kwargs: unknown): Module {
  const make = ROWS[name.replace("torch.nn.", "")];
  if (!make) throw new Unsupported(`no torch.nn.${name}`);
  const args = new Arguments(asFields(kwargs ?? {}, "kwargs"));
  try {
    return make(args);
  } finally {
    args.check();
  }
}

/** Whether a call makes a module of a class that is here. */
export function hasModule(op: string): boolean {
  return op.startsWith("torch.nn.") &&
    Object.hasOwn(ROWS, op.slice("torch.nn.".length));
}

/** The net of a list of [class, arguments]. */
export function sequentialOf(net: unknown): Sequential {
  if (!Array.isArray(net)) throw new Unsupported("a net that is no list");
  return new Sequential(
    ...net.map(([name, kwargs]) => moduleOf(String(name), kwargs)),
  );
}

/**
 * Gives a module the parameters `param.*` of a case, whose gradients then
 * arrive at the module's own.
 */
export function loadParameters(module: AnyModule, args: Arguments): void {
  const given = new Map(args.prefixed("param."));
  module.loadStateDict(given, { strict: false });
  for (const [name, parameter] of module.namedParameters()) {
    if (!given.delete(name)) throw new Unsupported(`without param.${name}`);
    args.arrivesAt(`param.${name}`, parameter);
  }
  if (given.size > 0) throw new Unsupported(`param.${[...given.keys()]}`);
}
