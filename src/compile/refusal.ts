/**
 * Refusals: errors of functions that can't be compiled. `compile` throws them;
 * promises that the function has made and nobody waits for may fail by the same
 * error, and must not end the process as well.
 *
 * @module
 */

const refusals = new WeakSet<object>();
let isListening = false;

/** An error that `compile` will throw. */
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

// Also one that the function has wrapped.
function isRefusal(reason: unknown): boolean {
  for (let each = reason; each instanceof Error; each = each.cause) {
    if (refusals.has(each)) return true;
  }
  return false;
}

/** Expects promises in a result to fail, which nobody gets. */
export function disown(result: unknown): void {
  if (result instanceof Promise) result.catch(() => {});
  else if (typeof result === "object" && result !== null) {
    const isPlain = Array.isArray(result) ||
      Object.getPrototypeOf(result) === Object.prototype;
    if (isPlain) Object.values(result).forEach(disown);
  }
}
