import { assertEquals, assertThrows } from "@std/assert";

import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  gaussianNllLoss,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  poissonNllLoss,
  smoothL1Loss,
} from "../../../src/ops/loss/loss.ts";
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multilabelSoftMarginLoss,
  softMarginLoss,
  tripletMarginLoss,
} from "../../../src/ops/loss/margin.ts";
import type { Reduction } from "../../../src/ops/loss/reduction.ts";
import { tensor, zeros } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
  values,
} from "../_gradients.ts";

const INPUT = [...values(6)];
const OTHER = [...values(6, 1)];
const SIGNS = [1, -1, 1, 1, -1, -1];
const BITS = [1, 0, 0, 1, 0.5, 0.25];
const SHARES = [0.1, 0.9, 0.5, 0.25, 0.75, 0.3];
const VARIANCES = [1, 1.5, 2, 0.8, 1.2, 0.9];
const COUNTS = [0, 1, 2, 5, 3, 0];

const logSigmoid = (x: number): number => -Math.log1p(Math.exp(-x));
const clip = (x: number): number => Math.max(x, 0);
const curve = (d: number, delta: number): number =>
  d <= delta ? d * d / 2 : delta * (d - delta / 2);

/** One loss of elements: what it is called with, and its definition. */
interface Row {
  readonly loss: (
    inputs: readonly Tensor[],
    options: { readonly reduction?: Reduction },
  ) => Tensor;
  readonly inputs: readonly (readonly number[])[];
  readonly definition: (...elements: number[]) => number;
}

const ROWS: Readonly<Record<string, Row>> = {
  "mseLoss()": {
    loss: ([x, t], options) => mseLoss(x!, t!, options),
    inputs: [INPUT, OTHER],
    definition: (x, t) => (x! - t!) ** 2,
  },
  "l1Loss()": {
    loss: ([x, t], options) => l1Loss(x!, t!, options),
    inputs: [INPUT, OTHER],
    definition: (x, t) => Math.abs(x! - t!),
  },
  "huberLoss()": {
    loss: ([x, t], options) => huberLoss(x!, t!, { ...options, delta: 0.7 }),
    inputs: [INPUT, OTHER],
    definition: (x, t) => curve(Math.abs(x! - t!), 0.7),
  },
  "smoothL1Loss()": {
    loss: ([x, t], options) => smoothL1Loss(x!, t!, { ...options, beta: 0.5 }),
    inputs: [INPUT, OTHER],
    definition: (x, t) => curve(Math.abs(x! - t!), 0.5) / 0.5,
  },
  "binaryCrossEntropy()": {
    loss: ([x, t], options) => binaryCrossEntropy(x!, t!, options),
    inputs: [SHARES, BITS],
    definition: (x, t) => -t! * Math.log(x!) - (1 - t!) * Math.log(1 - x!),
  },
  "binaryCrossEntropyWithLogits()": {
    loss: ([x, t, w, p], options) =>
      binaryCrossEntropyWithLogits(x!, t!, {
        ...options,
        weight: w!,
        posWeight: p!,
      }),
    inputs: [INPUT, BITS, SHARES, OTHER],
    definition: (x, t, w, p) =>
      -w! * (p! * t! * logSigmoid(x!) + (1 - t!) * logSigmoid(-x!)),
  },
  "klDiv()": {
    loss: ([x, t], options) => klDiv(x!, t!, options),
    inputs: [INPUT, SHARES],
    definition: (x, t) => t! * (Math.log(t!) - x!),
  },
  "klDiv() of log targets": {
    loss: ([x, t], options) => klDiv(x!, t!, { ...options, logTarget: true }),
    inputs: [INPUT, OTHER],
    definition: (x, t) => Math.exp(t!) * (t! - x!),
  },
  "poissonNllLoss()": {
    loss: ([x, t], options) => poissonNllLoss(x!, t!, options),
    inputs: [INPUT, COUNTS],
    definition: (x, t) => Math.exp(x!) - t! * x!,
  },
  "poissonNllLoss() of rates": {
    loss: ([x, t], options) =>
      poissonNllLoss(x!, t!, { ...options, logInput: false, full: true }),
    inputs: [SHARES, COUNTS],
    definition: (x, t) =>
      x! - t! * Math.log(x! + 1e-8) +
      (t! > 1 ? t! * Math.log(t!) - t! + Math.log(2 * Math.PI * t!) / 2 : 0),
  },
  "gaussianNllLoss()": {
    loss: ([x, t, v], options) =>
      gaussianNllLoss(x!, t!, v!, { ...options, full: true }),
    inputs: [INPUT, OTHER, VARIANCES],
    definition: (x, t, v) =>
      (Math.log(v!) + (x! - t!) ** 2 / v! + Math.log(2 * Math.PI)) / 2,
  },
  "hingeEmbeddingLoss()": {
    loss: ([x], options) => hingeEmbeddingLoss(x!, tensor(SIGNS), options),
    inputs: [INPUT],
    definition: (x, i) => SIGNS[i!] === 1 ? x! : clip(1 - x!),
  },
  "marginRankingLoss()": {
    loss: ([a, b], options) =>
      marginRankingLoss(a!, b!, tensor(SIGNS), { ...options, margin: 0.3 }),
    inputs: [INPUT, OTHER],
    definition: (a, b, i) => clip(0.3 - SIGNS[i!]! * (a! - b!)),
  },
  "softMarginLoss()": {
    loss: ([x], options) => softMarginLoss(x!, tensor(SIGNS), options),
    inputs: [INPUT],
    definition: (x, i) => -logSigmoid(SIGNS[i!]! * x!),
  },
};

for (const [name, { loss, inputs, definition }] of Object.entries(ROWS)) {
  const tensors = inputs.map((input) => tensor([...input]));

  Deno.test(`${name} equals its definition, kept, averaged and summed`, async () => {
    const each = INPUT.map((_, i) =>
      definition(...inputs.map((input) => input[i]!), i)
    );
    const sum = each.reduce((a, b) => a + b);
    // drivers may miss exp and log by some 2^-21
    await assertClose(loss(tensors, { reduction: "none" }), each, 4e-6);
    await assertClose(loss(tensors, { reduction: "sum" }), [sum], 4e-6);
    await assertClose(loss(tensors, {}), [sum / each.length], 4e-6);
  });

  Deno.test(`${name} gradients equal central differences`, async () => {
    // targets of 0 have no derivative in t * log(t); weights are no inputs
    const count = /poisson|Logits/.test(name) ? 1 : inputs.length;
    const f = (...xs: Tensor[]): Tensor =>
      loss([...xs, ...tensors.slice(xs.length)], {});
    await assertGradients(f, tensors.slice(0, count), { tolerance: 4e-3 });
    // lines have none
    const isLine = /^l1Loss|klDiv|hinge|Ranking/.test(name);
    if (!isLine) await assertSecondGradients(f, tensors.slice(0, 1), 1e-2);
  });

  Deno.test(`${name} names a reduction that it has not`, () => {
    const reduction = JSON.parse('"average"'); // as JavaScript may call it
    assertThrows(
      () => loss(tensors, { reduction }),
      RangeError,
      'with reduction "average": expected "none", "mean"',
    );
  });
}

Deno.test("mseLoss() broadcasts", async () => {
  const loss = mseLoss(made([2, 3], [1, 2, 3, 4, 5, 6]), tensor([1, 2, 3]));
  await assertClose(loss, [27 / 6], 1e-6); // three zeros, three nines
});

Deno.test("l1Loss() has no gradient where input and target are equal", async () => {
  const x = tensor([1, 2, 3]).requiresGrad_();
  l1Loss(x, tensor([1, 3, 2]), { reduction: "sum" }).backward();
  assertEquals(await x.grad!.data(), new Float32Array([0, -1, 1]));
});

Deno.test("smoothL1Loss() with beta 0 is the l1 loss", async () => {
  const loss = smoothL1Loss(tensor([1, 5]), tensor([3, 4]), {
    beta: 0,
    reduction: "none",
  });
  await assertClose(loss, [2, 1], 0);
});

Deno.test("smoothL1Loss() has PyTorch's gradients for small and infinite beta", async () => {
  // beta, gradients of the input and of the target: with beta 0 both are -1 at 0
  const rows: [number, number[], number[]][] = [
    [0, [-1, -1, -1, 1, NaN, 1], [-1, -1, 1, -1, NaN, -1]],
    [1e-30, [0, 0, -1, 1, NaN, 1], [0, 0, 1, -1, NaN, -1]],
    [Infinity, [0, 0, 0, 1, NaN, 0], [0, 0, 0, -1, NaN, 0]],
  ];
  for (const [beta, ofInput, ofTarget] of rows) {
    const x = tensor([0, 2, -1, Infinity, NaN, 1e-20], { requiresGrad: true });
    const t = tensor([0, 2, 1, 0, 0, 0], { requiresGrad: true });
    smoothL1Loss(x, t, { beta, reduction: "sum" }).backward();
    assertEquals([...await x.grad!.data()].map((v) => v + 0), ofInput);
    assertEquals([...await t.grad!.data()].map((v) => v + 0), ofTarget);
  }
  // lines all the way: as large as the difference, however small that is
  const [x, t] = [tensor([1e-9, -3]), tensor([0, 0])];
  const loss = smoothL1Loss(x, t, { beta: 1e-30, reduction: "none" });
  await assertClose(loss.mul(1e9), [1, 3e9], 1e-6);
  const row = tensor([0, 1, 2], { requiresGrad: true });
  smoothL1Loss(zeros([2, 3]), row, { beta: 0, reduction: "sum" }).backward();
  assertEquals(await row.grad!.toArray(), [-2, 2, 2]);
});

Deno.test("binaryCrossEntropy() stays finite for 0 and 1", async () => {
  const x = tensor([0, 1, 0, 1]).requiresGrad_();
  const t = tensor([1, 0, 0, 1]);
  const each = binaryCrossEntropy(x, t, { reduction: "none" });
  await assertClose(each, [100, 100, 0, 0], 0);
  each.sum().backward();
  // (x - t) / max(x * (1 - x), 1e-12)
  await assertClose(x.grad!, [-1e12, 1e12, 0, 0], 1e-6);
});

Deno.test("binaryCrossEntropy() refuses what is no probability", () => {
  for (const wrong of [-0.5, 1.5, NaN]) {
    assertThrows(
      () => binaryCrossEntropy(tensor([0.5, wrong]), tensor([1, 1])),
      RangeError,
      `of ${wrong}: expected probabilities`,
    );
  }
});

Deno.test("binaryCrossEntropy() of what only the GPU knows to be none is NaN", async () => {
  const each = binaryCrossEntropy(
    tensor([-0.1, 1.1, NaN, 0.5]).mul(1),
    tensor([1, 0, 1, 1]),
    {
      reduction: "none",
    },
  );
  await assertClose(each, [NaN, NaN, NaN, Math.LN2], 1e-6);
});

Deno.test("binaryCrossEntropyWithLogits() stays exact for huge logits", async () => {
  const each = binaryCrossEntropyWithLogits(
    tensor([1e4, -1e4, 1e4, -1e4]),
    tensor([1, 1, 0, 0]),
    { reduction: "none" },
  );
  await assertClose(each, [0, 1e4, 1e4, 0], 1e-6);
});

Deno.test("klDiv() counts targets of 0 as nothing, and batches", async () => {
  const x = made([2, 2], [-1, -2, -3, -4]);
  const t = made([2, 2], [0, 1, 1, 0]);
  await assertClose(klDiv(x, t, { reduction: "none" }), [0, 2, 3, 0], 1e-6);
  await assertClose(klDiv(x, t, { reduction: "batchmean" }), [5 / 2], 1e-6);
});

Deno.test("gaussianNllLoss() takes a variance for each row, at least eps", async () => {
  const x = made([2, 2], [1, 2, 3, 4]);
  const t = made([2, 2], [1, 1, 1, 1]);
  const want = [0, 0.5, (Math.log(4) + 1) / 2, (Math.log(4) + 9 / 4) / 2];
  for (const shape of [[2, 1], [2]]) {
    const v = made(shape, [1, 4]);
    await assertClose(
      gaussianNllLoss(x, t, v, { reduction: "none" }),
      want,
      1e-6,
    );
  }
  const v = made([2, 1], [0, -1]).requiresGrad_();
  const loss = gaussianNllLoss(x, x, v, { eps: 0.25, reduction: "sum" });
  await assertClose(loss, [2 * Math.log(0.25)], 1e-6);
  loss.backward(); // 1 / (2 * 0.25) for each of two elements, through the bound
  await assertClose(v.grad!, [4, 4], 1e-6);
});

Deno.test("multilabelSoftMarginLoss() averages the classes first", async () => {
  const x = made([2, 3], INPUT);
  const t = made([2, 3], [1, 0, 1, 0, 0, 1]);
  const w = [0.5, 1, 2];
  const each = INPUT.map((v, i) =>
    -w[i % 3]! * logSigmoid([1, 0, 1, 0, 0, 1][i] === 1 ? v : -v)
  );
  const rows = [0, 3].map((at) =>
    (each[at]! + each[at + 1]! + each[at + 2]!) / 3
  );
  const f = (a: Tensor): Tensor =>
    multilabelSoftMarginLoss(a, t, { weight: tensor(w), reduction: "none" });
  await assertClose(f(x), rows, 4e-6);
  await assertGradients(f, [x]);
});

Deno.test("cosineEmbeddingLoss() is 1 - cos or max(0, cos - margin)", async () => {
  const a = made([3, 2], [1, 0, 1, 0, 1, 0]);
  const b = made([3, 2], [3, 4, 3, 4, -3, 4]); // cosines 0.6, 0.6, -0.6
  const target = tensor([1, -1, -1]);
  const f = (x: Tensor, y: Tensor): Tensor =>
    cosineEmbeddingLoss(x, y, target, { margin: 0.1, reduction: "none" });
  await assertClose(f(a, b), [0.4, 0.5, 0], 1e-6);
  await assertGradients(f, [a, b]);
});

Deno.test("tripletMarginLoss() compares distances, swapped or not", async () => {
  const anchor = made([2, 2], [0, 0, 0, 0]);
  const positive = made([2, 2], [3, 4, 0, 1]);
  const negative = made([2, 2], [0, 5.5, 0, 9]);
  const none = { reduction: "none" } as const;
  await assertClose(
    tripletMarginLoss(anchor, positive, negative, none),
    [1 + 5 - 5.5, 0],
    1e-5,
  );
  // |positive - negative| = |(3, -1.5)| is smaller than 5.5
  await assertClose(
    tripletMarginLoss(anchor, positive, negative, { ...none, swap: true }),
    [6 - Math.hypot(3, 1.5), 0],
    1e-5,
  );
  for (const p of [1, 2, 3]) {
    await assertGradients(
      (a, b, c) => tripletMarginLoss(a, b, c, { p, margin: 2, swap: true }),
      [made([2, 3]), made([2, 3], values(6, 1)), made([2, 3], values(6, 2))],
      { tolerance: 4e-3 },
    );
  }
});

Deno.test("losses name options and shapes they reject", () => {
  const x = tensor([1, 2]);
  assertThrows(
    () => smoothL1Loss(x, x, { beta: -1 }),
    RangeError,
    "beta -1: expected at least 0",
  );
  assertThrows(() => huberLoss(x, x, { delta: 0 }), RangeError, "delta 0");
  assertThrows(
    () => binaryCrossEntropy(made([3, 1]), made([3])),
    TypeError,
    "with targets of shape [3]: expected floats of equal shapes",
  );
  assertThrows(
    () => gaussianNllLoss(made([2, 3]), made([2, 3]), made([3])),
    TypeError,
    "variances of shape [3]: expected [2, 3], [2, 1] or [2]",
  );
  assertThrows(
    () => mseLoss(made([2, 3]), made([2])),
    TypeError,
    "must be equal, or one of them 1",
  );
});
