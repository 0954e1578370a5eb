import { assertEquals, assertThrows } from "@std/assert";

import { pack } from "../../src/gpu/params.ts";
import { f32Bits } from "../../src/gpu/plan.ts";

const SOURCE = `
struct Axis { size: u32, // of the input
  pad0: u32 }
struct Params {
  count: u32, // elements, a: u32
  x_offset: i32, scale: f32,
  shape: vec4u,
  h: Axis, w: Axis,
  numbers: array<vec4f, 2>,
}`;

Deno.test("pack() puts parameters where the struct has them", () => {
  assertEquals(
    pack(SOURCE, {
      count: 7,
      xOffset: -1,
      scale: 0.5,
      shape: [1, 2],
      h: [3],
      w: [4],
      numbers: [1, 2, 3, 4, 5],
    }),
    [
      ...[7, 0xffffffff, f32Bits(0.5), 0],
      ...[1, 2, 0, 0],
      ...[3, 0, 0, 0],
      ...[4, 0, 0, 0],
      ...[1, 2, 3, 4, 5].map(f32Bits),
    ],
  );
});

Deno.test("pack() takes parameters in any order, and leaves the last ones out", () => {
  assertEquals(pack(SOURCE, { xOffset: 2, count: 1 }), [1, 2]);
  assertEquals(pack(SOURCE, {}), []);
});

Deno.test("pack() names a parameter that is missing, or that no kernel has", () => {
  const pairs: [Parameters<typeof pack>[1], string][] = [
    [{ count: 1, scale: 2 }, "xOffset is missing"],
    [{ count: 1, xOffset: 2, offset: 3 }, "scale is missing"],
    [{ count: [1, 2] }, "count has 1 words, got 2"],
  ];
  for (const [params, message] of pairs) {
    assertThrows(() => pack(SOURCE, params), TypeError, message);
  }
  assertThrows(
    () => pack("struct Params { m: u32 }", { m: 1, n: 2 }),
    TypeError,
    "no n in m",
  );
  assertThrows(() => pack("", {}), TypeError, "no struct Params");
});
