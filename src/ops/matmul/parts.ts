/**
 * Sums that several dispatches make parts of, one after the other in a buffer,
 * and the dispatch that adds the parts, in order. Sizes count elements.
 *
 * @module
 */

import { type Loop, mostIterations } from "../../gpu/loops.ts";
import type { Bindable, Plan, Scratch } from "../../gpu/plan.ts";
import { planFinish } from "./kernels.ts";

/** Where the parts go, and what adds them. */
export interface Sums {
  readonly buffer: Bindable;
  /** From one part to the next, in whole vec4. */
  readonly stride: number;
  readonly finish: readonly Plan[];
}

/**
 * Parts of a sum of so many terms: `wanted`, each at least one term long, or more
 * where the loops of a term, `each`, ask for them.
 */
export function splitsOf(
  terms: number,
  wanted: number,
  ...each: readonly Loop[]
): number {
  const least = Math.ceil(terms / mostIterations(each));
  return Math.max(1, Math.min(terms, wanted), least);
}

/** Room for so many parts of `y`; for a single one, `y` itself. */
export function partialSums(
  size: number,
  parts: number,
  y: Bindable,
  scratch: Scratch,
): Sums {
  const stride = Math.ceil(size / 4) * 4;
  if (parts === 1) return { buffer: y, stride, finish: [] };
  const buffer = scratch(parts * stride);
  const given = { m: 1, n: size, batches: 1, splits: parts };
  return { buffer, stride, finish: [planFinish(given, { x: buffer, y })] };
}
