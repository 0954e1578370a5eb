/**
 * Sums that several dispatches make parts of, one after the other in a buffer,
 * and the dispatch that adds the parts, in order. Sizes count elements.
 *
 * @module
 */

import type { Bindable, Plan } from "../gpu/plan.ts";
import { planFinish, type Scratch } from "./matmul_kernels.ts";

/** Where the parts go, and what adds them. */
export interface Sums {
  readonly buffer: Bindable;
  /** From one part to the next, in whole vec4. */
  readonly stride: number;
  readonly finish: readonly Plan[];
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
