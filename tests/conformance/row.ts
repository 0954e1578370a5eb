/**
 * Rows of the table: how a call that the goldens name in torch's words is made
 * here. A row reads all of its arguments before it calls anything, so that what
 * it does not read is known even where the call is refused.
 *
 * @module
 */

import { Tensor } from "../../src/tensor/tensor.ts";
import type { Arguments } from "./arguments.ts";

/**
 * What a call gives: one tensor (`output`), a list (`output.0`, …), or tensors
 * by torch's names.
 */
export type Results =
  | Tensor
  | readonly Tensor[]
  | Readonly<Record<string, Tensor>>;

/** Makes the call. A promise where sizes depend on values. */
export type Row = (args: Arguments) => Results | Promise<Results>;

/** Rows by torch's name of what they call. */
export type Rows = Readonly<Record<string, Row>>;

/** Results by the names that the goldens give them. */
export function named(results: Results): ReadonlyMap<string, Tensor> {
  if (results instanceof Tensor) return new Map([["output", results]]);
  if (Array.isArray(results)) {
    return new Map(results.map((each: Tensor, i) => [`output.${i}`, each]));
  }
  return new Map(Object.entries(results));
}
