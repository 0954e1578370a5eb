import { assertEquals, assertThrows } from "@std/assert";

import {
  bernoulli,
  bernoulli_,
  normal_,
  rand,
  randint,
  randn,
  randperm,
  uniform_,
} from "../../../src/ops/random/random.ts";
import { full, tensor, zeros } from "../../../src/tensor/create.ts";
import {
  defaultGenerator,
  Generator,
  manualSeed,
} from "../../../src/tensor/generator.ts";
import { fillNormal, fillUniform } from "../../../src/tensor/philox.ts";
import { assertClose } from "../_gradients.ts";

const SEED = 2 ** 40 + 12345;

Deno.test("rand() has the bits that the host computes", async () => {
  for (const size of [0, 1, 3, 4, 255, 1025]) {
    const expected = new Float32Array(size);
    fillUniform(expected, SEED, 0);
    assertEquals(await rand([size], { seed: SEED }).data(), expected);
  }
});

Deno.test("rand() goes on where the generator stands, beyond 2^32 blocks", async () => {
  const offset = 2 ** 32 - 1;
  const generator = new Generator(SEED);
  generator.reserve(offset);
  const expected = new Float32Array(10);
  fillUniform(expected, SEED, offset);
  assertEquals(await rand([10], { generator }).data(), expected);
  fillUniform(expected, SEED, offset + 3);
  assertEquals(await rand([10], { generator }).data(), expected);
});

Deno.test("randn() is what the host computes, as far as sin, cos and log go", async () => {
  const expected = new Float32Array(1001);
  fillNormal(expected, SEED, 0);
  await assertClose(randn([7, 11, 13], { seed: SEED }), expected, 2e-5);
});

Deno.test("randn() has the moments of the normal distribution", async () => {
  const data = [...await randn([100000], { seed: 1 }).data()];
  const moment = (k: number): number =>
    data.reduce((sum, v) => sum + v ** k, 0) / data.length;
  const within = (value: number, want: number, error: number): boolean =>
    Math.abs(value - want) < 5 * error / Math.sqrt(data.length);
  // standard errors of the k-th moments: sqrt(E[x^2k] - E[x^k]^2)
  assertEquals(within(moment(1), 0, 1), true);
  assertEquals(within(moment(2), 1, Math.sqrt(2)), true);
  assertEquals(within(moment(3), 0, Math.sqrt(15)), true);
  assertEquals(within(moment(4), 3, Math.sqrt(96)), true);
});

Deno.test("randn() after manualSeed() repeats itself, and nothing before", async () => {
  const draw = (): Promise<unknown> =>
    Promise.all([randn([5]).data(), rand([6]).data(), randperm(9).data()]);
  manualSeed(3);
  const first = await draw();
  const other = await draw();
  manualSeed(3);
  assertEquals(await draw(), first);
  assertEquals(JSON.stringify(other) === JSON.stringify(first), false);
});

Deno.test("randn() from a seed leaves the default generator alone", () => {
  const before = defaultGenerator().state();
  rand([100], { seed: 4 });
  randperm(5, { seed: 4 });
  randn([100], { generator: new Generator(4) });
  assertEquals(defaultGenerator().state(), before);
});

Deno.test("rand() makes float16 and leaves", async () => {
  const x = rand([5], { seed: 1, dtype: "float16", requiresGrad: true });
  assertEquals([x.dtype, x.requiresGrad, x.isLeaf], ["float16", true, true]);
  const wide = await rand([5], { seed: 1 }).data();
  await assertClose(x, wide, 1e-3); // 10 bits
});

Deno.test("randint() takes every integer of its range, as often", async () => {
  const data = await randint(-3, 4, [70000], { seed: 2 }).data();
  const counts = new Map<number, number>();
  for (const value of data) counts.set(value, (counts.get(value) ?? 0) + 1);
  assertEquals([...counts.keys()].sort((a, b) => a - b), [
    -3,
    -2,
    -1,
    0,
    1,
    2,
    3,
  ]);
  // 10,000 each, with a standard deviation of 93
  for (const count of counts.values()) {
    assertEquals(Math.abs(count - 1e4) < 465, true);
  }
});

Deno.test("randint() is word * n / 2^32, in every integer type", async () => {
  const from = new Generator(9);
  const expected = Array.from(
    { length: 9 },
    () => Math.floor(from.word() * 256 / 2 ** 32),
  );
  for (const dtype of ["int32", "uint32", "uint8"] as const) {
    const x = randint(0, 256, [9], { seed: 9, dtype });
    assertEquals([x.dtype, [...await x.data()]], [dtype, expected]);
  }
  const all = randint(-(2 ** 31), 2 ** 31 - 1, [3], { seed: 9 });
  const words = new Generator(9);
  const n = 2n ** 32n - 1n;
  const big = Array.from(
    { length: 3 },
    () => Number(BigInt(words.word()) * n >> 32n) - 2 ** 31,
  );
  assertEquals([...await all.data()], big);
});

Deno.test("randperm() has every integer once", async () => {
  const order = await randperm(1000, { seed: 5 }).data();
  assertEquals([...order].sort((a, b) => a - b), [...Array(1000).keys()]);
  assertEquals(order.some((value, i) => value !== i), true);
  assertEquals(randperm(0).shape, [0]);
});

Deno.test("bernoulli() draws ones as often as their probability says", async () => {
  const p = tensor([0, 0.25, 1]).expand([10000, 3]);
  const y = bernoulli(p, { seed: 6 });
  assertEquals(y.dtype, "float32");
  const [never, sometimes, always] = await y.mean(0).data();
  assertEquals([never, always], [0, 1]);
  // 0.25 with a standard deviation of sqrt(0.25 * 0.75 / 10000) = 0.0043
  assertEquals(Math.abs(sometimes! - 0.25) < 0.02, true);
});

Deno.test("uniform_() and its kin fill tensors and views in place", async () => {
  const u = new Float32Array(6);
  fillUniform(u, 8, 0);
  const x = zeros([2, 3]);
  uniform_(x, -2, 6, { seed: 8 });
  await assertClose(x, Array.from(u, (v) => v * 8 - 2), 1e-6);

  const y = zeros([7]);
  normal_(y.slice(0, 1, 6), 10, 0.5, { seed: 8 }); // begins at element 1
  const n = new Float32Array(5);
  fillNormal(n, 8, 0);
  await assertClose(y, [0, ...Array.from(n, (v) => v / 2 + 10), 0], 2e-5);

  const z = zeros([3, 4]);
  uniform_(z.slice(1, 1, 3), 1, 2, { seed: 8 });
  const rows = await z.data();
  assertEquals(
    [...rows].map((v) => v > 0),
    Array(3).fill([false, true, true, false]).flat(),
  );

  const b = full([9], 7, { dtype: "uint8" });
  bernoulli_(b, 0.5, { seed: 8 });
  const nine = new Float32Array(9);
  fillUniform(nine, 8, 0);
  assertEquals([...await b.data()], [...nine].map((v) => Number(v < 0.5)));
});

Deno.test("uniform_() overwrites leaves, and counts as a write", () => {
  const x = zeros([3], { requiresGrad: true });
  const before = x.storage.version;
  uniform_(x);
  assertEquals([x.isLeaf, x.storage.version], [true, before + 1]);
  assertThrows(() => uniform_(x.mul(2)), TypeError, "gradients flow through");
});

Deno.test("randn() and its kin name what they reject", () => {
  assertThrows(
    () => rand([2, -1]),
    RangeError,
    "Cannot rand a tensor of shape",
  );
  assertThrows(
    () => randn([2], { dtype: "int32" }),
    TypeError,
    "Cannot randn a tensor of type int32",
  );
  assertThrows(() => randint(3, 3, [1]), RangeError, "from 3 to 3");
  assertThrows(
    () => randint(0, 300, [1], { dtype: "uint8" }),
    RangeError,
    "Cannot randint from 0 to 300 in uint8",
  );
  assertThrows(() => uniform_(zeros([1]), 2, 1), RangeError, "from 2 to 1");
  assertThrows(() => normal_(zeros([1]), 0, -1), RangeError, "deviation of -1");
  assertThrows(() => bernoulli_(zeros([1]), 2), RangeError, "probability 2");
});

Deno.test("uniform_() refuses bounds that the type does not hold", () => {
  const half = zeros([2], { dtype: "float16" });
  assertThrows(() => uniform_(half, 0, 1e6), RangeError, "1000000");
  const wide = zeros([2]);
  assertThrows(() => uniform_(wide, 0, Infinity), RangeError, "Infinity");
  assertThrows(() => uniform_(wide, -3e38, 3e38), RangeError, "6e+38");
});
