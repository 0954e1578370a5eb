/**
 * Tests of fused maps: the same bits as one kernel after the other, and as few
 * kernels as there can be.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

import {
  arange,
  compile,
  type DType,
  F,
  full,
  Generator,
  ones,
  randn,
  type Tensor,
  zeros,
} from "../../mod.ts";
import { check, type Fn } from "./_shared.ts";
import { overrideAdapterClass } from "../../src/gpu/device.ts";
import { sameShape } from "../../src/tensor/shape.ts";

const x = (...shape: number[]) => randn(shape, { seed: shape.length });

Deno.test("a chain of maps is one kernel", async () => {
  const chain: Fn = (x) => x!.mul(2).add(1).relu().mul(3);
  for (const shape of [[1], [3], [4], [255], [16, 33], [5, 0]]) {
    const expected = shape.includes(0) ? 0 : 1;
    assertEquals(await check(chain, () => [x(...shape)]), expected);
  }
});

Deno.test("a map that others read, too, is written once", async () => {
  const fork: Fn = (x) => {
    const y = x!.exp();
    return [y, y.add(1).mul(y), y.sum()];
  };
  assertEquals(await check(fork, () => [x(8, 9)]) <= 3, true);
});

Deno.test("rows and scalars that repeat are read inside a fused kernel", async () => {
  const affine: Fn = (x, scale, shift, all) =>
    x!.mul(scale!).add(shift!).mul(all!).gelu();
  const run = (rows: number, columns: number) =>
    check(
      affine,
      () => [x(rows, columns), x(columns), x(rows, 1), full([], 3)],
    );
  assertEquals(await run(7, 12), 1);
  assert(await run(7, 13) > 1); // quads would cross the ends of rows
});

Deno.test("maps in place keep their order", async () => {
  const inPlace: Fn = (x, y) => {
    const before = x!.mul(2);
    x!.add_(y!).mul_(3);
    y!.sub_(x!);
    return [before, x!.add(y!)];
  };
  await check(inPlace, () => [x(4, 8), x(32).reshape([4, 8])]);
});

Deno.test("bytes, integers and bool are rounded as if they were stored", async () => {
  const types: Fn = (x) => [
    x!.mul(100).to("uint8").add(200).to("float32").div(7),
    x!.gt(0).logicalAnd(x!.lt(0.5)).to("int32").mul(3).sub(1),
    x!.mul(1e5).to("int32").add(1).to("float32").sqrt(),
  ];
  await check(types, () => [x(6, 12)]);
});

Deno.test("float16 is rounded as if it was stored", async () => {
  const half: Fn = (x) => x!.to("float16").mul(3).add(1).to("float32").mul(7);
  assertEquals(await check(half, () => [x(64)]), 1);
});

Deno.test("a value that is overwritten in between is read before", async () => {
  const outside = zeros([8]);
  const between: Fn = (x) => {
    const y = x!.add(outside);
    outside.copy_(x!.cumsum(0));
    return y.mul(outside);
  };
  const compiled = compile(between);
  const eager = zeros([8]);
  for (let i = 0; i < 5; i++) {
    const input = full([8], i);
    const expected = input.add(eager);
    eager.copy_(input.cumsum(0));
    const got = compiled(input) as Tensor;
    assertEquals(await got.data(), await expected.mul(eager).data());
  }
});

Deno.test("a long chain takes few kernels, all of one text", async () => {
  const long: Fn = (x, one) => {
    let y = x!;
    for (let i = 0; i < 100; i++) y = y.add(one!);
    return y;
  };
  const inputs = () => [x(4, 4), ones([4, 4])];
  assertEquals(await check(long, inputs), Math.ceil(100 / 64));
  const numbers: Fn = (x) => {
    let y = x!;
    for (let i = 0; i < 100; i++) y = y.add(i); // 16 numbers a kernel
    return y;
  };
  assertEquals(await check(numbers, () => [x(4, 4)]), Math.ceil(100 / 16));
});

const TYPES: readonly DType[] = ["float32", "int32", "uint8", "bool"];
const UNARY: readonly ((x: Tensor) => Tensor)[] = [
  (x) => (x.dtype === "bool" ? x.to("uint8") : x).abs(),
  (x) => x.to("float32").exp().clamp(0, 9),
  (x) => x.to("float32").neg(),
  (x) => x.gt(0),
  (x) => x.to("int32").mul(3),
  (x) => x.to("uint8"),
  (x) => x.mul(2).add(1),
  (x) => x.reshape([-1]).reshape(x.shape),
  (x) => x.movedim(0, -1).contiguous().movedim(-1, 0),
  (x) => F.relu(x.to("float32")),
];
const BINARY: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.to("float32").add(b),
  (a, b) => a.to("int32").mul(b.to("int32")),
  (a, b) => a.lt(b),
  (a, b) => a.to("float32").maximum(b.to("float32")),
  (a, b) => sameShape(a.shape, b.shape) ? a.add_(b.to("bool")) : a.square(),
  (a, b) => b.ndim > a.ndim ? b : a.clone().sub_(b.to("uint8").to(a.dtype)),
  (a, b) => a.sum(-1, { keepdim: true }).to("float32").add(b),
];

/** A function that makes tensors of tensors in an order set by the seed. */
function program(seed: number): Fn {
  return (...inputs) => {
    const draw = new Generator(seed);
    const pick = <T>(from: readonly T[]): T => from[draw.integer(from.length)]!;
    const made = inputs.map((input) => input.to("float32").add(0.5));
    for (let i = 0; i < 14; i++) {
      const a = pick(made);
      if (draw.random() < 0.5) made.push(pick(UNARY)(a));
      else {
        const b = pick(made);
        const whole = a.size >= b.size ? a : b;
        if (whole.dtype !== "bool") made.push(pick(BINARY)(whole, b));
      }
    }
    return [made.at(-1)!, made.at(-2)!, pick(made)];
  };
}

const FIRST_SEEDS = { cpu: 0, gpu: 12 };

for (const kind of ["cpu", "gpu"] as const) {
  const first = FIRST_SEEDS[kind];
  Deno.test(`random programs give the bits of the eager run (${kind})`, async () => {
    overrideAdapterClass(kind);
    try {
      for (let seed = first; seed < first + 12; seed++) {
        const dtype = TYPES[seed % TYPES.length]!;
        const columns = seed % 3 === 0 ? 7 : 8;
        await check(program(seed), () => [
          arange(0, 3 * columns).reshape([3, columns]).sub(9).to(dtype),
          ones([3, 1]).mul(2),
          x(columns),
        ]);
      }
    } finally {
      overrideAdapterClass(undefined);
    }
  });
}
