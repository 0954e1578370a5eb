/**
 * Operands and results of ops, as the parameters of rules.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/**
 * Operands or results of an op. The type has at least four, so that rules can
 * destructure them; a rule names only those that its op has.
 */
export type Tensors = readonly [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];

/** Casts a list to `Tensors`, without a check of its length. */
export function asTensors(tensors: readonly (Tensor | undefined)[]): Tensors {
  return tensors as unknown as Tensors;
}
