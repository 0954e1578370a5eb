import { assertEquals, assertThrows } from "@std/assert";
import { collate } from "../../../src/data/collate/collate.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";

function array(values: number[], shape?: number[]): HostArray {
  return new HostArray(Float32Array.from(values), shape);
}

Deno.test("collate() stacks arrays along a new first dim", () => {
  const batch = collate([array([1, 2], [1, 2]), array([3, 4], [1, 2])]);
  assertEquals(batch, array([1, 2, 3, 4], [2, 1, 2]));
  assertEquals(collate([array([1], [])]), array([1], [1]));
  assertEquals(collate([array([], [0])]), array([], [1, 0]));
});

Deno.test("collate() keeps the type of arrays", () => {
  assertEquals(collate([Uint8Array.of(1), Uint8Array.of(2)]).dtype, "uint8");
  assertEquals(collate([Float16Array.of(1.5)]).dtype, "float16");
  const bool = new HostArray(Uint8Array.of(1), [1], "bool");
  assertEquals(collate([bool, bool]).dtype, "bool");
});

Deno.test("collate() makes numbers int32 if all are integers, else float32", () => {
  assertEquals(collate([3, 1, -2]), new HostArray(Int32Array.of(3, 1, -2)));
  assertEquals(collate([0.5, 1]), new HostArray(Float32Array.of(0.5, 1)));
  assertEquals(collate([NaN]).dtype, "float32");
  assertEquals(
    collate([true, false]),
    new HostArray(Uint8Array.of(1, 0), [2], "bool"),
  );
});

Deno.test("collate() keeps structures and lists of strings", () => {
  const batch = collate([
    { x: [1, array([1])], name: "a" },
    { name: "b", x: [2, array([2])] },
  ]);
  assertEquals(batch, {
    x: [new HostArray(Int32Array.of(1, 2)), array([1, 2], [2, 1])],
    name: ["a", "b"],
  });
});

Deno.test("collate() names both shapes, types or lengths that differ", () => {
  const cases: [unknown[], string][] = [
    [
      [array([1, 2]), array([1, 2]), array([1, 2], [2, 1])],
      "Cannot stack samples 0 and 2: shapes [2] and [2, 1] must be equal",
    ],
    [
      [[array([1])], [Int32Array.of(1)]],
      "Cannot stack samples 0 and 1 at [0]: dtypes float32 and int32",
    ],
    [[[1, 2], [3]], "samples 0 and 1: lists of 2 and 1 items"],
    [[{ a: 1 }, { b: 1 }], 'sample 1: it has no "a", which sample 0 has'],
    [[1, "x"], "sample 1: expected a number as in sample 0, got a string"],
    [[[1], { a: 1 }], "expected a list as in sample 0, got an object"],
    [
      [{ a: 1 }, { a: 2, b: 3 }],
      'sample 1: it has "b", which sample 0 has not',
    ],
    [[{ a: 2, b: 3 }, { a: 1 }], 'sample 1: it has no "b", which sample 0 has'],
    [[{}, {}, { a: 1 }], 'sample 2: it has "a", which sample 0 has not'],
    [
      [[1, { x: { a: 1 } }], [2, { x: { a: 1, b: "" } }]],
      'sample 1 at [1].x: it has "b", which sample 0 has not',
    ],
    [[true, 1], "sample 1: expected a boolean as in sample 0, got a number"],
    [[array([1]), 1], "expected an array as in sample 0, got a number"],
    [
      [
        { data: new Uint8Array(3), width: 1, height: 1, channels: 3 },
        { x: 1 },
      ],
      "sample 1: expected an image as in sample 0, got an object",
    ],
  ];
  for (const [samples, message] of cases) {
    assertThrows(() => collate(samples), TypeError, message);
  }
});

Deno.test("collate() names the place of what can't go into a batch", () => {
  const cases: [unknown[], string][] = [
    [[1, null], "sample 1: expected arrays, numbers"],
    [[[1, { mask: null }]], "sample 0 at [1].mask: expected"],
    [[undefined], "got undefined"],
    // deno-lint-ignore no-sparse-arrays -- the mistake that is meant
    [[[1, , 2], [1, 5, 2]], "sample 0 at [1]: expected arrays"],
    [[[1n]], "sample 0 at [0]: a bigint is no element type"],
    [[new Date(0)], "got Date"],
    [[new Map([["a", 1]])], "got Map"],
    [[[new Set([1])]], "sample 0 at [0]: expected"],
    [[new (class Point {})()], "got Point"],
    [[Uint8ClampedArray.of(1)], "got Uint8ClampedArray"],
    [[() => 1], "got function"],
    [
      [Float64Array.of(1)],
      "expected Float32Array, Float16Array, Int32Array, Uint32Array, " +
      "Uint8Array, got Float64Array; convert it, with Float32Array.from(x, Number)",
    ],
    [[{ x: BigInt64Array.of(1n) }], "at .x: expected Float32Array"],
    [[Int8Array.of(1), [1]], "sample 0: expected Float32Array"],
    [
      [Uint8Array.of(1), null],
      "got null; `collate: collate.skipNulls()` leaves such samples out",
    ],
    [
      [[1, 2], [null, undefined]],
      "Cannot collate sample 1: expected arrays, numbers, booleans, strings, " +
      "images, or lists and plain objects of them, got null; `collate: " +
      "collate.skipNulls()` leaves such samples out",
    ],
  ];
  for (const [samples, message] of cases) {
    assertThrows(() => collate(samples), TypeError, message);
  }
  assertThrows(() => collate([]), RangeError, "without samples");
  assertThrows(() => collate([0, 2 ** 31]), RangeError, "does not fit int32");
});

Deno.test("collate() refuses numbers that float32 does not hold", () => {
  // 2^24 + 1 has 25 bits; half of it is rounded, as fractions are
  const cases = [2 ** 24 + 1, -(2 ** 31) - 1, 1700000001, 1e39, -1e300];
  for (const value of cases) {
    assertThrows(
      () => collate([{ x: 0.5 }, { x: value }]),
      RangeError,
      `Cannot collate sample 1 at .x: ${value} does not fit float32`,
    );
  }
  const held = [0.1, 2 ** 24 + 2, 6.02e23, -0, NaN, Infinity, -Infinity];
  assertEquals(collate(held).data, Float32Array.from(held));
});

Deno.test("collate() keeps the keys of objects, whatever their names and order", () => {
  const first: unknown = JSON.parse('{ "__proto__": 1, "x": 2 }');
  const second: unknown = JSON.parse('{ "x": 4, "__proto__": 3 }');
  const batch = collate([first, second]) as Record<string, unknown>; // records
  assertEquals(Object.keys(batch), ["__proto__", "x"]);
  const [own] = Object.values(batch);
  assertEquals(own, new HostArray(Int32Array.of(1, 3)));
});

Deno.test("collate() has a way out for nulls that are samples, not parts of them", () => {
  const error = assertThrows(() => collate<unknown>([[1, null]]), TypeError);
  assertEquals(error.message.includes("skipNulls"), false);
});

Deno.test("collates ask for a list of samples", () => {
  const collates: ((samples: never) => unknown)[] = [
    collate,
    (samples) => collate.padded().call(samples),
    (samples) => collate.skipNulls().call(samples),
  ];
  for (const made of collates) {
    for (const samples of [5, null, new HostArray(Int32Array.of(1))]) {
      assertThrows(
        () => made(samples as never), // as in a program without types
        TypeError,
        "as the samples of a batch: expected an array, as [[x, y], [x, y]]",
      );
    }
  }
});
