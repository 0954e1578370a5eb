/**
 * A stand-in for `jsr:@std/assert`, for machines that cannot reach JSR.
 *
 * It has the assertions that Kindling's tests use, under the same names and
 * with the same meaning, and none of the package's code. Tests never import
 * it: they write `@std/assert`, and `./run test` links this folder in its place
 * where JSR does not answer.
 *
 * @module
 */

export { AssertionError } from "./assertion_error.ts";
export { equal } from "./equal.ts";
export {
  assert,
  assertExists,
  assertFalse,
  assertInstanceOf,
  fail,
  unreachable,
} from "./truth.ts";
export {
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStrictEquals,
  assertStringIncludes,
} from "./equality.ts";
export {
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "./order.ts";
export { assertRejects, assertThrows } from "./throws.ts";
