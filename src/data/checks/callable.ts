/**
 * Callables: functions, and objects with `call`, which can go to a worker.
 *
 * @module
 */

/** A function, or an object with `call`, which can go to a worker. */
export type Callable<Args extends readonly unknown[], Result> =
  | ((...args: Args) => Result)
  | { call(...args: Args): Result };

/** Whether `value` is a function, or an object with `call`. */
export function isCallable(value: unknown): boolean {
  return typeof value === "function" ||
    (typeof value === "object" && value !== null && "call" in value &&
      typeof value.call === "function");
}

/** Calls a function, or the `call` of an object. */
export function invoke<Args extends readonly unknown[], Result>(
  callable: Callable<Args, Result>,
  ...args: Args
): Result {
  // the `call` of a function is another: its first argument is `this`
  return typeof callable === "function"
    ? callable(...args)
    : callable.call(...args);
}
