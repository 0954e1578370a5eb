/**
 * The operands and results of ops, as rules name them.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/**
 * Operands or results: as many as the op has. Typed as at least four, so that
 * rules can name them; a rule names only those that its op has.
 */
export type Tensors = readonly [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];

/** The one place where the number of tensors is taken on trust: see `Tensors`. */
export function asTensors(tensors: readonly (Tensor | undefined)[]): Tensors {
  return tensors as unknown as Tensors;
}
