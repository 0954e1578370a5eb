/**
 * Tests of what each optimizer's step does to a parameter. The whole table of
 * trajectories is in tests/goldens; here is one line for each rule.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";

import * as optim from "../../src/optim/mod.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

type Make = (params: Tensor[]) => {
  step(): void;
};

// What torch 1.13 answers in float64 after eight steps from START, with the
// gradient 0.5 (i + 1) - 0.3 step of element i.
const START = [1, -2, 3, -4, 5];
const TRAJECTORIES: readonly [string, Make, readonly number[]][] = [
  [
    "SGD, dampening and decay",
    (p) =>
      new optim.SGD(p, {
        lr: 0.1,
        momentum: 0.9,
        dampening: 0.3,
        weightDecay: 0.1,
      }),
    [1.2389583, -2.1790846, 0.7307013, -5.8512559, 0.2224443],
  ],
  [
    "SGD, nesterov",
    (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
    [2.1062546, -2.5871376, 0.7194702, -7.973922, -0.6673142],
  ],
  [
    "SGD, maximize",
    (p) => new optim.SGD(p, { lr: 0.1, maximize: true }),
    [0.56, -2.04, 3.36, -3.24, 6.16],
  ],
  [
    "Adam, amsgrad",
    (p) => new optim.Adam(p, { lr: 0.1, amsgrad: true, weightDecay: 0.1 }),
    [0.9186992, -2.2556264, 2.3165974, -4.6468226, 4.2398708],
  ],
  [
    "AdamW",
    (p) => new optim.AdamW(p, { lr: 0.1, weightDecay: 0.1 }),
    [0.9360864, -2.2420535, 2.1592641, -4.3791237, 3.8937802],
  ],
  [
    "Adadelta",
    (p) => new optim.Adadelta(p, { weightDecay: 0.1 }),
    [1.0162048, -1.9916026, 2.987885, -4.0097158, 4.9808928],
  ],
  [
    "Adagrad, decay and initial value",
    (p) =>
      new optim.Adagrad(p, {
        lr: 0.1,
        lrDecay: 0.1,
        initialAccumulatorValue: 0.5,
      }),
    [1.122937, -2.0641521, 2.8160932, -4.2442027, 4.7247308],
  ],
  [
    "RMSprop, centered, momentum",
    (p) => new optim.RMSprop(p, { lr: 0.1, momentum: 0.5, centered: true }),
    [4.0917376, -3.6643342, -1.4384419, -9.7574088, -1.4231973],
  ],
  [
    "RMSprop, momentum",
    (p) => new optim.RMSprop(p, { lr: 0.1, momentum: 0.5 }),
    [4.0742652, -3.6400995, -1.3951554, -9.687938, -1.3350607],
  ],
  [
    "RMSprop",
    (p) => new optim.RMSprop(p, { lr: 0.1 }),
    [3.1816511, -2.3672709, 0.9368191, -6.9059643, 1.6712732],
  ],
  [
    "Adamax",
    (p) => new optim.Adamax(p, { lr: 0.1 }),
    [0.9359761, -2.3313132, 2.5129188, -4.566013, 4.3866279],
  ],
  [
    "NAdam",
    (p) => new optim.NAdam(p, { lr: 0.1 }),
    [1.3738431, -2.0142948, 2.7131507, -4.4189809, 4.5165175],
  ],
  [
    "RAdam",
    (p) => new optim.RAdam(p, { lr: 0.1 }),
    [0.9201897, -2.3362566, 2.4080661, -4.8442411, 3.9048388],
  ],
  [
    "ASGD",
    (p) => new optim.ASGD(p, { lr: 0.1, t0: 2, lambd: 0.1 }),
    [1.3421813, -1.8085744, 2.4376469, -4.4115973, 3.5331125],
  ],
  [
    "Rprop",
    (p) => new optim.Rprop(p, { lr: 0.1 }),
    [1.226496, -2.222304, 2.712032, -5.2915904, 3.3500915],
  ],
];

for (const [name, make, expected] of TRAJECTORIES) {
  Deno.test(`${name}: eight steps equal torch's`, async () => {
    const p = tensor(START, { requiresGrad: true });
    const optimizer = make([p]);
    for (let step = 0; step < 8; step++) {
      p.grad = tensor(START.map((_, i) => 0.5 * (i + 1) - 0.3 * step));
      optimizer.step();
    }
    const got = [...await p.data()];
    // float32 against float64, through eight divisions by small numbers
    const isNear = got.every((value, i) =>
      Math.abs(value - expected[i]!) <= 2e-5 + 2e-5 * Math.abs(expected[i]!)
    );
    assert(isNear, `got ${got}, expected ${expected}`);
  });
}

Deno.test("Adam keeps its states in float32 where parameters are float16", async () => {
  const p = tensor([1, 2, 3], { dtype: "float16", requiresGrad: true });
  const optimizer = new optim.Adam([p], { lr: 0.5 });
  p.grad = tensor([1e-3, -1e-3, 2], { dtype: "float16" });
  optimizer.step();
  assertEquals([...await p.data()], [0.5, 2.5, 2.5]); // the first step is lr
  const states = [...optimizer.stateDict().tensors.values()];
  assertEquals(states.map(({ dtype }) => dtype), ["float32", "float32"]);
});

const REFUSED: readonly [string, (p: Tensor[]) => unknown, string][] = [
  ["a negative rate", (p) => new optim.SGD(p, { lr: -0.1 }), "lr -0.1"],
  ["no rate", (p) => new optim.SGD(p), "without lr: expected a learning rate"],
  [
    "nesterov with dampening",
    (p) =>
      new optim.SGD(p, {
        lr: 1,
        momentum: 0.9,
        dampening: 0.1,
        nesterov: true,
      }),
    "nesterov needs momentum > 0 and dampening 0",
  ],
  ["a beta of 1", (p) => new optim.Adam(p, { betas: [1, 0.9] }), "[0, 1)"],
  ["a negative eps", (p) => new optim.Adam(p, { eps: -1 }), "eps -1"],
  ["rho above 1", (p) => new optim.Adadelta(p, { rho: 1.1 }), "rho 1.1"],
  [
    "a negative weight decay",
    (p) => new optim.AdamW(p, { weightDecay: -1 }),
    "weightDecay -1: expected a number >= 0",
  ],
  ["a NaN as eps", (p) => new optim.RMSprop(p, { eps: NaN }), "eps"],
  [
    "a negative momentum",
    (p) => new optim.SGD(p, { lr: 1, momentum: -1 }),
    "-1",
  ],
  ["dampening NaN", (p) => new optim.SGD(p, { lr: 1, dampening: NaN }), "damp"],
  ["a negative alpha", (p) => new optim.RMSprop(p, { alpha: -1 }), "alpha -1"],
  ["a negative fall", (p) => new optim.Adagrad(p, { lrDecay: -1 }), "lrDecay"],
  [
    "a negative first sum",
    (p) => new optim.Adagrad(p, { initialAccumulatorValue: -1 }),
    "initialAccumulatorValue -1",
  ],
  [
    "a negative momentum decay",
    (p) => new optim.NAdam(p, { momentumDecay: -1 }),
    "momentumDecay -1",
  ],
  [
    "a smallest step above the largest",
    (p) => new optim.Rprop(p, { stepSizes: [2, 1] }),
    "the smaller first",
  ],
  ["etas below 1", (p) => new optim.Rprop(p, { etas: [0.5, 0.9] }), "etas"],
  ["no parameters", () => new optim.Adamax([]), "there are no parameters"],
  ["a parameter twice", ([p]) => new optim.RAdam([p!, p!]), "it occurs twice"],
  [
    "a parameter in two groups",
    (params) => new optim.NAdam([{ params }, { params }]),
    "it occurs twice",
  ],
];

for (const [what, make, message] of REFUSED) {
  Deno.test(`an optimizer refuses ${what}`, () => {
    const p = tensor([1], { requiresGrad: true });
    assertThrows(() => make([p]), RangeError, message);
  });
}

Deno.test("an optimizer refuses what is no leaf, no float, or unknown", () => {
  const p = tensor([1], { requiresGrad: true });
  const whole = tensor([1], { dtype: "int32" });
  assertThrows(() => new optim.Adam([p.mul(2)]), TypeError, "expected a leaf");
  assertThrows(() => new optim.Adam([whole]), TypeError, "float type");
  const unknown = { lr: 1, ["weight_decay"]: 1 };
  assertThrows(
    () => new optim.SGD([p], unknown),
    TypeError,
    `"weight_decay" as an option of SGD: expected lr, momentum`,
  );
});
