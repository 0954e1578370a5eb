/**
 * Turns of the event loop, between batches and before what was read arrives.
 *
 * A loop that awaits only settled promises never leaves its microtasks. Timers
 * would wait, and so would the callbacks that free unreachable buffers.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/**
 * Lets the pending tasks of the event loop run.
 *
 * `setImmediate` takes 2.7 µs in Deno 2.9.6, and `setTimeout` 2,100. A
 * MessageChannel takes 3.0, but its open port keeps the process alive.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
