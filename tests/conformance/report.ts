/**
 * What the runner prints: a line for each failed case, a line of counts for
 * each category, or everything as one JSON object.
 *
 * @module
 */

import type { Outcome, Result } from "./outcome.ts";

/** Outcomes counted. */
export type Counts = Record<Outcome["kind"], number>;

/** Counts how many passed, failed and are unsupported. */
export function count(results: readonly Result[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, unsupported: 0 };
  for (const { outcome } of results) counts[outcome.kind]++;
  return counts;
}

/** `tensor: 3 passed, 0 failed, 1 unsupported`. */
export function formatCounts(name: string, counts: Counts): string {
  return `${name}: ${counts.passed} passed, ${counts.failed} failed, ` +
    `${counts.unsupported} unsupported`;
}

/** A line for a case with something to say, `undefined` for one without. */
export function formatResult(
  { category, id, op, outcome }: Result,
): string | undefined {
  const name = `${category} ${id} (${op})`;
  switch (outcome.kind) {
    case "passed":
      return outcome.note && `passed ${name}: ${outcome.note}`;
    case "failed":
      return `FAILED ${name}: ${outcome.message}`;
    case "unsupported":
      return `unsupported ${name}: ${outcome.reason}`;
  }
}

/** Everything as one object for other programs. */
export function toJson(
  folder: string,
  results: readonly Result[],
  seconds: number,
): string {
  const categories: Record<string, Counts> = {};
  for (const { category } of results) {
    categories[category] ??= count(
      results.filter((each) => each.category === category),
    );
  }
  return JSON.stringify({
    folder,
    seconds,
    categories,
    total: count(results),
    failed: results.filter(({ outcome }) => outcome.kind === "failed")
      .map(flatten),
    unsupported: results.filter(({ outcome }) => outcome.kind === "unsupported")
      .map(flatten),
    notes: results.filter(({ outcome }) => "note" in outcome).map(flatten),
  });
}

function flatten({ category, id, op, outcome }: Result): unknown {
  const { kind: _, ...reason } = outcome;
  return { category, id, op, ...reason };
}
