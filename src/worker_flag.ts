/**
 * The mark that a DataLoader worker sets on its global object. In a worker the
 * device leaves the GPU to the main thread, and no other workers start.
 *
 * @module
 */

const FLAG = Symbol.for("kindling.worker");

/** Marks this thread; called before the worker imports the user's modules. */
export function markAsWorker(): void {
  Reflect.set(globalThis, FLAG, true);
}

/** Whether this thread is a DataLoader worker. */
export function isInWorker(): boolean {
  return Reflect.get(globalThis, FLAG) === true;
}
