/**
 * What happens outside of compiled functions, as counts that only grow. Rooms
 * below and above tell it here; src/compile looks at it between two calls, to
 * see when a program is to be compared with its function (NOTE [stale] in
 * src/compile/review.ts). Nothing here knows what has changed.
 *
 * @module
 */

/** Counts since the process began. */
interface OutsideCounts {
  /** How often an iteration over a loader began or ended. */
  epochs: number;
  /**
   * How often the program changed something that is changed now and then, not
   * in each step: a mode, a seed, a rate, a state that was loaded.
   */
  changes: number;
}

/** The counts. */
export const outside: OutsideCounts = { epochs: 0, changes: 0 };

/** An iteration over a loader begins or ends. */
export function noteEpoch(): void {
  outside.epochs++;
}

/** Runs a compiled function, whose own changes are not from outside. */
export function unnoted<T>(body: () => T): T {
  const { changes } = outside;
  try {
    return body();
  } finally {
    outside.changes = changes;
  }
}

/** Something has changed that compiled functions may rest on. */
export function noteChange(): void {
  outside.changes++;
}
