import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { TypedArray } from "../../src/tensor/dtype.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { difference, type Tolerance } from "./compare.ts";

const EXACT = { atol: 0, rtol: 0 };

/** What is wrong with elements of one dim. */
function compare(
  got: TypedArray,
  want: TypedArray,
  tolerance: Tolerance = EXACT,
): string | undefined {
  const values = new HostArray(want);
  return difference("y", new HostArray(got), { values }, tolerance);
}

Deno.test("difference() takes NaN for NaN and an infinity only for itself", () => {
  const special = Float32Array.of(NaN, Infinity, -Infinity, -0);
  assertEquals(
    compare(special, Float32Array.of(NaN, Infinity, -Infinity, 0)),
    undefined,
  );
  const loose = { atol: 1, rtol: 1 };
  for (const got of [NaN, -Infinity, 1e30]) {
    const found = compare(
      Float32Array.of(got),
      Float32Array.of(Infinity),
      loose,
    );
    assertStringIncludes(found ?? "", "y[0]: got");
  }
  assert(compare(Float32Array.of(1), Float32Array.of(NaN), loose));
});

Deno.test("difference() allows atol + rtol * |want|", () => {
  const want = Float32Array.of(-10, 0);
  const tolerance = { atol: 0.5, rtol: 0.1 }; // 1.5 and 0.5
  assertEquals(
    compare(Float32Array.of(-11.5, 0.5), want, tolerance),
    undefined,
  );
  assertEquals(
    compare(Float32Array.of(-11.75, 0.625), want, tolerance),
    "y[1]: got 0.625, want 0, off by 0.625, allowed 0.5 (2 of 2 wrong)",
  );
});

Deno.test("difference() compares integers exactly unless atol allows more", () => {
  const [got, want] = [Int32Array.of(101), Int32Array.of(100)];
  assert(compare(got, want, { atol: 0, rtol: 0.5 }));
  assertEquals(compare(got, want, { atol: 1, rtol: 0 }), undefined);
});

Deno.test("difference() names the worst of a shape, and its index", () => {
  const got = new HostArray(Float32Array.of(1, 2, 3, 9, 5, 7), [2, 3]);
  const want = new HostArray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const found = difference("y", got, { values: want }, EXACT);
  assertStringIncludes(found ?? "", "y[1, 0]: got 9, want 4, off by 5");
});

Deno.test("difference() lets a share of the elements lie outside", () => {
  const [got, want] = [
    Float32Array.of(1, 2, 9, 4),
    Float32Array.of(1, 2, 3, 4),
  ];
  assert(compare(got, want, { ...EXACT, maxBadFraction: 0.2 }));
  assertEquals(
    compare(got, want, { ...EXACT, maxBadFraction: 0.25 }),
    undefined,
  );
});

Deno.test("difference() compares samples of a large result", () => {
  const got = new HostArray(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const values = new HostArray(Float32Array.of(1, 5));
  const wanted = { values, samples: [0, 3], shape: [2, 2] };
  const found = difference("y", got, wanted, EXACT);
  assertStringIncludes(found ?? "", "y[1, 1]: got 4, want 5");
});

Deno.test("difference() refuses another shape and another type", () => {
  const flat = new HostArray(new Float32Array(2));
  const column = new HostArray(new Float32Array(2), [2, 1]);
  assertEquals(
    difference("y", flat, { values: column }, EXACT),
    "y: got shape [2], want [2, 1]",
  );
  const found = compare(new Int32Array(2), new Float32Array(2));
  assertEquals(found, "y: got type int32, want float32");
});
