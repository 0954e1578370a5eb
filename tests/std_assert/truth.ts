/**
 * Assertions about one value, and the two that always fail.
 *
 * @module
 */

import { AssertionError, failWith, show } from "./assertion_error.ts";

/** Asserts that a value is truthy. */
export function assert(
  condition: unknown,
  message = "Expected a true value",
): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Asserts that a value is falsy. */
export function assertFalse(
  condition: unknown,
  message?: string,
): asserts condition is false | 0 | 0n | "" | null | undefined {
  if (condition) {
    failWith(`Expected a false value, got ${show(condition)}`, message);
  }
}

/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(
  actual: T,
  message?: string,
): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    failWith(`Expected a value, got ${actual}`, message);
  }
}

/** Asserts that `actual` is an instance of a class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: abstract new (...args: never[]) => T,
  message?: string,
): asserts actual is T {
  if (actual instanceof expectedType) return;
  failWith(
    `Expected an instance of ${expectedType.name}, got ${show(actual)}`,
    message,
  );
}

/** Fails. */
export function fail(message?: string): never {
  failWith("Failed", message);
}

/** Fails, where the program should never come. */
export function unreachable(reason?: string): never {
  failWith("Unreachable", reason);
}
