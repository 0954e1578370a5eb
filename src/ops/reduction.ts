/**
 * What becomes of the losses of a batch: kept, added up or averaged.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/**
 * How a loss function joins the losses of its elements: not at all, by their
 * mean (the default everywhere), or by their sum.
 */
export type Reduction = "none" | "mean" | "sum";

/**
 * `reduction`, if it is one.
 *
 * @throws {RangeError} If it is none
 */
export function checkReduction(op: string, reduction: string): Reduction {
  if (reduction === "none" || reduction === "mean" || reduction === "sum") {
    return reduction;
  }
  throw new RangeError(
    `Cannot reduce ${op} by "${reduction}": expected "none", "mean" or "sum"`,
  );
}

/** The losses of the elements, joined. */
export function reduceLoss(loss: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return loss;
  return reduction === "mean" ? loss.mean() : loss.sum();
}
