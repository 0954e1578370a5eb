import { assertEquals, assertThrows } from "@std/assert";

import {
  medianOf,
  relativeError,
  rounded,
  spreadOf,
} from "../../bench/statistics.ts";

Deno.test("medianOf() takes the middle, or the mean of the two in the middle", () => {
  assertEquals(medianOf([7]), 7);
  assertEquals(medianOf([9, 1, 5]), 5);
  assertEquals(medianOf([10, 9, 1, 2]), 5.5); // (2 + 9) / 2, not by text
});

Deno.test("medianOf() and spreadOf() refuse to say anything of nothing", () => {
  assertThrows(() => medianOf([]), RangeError, "median of no values");
  assertThrows(() => spreadOf([]), RangeError, "spread of no values");
});

Deno.test("spreadOf() is the least and the most", () => {
  assertEquals(spreadOf([3, 1, 2]), { least: 1, most: 3 });
});

Deno.test("rounded() keeps four significant digits", () => {
  assertEquals(rounded(1234.56), 1235);
  assertEquals(rounded(0.000123456), 0.0001235);
});

Deno.test("relativeError() is a share of the largest magnitude that is wanted", () => {
  assertEquals(relativeError([1, -4], [1, -5]), 1 / 5);
  assertEquals(relativeError([0.5], [0]), 0.5); // nothing to be a share of
});

Deno.test("relativeError() is Infinity for NaN and for another length", () => {
  assertEquals(relativeError([NaN], [1]), Infinity);
  assertEquals(relativeError([1, 2], [1]), Infinity);
});
