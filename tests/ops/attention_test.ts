import { assertEquals, assertThrows } from "@std/assert";

import { type AdapterClass, withAdapterClass } from "../../src/gpu/device.ts";
import { scaledDotProductAttention } from "../../src/ops/attention.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
  values,
} from "./_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

// One head in double precision; `sees` says which keys a query attends to.
async function reference(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  sees: (i: number, j: number) => boolean = () => true,
): Promise<number[]> {
  const [Q, K, V] = await Promise.all([q.data(), k.data(), v.data()]);
  const [[L, E], [S], width] = [q.shape, k.shape, v.shape[1]!];
  const y: number[] = [];
  for (let i = 0; i < L!; i++) {
    const weights = Array.from({ length: S! }, (_, j) => {
      let dot = 0;
      for (let e = 0; e < E!; e++) dot += Q[i * E! + e]! * K[j * E! + e]!;
      return sees(i, j) ? Math.exp(dot / Math.sqrt(E!)) : 0;
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (let c = 0; c < width; c++) {
      y.push(weights.reduce((t, w, j) => t + w * V[j * width + c]!, 0) / sum);
    }
  }
  return y;
}

for (const kind of CLASSES) {
  Deno.test(`scaledDotProductAttention() equals its definition (${kind})`, async () => {
    for (const [L, S, E, V] of [[1, 1, 1, 1], [5, 7, 3, 2], [9, 33, 8, 4]]) {
      const q = made([L!, E!], values(L! * E!, 1));
      const k = made([S!, E!], values(S! * E!, 2));
      const v = made([S!, V!], values(S! * V!, 3));
      const run = (options = {}): Tensor =>
        withAdapterClass(
          kind,
          () => scaledDotProductAttention(q, k, v, options),
        );
      await assertClose(run(), await reference(q, k, v), 1e-5);
      const causal = await reference(q, k, v, (i, j) => j <= i);
      await assertClose(run({ isCausal: true }), causal, 1e-5);
      const first = await reference(q, k, v, (_, j) => j === 0);
      const mask = tensor(Array.from({ length: S! }, (_, j) => j === 0));
      await assertClose(run({ attnMask: mask }), first, 1e-5);
      const added = mask.logicalNot().to("float32").mul(-1e9);
      await assertClose(run({ attnMask: added }), first, 1e-5);
    }
  });

  Deno.test(`scaledDotProductAttention() gradients equal central differences (${kind})`, async () => {
    await assertGradients(
      (q, k, v) => scaledDotProductAttention(q!, k!, v!, { isCausal: true }),
      [made([2, 3, 4]), made([2, 3, 4], values(24, 1)), made([2, 3, 2])],
      { kind },
    );
  });
}

Deno.test("scaledDotProductAttention() has second derivatives", async () => {
  const k = made([3, 2], values(6, 1));
  await assertSecondGradients(
    (q) => scaledDotProductAttention(q!, k, k),
    [made([2, 2])],
  );
});

Deno.test("scaledDotProductAttention() of a query that sees nothing is NaN", async () => {
  const x = tensor([[1], [2]]);
  const attnMask = tensor([[false, false], [true, false]]);
  const y = scaledDotProductAttention(x, x, x, { attnMask });
  await assertClose(y, [NaN, 1], 0);
});

Deno.test("scaledDotProductAttention() broadcasts, and takes a scale and dropout", async () => {
  const q = made([2, 1, 3, 4]);
  const k = made([3, 5, 4]);
  assertEquals(scaledDotProductAttention(q, k, k).shape, [2, 3, 3, 4]);
  assertEquals(scaledDotProductAttention(made([0, 4]), k, k).shape, [3, 0, 4]);
  const flat = scaledDotProductAttention(q, k, k, { scale: 0 });
  const mean = k.mean(1, { keepdim: true }).expand([2, 3, 3, 4]);
  await assertClose(flat, await mean.data(), 1e-5);
  const none = scaledDotProductAttention(q, k, k, { dropoutP: 1 });
  await assertClose(none, new Float32Array(2 * 3 * 3 * 4), 0);
});

Deno.test("scaledDotProductAttention() names the shapes that it rejects", () => {
  const x = made([2, 3]);
  const attend = scaledDotProductAttention;
  assertThrows(
    () => attend(x, made([2, 4]), x),
    TypeError,
    "Cannot attend with queries [2, 3] to keys [2, 4] and values [2, 3]",
  );
  assertThrows(() => attend(x, x, made([4, 3])), TypeError, "for each key");
  assertThrows(() => attend(made([3]), x, x), TypeError, "two dims at least");
  assertThrows(
    () => attend(x, x, x, { isCausal: true, attnMask: x }),
    TypeError,
    "got both",
  );
});
