/**
 * Tests of learning rate schedulers. Their sequences are in tests/goldens; here
 * are states, restarts and refusals.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

import { Linear } from "../../src/nn/linear.ts";
import * as optim from "../../src/optim/mod.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";

function makeOptimizer(lr = 0.1): optim.SGD {
  const params = [tensor([1], { requiresGrad: true })];
  return new optim.SGD(params, { lr, momentum: 0.9 });
}

type Make = (optimizer: optim.SGD) => optim.Scheduler;

const MAKERS: Readonly<Record<string, Make>> = {
  StepLR: (o) => new optim.StepLR(o, { stepSize: 3 }),
  MultiStepLR: (o) => new optim.MultiStepLR(o, { milestones: [2, 2, 5] }),
  ExponentialLR: (o) => new optim.ExponentialLR(o, { gamma: 0.9 }),
  ConstantLR: (o) => new optim.ConstantLR(o, { totalIters: 4 }),
  LinearLR: (o) => new optim.LinearLR(o, { totalIters: 4 }),
  PolynomialLR: (o) => new optim.PolynomialLR(o, { totalIters: 9, power: 2 }),
  LambdaLR: (o) => new optim.LambdaLR(o, { lrLambda: (epoch) => 1 / epoch }),
  MultiplicativeLR: (o) =>
    new optim.MultiplicativeLR(o, { lrLambda: [() => 0.5] }),
  CosineAnnealingLR: (o) => new optim.CosineAnnealingLR(o, { tMax: 4 }),
  CosineAnnealingWarmRestarts: (o) =>
    new optim.CosineAnnealingWarmRestarts(o, { t0: 2, tMult: 2 }),
  CyclicLR: (o) =>
    new optim.CyclicLR(o, {
      baseLr: 0.1,
      maxLr: 0.5,
      stepSizeUp: 3,
      mode: "triangular2",
    }),
  OneCycleLR: (o) => new optim.OneCycleLR(o, { maxLr: 0.5, totalSteps: 12 }),
  SequentialLR: (o) =>
    new optim.SequentialLR(o, {
      schedulers: [
        new optim.LinearLR(o, { totalIters: 3 }),
        new optim.StepLR(o, { stepSize: 2 }),
      ],
      milestones: [3],
    }),
  ChainedScheduler: (o) =>
    new optim.ChainedScheduler(o, {
      schedulers: [
        new optim.ConstantLR(o, { totalIters: 3 }),
        new optim.ExponentialLR(o, { gamma: 0.9 }),
      ],
    }),
};

for (const [name, make] of Object.entries(MAKERS)) {
  Deno.test(`${name} goes on where its state was taken`, () => {
    const whole = makeOptimizer();
    const first = make(whole);
    for (let i = 0; i < 4; i++) first.step();
    const saved = JSON.parse(JSON.stringify(first.stateDict()));
    const optimizerState = whole.stateDict();

    const resumed = makeOptimizer();
    const second = make(resumed);
    resumed.loadStateDict(optimizerState);
    second.loadStateDict(saved);
    for (let i = 0; i < 6; i++) {
      first.step();
      second.step();
      assertEquals(second.getLastLr(), first.getLastLr());
      const momenta = [whole, resumed].map((o) => o.paramGroups[0]!.momentum);
      assertEquals(momenta[0], momenta[1]);
    }
    const other = new optim.StepLR(resumed, { stepSize: 1 }).stateDict();
    const wrong = { ...other, scheduler: "Other" };
    assertThrows(() => second.loadStateDict(wrong), TypeError, "by Other");
  });

  Deno.test(`${name} restarts at its first rate`, () => {
    const optimizer = makeOptimizer();
    const scheduler = make(optimizer);
    const rates = [scheduler.getLastLr()];
    for (let i = 0; i < 5; i++) {
      scheduler.step();
      rates.push(scheduler.getLastLr());
    }
    scheduler.restart();
    const again = [scheduler.getLastLr()];
    for (let i = 0; i < 5; i++) {
      scheduler.step();
      again.push(scheduler.getLastLr());
    }
    assertEquals(again, rates);
  });
}

Deno.test("CosineAnnealingWarmRestarts.step() goes to an epoch in parts", () => {
  const optimizer = makeOptimizer(1);
  const options = { t0: 2, tMult: 2 };
  const scheduler = new optim.CosineAnnealingWarmRestarts(optimizer, options);
  scheduler.step(3.5); // 1.5 of the 4 epochs from 2 to 6
  const expected = (1 + Math.cos(Math.PI * 1.5 / 4)) / 2;
  assertAlmostEquals(scheduler.getLastLr()[0]!, expected, 1e-12);
  assertThrows(() => scheduler.step(-1), RangeError, "epoch -1");
});

Deno.test("OneCycleLR moves beta1 where there is one, and ends", () => {
  const params = [tensor([1], { requiresGrad: true })];
  const optimizer = new optim.Adam(params);
  const scheduler = new optim.OneCycleLR(optimizer, {
    maxLr: [1],
    epochs: 2,
    stepsPerEpoch: 2,
  });
  assertEquals(optimizer.paramGroups[0]!.betas, [0.95, 0.999]);
  for (let i = 0; i < 4; i++) scheduler.step();
  assertThrows(() => scheduler.step(), RangeError, "totalSteps is 4");
});

Deno.test("ReduceLROnPlateau goes on where its state was taken", () => {
  const optimizer = makeOptimizer();
  const first = new optim.ReduceLROnPlateau(optimizer, { patience: 2 });
  for (const metric of [3, 3, 3]) first.step(metric);
  const second = new optim.ReduceLROnPlateau(optimizer, { patience: 2 });
  second.loadStateDict(first.stateDict());
  second.step(3);
  assertAlmostEquals(second.getLastLr()[0]!, 0.01, 1e-12);
  assertThrows(
    () => second.loadStateDict({}),
    TypeError,
    "expected a result of stateDict()",
  );
});

Deno.test("schedulers act on each group from its own rate", () => {
  const params = [1, 2].map(() => tensor([1], { requiresGrad: true }));
  const optimizer = new optim.SGD(
    [{ params: [params[0]!], lr: 1 }, { params: [params[1]!], lr: 0.5 }],
    { lr: 0.1 },
  );
  const scheduler = new optim.ExponentialLR(optimizer, { gamma: 0.5 });
  optimizer.addParamGroup({ params: tensor([1], { requiresGrad: true }) });
  scheduler.step();
  const rates = optimizer.paramGroups.map(({ lr }) => lr);
  assertEquals(rates, [0.5, 0.25, 0.1]); // one that came later keeps its own
});

const REFUSED: readonly [string, (o: optim.SGD) => unknown, string][] = [
  [
    "StepLR of 0 epochs",
    (o) => new optim.StepLR(o, { stepSize: 0 }),
    "stepSize 0: expected a positive integer",
  ],
  [
    "ConstantLR above 1",
    (o) => new optim.ConstantLR(o, { factor: 1.5 }),
    "factor 1.5",
  ],
  [
    "LinearLR from 0",
    (o) => new optim.LinearLR(o, { startFactor: 0 }),
    "startFactor 0",
  ],
  [
    "restarts times 0",
    (o) => new optim.CosineAnnealingWarmRestarts(o, { t0: 5, tMult: 0 }),
    "tMult 0",
  ],
  [
    "OneCycleLR without a length",
    (o) => new optim.OneCycleLR(o, { maxLr: 1 }),
    "totalSteps",
  ],
  [
    "OneCycleLR that starts after the end",
    (o) => new optim.OneCycleLR(o, { maxLr: 1, totalSteps: 9, pctStart: 1.5 }),
    "pctStart 1.5",
  ],
  [
    "two rates for one group",
    (o) => new optim.CyclicLR(o, { baseLr: [1, 2], maxLr: 3 }),
    "2 values of baseLr: expected 1",
  ],
  [
    "ReduceLROnPlateau that raises",
    (o) => new optim.ReduceLROnPlateau(o, { factor: 1 }),
    "factor 1",
  ],
  [
    "SequentialLR without milestones",
    (o) => {
      const schedulers = [1, 2].map(() => new optim.ConstantLR(o));
      return new optim.SequentialLR(o, { schedulers, milestones: [] });
    },
    "milestones",
  ],
  [
    "ChainedScheduler of nothing",
    (o) => new optim.ChainedScheduler(o, { schedulers: [] }),
    "at least one",
  ],
];

for (const [what, make, message] of REFUSED) {
  Deno.test(`schedulers refuse ${what}`, () => {
    assertThrows(() => make(makeOptimizer()), RangeError, message);
  });
}

Deno.test("CyclicLR refuses to cycle the momentum of an optimizer without one", () => {
  const params = [tensor([1], { requiresGrad: true })];
  const optimizer = new optim.Adadelta(params);
  assertThrows(
    () => new optim.CyclicLR(optimizer, { baseLr: 0.1, maxLr: 1 }),
    RangeError,
    "the optimizer has no momentum",
  );
});

Deno.test("schedulers refuse what is no optimizer", () => {
  const model = new Linear(1, 1);
  for (const [name, make] of Object.entries(MAKERS)) {
    assertThrows(
      // an untyped program's mistake
      () => make(model as unknown as optim.SGD),
      TypeError,
      "got Linear",
      name,
    );
  }
});

Deno.test("ReduceLROnPlateau takes numbers alone, no losses that were not read", async () => {
  const p = zeros([1], { requiresGrad: true });
  const optimizer = new optim.SGD([p], { lr: 1 });
  const scheduler = new optim.ReduceLROnPlateau(optimizer, { patience: 0 });
  const loss = p.sum();
  const read = loss.item();
  for (
    const [metric, got] of [[loss, "a Tensor"], [read, "a Promise"]]
  ) {
    for (let i = 0; i < 3; i++) {
      assertThrows(
        () => scheduler.step(metric as never), // an untyped program's mistake
        TypeError,
        `Cannot step ReduceLROnPlateau with ${got}: expected a number`,
      );
    }
  }
  scheduler.step(await read);
  assertEquals(scheduler.getLastLr(), [1]);
});
