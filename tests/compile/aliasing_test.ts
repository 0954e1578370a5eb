/**
 * Tests of compiled functions whose tensors share memory: parts of tensors,
 * views that are arguments or results, arguments that the function also has
 * from elsewhere.
 *
 * @module
 */

import { cat, F, ones, optim, randn, type Tensor, zeros } from "../../mod.ts";
import { assertSame } from "./_shared.ts";

const CALLS = [0, 1, 2, 3, 4];

Deno.test("a part of what a kernel makes is all that is written elsewhere", async () => {
  await assertSame((wrap) => {
    const total = zeros([8, 8]);
    const add = wrap((x: Tensor) => {
      const part = F.dropout(x, { seed: 4 }).narrow(0, 0, 2).mul(3);
      total.narrow(0, 0, 2).add_(part);
      return [part, total.clone()];
    });
    return CALLS.map(() => add(ones([8, 8])));
  });
  await assertSame((wrap) => {
    const kept = ones([8, 8]);
    const write = wrap((x: Tensor) => {
      kept.narrow(0, 0, 2).copy_(
        F.batchNorm(x, { training: true }).narrow(0, 0, 2),
      );
      return kept.clone();
    });
    return CALLS.map((seed) => write(randn([8, 8], { seed })));
  });
});

Deno.test("a gradient that is a part of a product keeps off its neighbours", async () => {
  await assertSame((wrap) => {
    const p = ones([4, 64]).requiresGrad_();
    const q = ones([256]).requiresGrad_();
    const constant = ones([4, 64]);
    const optimizer = new optim.SGD([p, q], { lr: 0.1 });
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      q.mul(2).sum().backward();
      const loss = x.matmul(cat([p, constant], 0)).square().sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const losses = CALLS.map(() => step(randn([3, 8], { seed: 1 })));
    return [losses, p, q, p.grad, q.grad];
  });
});
