/**
 * Convolution layers of signals, images and volumes, and transposed
 * convolutions of signals and images.
 *
 * @module
 */

import {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from "../ops/conv/conv.ts";
import { conv3d } from "../ops/conv/conv3d.ts";
import {
  checkPadding,
  type ConvOptions,
  type ConvTransposeOptions,
} from "../ops/conv/shapes.ts";
import { type Pair, perDim, type Single, type Triple } from "../ops/per_dim.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes, formatOptions } from "./_shared.ts";
import { resetLinear } from "./init.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `Conv1d`, `Conv2d` and `Conv3d`. */
export interface ConvLayerOptions extends ConvOptions {
  /** Whether each output channel has a learned bias. Default: true. */
  readonly bias?: boolean;
}

/** Options of `ConvTranspose1d` and `ConvTranspose2d`. */
export interface ConvTransposeLayerOptions extends ConvTransposeOptions {
  /** Whether each output channel has a learned bias. Default: true. */
  readonly bias?: boolean;
}

const COMMON = ["stride", "padding", "dilation", "groups", "bias"];

/** The row of one layer: its dims and its function. */
export interface ConvolutionKind {
  /** Number of dims of a filter. */
  readonly dims: 1 | 2 | 3;
  /** Whether the convolution is transposed. */
  readonly isTransposed: boolean;
  /** Computes the output. */
  run(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | undefined,
    options: object,
  ): Tensor;
}

const KINDS = {
  conv1d: { dims: 1, isTransposed: false, run: conv1d },
  conv2d: { dims: 2, isTransposed: false, run: conv2d },
  conv3d: { dims: 3, isTransposed: false, run: conv3d },
  convTranspose1d: { dims: 1, isTransposed: true, run: convTranspose1d },
  convTranspose2d: { dims: 2, isTransposed: true, run: convTranspose2d },
} satisfies Record<string, ConvolutionKind>;

/**
 * Base class of convolutions: filters, a bias, and options for all dims. `Size`
 * is the type of `kernelSize`: one number, or one for each dim.
 */
export abstract class Convolution<
  Size extends number | readonly number[],
  Options extends ConvLayerOptions | ConvTransposeLayerOptions =
    ConvLayerOptions,
> extends Module {
  /** Number of channels of the input. */
  readonly inChannels: number;
  /** Number of channels of the output. */
  readonly outChannels: number;
  /** The size of a filter in each dim. */
  readonly kernelSize: readonly number[];
  /**
   * [outChannels, inChannels / groups, ...kernelSize]; if transposed,
   * [inChannels, outChannels / groups, ...kernelSize].
   */
  weight: Parameter;
  /** [outChannels]. */
  bias: Parameter | undefined;
  readonly #options: ConvOptions | ConvTransposeOptions;
  readonly #kind: ConvolutionKind;

  /**
   * Initializes the parameters.
   *
   * @throws {TypeError} If an option is unknown, or `kernelSize` is neither one
   * number nor one for each dim
   * @throws {RangeError} If a size is not a positive integer, or `groups` does
   * not divide both numbers of channels
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options?: Options,
  ) {
    super();
    const { name } = new.target;
    const kind = this.convolution();
    const { dims, isTransposed } = kind;
    const known = isTransposed ? [...COMMON, "outputPadding"] : COMMON;
    const settings: ConvLayerOptions | ConvTransposeLayerOptions =
      options === undefined ? {} : options;
    checkOptionNames(name, settings, known);
    const { bias = true, ...ofFunction } = settings;
    const { groups = 1, padding } = ofFunction;
    if (!isTransposed) checkPadding(`make ${name}`, padding);
    checkSizes(name, 1, { inChannels, outChannels, groups });
    const sizes = perDim(`make ${name}`, "kernelSize", kernelSize, 1, dims);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `Cannot make ${name} with inChannels ${inChannels}, outChannels ` +
          `${outChannels} and groups ${groups}: groups must divide both`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = sizes;
    this.#options = ofFunction;
    this.#kind = kind;
    const [first, second] = isTransposed
      ? [inChannels, outChannels]
      : [outChannels, inChannels];
    this.weight = emptyParameter([first, second / groups, ...sizes]);
    this.bias = bias ? emptyParameter([outChannels]) : undefined;
    this.resetParameters();
  }

  /**
   * Returns the row of the layer. The constructor calls it before fields exist.
   */
  protected abstract convolution(): ConvolutionKind;

  /** Initializes the parameters anew. */
  resetParameters(): void {
    resetLinear(this.weight, this.bias);
  }

  override forward(x: Tensor): Tensor {
    return this.#kind.run(x, this.weight, this.bias, this.#options);
  }

  protected override describe(): string {
    const { kernelSize } = this;
    const bias = this.bias ? undefined : false;
    const options = formatOptions({ kernelSize, ...this.#options, bias });
    return `${this.inChannels}, ${this.outChannels}, ${options}`;
  }
}

/**
 * 1-D cross-correlation of a batch of signals with learned filters.
 *
 * Shapes: input [N, inChannels, L] to output [N, outChannels, L'], with
 * L' = floor((L + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1;
 * the same without N.
 * Parameters: `weight` [outChannels, inChannels / groups, k],
 * `bias` [outChannels], drawn from U(-b, b) with
 * b = 1 / sqrt(inChannels / groups * k).
 *
 * Arguments, options and fields: `Convolution`.
 *
 * Source: torch.nn.Conv1d; b is kaimingUniform(a = sqrt(5)), He et al. 2015.
 */
export class Conv1d extends Convolution<Single> {
  protected override convolution(): ConvolutionKind {
    return KINDS.conv1d;
  }
}

/**
 * 2-D cross-correlation of a batch of images with learned filters.
 *
 * Shapes: input [N, inChannels, H, W] to output [N, outChannels, H', W'], with
 * H' = floor((H + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1,
 * and W' likewise; the same without N.
 * Parameters: `weight` [outChannels, inChannels / groups, kh, kw],
 * `bias` [outChannels], drawn from U(-b, b) with
 * b = 1 / sqrt(inChannels / groups * kh * kw).
 *
 * Arguments, options and fields: `Convolution`.
 *
 * Source: torch.nn.Conv2d; b is kaimingUniform(a = sqrt(5)), He et al. 2015.
 *
 * @example A 3x3 filter that keeps the image size
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const conv = new nn.Conv2d(1, 8, 3, { padding: 1 });
 * const y = conv.call(zeros([2, 1, 28, 28]));
 * assertEquals(y.shape, [2, 8, 28, 28]);
 * ```
 */
export class Conv2d extends Convolution<Pair> {
  protected override convolution(): ConvolutionKind {
    return KINDS.conv2d;
  }
}

/**
 * 3-D cross-correlation of a batch of volumes with learned filters.
 *
 * Shapes: input [N, inChannels, D, H, W] to output
 * [N, outChannels, D', H', W'], each size as in `Conv2d`; the same without N.
 * Parameters: `weight` [outChannels, inChannels / groups, kd, kh, kw],
 * `bias` [outChannels], drawn from U(-b, b) with
 * b = 1 / sqrt(inChannels / groups * kd * kh * kw).
 *
 * Arguments, options and fields: `Convolution`.
 *
 * Source: torch.nn.Conv3d; b is kaimingUniform(a = sqrt(5)), He et al. 2015.
 */
export class Conv3d extends Convolution<Triple> {
  protected override convolution(): ConvolutionKind {
    return KINDS.conv3d;
  }
}

/**
 * Transposed 1-D convolution: the gradient of `Conv1d` to its input, as a
 * layer.
 *
 * Shapes: input [N, inChannels, L] to output [N, outChannels, L'], with
 * L' = (L - 1) * stride - 2 * padding + dilation * (k - 1) + outputPadding + 1;
 * the same without N.
 * Parameters: `weight` [inChannels, outChannels / groups, k],
 * `bias` [outChannels], drawn from U(-b, b) with
 * b = 1 / sqrt(outChannels / groups * k).
 *
 * Arguments, options and fields: `Convolution`.
 *
 * Source: torch.nn.ConvTranspose1d; b is kaimingUniform(a = sqrt(5)), He et al.
 * 2015.
 */
export class ConvTranspose1d
  extends Convolution<Single, ConvTransposeLayerOptions> {
  protected override convolution(): ConvolutionKind {
    return KINDS.convTranspose1d;
  }
}

/**
 * Transposed 2-D convolution: the gradient of `Conv2d` to its input, as a
 * layer.
 *
 * Shapes: input [N, inChannels, H, W] to output [N, outChannels, H', W'], with
 * H' = (H - 1) * stride - 2 * padding
 *   + dilation * (kh - 1) + outputPadding + 1,
 * and W' likewise; the same without N.
 * Parameters: `weight` [inChannels, outChannels / groups, kh, kw],
 * `bias` [outChannels], drawn from U(-b, b) with
 * b = 1 / sqrt(outChannels / groups * kh * kw).
 *
 * Arguments, options and fields: `Convolution`.
 *
 * Source: torch.nn.ConvTranspose2d; b is kaimingUniform(a = sqrt(5)), He et al.
 * 2015.
 *
 * @example Doubles the image size
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const up = new nn.ConvTranspose2d(8, 4, 2, { stride: 2 });
 * assertEquals(up.call(zeros([1, 8, 5, 5])).shape, [1, 4, 10, 10]);
 * ```
 */
export class ConvTranspose2d extends Convolution<
  Pair,
  ConvTransposeLayerOptions
> {
  protected override convolution(): ConvolutionKind {
    return KINDS.convTranspose2d;
  }
}
