/**
 * Tests of when a program is compared with its function, and what comes of it.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";

import {
  compile,
  data,
  explain,
  full,
  Generator,
  HostArray,
  manualSeed,
  memory,
  nn,
  ones,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { noteEpoch } from "../../src/outside.ts";
import { oneEpoch, warningsOf } from "./_outside.ts";
import { assertSame, plain } from "./_shared.ts";

/** A net with everything that draws, counts or keeps statistics. */
function makeTrainer() {
  manualSeed(2);
  const net = new nn.Sequential(
    new nn.Linear(6, 8),
    new nn.BatchNorm1d(8),
    new nn.Dropout(0.2),
    new nn.Linear(8, 3),
  );
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
  const scheduler = new optim.StepLR(optimizer, { stepSize: 5, gamma: 0.9 });
  const step = (x: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = net.call(x).square().mean();
    loss.backward();
    nn.clipGradNorm_(net.parameters(), 1);
    optimizer.step();
    scheduler.step();
    return loss;
  };
  return { net, optimizer, scheduler, step };
}

Deno.test("compile() gives the same bits and programs where nothing has changed", async () => {
  let text = "";
  const warnings = await warningsOf(async () => {
    const runs = await assertSame(async (wrap) => {
      const { net, step } = makeTrainer();
      const run = wrap(step);
      const losses: Tensor[] = [];
      for (let i = 0; i < 45; i++) {
        if (i % 9 === 0) await oneEpoch();
        losses.push(run(randn([4, 6], { seed: i })));
      }
      if (wrap !== plain) text = explain(run);
      return [losses, [...net.stateDict()]];
    });
    // two recordings, after one replay, and one for each epoch after the first
    assertEquals(runs, 2 + 1 + 4);
  });
  assertEquals(warnings, []);
  assertEquals(text.split("replayed").length, 2, text);
  assert(!text.includes("anew"), text);
});

const STEPS = 938; // of a LeNet epoch: 60,000 images in batches of 64

Deno.test("compile() runs a function in less than 1 % of an epoch's calls", () => {
  let runs = 0;
  const run = compile((x: Tensor) => {
    runs++;
    return x.mul(2);
  });
  const x = ones([4]);
  const runsOf = (): number => {
    const before = runs;
    noteEpoch(); // as a loader does
    for (let i = 0; i < STEPS; i++) scope(() => void run(x));
    noteEpoch();
    return runs - before;
  };
  // recordings; after 1, 8, 16, 32, 64, 128, 256 replays, and after 512
  assertEquals([runsOf(), runsOf(), runsOf()], [2 + 7, 2, 2]);
});

const CHANGES: Readonly<
  Record<string, (trainer: ReturnType<typeof makeTrainer>) => void>
> = {
  "Module.train()": ({ net }) => net.train(),
  "Module.loadStateDict()": ({ net }) => net.loadStateDict(net.stateDict()),
  "requiresGrad_()": ({ net }) => net.requiresGrad_(),
  "Optimizer.step()": ({ optimizer }) => optimizer.step(),
  "Optimizer.loadStateDict()": ({ optimizer }) =>
    optimizer.loadStateDict(optimizer.stateDict()),
  "a scheduler's step()": ({ scheduler }) => scheduler.step(),
  "a scheduler's loadStateDict()": ({ scheduler }) =>
    scheduler.loadStateDict(scheduler.stateDict()),
  "ReduceLROnPlateau.step()": ({ optimizer }) =>
    new optim.ReduceLROnPlateau(optimizer).step(1),
  "a rate that is set": ({ optimizer }) => optimizer.paramGroups[0]!.lr = 0.5,
  "manualSeed()": () => manualSeed(3),
  "Generator.setState()": () => {
    const generator = new Generator(1);
    generator.setState(generator.state());
  },
};

for (const [name, change] of Object.entries(CHANGES)) {
  Deno.test(`compile() compares a program after ${name}`, async () => {
    await warningsOf(async () => {
      const trainer = makeTrainer();
      let beta = 1;
      const run = compile((x: Tensor) => [trainer.step(x), x.mul(beta)]);
      for (let i = 0; i < 5; i++) run(ones([4, 6]));
      beta = 2;
      change(trainer);
      const [, y] = run(ones([4, 6]));
      assertEquals((await y!.data())[0], 2);
    });
  });
}

Deno.test("compile() replays between changes that come with each step", () => {
  let runs = 0;
  const net = new nn.Linear(2, 2);
  const run = compile((x: Tensor) => {
    runs++;
    return net.call(x);
  });
  for (let i = 0; i < 600; i++) {
    net.train();
    scope(() => void run(ones([2, 2])));
  }
  // two recordings; 16 times, and once more for each 64 replays; and four
  // times after 1, 8, 16 and 32 of them
  assert(runs <= 2 + 16 + 600 / 64 + 4, `${runs}`);
});

Deno.test("compile() says once what has changed, and where", async () => {
  let beta = 1;
  const run = compile((x: Tensor) => x.exp().mul(beta));
  const warnings = await warningsOf(async () => {
    for (let epoch = 0; epoch < 4; epoch++) {
      await oneEpoch();
      beta = 1 + epoch;
      for (let i = 0; i < 3; i++) run(ones([2]));
    }
  });
  assertEquals(warnings.length, 1);
  assertMatch(
    warnings[0]!,
    /^A compiled function has changed at file:.*review_test.ts:\d+:\d+: mul: a number or a size has changed\. .*compile\(fn, \{ watch \}\)/,
  );
  assertStringIncludes(
    explain(run),
    "recorded again 3 times, last because of mul: a number or a size",
  );
});

Deno.test("compile() refuses what begins to alternate, sooner or later", async () => {
  let [calls, isOn] = [0, false];
  const run = compile((x: Tensor) => x.mul(isOn ? calls++ % 2 : 0));
  for (let i = 0; i < 5; i++) run(ones([2]));
  isOn = true;
  await warningsOf(() =>
    assertThrows(
      () => {
        for (let i = 0; i < 200; i++) run(ones([2]));
      },
      Error,
      "does something different in each call",
    )
  );
});

Deno.test("compile() passes an error of a compared call on, and compares again", async () => {
  let fault: "none" | "thrown" | "read" = "none";
  let beta = 1;
  const run = compile((x: Tensor) => {
    if (fault === "thrown") throw new RangeError("not today");
    if (fault === "read") x.item();
    return x.mul(beta);
  });
  for (let i = 0; i < 3; i++) run(ones([1]));
  await oneEpoch();
  fault = "thrown";
  assertThrows(() => run(ones([1])), RangeError, "not today");
  fault = "read";
  assertThrows(() => run(ones([1])), Error, "Cannot read a tensor inside");
  fault = "none";
  beta = 2;
  await warningsOf(async () => {
    for (let i = 0; i < 4; i++) assertEquals(await run(ones([1])).item(), 2);
  });
});

Deno.test("compile() goes on with the modules that a compared call found", async () => {
  // the same commands, so that the program stays
  class Scaled extends nn.Module {
    factor = 2;
    forward(x: Tensor): Tensor {
      return x.mul(this.factor);
    }
  }
  const [first, second] = [new Scaled(), new Scaled()];
  let scaled = first;
  const run = compile((x: Tensor) => scaled.call(x));
  for (let i = 0; i < 3; i++) run(ones([1]));
  scaled = second;
  await oneEpoch();
  assertEquals(await run(ones([1])).item(), 2);
  second.factor = 5;
  assertEquals(await run(ones([1])).item(), 5);
});

Deno.test("compile() compares what it writes to, gives back and is pinned to", async () => {
  await warningsOf(() =>
    assertSame(async (wrap) => {
      let isWritten = false;
      const run = wrap((x: Tensor) => {
        if (isWritten) x.add_(1);
        return isWritten ? [x, x.mul(2)] : [x.mul(2)];
      });
      const base = full([12], 1);
      const results: unknown[] = [];
      for (const on of [false, true, false, true]) {
        isWritten = on;
        await oneEpoch();
        for (let i = 0; i < 4; i++) {
          results.push(run(base.narrow(0, 4, 4)).map((y) => y.mul(1)));
        }
      }
      const x = full([4], 3);
      for (let i = 0; i < 20; i++) results.push(run(x).map((y) => y.mul(1)));
      return [results, base, x];
    })
  );
});

Deno.test("compile() tells constants apart that have the same values", async () => {
  await warningsOf(() =>
    assertSame(async (wrap) => {
      let isFirst = true;
      const run = wrap(() => {
        const [a, b] = [tensor([1, 2]), tensor([1, 2])];
        a.add_(1);
        return isFirst ? a : b;
      });
      const calls = () => [0, 1, 2, 3].map(() => run());
      const results = calls();
      isFirst = false;
      await oneEpoch();
      return [...results, ...calls()];
    })
  );
});

Deno.test("compile() gives the memory of stale programs and of compared calls back", async () => {
  let beta = 0;
  const run = compile((x: Tensor) => x.mul(beta).cumsum(0).exp().sum());
  const measured: number[] = [];
  const x = ones([1 << 16]);
  await warningsOf(() => {
    for (let epoch = 0; epoch < 12; epoch++) {
      if (epoch % 2 === 0) beta++;
      noteEpoch();
      for (let i = 0; i < 4; i++) scope(() => void run(x));
      measured.push(memory().live);
    }
  });
  assertEquals(measured.at(-1), measured[3]);
});

Deno.test("every iteration over a loader is an epoch, from its first batch to its end", async () => {
  class Words extends data.IterableDataset<number> {
    iterate(): number[] {
      return [1, 2, 3];
    }
  }
  const rows = new data.TensorDataset(new HostArray(new Float32Array(6)));
  const loader = new data.DataLoader(rows, { batchSize: 2 });
  const words = new data.DataLoader(new Words(), { batchSize: 2 });
  let beta = 0;
  const run = compile((x: Tensor) => x.mul(beta));
  const x = ones([1]);
  for (let i = 0; i < 3; i++) run(x);
  const uses = async (value: number) => {
    beta = value;
    assertEquals(await run(x).item(), value);
    for (let i = 0; i < 3; i++) run(x); // it was compared after one replay
  };
  await warningsOf(async () => {
    for await (const _ of loader) {
      await uses(1);
      break;
    }
    await uses(2); // it was left
    for await (const _ of words) break;
    await uses(3);
    const early = loader.host(); // begins with its first batch
    beta = 4;
    assertEquals(await run(x).item(), 3);
    await early.next();
    assertEquals(await run(x).item(), 4);
    await early.return();
  });
});

Deno.test("compile() does not refuse what changes with the epoch, one batch of which is smaller", async () => {
  await warningsOf(() =>
    assertSame(async (wrap) => {
      const rows = Float32Array.from({ length: 14 }, (_, i) => i);
      const samples = new data.TensorDataset(new HostArray(rows, [7, 2]));
      const loader = new data.DataLoader(samples, { batchSize: 2 });
      let beta = 0;
      const run = wrap((x: Tensor) => x.square().mul(beta).sum());
      const losses: Tensor[] = [];
      for (let epoch = 0; epoch < 8; epoch++) {
        beta = epoch / 8;
        for await (const [x] of loader) losses.push(run(x));
      }
      return losses;
    })
  );
});
