import { assertEquals, assertThrows } from "@std/assert";

import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool2d,
  type AvgPoolOptions,
  lpPool2d,
} from "../../src/ops/avg_pool.ts";
import { tensor } from "../../src/tensor/create.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
} from "./_gradients.ts";

Deno.test("avgPool2d() is the mean of each window", async () => {
  const x = made([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
  const y = avgPool2d(x, 2);
  assertEquals(y.shape, [1, 1, 1, 2]);
  // (1 + 2 + 5 + 6) / 4 and (3 + 4 + 7 + 8) / 4
  await assertClose(y, [3.5, 5.5], 0);
});

Deno.test("avgPool2d() counts the padding unless told not to", async () => {
  const x = made([1, 1, 1], [6]);
  const options = { stride: 1, padding: 1 } satisfies AvgPoolOptions;
  await assertClose(avgPool2d(x, 2, options), [1.5, 1.5, 1.5, 1.5], 0);
  const without = avgPool2d(x, 2, { ...options, countIncludePad: false });
  await assertClose(without, [6, 6, 6, 6], 0);
  const by = avgPool2d(x, 2, { ...options, divisorOverride: 3 });
  await assertClose(by, [2, 2, 2, 2], 0);
});

Deno.test("avgPool2d() does not count what lies beyond the padding", async () => {
  // three windows of 3, 2 apart, over 4 elements and a padding of 1: the last
  // one has 4, the padding and an element beyond
  const x = made([1, 1, 4], [1, 2, 3, 4]);
  const y = avgPool2d(x, [1, 3], {
    stride: [1, 2],
    padding: [0, 1],
    ceilMode: true,
  });
  await assertClose(y, [(0 + 1 + 2) / 3, (2 + 3 + 4) / 3, (4 + 0) / 2], 1e-6);
});

Deno.test("avgPool2d() gradients equal central differences", async () => {
  const all: [number[], number, AvgPoolOptions][] = [
    [[2, 1, 4, 5], 2, {}],
    [[1, 2, 4, 3], 3, { stride: 2, padding: 1, ceilMode: true }],
    [[1, 5, 3], 3, { stride: 1, padding: 1, countIncludePad: false }],
    [[1, 3, 3], 2, { stride: 2, divisorOverride: 7, ceilMode: true }],
  ];
  for (const [shape, kernelSize, options] of all) {
    const x = made(shape);
    await assertGradients((a) => avgPool2d(a, kernelSize, options), [x]);
    await assertSecondGradients(
      (a) => avgPool2d(a.square(), kernelSize, options),
      [x],
    );
  }
});

Deno.test("avgPool2d() takes views and tensors without planes", async () => {
  const x = made([2, 5, 4, 3]).permute([0, 3, 1, 2]).slice(2, 1);
  const copy = made(x.shape, await x.data());
  await assertClose(avgPool2d(x, 2), await avgPool2d(copy, 2).data(), 0);
  assertEquals(avgPool2d(made([0, 2, 4, 4]), 2).shape, [0, 2, 2, 2]);
});

Deno.test("avgPool1d() is avgPool2d() of one row", async () => {
  const y = avgPool1d(tensor([[1, 2, 3, 4]]), 2, { padding: 1 });
  await assertClose(y, [0.5, 2.5, 2], 0);
});

Deno.test("adaptiveAvgPool2d() takes windows from floor to ceil", async () => {
  const x = made([1, 1, 7], [1, 2, 3, 4, 5, 6, 7]);
  // windows [0, 3), [2, 5), [4, 7)
  await assertClose(adaptiveAvgPool2d(x, [1, 3]), [2, 4, 6], 1e-6);
  await assertClose(adaptiveAvgPool2d(x, 1), [4], 1e-6);
  const one = adaptiveAvgPool1d(x.squeeze(1), 7);
  await assertClose(one, await x.data(), 0);
  await assertGradients((a) => adaptiveAvgPool2d(a, [2, 3]), [made([2, 5, 4])]);
  await assertGradients((a) => adaptiveAvgPool2d(a, 1), [made([2, 3, 3])]);
});

Deno.test("lpPool2d() is the norm of each window", async () => {
  const x = made([1, 2, 4], [3, 0, -1, 2, 0, 4, 2, 4]);
  await assertClose(lpPool2d(x, 2, 2), [5, 5], 1e-6);
  const cubes = lpPool2d(x, 3, [1, 4]);
  await assertClose(cubes, [34 ** (1 / 3), 136 ** (1 / 3)], 1e-5);
  await assertGradients((a) => lpPool2d(a, 2, 2), [made([1, 2, 4])]);
});

Deno.test("avgPool2d() names what it rejects", () => {
  const x = made([1, 1, 3, 5]);
  assertThrows(
    () => avgPool2d(x, 4),
    RangeError,
    "Cannot avgPool2d [1, 1, 3, 5] with a kernel of [4, 4]",
  );
  assertThrows(
    () => avgPool2d(x, 2, { divisorOverride: 0 }),
    RangeError,
    "divisorOverride of 0",
  );
  assertThrows(
    () => adaptiveAvgPool2d(x, [0, 2]),
    RangeError,
    "with outputSize 0",
  );
  assertThrows(() => avgPool1d(x, 2), TypeError, "[C, L] or [N, C, L]");
});
