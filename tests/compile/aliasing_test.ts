/**
 * Tests of compiled functions whose tensors share memory: parts of tensors,
 * views that are arguments or results, arguments that the function also has
 * from elsewhere.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

import {
  arange,
  cat,
  compile,
  explain,
  F,
  full,
  nn,
  ones,
  optim,
  randn,
  type Tensor,
  zeros,
} from "../../mod.ts";
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

Deno.test("an argument that the function also has from elsewhere is both", async () => {
  await assertSame((wrap) => {
    const weight = full([4], 3);
    const scale = wrap((x: Tensor) => x.mul(weight));
    const others = [full([4], 5), full([4], 7), full([4], 9)];
    const given = [weight, weight, weight, ...others, weight, weight];
    return given.map((x) => scale(x));
  });
  await assertSame((wrap) => {
    const total = ones([4]);
    const add = wrap((x: Tensor) => {
      total.add_(x);
      return x.mul(2); // of what is there now
    });
    const x = ones([4]);
    const given = [x, ones([4]), ones([4]), total, total, total, x];
    return [given.map((x) => add(x)), total];
  });
});

Deno.test("one argument in every call is no part of the program", async () => {
  await assertSame((wrap) => {
    const twice = wrap((x: Tensor) => x.mul(2));
    const given = [0, 0, 0, 1, 2, 1, 2, 3, 3, 0].map((i) => full([4], i));
    const [x, y] = given;
    return [x!, x!, x!, y!, y!, ...given, x!].map((x) => twice(x));
  });
  let calls = 0;
  const run = compile((x: Tensor) => {
    calls++;
    return x.mul(2);
  });
  const xs = [ones([4]), ones([4]), ones([4]), ones([4])];
  for (const x of xs) run(x), run(x), run(x);
  // twice with the first one, once with another, once to compare
  assertEquals(calls, 4);
  assert(explain(run).split("replayed").length === 2, explain(run));
});

Deno.test("views that are written to change what they are views of", async () => {
  await assertSame((wrap) => {
    const bump = wrap((x: Tensor) => {
      x.add_(1);
      return x.mul(2);
    });
    const base = arange(0, 12).to("float32");
    return [
      CALLS.map(() => bump(base.narrow(0, 4, 4))),
      CALLS.map((i) => bump(base.narrow(0, i, 4))),
      base,
    ];
  });
});

Deno.test("a view that ends before its storage does is not written past its end", async () => {
  await assertSame((wrap) => {
    const bump = wrap((x: Tensor) => void x.add_(1));
    for (const _ of CALLS) bump(ones([5]));
    const base = zeros([8]);
    for (const _ of CALLS) bump(base.narrow(0, 0, 5));
    return base;
  });
});

Deno.test("views of each other see what is written to one of them", async () => {
  await assertSame((wrap) => {
    const move = wrap((a: Tensor, b: Tensor) => {
      a.add_(1);
      return b.mul(2);
    });
    const base = arange(0, 12).to("float32");
    const [a, b] = [base.narrow(0, 0, 4), base.narrow(0, 2, 4)];
    return [
      CALLS.map(() => move(a, b)),
      CALLS.map(() => move(b, a)),
      CALLS.map(() => move(a, ones([4]))),
      base,
    ];
  });
});

Deno.test("a result that is a view of an argument or of another result is one", async () => {
  await assertSame((wrap) => {
    const view = wrap((x: Tensor) => x.reshape([2, 2]));
    return CALLS.map(() => {
      const base = arange(0, 12).to("float32");
      view(base.narrow(0, 4, 4)).fill_(9);
      return base;
    });
  });
  await assertSame((wrap) => {
    const split = wrap((x: Tensor) => {
      const y = x.mul(2);
      return [y, y.narrow(0, 1, 2), y];
    });
    return CALLS.map((i) => {
      const results = split(full([4], i));
      results[1]!.fill_(7);
      return results;
    });
  });
});

Deno.test("a function that writes to its argument in one mode only does so in all calls", async () => {
  await assertSame((wrap) => {
    const layer = new nn.Dropout(0);
    class Bump extends nn.Module {
      forward(x: Tensor): Tensor {
        return this.training ? x.mul(3) : x.add_(1).mul(3);
      }
    }
    const bump = new Bump();
    const run = wrap((x: Tensor) => layer.call(bump.call(x)));
    const base = zeros([12]);
    const results = [true, false].map((mode) => {
      bump.train(mode);
      return CALLS.map(() => run(base.narrow(0, 4, 4)));
    });
    return [results, base];
  });
});
