/**
 * Convolutions of images.
 *
 * @module
 */

import { conv2d } from "../ops/conv.ts";
import type { ConvOptions } from "../ops/conv_shapes.ts";
import { type Pair, pairOf } from "../ops/pool_windows.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes, formatOptions } from "./_shared.ts";
import { resetLinear } from "./init.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `Conv2d`. */
export interface Conv2dOptions extends ConvOptions {
  /** Whether a learned number is added to each channel. Default: true. */
  readonly bias?: boolean;
}

const OPTIONS = [
  "stride",
  "padding",
  "dilation",
  "groups",
  "bias",
] as const satisfies readonly (keyof Conv2dOptions)[];

/**
 * 2-D cross-correlation of a batch of images with learned filters.
 *
 * Shapes: input [N, inChannels, H, W] to output [N, outChannels, H', W'], with
 * H' = floor((H + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1,
 * and W' likewise; the same without N.
 * Parameters: `weight` [outChannels, inChannels / groups, kh, kw], `bias`
 * [outChannels], drawn from U(-b, b) with
 * b = 1 / sqrt(inChannels / groups * kh * kw).
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
export class Conv2d extends Module {
  /** Channels of the input. */
  readonly inChannels: number;
  /** Channels of the output. */
  readonly outChannels: number;
  /** Rows and columns of a filter. */
  readonly kernelSize: readonly [number, number];
  /** [outChannels, inChannels / groups, ...kernelSize]. */
  weight: Parameter;
  /** [outChannels]. */
  bias: Parameter | undefined;
  readonly #options: ConvOptions;

  /**
   * Draws the parameters.
   *
   * @throws {TypeError} If there is an option that it does not have
   * @throws {RangeError} If a size is not a positive integer, or `groups` does
   * not divide both numbers of channels
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    given: Conv2dOptions = {},
  ) {
    super();
    checkOptionNames("Conv2d", given, OPTIONS);
    const { bias = true, ...options } = given;
    const { groups = 1 } = options;
    const [rows, columns] = pairOf(kernelSize);
    checkSizes("Conv2d", 1, {
      inChannels,
      outChannels,
      kernelSize: rows,
      kernelWidth: columns,
      groups,
    });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `Cannot make Conv2d of ${inChannels} to ${outChannels} channels: ` +
          `${groups} groups do not divide both`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = [rows, columns];
    this.#options = options;
    this.weight = emptyParameter([
      outChannels,
      inChannels / groups,
      rows,
      columns,
    ]);
    this.bias = bias ? emptyParameter([outChannels]) : undefined;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    resetLinear(this.weight, this.bias);
  }

  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#options);
  }

  protected override describe(): string {
    const { kernelSize } = this;
    const bias = this.bias ? undefined : false;
    const options = formatOptions({ kernelSize, ...this.#options, bias });
    return `${this.inChannels}, ${this.outChannels}, ${options}`;
  }
}
