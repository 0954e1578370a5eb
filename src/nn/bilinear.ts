/**
 * Bilinear: each output is a weighted sum of the products of two inputs.
 *
 * @module
 */

import { bilinear } from "../ops/matmul/bilinear.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes } from "./_shared.ts";
import { uniform_ } from "./init.ts";
import type { LinearOptions } from "./linear.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/**
 * y[k] = x1 * weight[k] * x2^T + bias[k].
 *
 * Shapes: inputs [..., in1Features] and [..., in2Features] to output
 * [..., outFeatures]. Parameters: `weight` [outFeatures, in1Features,
 * in2Features], `bias` [outFeatures], both drawn from U(-b, b) with
 * b = 1 / sqrt(in1Features).
 *
 * Source: torch.nn.Bilinear.
 *
 * @example 3 and 4 features to 2
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Bilinear(3, 4, 2);
 * assertEquals(layer.call(zeros([5, 3]), zeros([5, 4])).shape, [5, 2]);
 * ```
 */
export class Bilinear extends Module<[x1: Tensor, x2: Tensor]> {
  /** Size of the last dim of the first input. */
  readonly in1Features: number;
  /** Size of the last dim of the second input. */
  readonly in2Features: number;
  /** Size of the last dim of the output. */
  readonly outFeatures: number;
  /** [outFeatures, in1Features, in2Features]. */
  weight: Parameter;
  /** [outFeatures]. */
  bias: Parameter | undefined;

  /**
   * Initializes the parameters.
   *
   * @throws {TypeError} If an option is unknown
   * @throws {RangeError} If a size is not a positive integer
   */
  constructor(
    in1Features: number,
    in2Features: number,
    outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkOptionNames("Bilinear", options, ["bias"]);
    const { bias = true } = options;
    checkSizes("Bilinear", 1, { in1Features, in2Features, outFeatures });
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, in1Features, in2Features]);
    this.bias = bias ? emptyParameter([outFeatures]) : undefined;
    this.resetParameters();
  }

  /** Initializes the parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias) uniform_(this.bias, -bound, bound);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, this.bias);
  }

  protected override describe(): string {
    return `in1Features=${this.in1Features}, in2Features=${this.in2Features}, ` +
      `outFeatures=${this.outFeatures}, bias=${this.bias !== undefined}`;
  }
}
