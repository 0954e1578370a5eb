/**
 * The comparison of counts with those that are kept: what grew and what shrank.
 *
 * @module
 */

import { type Counts, UPDATE } from "./count_steps.ts";

/** Counts that differ, as text: `dispatches 35, was 31`. */
export interface Difference {
  readonly grown: readonly string[];
  readonly shrunk: readonly string[];
}

/** How `now` differs from `kept`. A count that is new has grown from 0. */
export function compareCounts(now: Counts, kept: Partial<Counts>): Difference {
  const grown: string[] = [];
  const shrunk: string[] = [];
  // Object.entries knows the values' type, keys are those of Counts
  for (const [name, value] of Object.entries(now)) {
    const before = kept[name as keyof Counts] ?? 0;
    const text = `${name} ${value}, was ${before}`;
    if (value > before) grown.push(text);
    if (value < before) shrunk.push(text);
  }
  return { grown, shrunk };
}

/** What the author of a change does about counts that grew. */
export function adviceOn(model: string, mode: string): string {
  return `A training step of ${model}, ${mode}, asks more of the GPU. ` +
    "Find the op or kernel that does: tests/bench/count_steps.ts says what " +
    "each count guards, and explain() lists the kernels of a compiled step. " +
    `If the change is worth it, keep the new counts: ${UPDATE}`;
}
