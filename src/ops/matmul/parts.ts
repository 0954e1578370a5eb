/**
 * Sums in parts: several dispatches write parts to a buffer, and another one adds
 * the parts in order. Sizes count elements.
 *
 * @module
 */

import { type Loop, mostIterations } from "../../gpu/loops.ts";
import type { Bindable, Plan, Scratch } from "../../gpu/plan.ts";
import { planFinish } from "./kernels.ts";

/** Buffer of the parts, and the plans that add them. */
export interface Sums {
  readonly buffer: Bindable;
  /** Elements from one part to the next, a multiple of 4. */
  readonly stride: number;
  readonly finish: readonly Plan[];
}

/**
 * Returns the number of parts of a sum of `terms`: `wanted`, at most one for each
 * term, or more if the loops of a term, `each`, need more.
 */
export function splitsOf(
  terms: number,
  wanted: number,
  ...each: readonly Loop[]
): number {
  const least = Math.ceil(terms / mostIterations(each));
  return Math.max(1, Math.min(terms, wanted), least);
}

/** Allocates `parts` parts of `y`. A single part is `y` itself. */
export function partialSums(
  size: number,
  parts: number,
  y: Bindable,
  scratch: Scratch,
): Sums {
  const stride = Math.ceil(size / 4) * 4;
  if (parts === 1) return { buffer: y, stride, finish: [] };
  const buffer = scratch(parts * stride);
  const sums = { m: 1, n: size, batches: 1, splits: parts };
  return { buffer, stride, finish: [planFinish(sums, { x: buffer, y })] };
}
