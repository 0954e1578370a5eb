/**
 * Tests of every layer, loss, optimizer and scheduler: a compiled training step
 * gives the bits of the eager one, losses, parameters and states.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

import { F, manualSeed, nn, optim, randn, Tensor, tensor } from "../../mod.ts";
import {
  type AdapterClass,
  overrideAdapterClass,
} from "../../src/gpu/device.ts";
import { assertSame } from "./_shared.ts";

const CALLS = [0, 1, 2, 3, 4];

/** A layer, and what it is called with. */
interface Row {
  readonly make: () => nn.AnyModule;
  readonly shapes: readonly (readonly number[])[];
  /** What else it is called with. */
  readonly options?: unknown;
  /** Exact in the types, where inputs are no random floats. */
  readonly inputs?: (seed: number) => Tensor[];
}

const MASK = () => tensor([[0, -Infinity, -1], [0, 0, -Infinity], [0, 1, 2]]);
const TOKENS = () => tensor([[1, 4, 0], [4, 4, 2]], { dtype: "int32" });

const IMAGES = [[2, 4, 6, 6]];
const ROWS = [[6, 5]];
const SERIES = [[3, 2, 4]];
const LAYERS: Readonly<Record<string, Row>> = {
  Sequential: {
    make: () => new nn.Sequential(new nn.Linear(5, 7), new nn.ReLU()),
    shapes: ROWS,
  },
  Linear: { make: () => new nn.Linear(5, 3), shapes: ROWS },
  Bilinear: { make: () => new nn.Bilinear(5, 4, 3), shapes: [[6, 5], [6, 4]] },
  Conv2d: {
    make: () => new nn.Conv2d(4, 8, 3, { padding: 1, groups: 2 }),
    shapes: IMAGES,
  },
  Conv1d: { make: () => new nn.Conv1d(2, 4, 3), shapes: SERIES },
  Conv3d: { make: () => new nn.Conv3d(2, 3, 2), shapes: [[1, 2, 3, 4, 4]] },
  ConvTranspose1d: {
    make: () => new nn.ConvTranspose1d(2, 4, 3, { stride: 2 }),
    shapes: SERIES,
  },
  ConvTranspose2d: {
    make: () => new nn.ConvTranspose2d(4, 4, 3, { stride: 2, groups: 2 }),
    shapes: IMAGES,
  },
  MaxPool2d: { make: () => new nn.MaxPool2d(2), shapes: IMAGES },
  MaxPool3d: { make: () => new nn.MaxPool3d(2), shapes: [[1, 2, 4, 4, 4]] },
  AvgPool2d: { make: () => new nn.AvgPool2d(3), shapes: IMAGES },
  AdaptiveAvgPool2d: {
    make: () => new nn.AdaptiveAvgPool2d(2),
    shapes: IMAGES,
  },
  BatchNorm1d: { make: () => new nn.BatchNorm1d(5), shapes: ROWS },
  BatchNorm2d: {
    make: () => new nn.BatchNorm2d(4, { momentum: undefined }),
    shapes: IMAGES,
  },
  InstanceNorm1d: {
    make: () => new nn.InstanceNorm1d(2, { trackRunningStats: true }),
    shapes: SERIES,
  },
  InstanceNorm2d: {
    make: () => new nn.InstanceNorm2d(4, { affine: true }),
    shapes: IMAGES,
  },
  LayerNorm: { make: () => new nn.LayerNorm(5), shapes: ROWS },
  GroupNorm: { make: () => new nn.GroupNorm(2, 4), shapes: IMAGES },
  LocalResponseNorm: {
    make: () => new nn.LocalResponseNorm(3),
    shapes: IMAGES,
  },
  MultiheadAttention: {
    make: () => new nn.MultiheadAttention(4, 2, { dropout: 0.5 }),
    shapes: [[3, 2, 4], [3, 2, 4], [3, 2, 4]],
    options: { attnMask: MASK() },
  },
  TransformerEncoderLayer: {
    make: () => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 }),
    shapes: SERIES.map(() => [3, 2, 4]),
    options: { attnMask: MASK() },
  },
  TransformerDecoderLayer: {
    make: () =>
      new nn.TransformerDecoderLayer(4, 2, {
        dimFeedforward: 8,
        activation: "gelu",
        normFirst: true,
      }),
    shapes: [[3, 2, 4], [5, 2, 4]],
  },
  Embedding: {
    make: () => new nn.Embedding(5, 4, { paddingIdx: 0 }),
    shapes: [],
    inputs: () => [TOKENS()],
  },
  RNN: {
    make: () => new nn.RNN(4, 3, { nonlinearity: "relu" }),
    shapes: SERIES,
  },
  GRU: {
    make: () => new nn.GRU(4, 3, { bidirectional: true }),
    shapes: SERIES,
  },
  LSTM: {
    make: () => new nn.LSTM(4, 3, { numLayers: 2, dropout: 0.5 }),
    shapes: SERIES,
  },
  RNNCell: { make: () => new nn.RNNCell(5, 3), shapes: ROWS },
  GRUCell: { make: () => new nn.GRUCell(5, 3), shapes: ROWS },
  LSTMCell: { make: () => new nn.LSTMCell(5, 3), shapes: ROWS },
  Dropout: { make: () => new nn.Dropout(0.5), shapes: ROWS },
  Flatten: { make: () => new nn.Flatten(), shapes: IMAGES },
  GELU: { make: () => new nn.GELU("tanh"), shapes: ROWS },
  Identity: { make: () => new nn.Identity(), shapes: ROWS },
  LeakyReLU: { make: () => new nn.LeakyReLU(0.2), shapes: ROWS },
  LogSoftmax: { make: () => new nn.LogSoftmax(1), shapes: ROWS },
  ReLU: { make: () => new nn.ReLU(), shapes: ROWS },
  Sigmoid: { make: () => new nn.Sigmoid(), shapes: ROWS },
  SiLU: { make: () => new nn.SiLU(), shapes: ROWS },
  Softmax: { make: () => new nn.Softmax(0), shapes: ROWS },
  Tanh: { make: () => new nn.Tanh(), shapes: ROWS },
  CrossEntropyLoss: {
    make: () => new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }),
    shapes: [],
    inputs: (seed) => [randn([2, 5, 3], { seed }), TOKENS()],
  },
  MSELoss: { make: () => new nn.MSELoss(), shapes: [[6, 5], [6, 5]] },
  NLLLoss: {
    make: () => new nn.NLLLoss({ reduction: "sum" }),
    shapes: [],
    inputs: (seed) => [randn([2, 5, 3], { seed }), TOKENS()],
  },
};

/** Classes that only others are made of. */
const ABSTRACT: ReadonlySet<unknown> = new Set([
  nn.Module,
  nn.ChannelNorm,
  nn.Recurrent,
  nn.RecurrentCell,
  nn.TransformerLayer,
]);

/** A layer behind a parameter that its inputs pass, and what trains both. */
class Trained extends nn.Module<readonly Tensor[]> {
  layer: nn.AnyModule;
  gain = new nn.Parameter(tensor(1.5));
  readonly #options: unknown;

  constructor({ make, options }: Row) {
    super();
    this.layer = make();
    this.#options = options;
  }

  forward(...inputs: readonly Tensor[]): Tensor {
    const given: unknown[] = inputs.map((x) =>
      x.dtype === "float32" ? x.mul(this.gain) : x
    );
    if (this.#options) given.push(this.#options);
    const outputs = [this.layer.call(...given)].flat(2);
    const losses = outputs.filter((each) => each instanceof Tensor)
      .map((y) => y.square().mean());
    return losses.reduce((sum, loss) => sum.add(loss));
  }
}

for (const kind of ["cpu", "gpu"] satisfies AdapterClass[]) {
  for (const [name, row] of Object.entries(LAYERS)) {
    Deno.test(`nn.${name} trains compiled as it does eagerly (${kind})`, async () => {
      overrideAdapterClass(kind);
      try {
        const runs = await assertSame((wrap) => {
          manualSeed(7);
          const net = new Trained(row);
          const optimizer = new optim.AdamW(net.parameters(), { lr: 0.01 });
          const step = wrap((...inputs: Tensor[]) => {
            optimizer.zeroGrad();
            const loss = net.call(...inputs);
            loss.backward();
            optimizer.step();
            return loss;
          });
          const inputs = row.inputs ??
            ((seed: number) =>
              row.shapes.map((shape) => randn(shape, { seed })));
          const losses = CALLS.map((seed) => step(...inputs(seed)));
          net.eval();
          const after = CALLS.map((seed) => step(...inputs(seed)));
          return [losses, after, [...net.stateDict()], net.gain.grad];
        });
        assert(runs <= 6, `${runs} of 10 calls were no replays`); // three a mode
      } finally {
        overrideAdapterClass(undefined);
      }
    });
  }
}

/** A small net, its losses over some calls, and its state at the end. */
async function sameTraining(
  makeOptimizer: (parameters: nn.Parameter[]) => optim.Optimizer,
  makeScheduler?: (optimizer: optim.Optimizer) => optim.Scheduler,
): Promise<void> {
  const runs = await assertSame((wrap) => {
    manualSeed(5);
    const net = new nn.Sequential(
      new nn.Linear(5, 8),
      new nn.Tanh(),
      new nn.Linear(8, 3),
    );
    const optimizer = makeOptimizer(net.parameters());
    const scheduler = makeScheduler?.(optimizer);
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(net.call(x), x.argmax(1).remainder(3));
      loss.backward();
      optimizer.step();
      scheduler?.step();
      return loss;
    });
    const losses = [...CALLS, ...CALLS].map((seed) =>
      step(randn([6, 5], { seed }))
    );
    const { tensors } = optimizer.stateDict();
    const rates = optimizer.paramGroups.map(({ lr }) => lr);
    return [losses, [...net.stateDict()], [...tensors], rates];
  });
  assert(runs <= 3, `${runs} of 10 calls were no replays`);
}

type MakeOptimizer = (parameters: nn.Parameter[]) => optim.Optimizer;
const OPTIMIZERS: Readonly<Record<string, readonly MakeOptimizer[]>> = {
  SGD: [
    (p) => new optim.SGD(p, { lr: 0.1 }),
    (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
    (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5 }),
  ],
  Adam: [
    (p) => new optim.Adam(p, { lr: 0.01, weightDecay: 0.1 }),
    (p) => new optim.Adam(p, { amsgrad: true, maximize: true }),
  ],
  AdamW: [
    (p) =>
      new optim.AdamW([{ params: p.slice(0, 2), lr: 0.01 }, {
        params: p.slice(2),
      }]),
  ],
  Adadelta: [(p) => new optim.Adadelta(p)],
  Adagrad: [(p) => new optim.Adagrad(p, { lrDecay: 0.1 })],
  Adamax: [(p) => new optim.Adamax(p)],
  ASGD: [(p) => new optim.ASGD(p, { t0: 3 })],
  NAdam: [(p) => new optim.NAdam(p)],
  RAdam: [(p) => new optim.RAdam(p, { lr: 0.1 })],
  RMSprop: [(p) => new optim.RMSprop(p, { centered: true, momentum: 0.5 })],
  Rprop: [(p) => new optim.Rprop(p)],
};

for (const [name, makers] of Object.entries(OPTIMIZERS)) {
  Deno.test(`optim.${name} steps compiled as it does eagerly`, async () => {
    for (const make of makers) await sameTraining(make);
  });
}

type MakeScheduler = (optimizer: optim.Optimizer) => optim.Scheduler;
const SCHEDULERS: Readonly<Record<string, MakeScheduler>> = {
  StepLR: (o) => new optim.StepLR(o, { stepSize: 2 }),
  MultiStepLR: (o) => new optim.MultiStepLR(o, { milestones: [2, 5] }),
  ExponentialLR: (o) => new optim.ExponentialLR(o, { gamma: 0.5 }),
  LambdaLR: (o) => new optim.LambdaLR(o, { lrLambda: (n) => 1 / (n + 1) }),
  MultiplicativeLR: (o) =>
    new optim.MultiplicativeLR(o, { lrLambda: (n) => 1 - n / 20 }),
  ConstantLR: (o) => new optim.ConstantLR(o, { totalIters: 3 }),
  LinearLR: (o) => new optim.LinearLR(o, { totalIters: 6 }),
  PolynomialLR: (o) => new optim.PolynomialLR(o, { totalIters: 8, power: 2 }),
  CosineAnnealingLR: (o) => new optim.CosineAnnealingLR(o, { tMax: 4 }),
  CosineAnnealingWarmRestarts: (o) =>
    new optim.CosineAnnealingWarmRestarts(o, { t0: 2, tMult: 2 }),
  CyclicLR: (o) =>
    new optim.CyclicLR(o, { baseLr: 0.01, maxLr: 0.2, stepSizeUp: 3 }),
  OneCycleLR: (o) => new optim.OneCycleLR(o, { maxLr: 0.3, totalSteps: 12 }),
  ChainedScheduler: (o) =>
    new optim.ChainedScheduler(o, {
      schedulers: [
        new optim.StepLR(o, { stepSize: 3 }),
        new optim.ExponentialLR(o, { gamma: 0.9 }),
      ],
    }),
  SequentialLR: (o) =>
    new optim.SequentialLR(o, {
      schedulers: [
        new optim.LinearLR(o, { totalIters: 4 }),
        new optim.ExponentialLR(o, { gamma: 0.9 }),
      ],
      milestones: [4],
    }),
};

for (const [name, make] of Object.entries(SCHEDULERS)) {
  Deno.test(`optim.${name} schedules compiled steps as it does eager ones`, async () => {
    const momentum = { momentum: 0.9 }; // two of them move it
    await sameTraining((p) => new optim.SGD(p, { lr: 0.1, ...momentum }), make);
  });
}

Deno.test("the tables of compiled training have a row for everything there is", () => {
  const classes = Object.entries({ ...nn, ...optim })
    .filter(([, each]) => typeof each === "function");
  const named = (is: (prototype: unknown) => boolean) =>
    classes.filter(([, each]) =>
      is(Object(each).prototype) && !ABSTRACT.has(each)
    )
      .map(([name]) => name).sort();
  const keys = (table: object) => Object.keys(table).sort();
  assertEquals(keys(LAYERS), named((each) => each instanceof nn.Module));
  assertEquals(
    keys(OPTIMIZERS),
    named((each) => each instanceof optim.Optimizer),
  );
  const schedulers = named((each) => "getLastLr" in Object(each));
  const others = ["LRScheduler", "ReduceLROnPlateau"]; // reads its metric
  assertEquals([...keys(SCHEDULERS), ...others].sort(), schedulers);
});
