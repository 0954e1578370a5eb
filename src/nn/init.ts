/**
 * Initialization: functions that overwrite a parameter, as torch.nn.init.
 *
 * Random values come from the default generator unless the options name
 * another.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../tensor/arguments.ts";
import { fill } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type RandomSource, SOURCE_OPTIONS } from "../ops/random/draw.ts";
import {
  normal_ as drawNormal,
  uniform_ as drawUniform,
} from "../ops/random/random.ts";

/** The nonlinearity after a layer. */
export type Nonlinearity =
  | "linear"
  | "conv2d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

/** The gain of each nonlinearity. */
const GAINS: Readonly<Record<Nonlinearity, (slope: number) => number>> = {
  linear: () => 1,
  conv2d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

/** Options of He's initializations. */
export interface KaimingOptions extends RandomSource {
  /** The slope of leaky ReLU below 0. Default: 0. */
  readonly a?: number;
  /**
   * Keeps the variance of the forward pass (fanIn) or backward pass (fanOut).
   * Default: "fanIn".
   */
  readonly mode?: "fanIn" | "fanOut";
  /** Default: "leakyRelu". */
  readonly nonlinearity?: Nonlinearity;
}

const KAIMING_OPTIONS = ["a", "mode", "nonlinearity", ...SOURCE_OPTIONS];

/** Options of Glorot's initializations. */
export interface XavierOptions extends RandomSource {
  /** Factor of the standard deviation. Default: 1. */
  readonly gain?: number;
}

/** Overwrites `tensor` with values of U(low, high), and returns it. */
export function uniform_(
  tensor: Tensor,
  low = 0,
  high = 1,
  source: RandomSource = {},
): Tensor {
  return drawUniform(tensor, low, high, source);
}

/** Overwrites `tensor` with values of N(mean, std^2), and returns it. */
export function normal_(
  tensor: Tensor,
  mean = 0,
  std = 1,
  source: RandomSource = {},
): Tensor {
  return drawNormal(tensor, mean, std, source);
}

/** Overwrites `tensor` with one value, and returns it. */
export function constant_(tensor: Tensor, value: number): Tensor {
  fill(tensor, value);
  tensor.storage.version++;
  return tensor;
}

/** Overwrites `tensor` with zeros, and returns it. */
export function zeros_(tensor: Tensor): Tensor {
  return constant_(tensor, 0);
}

/** Overwrites `tensor` with ones, and returns it. */
export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

/**
 * Overwrites `tensor` with values of U(-b, b), b = gain * sqrt(3 / fan), which
 * keep the variance from a layer's input to its output.
 *
 * Source: He et al. 2015, arXiv:1502.01852; torch.nn.init.kaiming_uniform_.
 *
 * @throws {TypeError} If the tensor has fewer than two dims
 *
 * @example Bounds for ReLU: sqrt(2) * sqrt(3 / 6) = 1
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assert } from "@std/assert";
 *
 * const weight = nn.init.kaimingUniform_(zeros([4, 6]));
 * assert((await weight.data()).every((value) => Math.abs(value) <= 1));
 * ```
 */
export function kaimingUniform_(
  tensor: Tensor,
  options: KaimingOptions = {},
): Tensor {
  const { std, source } = kaiming("kaimingUniform_", tensor, options);
  const bound = Math.sqrt(3) * std;
  return drawUniform(tensor, -bound, bound, source);
}

/**
 * Overwrites `tensor` with values of N(0, gain^2 / fan).
 *
 * Source: He et al. 2015, arXiv:1502.01852; torch.nn.init.kaiming_normal_.
 *
 * @throws {TypeError} If the tensor has fewer than two dims
 */
export function kaimingNormal_(
  tensor: Tensor,
  options: KaimingOptions = {},
): Tensor {
  const { std, source } = kaiming("kaimingNormal_", tensor, options);
  return drawNormal(tensor, 0, std, source);
}

/**
 * Overwrites `tensor` with values of U(-b, b),
 * b = gain * sqrt(6 / (fanIn + fanOut)).
 *
 * Source: Glorot & Bengio 2010; torch.nn.init.xavier_uniform_.
 *
 * @throws {TypeError} If the tensor has fewer than two dims
 */
export function xavierUniform_(
  tensor: Tensor,
  options: XavierOptions = {},
): Tensor {
  const { gain = 1, ...source } = checkOptionNames("xavierUniform_", options, [
    "gain",
    ...SOURCE_OPTIONS,
  ]);
  const { fanIn, fanOut } = fansOf("xavierUniform_", tensor);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return drawUniform(tensor, -bound, bound, source);
}

/**
 * Overwrites `tensor` with values of N(0, gain^2 * 2 / (fanIn + fanOut)).
 *
 * Source: Glorot & Bengio 2010; torch.nn.init.xavier_normal_.
 *
 * @throws {TypeError} If the tensor has fewer than two dims
 */
export function xavierNormal_(
  tensor: Tensor,
  options: XavierOptions = {},
): Tensor {
  const { gain = 1, ...source } = checkOptionNames("xavierNormal_", options, [
    "gain",
    ...SOURCE_OPTIONS,
  ]);
  const { fanIn, fanOut } = fansOf("xavierNormal_", tensor);
  const std = gain * Math.sqrt(2 / (fanIn + fanOut));
  return drawNormal(tensor, 0, std, source);
}

/**
 * Returns the recommended gain for a nonlinearity. Only leakyRelu has a `slope`.
 *
 * Source: torch.nn.init.calculate_gain.
 *
 * @throws {RangeError} If the nonlinearity is unknown
 */
export function calculateGain(
  nonlinearity: Nonlinearity,
  slope = 0.01,
): number {
  checkChoice("calculateGain", "nonlinearity", nonlinearity, GAINS);
  return GAINS[nonlinearity](slope);
}

/** Initializes `weight` and `bias` as torch's Linear and Conv do. */
export function resetLinear(weight: Tensor, bias: Tensor | undefined): void {
  // both lie in U(-b, b) with b = 1 / sqrt(fanIn)
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (!bias) return;
  const { fanIn } = fansOf("reset", weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  drawUniform(bias, -bound, bound);
}

function kaiming(
  name: string,
  tensor: Tensor,
  options: KaimingOptions,
): { readonly std: number; readonly source: RandomSource } {
  checkOptionNames(name, options, KAIMING_OPTIONS);
  const { a = 0, mode = "fanIn", nonlinearity = "leakyRelu", ...source } =
    options;
  checkChoice(name, "mode", mode, ["fanIn", "fanOut"]);
  checkChoice(name, "nonlinearity", nonlinearity, GAINS);
  const fan = fansOf(name, tensor)[mode];
  const gain = calculateGain(nonlinearity, a);
  return { std: fan > 0 ? gain / Math.sqrt(fan) : 0, source };
}

// Returns the number of inputs per output, and of outputs per input, of a
// weight [out, in, ...].
function fansOf(
  name: string,
  { shape }: Tensor,
): { fanIn: number; fanOut: number } {
  const [outs, ins, ...field] = shape;
  if (outs === undefined || ins === undefined) {
    throw new TypeError(
      `Cannot ${name} a tensor of shape ${formatShape(shape)}: ` +
        `expected at least two dims`,
    );
  }
  const taps = field.reduce((product, size) => product * size, 1);
  return { fanIn: ins * taps, fanOut: outs * taps };
}
