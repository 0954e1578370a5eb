/**
 * What torch has in nn.functional, but for the losses and what is elementwise.
 *
 * @module
 */

import * as F from "../../../src/nn/functional.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import type { Row, Rows } from "../row.ts";
import { castInput, unary } from "./_shared.ts";

type Conv<Options> = (
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options?: Options,
) => Tensor;

function conv(call: Conv<F.ConvOptions>): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.tensor("weight"),
      args.maybe("bias"),
      args.options<F.ConvOptions>("stride", "padding", "dilation", "groups"),
    );
}

function convTranspose(call: Conv<F.ConvTransposeOptions>): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.tensor("weight"),
      args.maybe("bias"),
      args.options<F.ConvTransposeOptions>(
        "stride",
        "padding",
        "outputPadding",
        "dilation",
        "groups",
      ),
    );
}

function softmaxLike(call: (x: Tensor, dim: number) => Tensor): Row {
  return (args) => call(castInput(args), args.value("dim"));
}

/** A result, or a result with the indices it was taken from. */
function withIndices(
  result: Tensor | readonly [Tensor, Tensor],
): Record<string, Tensor> {
  if (!Array.isArray(result)) return { output: result as Tensor };
  const [output, indices] = result as readonly [Tensor, Tensor];
  return { output, indices };
}

const POOLING: Rows = {
  "torch.nn.functional.adaptive_avg_pool1d": (args) =>
    F.adaptiveAvgPool1d(args.tensor("input"), args.value("output_size")),
  "torch.nn.functional.adaptive_avg_pool2d": (args) =>
    F.adaptiveAvgPool2d(args.tensor("input"), args.value("output_size")),
  "torch.nn.functional.adaptive_max_pool2d": (args) =>
    withIndices(
      F.adaptiveMaxPool2d(
        args.tensor("input"),
        args.value("output_size"),
        args.options<{ readonly returnIndices?: boolean }>("returnIndices"),
      ),
    ),
  "torch.nn.functional.avg_pool1d": (args) =>
    F.avgPool1d(
      args.tensor("input"),
      args.value("kernel_size"),
      args.options<F.AvgPool1dOptions>(
        "stride",
        "padding",
        "ceilMode",
        "countIncludePad",
      ),
    ),
  "torch.nn.functional.avg_pool2d": (args) =>
    F.avgPool2d(
      args.tensor("input"),
      args.value("kernel_size"),
      args.options<F.AvgPoolOptions>(
        "stride",
        "padding",
        "ceilMode",
        "countIncludePad",
        "divisorOverride",
      ),
    ),
  "torch.nn.functional.lp_pool2d": (args) =>
    F.lpPool2d(
      args.tensor("input"),
      args.value("norm_type"),
      args.value("kernel_size"),
      args.options<F.LpPoolOptions>("stride", "ceilMode"),
    ),
  "torch.nn.functional.max_unpool2d": (args) =>
    F.maxUnpool2d(
      args.tensor("input"),
      args.tensor("indices"),
      args.value("kernel_size"),
      args.options<F.MaxUnpoolOptions>("stride", "padding", "outputSize"),
    ),
  "torch.nn.functional.max_pool1d": (args) =>
    F.maxPool1d(
      args.tensor("input"),
      args.value("kernel_size"),
      args.options<F.MaxPool1dOptions>(
        "stride",
        "padding",
        "dilation",
        "ceilMode",
      ),
    ),
  "torch.nn.functional.max_pool3d": (args) =>
    withIndices(
      F.maxPool3d(
        args.tensor("input"),
        args.value("kernel_size"),
        args.options<F.MaxPool3dOptions>(
          "stride",
          "padding",
          "dilation",
          "ceilMode",
          "returnIndices",
        ),
      ),
    ),
  "torch.nn.functional.max_pool2d": (args) =>
    withIndices(
      F.maxPool2d(
        args.tensor("input"),
        args.value("kernel_size"),
        args.options<F.MaxPoolOptions>(
          "stride",
          "padding",
          "dilation",
          "ceilMode",
          "returnIndices",
        ),
      ),
    ),
};

const ACTIVATIONS: Rows = {
  "torch.nn.functional.celu": (args) =>
    F.celu(args.tensor("input"), args.option("alpha")),
  "torch.nn.functional.elu": (args) =>
    F.elu(args.tensor("input"), args.option("alpha")),
  "torch.nn.functional.gelu": (args) =>
    F.gelu(
      args.tensor("input"),
      args.options<{ readonly approximate?: "none" | "tanh" }>("approximate"),
    ),
  "torch.nn.functional.glu": (args) =>
    F.glu(args.tensor("input"), args.option("dim")),
  "torch.nn.functional.hardsigmoid": unary(F.hardsigmoid),
  "torch.nn.functional.hardswish": unary(F.hardswish),
  "torch.nn.functional.hardtanh": (args) =>
    F.hardtanh(
      args.tensor("input"),
      args.option("min_val"),
      args.option("max_val"),
    ),
  "torch.nn.functional.leaky_relu": (args) =>
    F.leakyRelu(args.tensor("input"), args.option("negative_slope")),
  "torch.nn.functional.logsigmoid": unary(F.logsigmoid),
  "torch.nn.functional.mish": unary(F.mish),
  "torch.nn.functional.prelu": (args) =>
    F.prelu(args.tensor("input"), args.tensor("weight")),
  "torch.nn.functional.relu": unary(F.relu),
  "torch.nn.functional.relu6": unary(F.relu6),
  "torch.nn.functional.selu": unary(F.selu),
  "torch.nn.functional.sigmoid": unary(F.sigmoid),
  "torch.nn.functional.silu": unary(F.silu),
  "torch.nn.functional.softplus": (args) =>
    F.softplus(
      args.tensor("input"),
      args.option("beta"),
      args.option("threshold"),
    ),
  "torch.nn.functional.softsign": unary(F.softsign),
  "torch.nn.functional.tanh": unary(F.tanh),
  "torch.nn.functional.threshold": (args) =>
    F.threshold(
      args.tensor("input"),
      args.value("threshold"),
      args.value("value"),
    ),
};

const SIMILARITIES: Rows = {
  "torch.nn.functional.cosine_similarity": (args) =>
    F.cosineSimilarity(
      args.tensor("x1"),
      args.tensor("x2"),
      args.options<F.CosineSimilarityOptions>("dim", "eps"),
    ),
  "torch.nn.functional.normalize": (args) =>
    F.normalize(
      args.tensor("input"),
      args.options<F.NormalizeOptions>("p", "dim", "eps"),
    ),
  "torch.nn.functional.pairwise_distance": (args) =>
    F.pairwiseDistance(
      args.tensor("x1"),
      args.tensor("x2"),
      args.options<F.PairwiseDistanceOptions>("p", "eps", "keepdim"),
    ),
};

/** Every row of nn.functional that stands in no other family. */
export const FUNCTIONAL: Rows = {
  ...POOLING,
  ...ACTIVATIONS,
  ...SIMILARITIES,
  "torch.log_softmax": softmaxLike((x, dim) => x.logSoftmax(dim)),
  "torch.nn.functional.conv1d": conv(F.conv1d),
  "torch.nn.functional.conv2d": conv(F.conv2d),
  "torch.nn.functional.conv3d": conv(F.conv3d),
  "torch.nn.functional.conv_transpose1d": convTranspose(F.convTranspose1d),
  "torch.nn.functional.conv_transpose2d": convTranspose(F.convTranspose2d),
  "torch.nn.functional.dropout": (args) => {
    const options = args.options<F.DropoutOptions>("p", "training");
    // what is dropped is random: only what leaves everything as it is compares
    if (options.training !== false && options.p !== 0) {
      throw new Unsupported("a random result");
    }
    return F.dropout(args.tensor("input"), options);
  },
  "torch.nn.functional.log_softmax": softmaxLike(F.logSoftmax),
  "torch.nn.functional.one_hot": (args) =>
    F.oneHot(args.tensor("tensor"), args.value("num_classes")),
  "torch.nn.functional.pad": (args) =>
    F.pad(
      args.tensor("input"),
      args.value("pad"),
      args.options<F.PadOptions>("mode", "value"),
    ),
  "torch.nn.functional.softmax": softmaxLike(F.softmax),
  "torch.nn.functional.softmin": softmaxLike(F.softmin),
  "torch.softmax": softmaxLike((x, dim) => x.softmax(dim)),
};
