/**
 * What torch has in nn.functional, but for the losses and what is elementwise.
 *
 * @module
 */

import * as F from "../../../src/nn/functional.ts";
import {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from "../../../src/ops/conv.ts";
import type {
  ConvOptions,
  ConvTransposeOptions,
} from "../../../src/ops/conv_shapes.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import type { Row, Rows } from "../row.ts";

type Conv<Options> = (
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options?: Options,
) => Tensor;

function conv(call: Conv<ConvOptions>): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.tensor("weight"),
      args.maybe("bias"),
      args.options<ConvOptions>("stride", "padding", "dilation", "groups"),
    );
}

function convTranspose(call: Conv<ConvTransposeOptions>): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.tensor("weight"),
      args.maybe("bias"),
      args.options<ConvTransposeOptions>(
        "stride",
        "padding",
        "outputPadding",
        "dilation",
        "groups",
      ),
    );
}

function softmaxLike(call: (x: Tensor, dim: number) => Tensor): Row {
  return (args) => call(args.tensor("input"), args.value("dim"));
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

/** Every row of nn.functional that stands in no other family. */
export const FUNCTIONAL: Rows = {
  ...POOLING,
  "torch.log_softmax": softmaxLike((x, dim) => x.logSoftmax(dim)),
  "torch.nn.functional.conv1d": conv(conv1d),
  "torch.nn.functional.conv2d": conv(conv2d),
  "torch.nn.functional.conv_transpose1d": convTranspose(convTranspose1d),
  "torch.nn.functional.conv_transpose2d": convTranspose(convTranspose2d),
  "torch.nn.functional.dropout": (args) => {
    const options = args.options<F.DropoutOptions>("p", "training");
    // what is dropped is random: only what leaves everything as it is compares
    if (options.training !== false && options.p !== 0) {
      throw new Unsupported("a random result");
    }
    return F.dropout(args.tensor("input"), options);
  },
  "torch.nn.functional.log_softmax": softmaxLike(F.logSoftmax),
  "torch.nn.functional.softmax": softmaxLike(F.softmax),
  "torch.nn.functional.softmin": softmaxLike(F.softmin),
  "torch.softmax": softmaxLike((x, dim) => x.softmax(dim)),
};
