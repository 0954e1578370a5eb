/**
 * Tests of compiled functions against the same functions run eagerly.
 *
 * @module
 */

import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";

import {
  compile,
  explain,
  F,
  full,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  randperm,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { streamCounts } from "../../src/gpu/stream.ts";

type Step = (x: Tensor, y: Tensor) => Tensor;

/** A net with everything that has a state, and what trains it. */
class Trainer {
  readonly net: nn.Sequential;
  readonly optimizer: optim.Adam;
  readonly scheduler: optim.StepLR;

  constructor() {
    manualSeed(3);
    this.net = new nn.Sequential(
      new nn.Conv2d(1, 4, 3),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.Dropout(0.25),
      new nn.Flatten(),
      new nn.Linear(4 * 6 * 6, 5),
    );
    const parameters = this.net.parameters();
    this.optimizer = new optim.Adam(parameters, { lr: 0.01 });
    this.scheduler = new optim.StepLR(this.optimizer, { stepSize: 2 });
  }

  readonly step: Step = (x, y) => {
    this.optimizer.zeroGrad();
    const loss = F.crossEntropy(this.net.call(x), y);
    loss.backward();
    this.optimizer.step();
    this.scheduler.step();
    return loss;
  };
}

/** Losses of some steps and the state after them, as bits. */
async function train(
  wrap: (step: Step) => Step,
  sizes: readonly number[],
): Promise<unknown> {
  const trainer = new Trainer();
  const step = wrap(trainer.step);
  const losses: number[] = [];
  for (const [i, size] of sizes.entries()) {
    const x = randn([size, 1, 8, 8], { seed: i });
    const y = tensor(Array.from({ length: size }, (_, k) => (k + i) % 5), {
      dtype: "int32",
    });
    losses.push(await step(x, y).item());
  }
  const state: unknown[] = [];
  for (const [name, value] of trainer.net.stateDict()) {
    state.push([name, await value.data()]);
  }
  const { lr } = trainer.optimizer.paramGroups[0]!;
  return { losses, state, lr };
}

Deno.test("compile() trains as the eager step does, bit for bit", async () => {
  const sizes = [6, 6, 6, 6, 6, 6, 6, 6];
  assertEquals(await train(compile, sizes), await train((f) => f, sizes));
});

Deno.test("compile() keeps a program for each shape", async () => {
  const sizes = [6, 6, 6, 2, 6, 2, 2, 6, 2];
  assertEquals(await train(compile, sizes), await train((f) => f, sizes));
});

Deno.test("compile() runs the function twice and then seldom", async () => {
  let calls = 0;
  const double = compile((x: Tensor) => {
    calls++;
    return x.mul(2);
  });
  const results = [];
  const ran: number[] = [];
  for (let i = 0; i < 40; i++) {
    const before = calls;
    results.push(await double(full([], i)).item());
    if (calls > before) ran.push(i);
  }
  assertEquals(results, results.map((_, i) => 2 * i));
  assertEquals(ran, [0, 1, 3, 12, 29]); // after 1, 8 and 16 replays
});

Deno.test("compile() gives back the structure that the function gives", async () => {
  const kept = ones([2]);
  const run = compile((x: Tensor, options: { scale: number }) => ({
    list: [x.mul(options.scale), x],
    kept,
    name: "a",
    nothing: undefined,
  }));
  for (let i = 1; i <= 4; i++) {
    const { list: [y, x], kept: same, ...rest } = run(full([2], i), {
      scale: 3,
    });
    assertEquals(await y!.toArray(), [3 * i, 3 * i]);
    assertEquals(await x!.toArray(), [i, i]);
    assertEquals(await same.toArray(), [1, 1]);
    assertEquals(rest, { name: "a", nothing: undefined });
  }
  assertEquals(await run(ones([2]), { scale: 5 }).list[0]!.toArray(), [5, 5]);
});

Deno.test("compile() takes tensors of any layout, also one for two", async () => {
  const sum = compile((a: Tensor, b: Tensor) => a.add(b));
  const wide = tensor([[1, 2, 3], [4, 5, 6]]);
  for (let i = 0; i < 4; i++) {
    const turned = sum(wide.transpose(0, 1), ones([3, 2]));
    assertEquals(await turned.toArray(), [[2, 5], [3, 6], [4, 7]]);
    assertEquals(await sum(wide.select(0, 1), ones([3])).toArray(), [5, 6, 7]);
    const x = full([2], i);
    assertEquals(await sum(x, x).toArray(), [2 * i, 2 * i]);
    assertEquals(await sum(x, ones([2])).toArray(), [i + 1, i + 1]);
  }
});

Deno.test("compile() notices modes, members and flags of modules", async () => {
  manualSeed(1);
  const net = new nn.Sequential(new nn.Linear(3, 3), new nn.Dropout(0.5));
  const run = compile((x: Tensor) => net.call(x));
  const x = ones([1, 3]);
  for (let i = 0; i < 3; i++) run(x);
  net.eval();
  const plain = await net.call(x).data();
  for (let i = 0; i < 3; i++) assertEquals(await run(x).data(), plain);
  net.eval().train();
  const dropped = await run(x).data();
  assertEquals(dropped.every((v, i) => v === 0 || v === 2 * plain[i]!), true);

  class Scaled extends nn.Module {
    factor = 2;
    forward(x: Tensor): Tensor {
      return x.mul(this.factor);
    }
  }
  const scaled = new Scaled();
  const twice = compile((x: Tensor) => scaled.call(x));
  for (let i = 0; i < 3; i++) assertEquals(await twice(full([], 4)).item(), 8);
  scaled.factor = 3;
  for (let i = 0; i < 3; i++) assertEquals(await twice(full([], 4)).item(), 12);
});

Deno.test("compile() follows rates that are changed outside", async () => {
  const p = zeros([2], { requiresGrad: true });
  const optimizer = new optim.SGD([p], { lr: 1 });
  const step = compile(() => {
    optimizer.zeroGrad();
    p.sum().backward();
    optimizer.step();
  });
  for (let i = 0; i < 4; i++) step(); // p = -4
  optimizer.paramGroups[0]!.lr = 10;
  step();
  assertEquals(await p.toArray(), [-14, -14]);
});

Deno.test("compile() draws new numbers in each call, those of the eager run", async () => {
  const draw = () => rand([3]).add(F.dropout(ones([3]), { p: 0.5 }));
  const run = async (draw: () => Tensor): Promise<unknown[]> => {
    manualSeed(9);
    const drawn: unknown[] = [];
    for (let i = 0; i < 5; i++) drawn.push(await draw().toArray());
    return drawn;
  };
  const compiled = await run(compile(draw));
  assertEquals(compiled, await run(draw));
  assertEquals(new Set(compiled.map(String)).size, 5);
});

Deno.test("compile() leaves gradients where backward leaves them", async () => {
  const p = ones([2], { requiresGrad: true });
  const step = compile((x: Tensor) => {
    p.grad = undefined;
    p.mul(x).sum().backward();
  });
  for (let i = 0; i < 4; i++) {
    step(full([2], i));
    assertEquals(await p.grad!.toArray(), [i, i]);
  }
  const optimizer = new optim.SGD([p], { lr: 1 });
  for (let i = 0; i < 4; i++) {
    step(full([2], i));
    assertEquals(await p.grad!.toArray(), [i, i]);
  }
  optimizer.zeroGrad();
  const add = compile((x: Tensor) => p.mul(x).sum().backward());
  for (let i = 1; i <= 5; i++) add(full([2], i)); // 1 + 2 + 3 + 4 + 5
  assertEquals(await p.grad!.toArray(), [15, 15]);
  optimizer.zeroGrad();
  add(full([2], 7));
  assertEquals(await p.grad!.toArray(), [7, 7]);
});

Deno.test("compile() writes into tensors from outside and into inputs", async () => {
  const total = zeros([2]);
  const add = compile((x: Tensor) => {
    total.add_(x);
    x.fill_(0);
    const fresh = tensor([1, 2]); // by the host, and then written to
    return fresh.add_(total);
  });
  for (let i = 1; i <= 4; i++) {
    const x = full([2], i);
    const sum = i * (i + 1) / 2;
    assertEquals(await add(x).toArray(), [1 + sum, 2 + sum]);
    assertEquals(await x.toArray(), [0, 0]);
  }
  assertEquals(await total.toArray(), [10, 10]);
});

Deno.test("compile() keeps what a module makes at its first call", async () => {
  class Masked extends nn.Module {
    mask: Tensor | undefined;
    forward(x: Tensor): Tensor {
      this.mask ??= tensor([[1, 0], [1, 1]]).mul(2);
      return x.mul(this.mask);
    }
  }
  const net = new Masked();
  const run = compile((x: Tensor) => net.call(x));
  for (let i = 0; i < 5; i++) {
    assertEquals(await run(full([2, 2], i)).toArray(), [[2 * i, 0], [
      2 * i,
      2 * i,
    ]]);
  }
});

Deno.test("compile() inside a compiled function is part of it", async () => {
  const inner = compile((x: Tensor) => x.add(1));
  const outer = compile((x: Tensor) => inner(x).mul(2));
  for (let i = 0; i < 4; i++) {
    assertEquals(await outer(full([], i)).item(), 2 * (i + 1));
  }
});

Deno.test("compile() sees a parameter that an optimizer has moved", async () => {
  const layer = new nn.Linear(2, 1, { bias: false });
  const run = compile((x: Tensor) => noGrad(() => layer.call(x)));
  const x = ones([1, 2]);
  for (let i = 0; i < 3; i++) run(x);
  const optimizer = new optim.SGD(layer.parameters(), { lr: 1 });
  layer.weight.grad = ones([1, 2]);
  const before = await run(x).item();
  optimizer.step(); // each of two weights less by 1
  assertEquals(await run(x).item(), before - 2);
});

Deno.test("a compiled call dispatches nothing that nobody needs", () => {
  const run = compile((x: Tensor) => {
    x.exp();
    return x.sin();
  });
  for (let i = 0; i < 2; i++) run(ones([4]));
  const x = ones([4]);
  const before = streamCounts().dispatches;
  run(x);
  assertEquals(streamCounts().dispatches - before, 1);
});

Deno.test("a compiled function that reads names the line", () => {
  const run = compile((x: Tensor) => {
    x.item().catch(() => {});
    return x;
  });
  assertThrows(
    () => run(ones([])),
    Error,
    "Cannot read a tensor inside a compiled function at file:",
  );
  const awaits = compile(async (x: Tensor) => (await x.item()) > 0);
  assertThrows(() => awaits(ones([])), Error, "Cannot read a tensor inside");
});

Deno.test("compile() refuses what changes from call to call, and says where", () => {
  let state = zeros([2]);
  const recurrent = compile((x: Tensor) => {
    state = state.add(x);
    return state;
  });
  assertThrows(
    () => {
      for (let i = 0; i < 9; i++) recurrent(ones([2]));
    },
    Error,
    "a different operand than before",
  );
  let count = 0;
  const counting = compile((x: Tensor) => x.mul(count++));
  const error = assertThrows(
    () => {
      for (let i = 0; i < 9; i++) counting(ones([2]));
    },
    Error,
    "mul: a number or a size has changed",
  );
  assertEquals(error.message.includes("compile_test.ts:"), true);
});

Deno.test("compile() refuses what a program can't do", async () => {
  const named = (message: string, run: () => unknown) =>
    assertThrows(run, Error, message);
  named("randperm", () => compile(() => randperm(4))());
  named(
    "must not be async",
    () => compile(() => Promise.resolve(1))(),
  );
  named(
    "requires a gradient",
    () => compile((x: Tensor) => x)(ones([1], { requiresGrad: true })),
  );
  named("a Map as arguments[0]", () => compile((x) => x)(new Map()));
  named("Symbol(a) as arguments[0]", () => compile((x) => x)(Symbol("a")));
  await assertRejects(
    async () => {
      const loss = compile((x: Tensor) => x.sum())(ones([2]));
      await Promise.resolve(loss.backward());
    },
    TypeError,
    "does not depend on a tensor that requires a gradient",
  );
});

Deno.test("compile() refuses class numbers and probabilities out of range in every call", () => {
  const logits = ones([2, 3]);
  const run = compile((y: Tensor) => F.crossEntropy(logits, y));
  const labels = (...values: number[]) => tensor(values, { dtype: "int32" });
  for (let i = 0; i < 4; i++) run(labels(0, 2));
  assertThrows(() => run(labels(0, 3)), RangeError, "index 3 is out of range");
  const loss = compile((p: Tensor) => F.binaryCrossEntropy(p, ones([2])));
  for (let i = 0; i < 4; i++) loss(tensor([0, 1]));
  assertThrows(() => loss(tensor([0, 2])), RangeError, "entropy of 2");
  const at = compile((i: Tensor) => logits.at(0, i));
  for (let i = 0; i < 4; i++) at(labels(0, -1));
  assertThrows(() => at(labels(-4)), RangeError, "index -4 is out of range");
});

Deno.test("compile() passes an error of the function on, and goes on after it", async () => {
  let broken = true;
  const run = compile((x: Tensor) => {
    const y = x.add(1);
    if (broken) throw new RangeError("not today");
    return y;
  });
  assertThrows(() => run(ones([])), RangeError, "not today");
  broken = false;
  for (let i = 0; i < 4; i++) {
    assertEquals(await run(full([], i)).item(), i + 1);
  }
});

Deno.test("explain() tells dispatches, bytes, what was fused and what not", () => {
  const run = compile((x: Tensor) => {
    x.cos();
    const y = x.mul(2).add(1);
    return [y.sum(), y.sum(0).mul(3), y.relu()];
  });
  assertEquals(explain(run), "not called yet");
  const x = ones([8, 8]);
  run(x);
  assertEquals(
    explain(run),
    "[float32 [8, 8]]\n  recorded 1 times, no two recordings equal yet",
  );
  run(x);
  const text = explain(run);
  assertMatch(text, /\d+ dispatches recorded, \d+ replayed, 1 unused/);
  assertMatch(text, /fused: mul\+add/);
  assertMatch(
    text,
    /not fused: relu: sum_\w+ must run between add and this op/,
  );
  assertThrows(
    () => explain(() => {}),
    TypeError,
    "expected a function returned by compile()",
  );
});
