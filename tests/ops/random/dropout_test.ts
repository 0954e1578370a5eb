import { assertEquals, assertThrows } from "@std/assert";

import { dropout } from "../../../src/ops/random/dropout.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { defaultGenerator, manualSeed } from "../../../src/tensor/generator.ts";
import { fillUniform } from "../../../src/tensor/philox.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
  values,
} from "../_gradients.ts";

// What becomes of each element: 0, or 1 / (1 - p).
function factors(size: number, p: number, seed: number): number[] {
  const u = new Float32Array(size);
  fillUniform(u, seed, 0);
  return Array.from(u, (v) => v >= p ? 1 / (1 - p) : 0);
}

Deno.test("dropout() drops where uniform numbers are below p", async () => {
  for (const size of [0, 1, 3, 4, 257, 1000]) {
    const x = values(size);
    const expected = factors(size, 0.3, 7).map((factor, i) => factor * x[i]!);
    await assertClose(
      dropout(made([size], x), { p: 0.3, seed: 7 }),
      expected,
      1e-6,
    );
  }
});

Deno.test("dropout() takes views", async () => {
  const kept = factors(12, 0.5, 2);
  for (const x of [made([4, 3]).transpose(0, 1), made([13]).slice(0, 1)]) {
    const expected = Array.from(await x.data(), (v, i) => v * kept[i]!);
    await assertClose(dropout(x, { seed: 2 }), expected, 0);
  }
});

Deno.test("dropout() passes gradients where it passed values", async () => {
  const x = made([5, 3]).requiresGrad_();
  const y = dropout(x, { p: 0.25, seed: 3 });
  const dy = values(15, 4);
  y.backward(made([5, 3], dy));
  const expected = factors(15, 0.25, 3).map((factor, i) => factor * dy[i]!);
  await assertClose(x.grad!, expected, 1e-6);
  await assertGradients((a) => dropout(a, { seed: 3 }), [made([5])]);
  await assertSecondGradients((a) => dropout(a.square(), { seed: 3 }), [
    made([5]),
  ]);
});

Deno.test("dropout() draws anew each time, and the same after manualSeed()", async () => {
  const x = made([64]);
  manualSeed(1);
  const first = await dropout(x).data();
  const second = await dropout(x).data();
  manualSeed(1);
  assertEquals(await dropout(x).data(), first);
  assertEquals(first.some((v, i) => v !== second[i]), true);
});

Deno.test("dropout() keeps the mean", async () => {
  const x = made([40000], new Float32Array(40000).fill(1));
  const mean = await dropout(x, { p: 0.75, seed: 5 }).mean().item();
  // standard deviation: sqrt(p / (1 - p) / n) = 0.0087
  assertEquals(Math.abs(mean - 1) < 0.04, true);
});

Deno.test("dropout() is the tensor itself without training, and for p = 0", () => {
  const x = made([3]);
  const before = defaultGenerator().state();
  assertEquals(dropout(x, { training: false }) === x, true);
  assertEquals(dropout(x, { p: 0 }) === x, true);
  assertEquals(defaultGenerator().state(), before);
});

Deno.test("dropout() is zero for p = 1, and so is its gradient", async () => {
  const x = made([3]).requiresGrad_();
  const y = dropout(x, { p: 1 });
  await assertClose(y, [0, 0, 0], 0);
  y.sum().backward();
  await assertClose(x.grad!, [0, 0, 0], 0);
});

Deno.test("dropout() keeps float16", async () => {
  const y = dropout(tensor([1, 2, 3, 4, 5], { dtype: "float16" }), { seed: 2 });
  assertEquals(y.dtype, "float16");
  await assertClose(y, factors(5, 0.5, 2).map((v, i) => v * (i + 1)), 0);
});

Deno.test("dropout() names what it rejects", () => {
  assertThrows(
    () => dropout(made([1]), { p: 1.5 }),
    RangeError,
    "Cannot dropout with probability 1.5: expected 0 to 1",
  );
  assertThrows(
    () => dropout(tensor([1], { dtype: "int32" })),
    TypeError,
    "Cannot dropout int32 [1]",
  );
});
