/**
 * Counts of changes outside of compiled functions; the counts only grow. Rooms
 * below and above report changes. src/compile reads the counts between two
 * calls, to decide when to compare a program with its function (NOTE [stale] in
 * src/compile/review.ts). The counts do not say what changed.
 *
 * @module
 */

/** Counts since the process began. */
interface OutsideCounts {
  /** Iterations over a loader that began or ended. */
  epochs: number;
  /**
   * Changes of a mode, a seed, a rate or a loaded state, which are rare and not
   * part of each step.
   */
  changes: number;
}

/** The counts. */
export const outside: OutsideCounts = { epochs: 0, changes: 0 };

/** Counts the beginning or end of an iteration over a loader. */
export function noteEpoch(): void {
  outside.epochs++;
}

/** Runs a compiled function, whose own changes do not count. */
export function unnoted<T>(body: () => T): T {
  const { changes } = outside;
  try {
    return body();
  } finally {
    outside.changes = changes;
  }
}

/** Counts a change of state that compiled functions may depend on. */
export function noteChange(): void {
  outside.changes++;
}
