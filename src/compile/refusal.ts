/**
 * Refusals: errors of functions that cannot be compiled. `compile` throws them.
 * A promise of the function that is never awaited may reject with the same
 * error; that rejection must not end the process.
 *
 * @module
 */

const refusals = new WeakSet<object>();
let isListening = false;

/** Returns an error for `compile` to throw. */
export function refusal(message: string): Error {
  if (!isListening) {
    isListening = true;
    globalThis.addEventListener("unhandledrejection", (event) => {
      if (isRefusal(event.reason)) event.preventDefault();
    });
  }
  const error = new Error(message);
  refusals.add(error);
  return error;
}

// True also for an error that wraps a refusal as its cause.
function isRefusal(reason: unknown): boolean {
  for (let each = reason; each instanceof Error; each = each.cause) {
    if (refusals.has(each)) return true;
  }
  return false;
}

/** Ignores rejections of the promises in a result that is discarded. */
export function disown(result: unknown): void {
  if (result instanceof Promise) result.catch(() => {});
  else if (typeof result === "object" && result !== null) {
    const isPlain = Array.isArray(result) ||
      Object.getPrototypeOf(result) === Object.prototype;
    if (isPlain) Object.values(result).forEach(disown);
  }
}
