/**
 * Assertions that order two values with JavaScript's own comparison.
 *
 * @module
 */

import { failWith, show } from "./assertion_error.ts";

/** Asserts that `actual` is greater than `expected`. */
export function assertGreater<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (actual > expected) return;
  failWith(`Expected ${show(actual)} > ${show(expected)}`, message);
}

/** Asserts that `actual` is greater than or equal to `expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (actual >= expected) return;
  failWith(`Expected ${show(actual)} >= ${show(expected)}`, message);
}

/** Asserts that `actual` is less than `expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (actual < expected) return;
  failWith(`Expected ${show(actual)} < ${show(expected)}`, message);
}

/** Asserts that `actual` is less than or equal to `expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (actual <= expected) return;
  failWith(`Expected ${show(actual)} <= ${show(expected)}`, message);
}
