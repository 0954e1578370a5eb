/**
 * Tests of clipping, of loose gradients and of an optimizer's flat ones.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";

import { streamCounts } from "../../src/gpu/stream.ts";
import { clipGradNorm_, clipGradValue_ } from "../../src/nn/clip_grad.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { ones, tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const GRADS = [[3], [-4, 1, 0.5], [], [2, -2, 1, 7, 0]];

/** Parameters whose gradients are GRADS, flat or not. */
function parameters(flat: boolean): Tensor[] {
  const params = GRADS.map(({ length }) =>
    ones([length], { requiresGrad: true })
  );
  if (flat) new SGD(params, { lr: 1 });
  params.forEach((p, i) => {
    if (GRADS[i]!.length > 0) p.mul(tensor(GRADS[i]!)).sum().backward();
  });
  params.push(ones([2], { requiresGrad: true })); // one without a gradient
  return params;
}

async function gradients(params: readonly Tensor[]): Promise<number[]> {
  const all = await Promise.all(
    params.map(async ({ grad }) => grad ? [...await grad.data()] : []),
  );
  return all.flat();
}

for (const flat of [false, true]) {
  const kind = flat ? "flat" : "loose";
  for (const normType of [1, 2, 3, Infinity]) {
    Deno.test(`clipGradNorm_() of type ${normType} clips ${kind} gradients together`, async () => {
      const params = parameters(flat);
      const before = GRADS.flat();
      const sizes = before.map(Math.abs);
      const expected = normType === Infinity
        ? Math.max(...sizes)
        : sizes.reduce((a, b) => a + b ** normType, 0) ** (1 / normType);
      const norm = await clipGradNorm_(params, 2, normType).item();
      assertAlmostEquals(norm, expected, 1e-5);
      const got = await gradients(params);
      before.forEach((value, i) =>
        assertAlmostEquals(got[i]!, value * 2 / (expected + 1e-6), 1e-5)
      );
      clipGradNorm_(params, 100, normType); // below: nothing changes
      assertEquals(await gradients(params), got);
    });
  }

  Deno.test(`clipGradValue_() cuts ${kind} gradients`, async () => {
    const params = parameters(flat);
    clipGradValue_(params, 1.5);
    const cut = GRADS.flat().map((v) => Math.max(-1.5, Math.min(v, 1.5)));
    assertEquals(await gradients(params), cut);
  });
}

Deno.test("clipGradNorm_() costs the same for one flat gradient and for many", () => {
  const count = (params: Tensor[]): number => {
    const before = streamCounts().dispatches;
    clipGradNorm_(params, 1);
    return streamCounts().dispatches - before;
  };
  assertEquals(count(parameters(true)), count(parameters(true).slice(0, 1)));
});

Deno.test("clipGradNorm_() passes NaN on, and takes no gradients at all", async () => {
  const p = ones([2], { requiresGrad: true });
  assertEquals(await clipGradNorm_([p], 1).item(), 0);
  p.grad = tensor([NaN, 1]);
  assert(Number.isNaN(await clipGradNorm_(p, 1).item()));
  assert((await p.grad.data()).every(Number.isNaN));
  assertThrows(() => clipGradNorm_([p], 1, 0), RangeError, "normType 0");
});
