/**
 * Assertions that compare an actual value with an expected one.
 *
 * @module
 */

import { failWith, show } from "./assertion_error.ts";
import { equal, firstDifference } from "./equal.ts";

/** Asserts deep equality: NaN equals NaN, 0 equals -0. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  const difference = firstDifference(actual, expected);
  if (!difference) return;
  const at = difference.path ? `${difference.path}: ` : "";
  const what = difference.path || show(actual).includes("\n")
    ? `\n  differs:  ${at}${difference.what}`
    : "";
  failWith(
    `Values are not equal${bothSides(actual, expected)}${what}`,
    message,
  );
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (!equal(actual, expected)) return;
  failWith(
    `Values are equal, and should not be: ${show(actual)}`,
    message,
  );
}

/** Asserts that two values are the same one: NaN is NaN, 0 is not -0. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const why = equal(actual, expected)
    ? "Values are equal but not the same"
    : "Values are not the same";
  failWith(why + bothSides(actual, expected), message);
}

/**
 * Asserts that two numbers are at most `tolerance` apart; without one, a
 * ten-millionth of the expected number.
 */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  const distance = Math.abs(actual - expected);
  const allowed = tolerance ??
    (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (distance <= allowed) return;
  failWith(
    `Expected ${show(expected)} within ${allowed}, got ${show(actual)}` +
      ` (${distance} away)`,
    message,
  );
}

/** Asserts that every element of `expected` equals an element of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void {
  const held = Array.from(actual);
  const missing = Array.from(expected).filter((value) =>
    !held.some((other) => equal(other, value))
  );
  if (missing.length === 0) return;
  failWith(`${show(actual)} does not include ${show(missing)}`, message);
}

/** Asserts that `actual` contains the text `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  if (actual.includes(expected)) return;
  failWith(`${show(actual)} does not contain ${show(expected)}`, message);
}

/** Asserts that `actual` matches a regular expression. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  if (expected.test(actual)) return;
  failWith(`${show(actual)} does not match ${expected}`, message);
}

function bothSides(actual: unknown, expected: unknown): string {
  return `\n  actual:   ${show(actual)}\n  expected: ${show(expected)}`;
}
