/**
 * Tests of what all optimizers share: flat buffers, groups, gradients, states.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";

import { noGrad } from "../../src/autograd/mode.ts";
import { memory } from "../../src/gpu/pool.ts";
import { streamCounts } from "../../src/gpu/stream.ts";
import * as nn from "../../src/nn/mod.ts";
import * as optim from "../../src/optim/mod.ts";
import { randn } from "../../src/ops/random/random.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { manualSeed } from "../../src/tensor/generator.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const ODD_SHAPES = [[3], [], [0], [2, 5], [1], [257], [4, 4]];

function parametersOf(shapes: readonly number[][]): Tensor[] {
  return shapes.map((shape) => ones(shape, { requiresGrad: true }));
}

async function values(params: readonly Tensor[]): Promise<number[][]> {
  return await Promise.all(params.map(async (p) => [...await p.data()]));
}

/** Sets every gradient to `value`, as backward would. */
function backward(params: readonly Tensor[], value = 1): void {
  for (const p of params) p.mul(value).sum().backward();
}

Deno.test("step() is one dispatch, whatever the shapes of the parameters", async () => {
  const params = parametersOf(ODD_SHAPES);
  const optimizer = new optim.SGD(params, { lr: 0.25 });
  backward(params, 2);
  const before = streamCounts().dispatches;
  optimizer.step();
  assertEquals(streamCounts().dispatches - before, 1);
  for (const each of await values(params)) {
    assert(each.every((value) => value === 0.5)); // 1 - 0.25 * 2
  }
});

Deno.test("an optimizer keeps values, and turns parameters into views of one buffer", async () => {
  const params = ODD_SHAPES.map((shape) =>
    randn(shape, { seed: 1, requiresGrad: true })
  );
  const transposed = randn([3, 2], { seed: 2 }).t().requiresGrad_();
  const before = await values([...params, transposed]);
  new optim.Adam([...params, transposed]);
  assertEquals(await values([...params, transposed]), before);
  const storages = new Set(params.map(({ storage }) => storage));
  assertEquals(storages.size, 1);
  assert(params.every(({ layout }) => layout.offset % 4 === 0));
});

Deno.test("step() passes over parameters without a gradient, and counts their steps apart", async () => {
  const params = parametersOf([[2], [3], [2]]);
  // the first step of a parameter is not dampened
  const optimizer = new optim.SGD(params, {
    lr: 0.5,
    momentum: 0.5,
    dampening: 0.5,
  });
  backward([params[0]!, params[2]!]);
  const before = streamCounts().dispatches;
  optimizer.step();
  assertEquals(streamCounts().dispatches - before, 2); // two runs
  assertEquals(await values(params), [[0.5, 0.5], [1, 1, 1], [0.5, 0.5]]);
  optimizer.zeroGrad();
  backward([params[1]!]);
  optimizer.step();
  assertEquals((await values(params))[1], [0.5, 0.5, 0.5]); // its first step
  const [group] = optimizer.stateDict().groups;
  const steps = group!.buffers[0]!.parameters.map(({ step }) => step);
  assertEquals(steps, [1, 1, 1]);
});

Deno.test("zeroGrad() forgets gradients, or makes them zero", async () => {
  const params = parametersOf([[2], [3]]);
  const optimizer = new optim.SGD(params, { lr: 1, weightDecay: 0.5 });
  backward(params, 4);
  const before = streamCounts().dispatches;
  optimizer.zeroGrad();
  assertEquals(params.map(({ grad }) => grad), [undefined, undefined]);
  optimizer.step();
  assertEquals(streamCounts().dispatches, before);
  backward(params, 4);
  optimizer.zeroGrad({ setToNone: false });
  assertEquals(await params[1]!.grad!.toArray(), [0, 0, 0]);
  optimizer.step(); // a zero gradient still decays
  assertEquals(await values(params), [[0.5, 0.5], [0.5, 0.5, 0.5]]);
});

Deno.test("backward() adds to gradients in the flat buffer", async () => {
  const params = parametersOf([[3], [2]]);
  const optimizer = new optim.SGD(params, { lr: 0.1 });
  backward(params, 2);
  backward(params, 3);
  assertEquals(await params[0]!.grad!.toArray(), [5, 5, 5]);
  assert(params[0]!.grad!.storage === params[1]!.grad!.storage);
  optimizer.zeroGrad();
  backward(params, 7);
  assertEquals(await params[1]!.grad!.toArray(), [7, 7]);
});

Deno.test("step() takes gradients that were set by hand, and those from before the optimizer", async () => {
  const params = parametersOf([[2], [2]]);
  backward([params[0]!], 2);
  const optimizer = new optim.SGD(params, { lr: 0.5 });
  params[1]!.grad = tensor([1, -1]);
  optimizer.step();
  assertEquals(await values(params), [[0, 0], [0.5, 1.5]]);
});

Deno.test("step() takes the gradient of another parameter, set by hand", async () => {
  const [p, q] = parametersOf([[2], [2]]);
  const sgd = new optim.SGD([p!, q!], { lr: 1 });
  backward([q!], 3);
  p!.grad = q!.grad;
  sgd.step();
  assertEquals(await values([p!, q!]), [[-2, -2], [-2, -2]]);
});

Deno.test("loadStateDict() copies between parameters of one flat buffer", async () => {
  const [from, to] = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
  new optim.SGD([...from.parameters(), ...to.parameters()], { lr: 1 });
  to.loadStateDict(from.stateDict());
  assertEquals(
    await values(to.parameters()),
    await values(from.parameters()),
  );
});

Deno.test("two optimizers of one parameter take turns", async () => {
  const [p, q, r] = parametersOf([[2], [2], [2]]) as [Tensor, Tensor, Tensor];
  const first = new optim.SGD([p, q], { lr: 0.25 });
  const second = new optim.SGD([q, r], { lr: 0.5 });
  for (let turn = 0; turn < 2; turn++) {
    first.zeroGrad();
    second.zeroGrad();
    backward([p, q, r]);
    first.step();
    second.step();
  }
  // q: 1 - 2 * (0.25 + 0.5)
  assertEquals(await values([p, q, r]), [[0.5, 0.5], [-0.5, -0.5], [0, 0]]);
});

Deno.test("groups have hyperparameters of their own, and may be added later", async () => {
  const params = parametersOf([[1], [1], [1]]);
  const optimizer = new optim.SGD(
    [{ params: [params[0]!] }, { params: params[1]!, lr: 0.5 }],
    { lr: 0.25 },
  );
  optimizer.addParamGroup({ params: [params[2]!], lr: 1, momentum: 0.5 });
  backward(params);
  optimizer.step();
  assertEquals((await values(params)).flat(), [0.75, 0.5, 0]);
  optimizer.paramGroups[0]!.lr = 0.75;
  optimizer.step();
  assertEquals((await values(params)).flat(), [0, 0, -1.5]);
  assertThrows(
    () => optimizer.addParamGroup({ params: [params[0]!] }),
    RangeError,
    "it occurs twice",
  );
});

const OPTIMIZERS = [
  "SGD",
  "Adam",
  "AdamW",
  "Adadelta",
  "Adagrad",
  "Adamax",
  "ASGD",
  "NAdam",
  "RAdam",
  "RMSprop",
  "Rprop",
] as const;

for (const name of OPTIMIZERS) {
  Deno.test(`${name} refuses what it can't train, in lists and in groups`, () => {
    const [w, other] = parametersOf([[2, 2], [2]]) as [Tensor, Tensor];
    const byOp = "expected a leaf, got the result of an op on tensors that " +
      "require gradients";
    const cases: [unknown[], ErrorConstructor, string][] = [
      [[w.mul(2)], TypeError, byOp],
      [[other, w.select(0, 1)], TypeError, byOp],
      [[w.t()], TypeError, byOp],
      [[w.to("float16")], TypeError, byOp],
      [[w, w], RangeError, "it occurs twice"],
      [[zeros([2], { dtype: "int32" })], TypeError, "expected a float type"],
      [
        [null],
        TypeError,
        "item 0 with " + name + ": expected a tensor, got null",
      ],
      [[[w]], TypeError, "expected a tensor, got an array"],
    ];
    for (const [params, type, message] of cases) {
      const list = params as Tensor[]; // an untyped program's mistakes, some
      assertThrows(() => new optim[name](list, { lr: 1 }), type, message);
      const grouped = [{ params: list }];
      assertThrows(() => new optim[name](grouped, { lr: 1 }), type, message);
      const optimizer = new optim[name](parametersOf([[1]]), { lr: 1 });
      assertThrows(
        () => optimizer.addParamGroup({ params: list }),
        type,
        message,
      );
      assertEquals(optimizer.paramGroups.length, 1);
    }
    for (
      const none of [[], [{ params: [] }], [{ params: [] }, { params: [] }]]
    ) {
      assertThrows(
        () => new optim[name](none, { lr: 1 }),
        RangeError,
        `Cannot make ${name}: `,
      );
    }
    const twice = [{ params: [w] }, { params: [other, w] }];
    assertThrows(
      () => new optim[name](twice, { lr: 1 }),
      RangeError,
      "it occurs twice",
    );
  });
}

Deno.test("an optimizer takes leaves that require no gradient, and groups without parameters", async () => {
  const frozen = ones([2]);
  const result = noGrad(() => ones([2], { requiresGrad: true }).mul(3));
  const [p] = parametersOf([[1]]) as [Tensor];
  const optimizer = new optim.SGD([frozen, result, p], { lr: 1 });
  optimizer.addParamGroup({ params: [] });
  backward([p]);
  optimizer.step();
  assertEquals(await values([frozen, result, p]), [[1, 1], [3, 3], [0]]);
});

Deno.test("addParamGroup() names what is no list of parameters", () => {
  const optimizer = new optim.SGD(parametersOf([[1]]), { lr: 1 });
  for (const [params, got] of [[undefined, "undefined"], [5, "5"]]) {
    assertThrows(
      () => optimizer.addParamGroup({ params: params as never }), // as above
      TypeError,
      `Cannot train ${got} with SGD: expected parameters`,
    );
  }
});

Deno.test("step() runs a closure first and returns its loss", async () => {
  const [p] = parametersOf([[2]]) as [Tensor];
  const optimizer = new optim.SGD([p], { lr: 0.5 });
  const loss = optimizer.step(() => {
    optimizer.zeroGrad();
    const made = p.sum();
    made.backward();
    return made;
  });
  assertEquals(await loss.item(), 2);
  assertEquals(await p.toArray(), [0.5, 0.5]);
});

Deno.test("step() makes backward refuse what was computed with old values", () => {
  const [p] = parametersOf([[2]]) as [Tensor];
  const optimizer = new optim.SGD([p], { lr: 0.5 });
  const loss = p.square().sum();
  backward([p]);
  optimizer.step();
  assertThrows(() => loss.backward(), Error, "was changed in place");
});

Deno.test("loadStateDict() goes on to the same bits", async () => {
  const makers: ((p: Tensor[]) => optim.Optimizer)[] = [
    (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
    (p) => new optim.AdamW(p, { lr: 0.1, amsgrad: true }),
    (p) => new optim.Rprop(p),
  ];
  for (const make of makers) {
    const train = (params: Tensor[], optimizer: optim.Optimizer): void => {
      optimizer.zeroGrad();
      for (const p of params) p.square().sum().backward();
      optimizer.step();
    };
    const whole = ODD_SHAPES.map((shape) =>
      randn(shape, { seed: 5, requiresGrad: true })
    );
    const first = make(whole);
    for (let step = 0; step < 3; step++) train(whole, first);
    first.paramGroups[0]!.lr = 0.05;
    const copies = whole.map((p) => p.detach().clone().requiresGrad_());
    const second = make(copies);
    second.loadStateDict(first.stateDict());
    assertEquals(second.paramGroups[0]!.lr, 0.05);
    for (let step = 0; step < 3; step++) {
      train(whole, first);
      train(copies, second);
    }
    assertEquals(await values(copies), await values(whole));
    first.loadStateDict(first.stateDict()); // its own, and nothing changes
    assertEquals(await values(copies), await values(whole));
  }
});

Deno.test("loadStateDict() refuses states of others, and changes nothing", () => {
  const optimizer = new optim.SGD(parametersOf([[2], [3]]), { lr: 1 });
  const good = optimizer.stateDict();
  const [group] = good.groups;
  const [buffer] = group!.buffers;
  const withParameters = (parameters: unknown): unknown => ({
    ...good,
    groups: [{ ...group, buffers: [{ ...buffer, parameters }] }],
  });
  const cases: [unknown, string][] = [
    [undefined, "expected a result of stateDict()"],
    [{ ...good, version: 2 }, "expected a result of stateDict()"],
    [{ ...good, optimizer: "Adam" }, "it was saved by Adam"],
    [{ ...good, groups: [] }, "it has 0 groups, expected 1"],
    [{ ...good, groups: [7] }, "group 0 lacks options or buffers"],
    [withParameters([]), "it has 0 parameters, expected 2"],
    [
      withParameters([{ shape: [2], step: 0 }, { shape: [4], step: 0 }]),
      "parameter 1 has shape [4], expected [3]",
    ],
    [
      withParameters([{ shape: [2], step: -1 }, { shape: [3], step: 0 }]),
      "parameter 0 has step -1, expected an integer",
    ],
    [
      { ...good, tensors: new Map([["0.0.momentum", zeros([3])]]) },
      'expected a float32 tensor of shape [256] as "momentum"',
    ],
  ];
  for (const [state, message] of cases) {
    assertThrows(() => optimizer.loadStateDict(state), TypeError, message);
  }
  const options = { ...group!.options, lr: -1 };
  assertThrows(
    () => optimizer.loadStateDict({ ...good, groups: [{ ...group, options }] }),
    RangeError,
    "lr -1",
  );
  assertEquals(optimizer.paramGroups[0]!.lr, 1);
});

Deno.test("training a small network in a plain loop stays flat in memory", async () => {
  manualSeed(3);
  const model = new nn.Sequential(
    new nn.Linear(64, 256),
    new nn.ReLU(),
    new nn.Linear(256, 1),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([128, 64]);
  const live: number[] = [];
  let loss = zeros([]);
  for (let step = 0; step < 200; step++) {
    optimizer.zeroGrad();
    loss = model.call(x).square().mean();
    loss.backward();
    optimizer.step();
    if (step % 10 === 9) await loss.item();
    if (step % 100 === 99) live.push(memory().live);
  }
  assert(Number.isFinite(await loss.item()));
  // 64 to 256 and back with Adam is 0.3 MB, a step makes 0.6 MB
  assert(live[1]! < live[0]! + 16 * 2 ** 20, `live bytes: ${live}`);
  assert(live[1]! < 64 * 2 ** 20, `live bytes: ${live}`);
});
