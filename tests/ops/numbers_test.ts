import { assert, assertEquals, assertThrows } from "@std/assert";

import { where } from "../../src/ops/elementwise/arithmetic.ts";
import { stack } from "../../src/ops/movement/join.ts";
import { compile } from "../../src/compile/compile.ts";
import { full, tensor, zeros } from "../../src/tensor/create.ts";
import { type DType, RANGES } from "../../src/tensor/dtype.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { ELEMENTS, f16, i32, list, NUMBERS, u32, u8 } from "./_numbers.ts";

Deno.test("clamp(), maximum() and minimum() of integers are exact", async () => {
  for (const dtype of ["uint8", "int32", "uint32"] as const) {
    const elements = ELEMENTS[dtype]!;
    const [least, most] = RANGES[dtype]!;
    const x = tensor(elements, { dtype });
    const results: Tensor[] = [];
    const expected: number[] = [];
    const expect = (run: () => Tensor, of: (each: number) => number) => {
      const numbers = elements.map(of);
      if (numbers.some((y) => y < least || y > most)) {
        assertThrows(run, RangeError, `Cannot bound ${dtype} elements`);
        return;
      }
      results.push(run());
      expected.push(...numbers);
    };
    for (const bound of NUMBERS.filter((n) => Number.isInteger(n))) {
      expect(() => x.maximum(bound), (each) => Math.max(each, bound));
      expect(() => x.minimum(bound), (each) => Math.min(each, bound));
    }
    const some = [-3e9, -10, 0, 100, 300, 2 ** 40];
    for (const [min, max] of some.flatMap((a) => some.map((b) => [a, b]))) {
      const of = (each: number) => Math.min(Math.max(each, min!), max!);
      expect(() => x.clamp(min, max), of);
      expect(() => x.clone().clamp_(min, max), of);
    }
    expect(() => x.clamp(-Infinity, Infinity), (each) => each);
    const all = stack(results);
    assertEquals(all.dtype, dtype);
    assertEquals(await list(all), expected.map((each) => each + 0)); // no -0
  }
});

Deno.test("clamp() of integers with a fraction gives float32, as PyTorch does", async () => {
  const x = u8([0, 2, 200]);
  const y = x.clamp(0.5, 3.75);
  assertEquals([y.dtype, await list(y)], ["float32", [0.5, 2, 3.75]]);
  assertEquals(await list(x.clamp(300, 400.5)), [300, 300, 300]);
  assertEquals(await list(x.clamp(300, 100.5)), [100.5, 100.5, 100.5]);
  assertEquals(await list(x.clamp(Infinity)), [Infinity, Infinity, Infinity]);
  assertEquals(await list(x.clamp(NaN)), [NaN, NaN, NaN]);
  assertEquals(await list(tensor([true, false]).clamp(-1, 5)), [1, 0]);
  assertThrows(() => x.clamp_(0.5), TypeError, "Cannot clamp_ into uint8");
  assertThrows(() => x.clamp_(5, 5.5), TypeError, "Cannot clamp_ into uint8");
  assertEquals(await list(x), [0, 2, 200]); // refused before any work
});

Deno.test("clamp() by tensors without dims compares them as numbers", async () => {
  const x = u8([0, 7, 200]);
  assertEquals(await list(x.clamp(i32(-10), i32(300))), [0, 7, 200]);
  assertEquals(await list(x.clamp(i32(5), i32(-1).add(100))), [5, 7, 99]);
  assertEquals(await list(x.clamp(300, i32([1000, 10, 5]))), [300, 10, 5]);
  assertThrows(() => u32([1]).maximum(i32(2)), TypeError, "uint32 and int32");
});

Deno.test("writing a number that does not fit is refused", () => {
  const mask = tensor([true]);
  const writes: Readonly<Record<string, (x: Tensor, n: number) => unknown>> = {
    full: (x, n) => full([1], n, { dtype: x.dtype }),
    tensor: (x, n) => tensor([n], { dtype: x.dtype }),
    fill: (x, n) => x.fill_(n),
    setAt: (x, n) => x.setAt([0], n),
    pad: (x, n) => x.pad([1, 0], { value: n }),
    maskedFill: (x, n) => x.maskedFill(mask, n),
    scatter: (x, n) => x.scatter(0, i32([0]), n),
    threshold: (x, n) => x.maskedFill(x.le(0), n),
  };
  const misfits: Readonly<Record<Exclude<DType, "bool">, readonly number[]>> = {
    uint8: [-1, 256, 2 ** 40, NaN, Infinity, -Infinity],
    int32: [2 ** 31, -(2 ** 31) - 1, 2 ** 32, 1e300, NaN, Infinity],
    uint32: [-1, 2 ** 32, 2 ** 40, NaN, -Infinity],
    float16: [65520, -1e5],
    float32: [1e39, -1e300],
  };
  for (const [name, write] of Object.entries(writes)) {
    for (const [type, numbers] of Object.entries(misfits)) {
      const dtype = type as DType; // a key of the record
      const x = zeros([1], { dtype });
      for (const n of numbers) {
        const message = new RegExp(`Cannot put .* tensor \\(\\w+\\): expected`);
        const error = assertThrows(() => write(x, n), RangeError);
        assert(
          message.test(error.message),
          `${name} ${dtype} ${error.message}`,
        );
      }
    }
  }
});

Deno.test("writing a number drops the fraction in integers, and keeps the type", async () => {
  const mask = tensor([true, false]);
  for (const dtype of ["uint8", "int32", "uint32"] as const) {
    const x = full([2], 5, { dtype });
    assertEquals(await list(x.maskedFill(mask, 2.9)), [2, 5]);
    assertEquals(x.maskedFill(mask, 2.9).dtype, dtype);
    assertEquals(await list(x.pad([1, 0], { value: 1.5 })), [1, 5, 5]);
    assertEquals(await list(x.fill_(-0.5)), [0, 0]);
    const { 1: most } = RANGES[dtype]!;
    assertEquals(await list(x.fill_(most)), [most, most]);
  }
  // so does writing a tensor
  for (const x of [u8([1, 5]), i32([1, 5]), f16([1, 5])]) {
    const filled = x.maskedFill(mask, tensor(2.5));
    const two = x.dtype === "float16" ? 2.5 : 2;
    assertEquals([filled.dtype, await list(filled)], [x.dtype, [two, 5]]);
  }
  const flags = tensor([true, true]);
  assertEquals(
    await list(flags.maskedFill(mask, u8([0, 7]))),
    [0, 1],
  );
  const filled = flags.maskedFill(mask, 0);
  assertEquals([filled.dtype, await list(filled)], ["bool", [0, 1]]);
  assertEquals(await list(flags.pad([0, 1], { value: 7 })), [1, 1, 1]);
  assertEquals(await list(f16([1]).fill_(-Infinity)), [-Infinity]);
  assertEquals(await list(tensor([1]).fill_(NaN)), [NaN]);
});

Deno.test("where() takes numbers that the other type holds", async () => {
  const mask = tensor([true, false]);
  assertEquals(await list(u8([1, 2]).where(mask, 255)), [1, 255]);
  const lifted = where(mask, 0.5, i32([1, 2]));
  assertEquals([lifted.dtype, await list(lifted)], ["float32", [0.5, 2]]);
  assertEquals(await list(where(mask, i32([1, 2]), NaN)), [1, NaN]);
  for (
    const run of [
      () => where(mask, u8([1, 2]), 300),
      () => where(mask, -1, u8([1, 2])),
      () => where(mask, u32([1, 2]), -1),
      () => where(mask, 2 ** 31, i32([1, 2])),
      () => where(mask, 3e9, 0),
      () => where(mask, f16([1, 2]), 1e5),
      () => where(mask, tensor([1, 2]), 1e39),
    ]
  ) assertThrows(run, RangeError, "tensor (where): expected");
});

Deno.test("where() takes a fraction for true beside integers, too", async () => {
  const condition = tensor([0.5, 0, NaN, -0, 1e-40]);
  const [a, b] = [i32([1, 2, 3, 4, 5]), i32([6, 7, 8, 9, 10])];
  assertEquals(await list(where(condition, a, b)), [1, 7, 3, 9, 5]);
  const bytes = where(condition, a.to("uint8"), b.to("uint8"));
  assertEquals(await list(bytes), [1, 7, 3, 9, 5]);
});

Deno.test("arithmetic of integers wraps a number into their type, as PyTorch does", async () => {
  // what torch 1.13 answers for uint8
  const x = u8([200]);
  const rows: [Tensor, number][] = [
    [x.add(300), 244],
    [x.sub(201), 255],
    [x.mul(300), 96],
    [x.rsub(7), 63],
    [x.rsub(300), 100],
    [x.floorDivide(300), 4],
    [x.floorDivide(-1), 0],
    [x.remainder(300), 24],
    [x.remainder(-3), 200],
    [x.fmod(-3), 200],
    [x.add(i32(300)), 244],
    [x.floorDivide(i32(-1)), 0],
    [x.clone().add_(300), 244],
    [x.clone().add_(i32([300])), 244],
    [x.neg(), 56],
    [x.bitwiseAnd(300), 8],
    [u8([9]).rpow(2), 0],
  ];
  for (const [y, expected] of rows) {
    assertEquals([y.dtype, await list(y)], ["uint8", [expected]]);
  }
  // 3^300 modulo 256: an exponent does not wrap
  assertEquals(await list(u8([3]).pow(300)), [Number(3n ** 300n % 256n)]);
  assertEquals(await list(i32([5]).add(2 ** 40)), [5]);
  assertEquals(await list(i32([2 ** 31 - 1]).add(1)), [-(2 ** 31)]);
  assertEquals(await list(i32([-(2 ** 31)]).abs()), [-(2 ** 31)]);
  assertEquals(await list(i32([-(2 ** 31)]).floorDivide(-1)), [-(2 ** 31)]);
  assertEquals(await list(u32([1]).sub(2)), [2 ** 32 - 1]);
  assertEquals(await list(i32([-7, 7]).floorDivide(2)), [-4, 3]);
  assertEquals(await list(i32([-7, 7]).remainder(-4)), [-3, -1]);
  assertThrows(() => i32([3]).pow(3e9), RangeError, "expected 0 to 2147483647");
  assertThrows(() => i32([3]).pow(-1), RangeError, "no negative powers");
});

Deno.test("integers are not divided by a 0 that the host knows", async () => {
  const x = i32([5, -5]);
  for (
    const run of [
      () => x.floorDivide(0),
      () => x.remainder(-0),
      () => x.fmod(2 ** 40),
      () => x.div(0, { roundingMode: "trunc" }),
      () => u8([1]).remainder(256),
      () => x.floorDivide(i32([1, 0])),
      () => x.remainder(u8([0, 1])),
    ]
  ) assertThrows(run, RangeError, "integers have no such quotient");
  const zero = i32([0, 0]).mul(1); // that only the GPU knows
  assertEquals(await list(x.floorDivide(zero)), [5, -5]);
  assertEquals(await list(x.remainder(zero)), [0, 0]);
  assertEquals(await list(x.div(0)), [Infinity, -Infinity]);
  assertEquals(await list(tensor([5]).floorDivide(0)), [Infinity]);
});

Deno.test("shifts by the width of the type or more leave no bit", async () => {
  const by = i32([0, 1, 31, 32, 33, -1]);
  assertEquals(
    await list(i32(3).expand([6]).bitwiseLeftShift(by)),
    [3, 6, -(2 ** 31), 0, 0, 0],
  );
  assertEquals(
    await list(i32(-3).expand([6]).bitwiseRightShift(by)),
    [-3, -2, -1, -1, -1, -1],
  );
  assertEquals(await list(u8([200]).bitwiseLeftShift(9)), [0]);
  assertEquals(await list(u8([200]).bitwiseRightShift(40)), [0]);
  assertEquals(await list(u32([2 ** 31]).bitwiseRightShift(31)), [1]);
  assertEquals(await list(u32([2 ** 31]).bitwiseRightShift(32)), [0]);
});

Deno.test("nanToNum() takes the largest number of the type", async () => {
  const x = f16([Infinity, -Infinity, NaN, 1]);
  assertEquals(await list(x.nanToNum()), [65504, -65504, 0, 1]);
  assertThrows(() => x.nanToNum({ posinf: 1e5 }), RangeError, "100000");
});

Deno.test("compiled programs meet numbers as eager ones do", async () => {
  const step = (x: Tensor): Tensor[] => [
    x.ge(-1).logicalAnd(x.lt(3e9)).logicalXor(x.eq(2 ** 40)),
    x.clamp(-10, 2 ** 40).add(300).floorDivide(300),
    x.maskedFill(x.ge(2.5), 9.9).minimum(1e300).bitwiseLeftShift(40),
  ];
  for (const dtype of ["uint8", "int32"] as const) {
    const compiled = compile(step);
    for (let i = 0; i < 4; i++) {
      const x = tensor([0, 1, 3, 200 + i, 255], { dtype });
      const [eager, replayed] = [step(x), compiled(x)];
      for (const [k, y] of eager.entries()) {
        assertEquals(replayed[k]!.dtype, y.dtype);
        assertEquals(await list(replayed[k]!), await list(y), `${dtype} ${k}`);
      }
    }
  }
});

Deno.test("compiled programs refuse a 0 among integer divisors, too", () => {
  const divide = compile((x: Tensor, by: Tensor) => x.floorDivide(by));
  for (let i = 1; i < 4; i++) divide(i32([6, 7]), i32([i, 2]));
  const run = () => divide(i32([6, 7]), i32([3, 0]));
  assertThrows(run, RangeError, "integers have no such quotient");
});
