/**
 * Tests of what a program does between the calls of a compiled function:
 * parameters that move, freeze and thaw, modules that change, states that are
 * loaded, seeds that are set.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";

import {
  compile,
  defaultGenerator,
  explain,
  F,
  full,
  grad,
  load,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randint,
  randn,
  save,
  scope,
  type Tensor,
} from "../../mod.ts";
import { upload } from "../../src/gpu/stream.ts";
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
    "depends on the state of Counting and changes it",
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
  assertThrows(often(step), Error, "took a different step before");
  assertThrows(
    often(() => result(ones([2]))),
    Error,
    "it returns [float32 [2] 1 0, 7], before it returned [float32 [2] 1 0, 6]",
  );
});

/** A net and what trains it, for several functions. */
function makeNet(): {
  readonly net: nn.Sequential;
  readonly optimizer: optim.Adam;
} {
  manualSeed(2);
  const net = new nn.Sequential(
    new nn.Linear(6, 8),
    new nn.BatchNorm1d(8),
    new nn.Tanh(),
    new nn.Dropout(0.2),
    new nn.Linear(8, 3),
  );
  return { net, optimizer: new optim.Adam(net.parameters(), { lr: 0.01 }) };
}

const batch = (rows: number, seed: number) =>
  [
    randn([rows, 6], { seed }),
    randint(0, 3, [rows], { seed }),
  ] as const;

Deno.test("several functions share a model and its optimizer", async () => {
  await assertSame((wrap) => {
    const { net, optimizer } = makeNet();
    const gradients = wrap((x: Tensor, y: Tensor) => {
      const loss = F.crossEntropy(net.call(x), y);
      loss.backward();
      return loss;
    });
    const step = wrap(() => {
      const norm = nn.clipGradNorm_(net.parameters(), 0.5);
      optimizer.step();
      optimizer.zeroGrad({ setToNone: false });
      return norm;
    });
    const evaluate = wrap((x: Tensor, y: Tensor) =>
      noGrad(() => net.call(x).argmax(1).eq(y).sum())
    );
    return [5, 5, 4, 5, 4, 5, 4].map((rows, seed) => {
      net.train();
      const losses = [0, 1].map(() => gradients(...batch(rows, seed)));
      const norm = step();
      net.eval();
      return [losses, norm, evaluate(...batch(9, seed))];
    });
  });
});

Deno.test("states that are loaded between calls count from then on", async () => {
  await assertSame(async (wrap) => {
    const { net, optimizer } = makeNet();
    const scheduler = new optim.StepLR(optimizer, { stepSize: 3 });
    const step = wrap((x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(net.call(x), y);
      loss.backward();
      optimizer.step();
      scheduler.step();
      return loss;
    });
    const train = () => CALLS.map((seed) => step(...batch(5, seed)));
    const path = await Deno.makeTempFile({ suffix: ".safetensors" });
    const losses = [train()];
    await save(path, { model: net, optimizer, scheduler });
    losses.push(train());
    await load(path, { model: net, optimizer, scheduler });
    losses.push(train());
    await Deno.remove(path);
    const other = makeNet();
    net.loadStateDict(other.net.stateDict());
    optimizer.loadStateDict(other.optimizer.stateDict());
    losses.push(train());
    return [losses, [...net.stateDict()], optimizer.paramGroups[0]!.lr];
  });
});

Deno.test("parameters that two modules share, and groups that are added, train", async () => {
  await assertSame((wrap) => {
    manualSeed(4);
    const [first, second] = [new nn.Linear(6, 6), new nn.Linear(6, 6)];
    second.weight = first.weight;
    const late = ones([6]).requiresGrad_();
    const own = [...first.parameters(), second.bias!];
    const optimizer = new optim.SGD(own, { lr: 0.1 });
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = second.call(first.call(x)).mul(late).square().mean();
      late.grad = undefined;
      loss.backward();
      optimizer.step();
      return loss;
    });
    const train = () => CALLS.map((seed) => step(randn([4, 6], { seed })));
    const losses = [train()];
    optimizer.addParamGroup({ params: [late], lr: 0.5 });
    losses.push(train());
    return [losses, first.weight, second.bias, late];
  });
});

Deno.test("what is disposed or kept between calls changes no result", async () => {
  await assertSame((wrap) => {
    const run = wrap((x: Tensor) => [x.mul(2).add(1), x.exp()]);
    const kept: Tensor[] = [];
    for (const i of [...CALLS, ...CALLS, ...CALLS]) {
      const x = full([5], i);
      const [y, z] = scope(() => run(x));
      x.dispose();
      z!.dispose();
      full([5], 99); // may get what was given back
      kept.push(y!);
    }
    return kept;
  });
  const weight = ones([3]);
  const run = compile((x: Tensor) => x.mul(weight));
  for (const _ of CALLS) run(ones([3]));
  weight.dispose();
  assertThrows(() => run(ones([3])), ReferenceError, "Cannot use a disposed");
  const x = ones([3]);
  x.dispose();
  assertThrows(() => run(x), ReferenceError, "Cannot use a disposed");
});

Deno.test("gradients inside noGrad and outside of it have programs of their own", async () => {
  await assertSame((wrap) => {
    const p = full([3], 2).requiresGrad_();
    const run = wrap((x: Tensor) => {
      const y = p.mul(x).sum();
      return [y, grad(p.mul(x).square().sum(), [p])[0]!, y.requiresGrad];
    });
    const results = CALLS.map((i) => run(full([3], i)));
    const plain = wrap((x: Tensor) => [p.mul(x), p.mul(x).requiresGrad]);
    return [
      results,
      CALLS.map((i) => noGrad(() => plain(full([3], i)))),
      CALLS.map((i) => plain(full([3], i))),
    ];
  });
});

Deno.test("arguments of size 0, of no dims and of every type", async () => {
  await assertSame((wrap) => {
    const run = wrap((x: Tensor, n: number, name?: string) => [
      x.mul(n).add(1),
      x.sum(),
      name === "b" ? x : x.clone(),
    ]);
    const types = ["float32", "float16", "int32", "uint8", "bool"] as const;
    return types.flatMap((dtype) =>
      [[0, 3], [], [1], [7]].flatMap((shape) =>
        CALLS.map((i) => run(ones(shape, { dtype }), 2, i > 2 ? "b" : "a"))
      )
    );
  });
});

Deno.test("2,000 replays leave memory as it was", () => {
  const { net, optimizer } = makeNet();
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(net.call(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const [x, y] = batch(5, 1);
  for (const _ of CALLS) scope(() => void step(x, y));
  const before = memory().live;
  for (let i = 0; i < 2000; i++) scope(() => void step(x, y));
  assertEquals(memory().live, before);
});

Deno.test("thousands of signatures keep the programs of the last few", async () => {
  const layer = new nn.Linear(4, 4);
  const run = compile((x: Tensor, n: number) =>
    noGrad(() => layer.call(x.mul(n)).softmax(1))
  );
  const x = ones([2, 4]);
  const measured: number[] = [];
  for (let n = 1; n <= 2000; n++) {
    scope(() => CALLS.forEach(() => run(x, n)));
    if (n % 1000 === 0) measured.push(memory().live);
  }
  assertEquals(measured[1], measured[0]);
  assertEquals(explain(run).split("float32 [2, 4]").length - 1, 64);
  const expected = layer.call(x.mul(1)).softmax(1);
  assertEquals(await run(x, 1).data(), await expected.data());
});

Deno.test("compile() refuses to add to a gradient that no optimizer holds, and says where", async () => {
  const p = ones([2]).requiresGrad_();
  p.mul(3).sum().backward();
  const add = compile((x: Tensor) => p.mul(x).sum().backward());
  const error = assertThrows(
    () => add(ones([2])),
    Error,
    "Cannot add to a gradient that no optimizer holds inside a compiled " +
      "function at file:",
  );
  assertMatch(error.message, /calls_test.ts:.*set it to undefined before/);
  p.grad = undefined;
  const set = compile((x: Tensor) => {
    p.grad = undefined;
    p.mul(x).sum().backward();
  });
  for (const i of CALLS) set(full([2], i));
  assertEquals(await p.grad!.toArray(), [3, 3]); // of the last call, i = 3
});

Deno.test("compile() refuses to write to tensors from the host", () => {
  const p = ones([2]);
  const write = compile(() => upload(p.storage.buffer, new Float32Array(2)));
  assertThrows(write, Error, "Cannot write to a tensor from the host inside");
});

Deno.test("what recorded calls leave behind is freed once they are confirmed", async () => {
  let seen: Tensor | undefined;
  const run = compile((x: Tensor) => {
    seen = x.mul(2);
    return seen.sum(0).exp();
  });
  const x = ones([512, 512]); // 1 MiB
  const before = memory().live;
  for (let i = 0; i < 2; i++) await run(x).data();
  // two recorded products of 1 MiB each are gone; the program has none
  assert(memory().live - before < 2 ** 19, `${memory().live - before}`);
  assertEquals(seen!.isDisposed, true);
});
