/**
 * The stand-in for `@std/assert` passes and fails where the real one does. It
 * is imported by its path: by its name, the real one may come.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "./mod.ts";

/** The message with which an assertion fails. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error("Expected an AssertionError, nothing was thrown");
}

function cycle(value: number): object {
  const node: { value: number; self?: object } = { value };
  node.self = node;
  return node;
}

/** Values that are equal, and values that are not, by what they show. */
const EQUAL: Record<string, [unknown, unknown]> = {
  "NaN": [NaN, NaN],
  "zero and minus zero": [[0], [-0]],
  "nested arrays": [[1, [2, { a: 3 }]], [1, [2, { a: 3 }]]],
  "typed arrays with NaN and -0": [
    new Float32Array([NaN, 0]),
    new Float32Array([NaN, -0]),
  ],
  "views of different buffers": [
    new Uint8Array([9, 1, 2]).subarray(1),
    new Uint8Array([1, 2]),
  ],
  "buffers": [new Uint8Array([1]).buffer, new Uint8Array([1]).buffer],
  "maps in any order": [
    new Map([["a", 1], ["b", 2]]),
    new Map([["b", 2], ["a", 1]]),
  ],
  "maps with object keys": [
    new Map([[{ x: 1 }, [2]]]),
    new Map([[{ x: 1 }, [2]]]),
  ],
  "sets of sets": [
    new Set([1, new Set([2])]),
    new Set([new Set([2]), 1]),
  ],
  "dates": [new Date(5), new Date(5)],
  "regular expressions": [/a/g, /a/g],
  "a plain object and one without prototype": [
    { a: 1 },
    Object.assign(Object.create(null), { a: 1 }),
  ],
  "cycles": [cycle(1), cycle(1)],
};

const UNEQUAL: Record<string, [unknown, unknown]> = {
  "numbers and text": [1, "1"],
  "null and undefined": [null, undefined],
  "a missing key and an undefined one": [{}, { a: undefined }],
  "one key for another": [{ a: undefined }, { b: undefined }],
  "lengths": [[1, 2], [1]],
  "a hole's length": [[], [,]],
  "array types": [new Float32Array(2), new Float64Array(2)],
  "an array and a typed array": [[1], new Uint8Array([1])],
  "bytes": [new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  "map values": [new Map([["a", 1]]), new Map([["a", 2]])],
  "object keys' values": [new Map([[{ x: 1 }, 1]]), new Map([[{ x: 1 }, 2]])],
  "set values": [new Set([1]), new Set([2])],
  "dates": [new Date(5), new Date(6)],
  "flags": [/a/g, /a/],
  "error messages": [new Error("a"), new Error("b")],
  "error classes": [new RangeError("a"), new TypeError("a")],
  "cycles": [cycle(1), cycle(2)],
};

for (const [what, [a, b]] of Object.entries(EQUAL)) {
  Deno.test(`equal() holds for ${what}`, () => {
    assert(equal(a, b));
    assert(equal(b, a));
    assertEquals(a, b);
    assertThrows(() => assertNotEquals(a, b), AssertionError, "are equal");
  });
}

for (const [what, [a, b]] of Object.entries(UNEQUAL)) {
  Deno.test(`equal() tells apart ${what}`, () => {
    assertFalse(equal(a, b));
    assertFalse(equal(b, a));
    assertNotEquals(a, b);
    assertThrows(() => assertEquals(a, b), AssertionError, "are not equal");
  });
}

Deno.test("assertEquals() shows both sides and where they differ", () => {
  assertStrictEquals(
    messageOf(() => assertEquals({ a: [1, 2] }, { a: [1, 3] }, "sizes")),
    "Values are not equal\n" +
      "  actual:   { a: [ 1, 2 ] }\n" +
      "  expected: { a: [ 1, 3 ] }\n" +
      "  differs:  .a[1]: 2 is not 3: sizes",
  );
});

Deno.test("assertEquals() finds the difference in a long typed array", () => {
  const actual = new Float32Array(10_000);
  const expected = new Float32Array(10_000);
  actual[7_000] = 0.5;
  actual[9_000] = 0.5;
  const message = messageOf(() => assertEquals(actual, expected));
  assertStringIncludes(message, "[7000]: 0.5 is not 0 (2 of 10000 elements");
  assertLess(message.length, 3_000);
});

Deno.test("assertStrictEquals() tells 0 from -0 and copies apart", () => {
  const array = [1];
  assertStrictEquals(array, array);
  assertStrictEquals(NaN, NaN);
  assertMatch(messageOf(() => assertStrictEquals(0, -0)), /equal but not/);
  assertMatch(messageOf(() => assertStrictEquals([1], [1])), /equal but not/);
});

Deno.test("assertAlmostEquals() allows the tolerance and no more", () => {
  assertAlmostEquals(1, 1 + 5e-8);
  assertAlmostEquals(1, 1.4, 0.5);
  assertAlmostEquals(Infinity, Infinity);
  assertAlmostEquals(NaN, NaN);
  for (const [a, b] of [[1, 1.001], [NaN, 1], [1, NaN], [Infinity, 1]]) {
    messageOf(() => assertAlmostEquals(a!, b!));
  }
});

Deno.test("assertThrows() and assertRejects() check class and message", async () => {
  const run = () => {
    throw new RangeError("Index 3 is out of range");
  };
  const error = assertThrows(run, RangeError, "Index 3");
  assertStrictEquals(error.message, "Index 3 is out of range");
  assertInstanceOf(assertThrows(run), RangeError);
  messageOf(() => assertThrows(run, TypeError));
  assertStringIncludes(
    messageOf(() => assertThrows(run, RangeError, "Index 4")),
    'Expected RangeError with "Index 4" in its message, got RangeError "Index 3',
  );
  messageOf(() => assertThrows(() => {}));

  // deno-lint-ignore require-await
  const reject = async () => run();
  await assertRejects(reject, RangeError, "Index 3");
  await assertRejects(() => assertRejects(reject, TypeError), AssertionError);
  await assertRejects(() => assertRejects(run), AssertionError, "it threw");
  await assertRejects(
    () => assertRejects(() => Promise.resolve()),
    AssertionError,
    "it did not",
  );
});

Deno.test("the short assertions pass and fail", () => {
  assertExists(0);
  assertGreater(2, 1);
  assertGreaterOrEqual(2, 2);
  assertLess(1, 2);
  assertLessOrEqual(2, 2);
  assertArrayIncludes([[1], [2], [3]], [[2]]);
  const failures = [
    () => assert(0),
    () => assertFalse(1),
    () => assertExists(undefined),
    () => assertGreater(1, 1),
    () => assertGreaterOrEqual(1, NaN),
    () => assertLess(1, 1),
    () => assertLessOrEqual(2, 1),
    () => assertArrayIncludes([1], [2]),
    () => assertInstanceOf([], Map),
    () => assertMatch("a", /b/),
    () => assertStringIncludes("a", "b"),
    () => fail("here"),
    () => unreachable("here"),
  ];
  failures.forEach(messageOf);
});
