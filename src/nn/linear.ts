/**
 * Linear: each output is a weighted sum of all inputs.
 *
 * @module
 */

import { linear } from "../ops/matmul/matmul.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes } from "./_shared.ts";
import { resetLinear } from "./init.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `Linear`. */
export interface LinearOptions {
  /** Whether the layer has a learned bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * y = x * weight^T + bias.
 *
 * Shapes: input [..., inFeatures] to output [..., outFeatures].
 * Parameters: `weight` [outFeatures, inFeatures], `bias` [outFeatures], both
 * drawn from U(-b, b) with b = 1 / sqrt(inFeatures).
 *
 * Source: torch.nn.Linear; b is kaimingUniform(a = sqrt(5)), He et al. 2015.
 *
 * @example From 3 features to 2
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Linear(3, 2);
 * assertEquals(layer.call(zeros([4, 3])).shape, [4, 2]);
 * ```
 */
export class Linear extends Module {
  /** Size of the last dim of the input. */
  readonly inFeatures: number;
  /** Size of the last dim of the output. */
  readonly outFeatures: number;
  /** [outFeatures, inFeatures]. */
  weight: Parameter;
  /** [outFeatures]. */
  bias: Parameter | undefined;

  /**
   * Initializes the parameters.
   *
   * @throws {TypeError} If an option is unknown
   * @throws {RangeError} If a size is not an integer of at least 0
   */
  constructor(
    inFeatures: number,
    outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkOptionNames("Linear", options, ["bias"]);
    const { bias = true } = options;
    checkSizes("Linear", 0, { inFeatures, outFeatures });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, inFeatures]);
    this.bias = bias ? emptyParameter([outFeatures]) : undefined;
    this.resetParameters();
  }

  /** Initializes the parameters anew. */
  resetParameters(): void {
    resetLinear(this.weight, this.bias);
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  protected override describe(): string {
    return `${this.inFeatures}, ${this.outFeatures}, ` +
      `bias=${this.bias !== undefined}`;
  }
}
