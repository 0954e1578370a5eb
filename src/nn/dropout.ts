/**
 * Dropout.
 *
 * @module
 */

import { dropout } from "../ops/random/dropout.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * Dropout. In training, sets each element to zero with probability `p` and
 * scales the others by 1 / (1 - p); in evaluation, returns the input. Uses the
 * default generator.
 *
 * Source: Hinton et al. 2012, arXiv:1207.0580; torch.nn.Dropout, with other
 * random bits.
 *
 * @example Nothing is dropped in evaluation
 * ```ts
 * import { nn, ones } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Dropout(0.5).eval();
 * assertEquals(await layer.call(ones([3])).toArray(), [1, 1, 1]);
 * ```
 */
export class Dropout extends Module {
  /** The probability of a zero. */
  readonly p: number;

  /**
   * Makes the layer.
   *
   * @throws {RangeError} If `p` is not in [0, 1]
   */
  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) {
      throw new RangeError(`Cannot make Dropout with p ${p}: expected 0 to 1`);
    }
    this.p = p;
  }

  override forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }

  protected override describe(): string {
    return `p=${this.p}`;
  }
}
