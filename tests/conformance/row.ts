/**
 * Rows of the table: how a call that the goldens name in torch's words is made
 * here. A row reads all of its arguments before it calls anything, so that what
 * it does not read is known even where the call is refused.
 *
 * @module
 */

import { Tensor } from "../../src/tensor/tensor.ts";
import type { Arguments } from "./arguments.ts";

/** A result whose gradients come through others, one pass after the other. */
export class Through {
  readonly stored: Tensor;
  readonly roots: readonly Tensor[];

  constructor(stored: Tensor, roots: readonly Tensor[]) {
    this.stored = stored;
    this.roots = roots;
  }
}

/**
 * What a call gives: one tensor (`output`), a list (`output.0`, …), or tensors
 * by torch's names.
 */
export type Results =
  | Tensor
  | readonly Tensor[]
  | Readonly<Record<string, Tensor | Through>>;

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
  return new Map(
    Object.entries(results).map(([name, result]) => [
      name,
      result instanceof Through ? result.stored : result,
    ]),
  );
}

/** The tensors to go backward from for a cotangent of a result. */
export function rootsOf(results: Results, name: string): readonly Tensor[] {
  const result: unknown = name in results
    // a name in an object that is no list is one of its own
    ? (results as Readonly<Record<string, unknown>>)[name]
    : undefined;
  if (result instanceof Through) return result.roots;
  const tensor = named(results).get(name);
  if (!tensor) throw new Error(`there is no result ${name}`);
  return [tensor];
}
