/**
 * Layer norm, group norm and local response norm. The ops of the same names
 * have the formulas; batch_norm.ts has the layers with running statistics.
 *
 * @module
 */

import { groupNorm } from "../ops/norm/group.ts";
import { layerNorm } from "../ops/norm/layer.ts";
import {
  localResponseNorm,
  type LocalResponseNormOptions,
} from "../ops/norm/local_response.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes, formatOptions } from "./_shared.ts";
import { ones_, zeros_ } from "./init.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of norms with learned scale and shift. */
export interface AffineNormOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether each channel has a learned scale and shift. */
  readonly affine?: boolean;
}

/** Options of `LayerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether each element has a learned scale and shift. Default: true. */
  readonly elementwiseAffine?: boolean;
}

/**
 * Scales the last dims to mean 0 and variance 1, times `weight` plus `bias`.
 *
 * Shapes: input [..., ...normalizedShape], output the same. Parameters:
 * `weight` of shape `normalizedShape`, ones, and `bias` likewise, zeros.
 *
 * Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450; torch.nn.LayerNorm.
 *
 * @example Rows of 4
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.LayerNorm(4);
 * assertEquals(layer.call(zeros([2, 3, 4])).shape, [2, 3, 4]);
 * ```
 */
export class LayerNorm extends Module {
  /** The last sizes of the input. */
  readonly normalizedShape: Shape;
  /** Added to the variance. */
  readonly eps: number;
  /** Scale, of shape `normalizedShape`. */
  weight: Parameter | undefined;
  /** Shift, of shape `normalizedShape`. */
  bias: Parameter | undefined;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(
    normalizedShape: Shape | number,
    options: LayerNormOptions = {},
  ) {
    super();
    const { eps = 1e-5, elementwiseAffine = true } = checkOptionNames(
      "LayerNorm",
      options,
      ["eps", "elementwiseAffine"],
    );
    const shape = typeof normalizedShape === "number"
      ? [normalizedShape]
      : [...normalizedShape];
    shape.forEach((size) => checkSizes("LayerNorm", 1, { size }));
    this.normalizedShape = shape;
    this.eps = eps;
    this.weight = elementwiseAffine ? emptyParameter(shape) : undefined;
    this.bias = elementwiseAffine ? emptyParameter(shape) : undefined;
    this.resetParameters();
  }

  /** Sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }

  protected override describe(): string {
    const { normalizedShape, eps, weight } = this;
    const elementwiseAffine = weight !== undefined;
    return formatOptions({ normalizedShape, eps, elementwiseAffine });
  }
}

/**
 * Scales groups of channels to mean 0 and variance 1 in each sample, times
 * `weight` plus `bias`.
 *
 * Shapes: input [N, numChannels, …], output the same. Parameters: `weight`
 * [numChannels] of ones, `bias` of zeros.
 *
 * Source: Wu & He 2018, arXiv:1803.08494; torch.nn.GroupNorm.
 */
export class GroupNorm extends Module {
  /** Number of groups. */
  readonly numGroups: number;
  /** Size of the input's dim 1. */
  readonly numChannels: number;
  /** Added to the variance. */
  readonly eps: number;
  /** Scale, [numChannels]. */
  weight: Parameter | undefined;
  /** Shift, [numChannels]. */
  bias: Parameter | undefined;

  /** @throws {RangeError} If `numGroups` does not divide `numChannels` */
  constructor(
    numGroups: number,
    numChannels: number,
    options: AffineNormOptions = {},
  ) {
    super();
    const { eps = 1e-5, affine = true } = checkOptionNames(
      "GroupNorm",
      options,
      ["eps", "affine"],
    );
    checkSizes("GroupNorm", 1, { numGroups, numChannels });
    if (numChannels % numGroups !== 0) {
      throw new RangeError(
        `Cannot make GroupNorm with numGroups ${numGroups} and numChannels ` +
          `${numChannels}: numGroups must divide numChannels`,
      );
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? emptyParameter([numChannels]) : undefined;
    this.bias = affine ? emptyParameter([numChannels]) : undefined;
    this.resetParameters();
  }

  /** Sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return groupNorm(x, this.numGroups, { weight, bias, eps });
  }

  protected override describe(): string {
    const { eps, weight } = this;
    const options = formatOptions({ eps, affine: weight !== undefined });
    return `${this.numGroups}, ${this.numChannels}, ${options}`;
  }
}

/**
 * Divides each channel by a norm of its neighbours; see `F.localResponseNorm`.
 *
 * Source: torch.nn.LocalResponseNorm.
 */
export class LocalResponseNorm extends Module {
  /** Number of channels in a window. */
  readonly size: number;
  readonly #options: LocalResponseNormOptions;

  /** Takes the arguments of `F.localResponseNorm`. */
  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    checkOptionNames("LocalResponseNorm", options, ["alpha", "beta", "k"]);
    this.size = size;
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this.#options);
  }

  protected override describe(): string {
    return formatOptions({ size: this.size, ...this.#options });
  }
}
