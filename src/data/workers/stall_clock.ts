/**
 * The clock that finds workers that hang. Times are in milliseconds.
 *
 * @module
 */

import { PROGRESS } from "./messages.ts";
import type { Slot } from "./slot.ts";

/** Time between two looks at the workers. */
const TICK_MS = 50;

/**
 * Starts the clock, which runs until `clearInterval`, or until a worker makes
 * no progress for `timeoutMs`: then it calls `onStall`.
 */
export function startStallClock(
  slots: readonly Slot[],
  timeoutMs: number,
  onStall: (slot: Slot) => void,
): ReturnType<typeof setInterval> {
  let last = performance.now();
  return setInterval(() => {
    const now = performance.now();
    // A late tick means that main was busy, or the machine asleep: perhaps the
    // workers had no time either.
    const passedMs = Math.min(now - last, 2 * TICK_MS);
    last = now;
    for (const slot of slots) {
      const beat = Atomics.load(slot.progress, PROGRESS.beat);
      const isIdle = slot.isReady && slot.unanswered.size === 0;
      slot.stalledMs = isIdle || beat !== slot.beat
        ? 0
        : slot.stalledMs + passedMs;
      slot.beat = beat;
      if (slot.stalledMs >= timeoutMs) return onStall(slot);
    }
  }, Math.min(TICK_MS, timeoutMs));
}
