/**
 * What becomes of the losses of a batch: kept, added up or averaged.
 *
 * @module
 */

import { checkChoice } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * How a loss function joins the losses of its elements: not at all, by their
 * mean (the default everywhere), or by their sum.
 */
export type Reduction = "none" | "mean" | "sum";

const REDUCTIONS: readonly Reduction[] = ["none", "mean", "sum"];

/**
 * `reduction`, if it is one that the loss has: those that all have, or `more`.
 *
 * @throws {RangeError} If it is none
 */
export function checkReduction<T extends string = Reduction>(
  op: string,
  reduction: T | Reduction,
  ...more: readonly T[]
): T | Reduction {
  return checkChoice(op, "reduction", reduction, [...REDUCTIONS, ...more]);
}

/** The losses of the elements, joined. */
export function reduceLoss(loss: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return loss;
  return reduction === "mean" ? loss.mean() : loss.sum();
}
