/**
 * Shapes of convolutions: their options, the checks of operands, and the size of
 * the output.
 *
 * @module
 */

import { checkChoice } from "../../tensor/arguments.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ConvCase, Pair } from "./gather.ts";
import { pairOf, type PerDim, spread } from "../per_dim.ts";

/**
 * Options of convolutions. Each is one number for all dims, or
 * `[rows, columns]`, or for volumes `[layers, rows, columns]`.
 */
export interface ConvOptions {
  /** Step from one output to the next, in inputs. Default: 1. */
  readonly stride?: PerDim;
  /**
   * Zeros around the input. "valid" is 0, "same" gives an output as large as the
   * input. Default: 0.
   */
  readonly padding?: PerDim | "valid" | "same";
  /** Step from one tap of a filter to the next, in inputs. Default: 1. */
  readonly dilation?: PerDim;
  /** Number of groups of channels with filters of their own. Default: 1. */
  readonly groups?: number;
}

/** Options of transposed convolutions, each for all dims or `[rows, columns]`. */
export interface ConvTransposeOptions {
  /** Step from one input to the next, in outputs. Default: 1. */
  readonly stride?: PerDim;
  /** Padding of the convolution that is transposed. Default: 0. */
  readonly padding?: PerDim;
  /** Rows and columns added at the end of the output. Default: 0. */
  readonly outputPadding?: PerDim;
  /** Step from one tap of a filter to the next, in outputs. Default: 1. */
  readonly dilation?: PerDim;
  /** Number of groups of channels with filters of their own. Default: 1. */
  readonly groups?: number;
}

/** Names of the options of convolutions. */
export const CONV_OPTIONS = ["stride", "padding", "dilation", "groups"];
/** Names of the options of transposed convolutions. */
export const CONV_TRANSPOSE_OPTIONS = [...CONV_OPTIONS, "outputPadding"];

/** Kind of an input: volumes have three dims, images two, signals one. */
export type Kind = "volume" | "image" | "signal";

/** Dims of an input and of a filter. */
const DIMS = {
  volume: ["D, H, W", "kd, kh, kw"],
  image: ["H, W", "kh, kw"],
  signal: ["L", "k"],
} as const;

/**
 * Checks the ranks and dtypes of operands.
 *
 * @throws {TypeError} If a rank is wrong, or dtypes are not the same float type
 */
export function checkOperands(
  op: string,
  kind: Kind,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
): void {
  const [inner, taps] = DIMS[kind];
  const rank = { volume: 5, image: 4, signal: 3 }[kind];
  if (
    weight.ndim !== rank || (x.ndim !== rank && x.ndim !== rank - 1)
  ) {
    throw new TypeError(
      `Cannot ${op} ${formatShape(x.shape)} with weight ` +
        `${formatShape(weight.shape)}: expected x [N, C, ${inner}] or ` +
        `[C, ${inner}] and weight of ${rank} dims, [.., .., ${taps}]`,
    );
  }
  for (const other of [weight, bias]) {
    if (other && (other.dtype !== x.dtype || !isFloat(x.dtype))) {
      throw new TypeError(
        `Cannot ${op} ${x.dtype} and ${other.dtype}: ` +
          `expected the same float type on both sides`,
      );
    }
  }
}

/**
 * Checks that a bias has one number for each output channel.
 *
 * @throws {TypeError} If the bias has another shape
 */
export function checkBias(
  op: string,
  bias: Tensor | undefined,
  outputs: number,
): void {
  if (!bias || (bias.ndim === 1 && bias.shape[0] === outputs)) return;
  throw new TypeError(
    `Cannot ${op} with a bias of shape ${formatShape(bias.shape)}: ` +
      `expected [${outputs}], one number for each output channel`,
  );
}

/** Returns the sizes of a convolution of [N, C, H, W] by [O, C / groups, kh, kw]. */
export function convCase(
  op: string,
  x: Shape,
  weight: Shape,
  options: ConvOptions,
): ConvCase {
  // checkOperands has seen to it that there are four dims each
  const [images, inChannels, ...input] = x as Shape4;
  const [outChannels, channels, ...kernel] = weight as Shape4;
  const { groups = 1 } = options;
  checkGroups(op, groups, outChannels);
  if (inChannels !== channels * groups) {
    throw new TypeError(
      `Cannot ${op} ${formatShape(x)} with weight ${formatShape(weight)}: ` +
        `the input must have ${channels * groups} channels ` +
        `(${channels} for each of ${groups} groups), got ${inChannels}`,
    );
  }
  const stride = pairOf(op, "stride", options.stride ?? 1, 1);
  const dilation = pairOf(op, "dilation", options.dilation ?? 1, 1);
  const [padding, after] = paddingOf(op, options.padding ?? 0, {
    kernel,
    stride,
    dilation,
  });
  const size = (dim: 0 | 1) => {
    const padded = input[dim] + padding[dim] + after[dim];
    const span = dilation[dim] * (kernel[dim] - 1) + 1;
    if (input[dim] === 0 || kernel[dim] === 0 || span > padded) {
      throw new RangeError(
        `Cannot ${op} ${formatShape(x)} with weight ${formatShape(weight)}: ` +
          `a filter spans ${span} of the ${padded} ` +
          `${dim === 0 ? "rows" : "columns"} of the padded input`,
      );
    }
    return Math.floor((padded - span) / stride[dim]) + 1;
  };
  return {
    images,
    groups,
    channels,
    outputs: outChannels / groups,
    input,
    output: [size(0), size(1)],
    kernel,
    stride,
    padding,
    dilation,
  };
}

/**
 * Returns the sizes of the convolution whose transpose takes x [N, C, H, W] by
 * weight [C, O / groups, kh, kw]: x is the output of this convolution.
 */
export function transposedCase(
  op: string,
  x: Shape,
  weight: Shape,
  options: ConvTransposeOptions,
): ConvCase {
  // checkOperands has seen to it that there are four dims each
  const [images, inChannels, ...output] = x as Shape4;
  const [rows, channels, ...kernel] = weight as Shape4;
  const { groups = 1 } = options;
  checkGroups(op, groups, inChannels);
  if (inChannels !== rows) {
    throw new TypeError(
      `Cannot ${op} ${formatShape(x)} with weight ${formatShape(weight)}: ` +
        `the input must have ${rows} channels, got ${inChannels}`,
    );
  }
  const stride = pairOf(op, "stride", options.stride ?? 1, 1);
  const dilation = pairOf(op, "dilation", options.dilation ?? 1, 1);
  const padding = pairOf(op, "padding", options.padding ?? 0, 0);
  const added = pairOf(op, "outputPadding", options.outputPadding ?? 0, 0);
  const size = (dim: 0 | 1) => {
    if (added[dim] >= Math.max(stride[dim], dilation[dim])) {
      throw new RangeError(
        `Cannot ${op} with outputPadding ${added[dim]}: ` +
          `expected less than the stride ${stride[dim]} ` +
          `or the dilation ${dilation[dim]}`,
      );
    }
    const length = (output[dim] - 1) * stride[dim] - 2 * padding[dim] +
      dilation[dim] * (kernel[dim] - 1) + added[dim] + 1;
    if (length < 1) {
      throw new RangeError(
        `Cannot ${op} ${formatShape(x)} with weight ${formatShape(weight)}: ` +
          `the output would have ${length} ${dim === 0 ? "rows" : "columns"}`,
      );
    }
    return length;
  };
  return {
    images,
    groups,
    channels,
    outputs: inChannels / groups,
    input: [size(0), size(1)],
    output,
    kernel,
    stride,
    padding,
    dilation,
  };
}

/** Turns an option of a 1-D convolution into one of the 2-D convolution of a row. */
export function asRow(
  op: string,
  option: string,
  value: PerDim,
  neutral: number,
): Pair {
  const list = spread(op, option, value, 1);
  return [neutral, list[0]!];
}

type Shape4 = readonly [number, number, number, number];

/**
 * Checks that groups divide the weight's first size.
 *
 * @throws {RangeError} If groups do not divide it
 */
export function checkGroups(
  op: string,
  groups: number,
  channels: number,
): void {
  if (Number.isInteger(groups) && groups >= 1 && channels % groups === 0) {
    return;
  }
  throw new RangeError(
    `Cannot ${op} in ${groups} groups: expected a positive integer ` +
      `that divides the weight's first size, ${channels}`,
  );
}

/** @throws {RangeError} If `padding` is a string other than "valid" or "same" */
export function checkPadding(call: string, padding: unknown): void {
  if (typeof padding !== "string") return;
  checkChoice(call, "padding", padding, ["valid", "same"]);
}

// Returns the zeros before and after. If "same" needs an odd number, one more
// comes after.
function paddingOf(
  op: string,
  padding: PerDim | "valid" | "same",
  { kernel, stride, dilation }: Pick<
    ConvCase,
    "kernel" | "stride" | "dilation"
  >,
): readonly [before: Pair, after: Pair] {
  checkPadding(op, padding);
  if (padding === "valid") return [[0, 0], [0, 0]];
  if (padding !== "same") {
    const pair = pairOf(op, "padding", padding, 0);
    return [pair, pair];
  }
  if (stride[0] !== 1 || stride[1] !== 1) {
    throw new RangeError(
      `Cannot ${op} with padding "same" and stride [${stride.join(", ")}]: ` +
        `"same" needs a stride of 1`,
    );
  }
  const all = (dim: 0 | 1) => dilation[dim] * (kernel[dim] - 1);
  const before: Pair = [Math.floor(all(0) / 2), Math.floor(all(1) / 2)];
  return [before, [all(0) - before[0], all(1) - before[1]]];
}
