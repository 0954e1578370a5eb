import { assertEquals } from "@std/assert";

import { compare } from "../../../src/ops/elementwise/comparison.ts";
import { map } from "../../../src/ops/elementwise/elementwise.ts";
import { stack } from "../../../src/ops/movement/join.ts";
import type { Comparison } from "../../../src/ops/numbers.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { ELEMENTS, f16, i32, list, NUMBERS, u8 } from "../_numbers.ts";

/** JavaScript's numbers hold all integers of 32 bits: its answers are exact. */
const EXACT: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};
const TESTS = Object.keys(EXACT) as Comparison[]; // keys are exactly those

Deno.test("comparisons of integers with numbers are exact", async () => {
  for (const [dtype, elements] of Object.entries(ELEMENTS)) {
    const x = tensor(elements, { dtype: dtype as DType });
    for (const test of TESTS) {
      const all = stack(NUMBERS.map((number) => compare(test, x, number)));
      assertEquals(all.dtype, "bool");
      assertEquals(
        await list(all),
        NUMBERS.flatMap((number) =>
          elements.map((each) => Number(EXACT[test](each, number)))
        ),
        `${dtype} ${test}`,
      );
    }
  }
});

Deno.test("comparisons of integer tensors are exact, whatever their types", async () => {
  const pairs: [DType, DType, Comparison[]][] = [
    ["int32", "uint32", TESTS],
    ["uint32", "int32", TESTS],
    ["uint8", "int32", ["lt", "ge"]],
    ["uint32", "uint8", ["le", "eq"]],
    ["bool", "int32", ["gt"]],
  ];
  for (const [a, b, tests] of pairs) {
    const [left, right] = [ELEMENTS[a]!, ELEMENTS[b]!];
    const x = tensor(left, { dtype: a });
    const y = tensor(right, { dtype: b });
    const column = x.unsqueeze(1);
    for (const test of tests) {
      const found = compare(test, column, y);
      // tensors without dims, whose type does not count for results
      const weak = [...right.keys()].map((i) =>
        compare(test, x, y.select(0, i))
      );
      const expected = left.map((l) => right.map((r) => EXACT[test](l, r)));
      const what = `${a} ${test} ${b}`;
      assertEquals(
        await found.toArray(),
        expected.map((row) => row.map(Number)),
      );
      const data = await list(stack(weak, 1));
      assertEquals(data, expected.flat().map(Number), what);
    }
  }
});

Deno.test("comparisons of floats round the number to their type", async () => {
  const x = tensor([0.1, 16777216, Infinity, -Infinity, NaN, 3e38]);
  assertEquals(await list(x.eq(0.1)), [1, 0, 0, 0, 0, 0]);
  assertEquals(await list(x.eq(16777217)), [0, 1, 0, 0, 0, 0]);
  assertEquals(await list(x.ne(NaN)), [1, 1, 1, 1, 1, 1]);
  assertEquals(await list(x.ge(NaN)), [0, 0, 0, 0, 0, 0]);
  assertEquals(await list(x.ge(Infinity)), [0, 0, 1, 0, 0, 0]);
  // beyond the type's range a number is still no infinity
  assertEquals(await list(x.eq(1e39)), [0, 0, 0, 0, 0, 0]);
  assertEquals(await list(x.ne(-1e39)), [1, 1, 1, 1, 1, 1]);
  assertEquals(await list(x.lt(1e39)), [1, 1, 0, 1, 0, 1]);
  assertEquals(await list(x.le(1e39)), [1, 1, 0, 1, 0, 1]);
  assertEquals(await list(x.gt(1e39)), [0, 0, 1, 0, 0, 0]);
  assertEquals(await list(x.ge(-1e39)), [1, 1, 1, 0, 0, 1]);
  assertEquals(await list(x.gt(-1e39)), [1, 1, 1, 0, 0, 1]);
  assertEquals(await list(x.le(-1e39)), [0, 0, 0, 1, 0, 0]);
  const half = f16([0.1, 65504, Infinity]);
  for (const tenth of [0.1, tensor(0.1)]) {
    assertEquals(await list(half.eq(tenth)), [1, 0, 0]);
    assertEquals(await list(half.gt(tenth)), [0, 1, 1]);
  }
  assertEquals(await list(tensor(0.1).eq(half)), [1, 0, 0]);
  assertEquals(await list(half.lt(70000)), [1, 1, 0]);
  assertEquals(await list(half.eq(70000)), [0, 0, 0]);
});

Deno.test("ne() is true and every other comparison false for NaN", async () => {
  const x = tensor([NaN, 1, NaN]);
  const y = tensor([NaN, NaN, 1]);
  assertEquals([...await x.ne(y).data()], [1, 1, 1]);
  for (const name of ["eq", "lt", "le", "gt", "ge"]) {
    assertEquals([...await map(name, x, y).data()], [0, 0, 0], name);
  }
});

Deno.test("logic takes every number but 0 for true", async () => {
  for (const number of [2 ** 32, 0.5, NaN, -1, Infinity]) {
    assertEquals(await list(i32([3, 0]).logicalAnd(number)), [1, 0]);
    assertEquals(await list(u8([3, 0]).logicalXor(number)), [0, 1]);
  }
  assertEquals(await list(i32([3, 0]).logicalOr(-0)), [1, 0]);
});
