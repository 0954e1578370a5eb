import { assert, assertEquals } from "@std/assert";

import { withAdapterClass } from "../../../src/gpu/device.ts";
import { dispatch, planOnly } from "../../../src/gpu/stream.ts";
import { conv2d } from "../../../src/ops/conv/conv.ts";
import { linear } from "../../../src/ops/matmul/matmul.ts";
import { randn } from "../../../src/ops/random/random.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";

// An adapter rolls stores or does not, by its driver: this runs both here.
function otherWay(op: () => Tensor): { y: Tensor; swapped: number } {
  let swapped = 0;
  const y = withAdapterClass("cpu", () =>
    planOnly((plan) => {
      const rolled = plan.consts?.ROLLED;
      if (rolled !== undefined) swapped++;
      const consts = { ...plan.consts, ROLLED: !rolled };
      dispatch(rolled === undefined ? plan : { ...plan, consts });
    }, op));
  return { y, swapped };
}

async function assertSameBits(op: () => Tensor, name: string): Promise<void> {
  const { y, swapped } = otherWay(op);
  assert(swapped > 0, `${name}: no kernel has rolled stores`);
  const expected = withAdapterClass("cpu", op);
  assertEquals(await y.data(), await expected.data(), name);
}

const some = (shape: Shape, seed = 1) => randn(shape, { seed });

Deno.test("linear() has the same bits with rolled and unrolled stores", async () => {
  for (const [m, k, n] of [[3, 8, 20], [21, 12, 36]] as const) {
    const [x, w, b] = [some([m, k]), some([n, k], 2), some([n], 3)];
    await assertSameBits(() => linear(x, w, b), `${m} x ${k} x ${n}`);
  }
});

Deno.test("conv2d() has the same bits with rolled and unrolled stores", async () => {
  for (const [width, outputs] of [[9, 8], [17, 9]] as const) {
    const [x, b] = [some([2, 3, 5, width]), some([outputs], 3)];
    const w = some([outputs, 3, 2, 3], 2);
    await assertSameBits(() => conv2d(x, w, b), `${width} columns`);
  }
});
