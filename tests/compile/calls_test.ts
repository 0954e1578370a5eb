/**
 * Tests of what a program does between the calls of a compiled function:
 * parameters that move, freeze and thaw, modules that change, states that are
 * loaded, seeds that are set.
 *
 * @module
 */

import { assertThrows } from "@std/assert";

import {
  compile,
  defaultGenerator,
  F,
  full,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  type Tensor,
} from "../../mod.ts";
import { assertSame } from "./_shared.ts";

const CALLS = [0, 1, 2, 3];

Deno.test("a leaf that an optimizer moves is found where it is", async () => {
  await assertSame((wrap) => {
    const p = full([4], 2).requiresGrad_();
    const before = p.detach(); // keeps looking at the old elements
    const scale = wrap((x: Tensor) => noGrad(() => p.mul(x)));
    const results = CALLS.map(() => scale(ones([4])));
    const optimizer = new optim.SGD([p], { lr: 1 });
    p.grad = ones([4]);
    optimizer.step();
    return [results, CALLS.map(() => scale(ones([4]))), before];
  });
});

Deno.test("leaves that are frozen and thawed train when they should", async () => {
  await assertSame((wrap) => {
    const p = full([4], 2).requiresGrad_();
    const q = full([4], 3).requiresGrad_();
    const optimizer = new optim.SGD([p, q], { lr: 0.1, momentum: 0.9 });
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = p.mul(x).mul(q).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    return [true, false, true].map((on) => {
      q.requiresGrad_(on);
      return CALLS.map(() => step(ones([4])));
    });
  });
});

Deno.test("modules that are appended, replaced or hooked are noticed", async () => {
  await assertSame((wrap) => {
    manualSeed(1);
    class Net extends nn.Module {
      layers = [new nn.Linear(4, 4), new nn.Linear(4, 4)];
      factors = [2, 3];
      tail = new nn.Sequential(new nn.Tanh());
      forward(x: Tensor): Tensor {
        for (const [i, layer] of this.layers.entries()) {
          x = layer.call(x).mul(this.factors[i]!);
        }
        return this.tail.call(x);
      }
    }
    const net = new Net();
    const run = wrap((x: Tensor) => net.call(x));
    const changes = [
      () => {},
      () => net.layers[0] = new nn.Linear(4, 4),
      () => net.factors[0] = 7,
      () => net.tail.append(new nn.Sigmoid()),
      () => net.tail.registerForwardHook((_, __, y) => y.add(1)),
      () => net.layers[1]!.weight.requiresGrad_(false),
      () => net.layers[1] = net.layers[0]!,
    ];
    return changes.map((change) => {
      change();
      return CALLS.map((seed) => run(randn([2, 4], { seed })));
    });
  });
});

Deno.test("modes and flags that the function sets by itself are set in each call", async () => {
  await assertSame((wrap) => {
    manualSeed(1);
    const net = new nn.Sequential(new nn.Linear(4, 4), new nn.Dropout(0.5));
    const run = wrap((x: Tensor) => {
      net.train();
      const dropped = net.call(x);
      net.eval();
      return [dropped, net.call(x)];
    });
    return [CALLS.map(() => run(ones([2, 4]))), net.training];
  });
  await assertSame((wrap) => {
    manualSeed(1);
    const [judge, maker] = [new nn.Linear(4, 1), new nn.Linear(3, 4)];
    const optimizers = [judge, maker].map((net) =>
      new optim.Adam(net.parameters(), { lr: 0.1 })
    );
    const step = wrap((noise: Tensor) => {
      judge.requiresGrad_(false);
      optimizers[1]!.zeroGrad();
      const made = maker.call(noise);
      judge.call(made).mean().backward();
      optimizers[1]!.step();
      judge.requiresGrad_(true);
      optimizers[0]!.zeroGrad();
      const loss = judge.call(made.detach()).square().mean();
      loss.backward();
      optimizers[0]!.step();
      return loss;
    });
    const losses = CALLS.map((seed) => step(randn([5, 3], { seed })));
    return [losses, judge.weight, maker.weight, judge.weight.requiresGrad];
  });
});

Deno.test("seeds and states of generators are set in each call", async () => {
  await assertSame((wrap) => {
    const state = defaultGenerator().manualSeed(5).state();
    const draw = wrap(() => {
      manualSeed(3);
      const first = rand([3]);
      defaultGenerator().setState(state);
      return [first, rand([3]), F.dropout(ones([5]))];
    });
    return CALLS.map(draw);
  });
});

Deno.test("compile() refuses what a module keeps count of", () => {
  class Counting extends nn.Module {
    calls = 0;
    forward(x: Tensor): Tensor {
      this.calls++;
      return x.mul(2);
    }
  }
  const counting = new Counting();
  const run = compile((x: Tensor) => counting.call(x));
  assertThrows(
    () => {
      for (let i = 0; i < 9; i++) run(ones([2]));
    },
    Error,
    "Counting is left in another state than it was found in",
  );
});

Deno.test("compile() refuses schedulers and results that come only now and then", () => {
  const p = ones([4]).requiresGrad_();
  const optimizer = new optim.SGD([p], { lr: 0.1 });
  const scheduler = new optim.StepLR(optimizer, { stepSize: 1 });
  let count = 0;
  const step = compile(() => {
    optimizer.zeroGrad();
    p.sum().backward();
    optimizer.step();
    if (count++ % 2 === 1) scheduler.step();
  });
  const result = compile((x: Tensor) => [x, count++]);
  const often = (run: () => unknown) => () => {
    for (let i = 0; i < 9; i++) run();
  };
  assertThrows(often(step), Error, "goes another way than before");
  assertThrows(
    often(() => result(ones([2]))),
    Error,
    "it gives [float32 [2] 1 0, 7], before it gave [float32 [2] 1 0, 6]",
  );
});
