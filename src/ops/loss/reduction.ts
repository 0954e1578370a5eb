/**
 * Reductions of a batch's losses: kept, summed or averaged.
 *
 * @module
 */

import { checkChoice } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Reduction of the elements' losses: none, their mean (the default everywhere), or
 * their sum.
 */
export type Reduction = "none" | "mean" | "sum";

const REDUCTIONS: readonly Reduction[] = ["none", "mean", "sum"];

/**
 * Returns `reduction`, if it is one of every loss or of `more`.
 *
 * @throws {RangeError} If the reduction is unknown
 */
export function checkReduction<T extends string = Reduction>(
  op: string,
  reduction: T | Reduction,
  ...more: readonly T[]
): T | Reduction {
  return checkChoice(op, "reduction", reduction, [...REDUCTIONS, ...more]);
}

/** Returns the losses of the elements, reduced. */
export function reduceLoss(loss: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return loss;
  return reduction === "mean" ? loss.mean() : loss.sum();
}
