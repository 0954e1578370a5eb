import { assert, assertEquals } from "@std/assert";
import {
  compile,
  F,
  load,
  manualSeed,
  nn,
  optim,
  profile,
  randn,
  save,
  type Tensor,
  zeros,
} from "../../mod.ts";
import { largeTest, LIMIT, whole } from "../ops/_large.ts";

// A weight of 9,240 bytes; what else there is fits into a binding.
class Net extends nn.Module {
  readonly hidden = new nn.Linear(33, 70);
  readonly out = new nn.Linear(70, 5);

  override forward(x: Tensor): Tensor {
    return this.out.call(this.hidden.call(x).relu());
  }
}

/** Any optimizer. */
type Trainer = Pick<
  optim.SGD,
  "zeroGrad" | "step" | "stateDict" | "loadStateDict"
>;
type Make = (parameters: Iterable<Tensor>) => Trainer;

const OPTIMIZERS: Readonly<Record<string, Make>> = {
  "SGD with momentum": (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
  "SGD": (p) => new optim.SGD(p, { lr: 0.1, weightDecay: 0.1 }),
  "Adam": (p) => new optim.Adam(p),
  "AdamW": (p) => new optim.AdamW(p),
  "Adagrad": (p) => new optim.Adagrad(p, { initialAccumulatorValue: 0.1 }),
  "Adadelta": (p) => new optim.Adadelta(p),
  "Adamax": (p) => new optim.Adamax(p),
  "NAdam": (p) => new optim.NAdam(p),
  "RAdam": (p) => new optim.RAdam(p),
  "RMSprop": (p) => new optim.RMSprop(p, { centered: true, momentum: 0.5 }),
  "Rprop": (p) => new optim.Rprop(p),
  "ASGD": (p) => new optim.ASGD(p),
};

interface Trained {
  readonly model: Net;
  readonly optimizer: Trainer;
  readonly step: (x: Tensor) => Tensor;
}

function makeNet(make: Make): Trained {
  manualSeed(11);
  const model = new Net();
  const optimizer = make(model.parameters());
  const step = (x: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.mseLoss(model.call(x), x.slice(1, 0, 5));
    loss.backward();
    nn.clipGradNorm_(model.parameters(), 0.5);
    optimizer.step();
    return loss;
  };
  return { model, optimizer, step };
}

async function valuesOf(model: Net): Promise<number[]> {
  const values: number[] = [];
  for (const parameter of model.parameters()) {
    values.push(...await parameter.data());
  }
  return values;
}

function assertNear(found: readonly number[], expected: readonly number[]) {
  assertEquals(found.length, expected.length);
  found.forEach((value, i) =>
    assert(
      Math.abs(value - expected[i]!) < 2e-5,
      `parameter ${i}: ${value}, whole ${expected[i]}`,
    )
  );
}

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  largeTest(
    `${name} steps parameters that are larger than a binding`,
    async () => {
      const train = async () => {
        const { model, step } = makeNet(make);
        for (let i = 0; i < 3; i++) step(randn([6, 33], { seed: i }));
        return await valuesOf(model);
      };
      assertNear(await train(), await whole(train));
    },
  );
}

largeTest(
  "step() updates float16 parameters whose states are large",
  async () => {
    const train = async () => {
      const p = new nn.Parameter(randn([1500], { seed: 1 }).to("float16"));
      const optimizer = new optim.Adam([p], { lr: 0.1 });
      for (let i = 0; i < 2; i++) {
        p.grad = randn([1500], { seed: i }).to("float16");
        optimizer.step();
      }
      return [...await p.data()];
    };
    assertEquals(await train(), await whole(train));
  },
);

largeTest("compile() records and replays a step in parts", async () => {
  const train = async (isCompiled: boolean) => {
    const { model, step } = makeNet(OPTIMIZERS["Adam"]!);
    const run = isCompiled ? compile(step) : step;
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) {
      losses.push(await run(randn([6, 33], { seed: i })).item());
    }
    return [...losses, ...await valuesOf(model)];
  };
  const eager = await train(false);
  assertNear(await train(true), eager);
  assertNear(await whole(() => train(true)), eager);
});

largeTest("profile() names the kernels of parts", async () => {
  const { step } = makeNet(OPTIMIZERS["SGD"]!);
  const { kernels } = await profile(() => step(randn([6, 33])));
  const update = kernels.find(({ name }) => name === "SGD");
  // one for each part of the weight, one for all else
  assertEquals(update?.dispatches, Math.ceil(33 * 70 * 4 / LIMIT) + 1);
});

largeTest("gradients accumulate, and zeroGrad() makes them zero", async () => {
  const { model, optimizer } = makeNet(OPTIMIZERS["SGD"]!);
  const backward = () =>
    model.call(randn([6, 33], { seed: 1 })).sum().backward();
  backward();
  const once = await model.hidden.weight.grad!.data();
  backward();
  const twice = await model.hidden.weight.grad!.data();
  assertEquals(twice, once.map((value) => 2 * value));
  nn.clipGradValue_(model.parameters(), 0.01);
  const cut = await model.hidden.weight.grad!.data();
  assertEquals(Math.max(...cut), Math.fround(0.01));
  optimizer.zeroGrad({ setToNone: false });
  assertEquals(await model.hidden.weight.grad!.abs().sum().item(), 0);
});

largeTest("clipGradNorm_() takes the norm of large gradients", async () => {
  const { model } = makeNet(OPTIMIZERS["SGD"]!);
  model.call(randn([6, 33], { seed: 1 })).sum().backward();
  let sum = 0;
  for (const { grad } of model.parameters()) {
    for (const value of await grad!.data()) sum += value ** 2;
  }
  const norm = await nn.clipGradNorm_(model.parameters(), 1).item();
  assert(Math.abs(norm - Math.sqrt(sum)) < 1e-4 * norm);
});

largeTest("save() and load() keep large parameters and states", async () => {
  const path = await Deno.makeTempFile();
  try {
    const first = makeNet(OPTIMIZERS["Adam"]!);
    first.step(randn([6, 33], { seed: 0 }));
    const { model, optimizer } = first;
    await save(path, { model, optimizer });
    const second = makeNet(OPTIMIZERS["Adam"]!);
    await load(path, { model: second.model, optimizer: second.optimizer });
    for (const { step } of [first, second]) step(randn([6, 33], { seed: 1 }));
    assertEquals(await valuesOf(second.model), await valuesOf(model));
  } finally {
    await Deno.remove(path);
  }
});

largeTest("stateDict().clone() copies large parameters", async () => {
  const { model, step } = makeNet(OPTIMIZERS["SGD"]!);
  const before = await valuesOf(model);
  const kept = model.stateDict().clone();
  step(randn([6, 33]));
  model.loadStateDict(kept);
  assertEquals(await valuesOf(model), before);
});

Deno.test("nn.Linear(9216, 4096) trains where 128 MiB are bound at most", async () => {
  const layer = new nn.Linear(9216, 4096); // 151 MB, AlexNet's first dense one
  const optimizer = new optim.SGD(layer.parameters(), { lr: 1 });
  const x = zeros([1, 9216]);
  x.slice(1, 9000, 9001).fill_(1);
  const [before, y] = [
    layer.weight.slice(1, 9000, 9001).clone(),
    layer.call(x),
  ];
  const column = y.sub(layer.bias!);
  assert(await column.abs().mean().item() > 0);
  assert(await column.sub(before.t()).abs().max().item() < 1e-6);
  y.sum().backward();
  optimizer.step(); // the gradient is 1 in that column alone
  const moved = before.sub(layer.weight.slice(1, 9000, 9001));
  assert(await moved.sub(1).abs().max().item() < 1e-6);
  assertEquals(await layer.weight.grad!.sum().item(), 4096);
});
