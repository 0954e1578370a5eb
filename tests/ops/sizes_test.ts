import { assertEquals, assertThrows } from "@std/assert";

import { grad } from "../../src/autograd/backward.ts";
import { conv1d, conv2d, convTranspose2d } from "../../src/ops/conv.ts";
import * as F from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/mod.ts";
import { cat } from "../../src/ops/join.ts";
import { arange, ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, indices, made } from "./_gradients.ts";

/** A result's shape and values, what PyTorch gives. */
type Row = readonly [() => Tensor, Shape, readonly number[]];

async function assertRows(rows: Readonly<Record<string, Row>>): Promise<void> {
  for (const [name, [call, shape, values]] of Object.entries(rows)) {
    try {
      const y = call();
      assertEquals(y.shape, shape, "shape");
      await assertClose(y, values, 1e-6);
    } catch (error) {
      throw new Error(name, { cause: error });
    }
  }
}

Deno.test("ops on tensors without dims take dim 0 and -1, as in PyTorch", async () => {
  const s = tensor(2);
  const at = indices([], [0]);
  const five = tensor(5);
  for (const dim of [0, -1]) {
    await assertRows({
      gather: [() => s.gather(dim, at), [], [2]],
      "gather twice": [() => s.gather(dim, indices([2], [0, 0])), [2], [2, 2]],
      scatter: [() => s.scatter(dim, at, five), [], [5]],
      "scatter a number": [() => s.scatter(dim, at, 7), [], [7]],
      "scatter twice": [
        () => s.scatter(dim, indices([2], [0, 0]), tensor([5, 6])),
        [],
        [6],
      ],
      scatterAdd: [
        () => s.scatterAdd(dim, indices([2], [0, 0]), tensor([5, 6])),
        [],
        [13],
      ],
      indexSelect: [() => s.indexSelect(dim, indices([1], [0])), [], [2]],
      indexAdd: [() => s.indexAdd(dim, at, five), [], [7]],
      "indexAdd twice": [
        () => s.indexAdd(dim, indices([2], [0, 0]), tensor([5, 6])),
        [],
        [13],
      ],
      takeAlongDim: [() => s.takeAlongDim(at, dim), [], [2]],
      unfold: [() => s.unfold(dim, 1, 1), [1], [2]],
      "unfold nothing": [() => s.unfold(dim, 0, 1), [0], []],
      "sort values": [() => s.sort({ dim }).values, [], [2]],
      "sort indices": [() => s.sort({ dim }).indices, [], [0]],
      topk: [() => s.topk(1, { dim }).values, [], [2]],
      cumsum: [() => s.cumsum(dim), [], [2]],
      cumprod: [() => s.cumprod(dim), [], [2]],
      softmax: [() => s.softmax(dim), [], [1]],
      logSoftmax: [() => s.logSoftmax(dim), [], [0]],
      argmax: [() => s.argmax(dim), [], [0]],
      max: [() => s.max(dim).values, [], [2]],
      flip: [() => s.flip([dim]), [], [2]],
      sum: [() => s.sum(dim), [], [2]],
      var: [() => s.var(dim), [], [NaN]],
      norm: [() => s.norm(2, dim), [], [2]],
      squeeze: [() => s.squeeze(dim), [], [2]],
      cosineSimilarity: [() => F.cosineSimilarity(s, s, { dim }), [], [1]],
    });
    for (const name of ["unbind", "roll"] as const) {
      const run = (): unknown =>
        name === "roll" ? s.roll(1, dim) : s.unbind(dim);
      assertThrows(run, RangeError, "over a dim: it has none");
    }
  }
  const x = tensor(2, { requiresGrad: true });
  x.gather(0, indices([3], [0, 0, 0])).mul(x.unfold(0, 1, 1)).sum().backward();
  assertEquals(await x.grad!.item(), 12); // of 3 x^2
  assertThrows(
    () => s.indexSelect(0, indices([2], [0, 0])),
    TypeError,
    "by an index of shape [2]: expected one index",
  );
});

Deno.test("gather() and scatter() take indices without dims or elements", async () => {
  const x = tensor([1, 2, 3]);
  const none = zeros([0], { dtype: "int32" });
  const ones2 = ones([2, 3]);
  await assertRows({
    gather: [() => x.gather(0, indices([], [1])), [], [2]],
    scatter: [() => x.scatter(0, indices([], [1]), tensor(5)), [3], [1, 5, 3]],
    indexAdd: [
      () => x.indexAdd(0, indices([1], [1]), tensor(5)),
      [3],
      [1, 7, 3],
    ],
    "gather nothing": [() => ones2.gather(0, none), [0], []],
    "scatterAdd nothing": [
      () => ones2.scatterAdd(0, none, zeros([0, 3])),
      [2, 3],
      [1, 1, 1, 1, 1, 1],
    ],
  });
  assertThrows(() => ones2.gather(0, indices([], [1])), TypeError, "many dims");
});

Deno.test("reductions over no elements give what PyTorch gives, or refuse", async () => {
  const none = zeros([0, 2]);
  const zero = [0, 0];
  const rows: Record<string, Row> = {
    sum: [() => none.sum(0), [2], zero],
    prod: [() => none.prod(0), [2], [1, 1]],
    mean: [() => none.mean(0), [2], [NaN, NaN]],
    var: [() => none.var(0), [2], [NaN, NaN]],
    std: [() => none.std(), [], [NaN]],
    any: [() => none.any(0), [2], zero],
    all: [() => none.all(0), [2], [1, 1]],
    logsumexp: [() => none.logsumexp(0), [2], [-Infinity, -Infinity]],
    countNonzero: [() => none.countNonzero(0), [2], zero],
    cumsum: [() => none.cumsum(0), [0, 2], []],
    softmax: [() => none.softmax(0), [0, 2], []],
    normalize: [() => F.normalize(none, { p: Infinity, dim: 0 }), [0, 2], []],
    cosineSimilarity: [
      () => F.cosineSimilarity(none, none, { dim: 0 }),
      [2],
      zero,
    ],
    amax: [() => none.amax(1), [0], []],
  };
  for (const p of [Infinity, -Infinity, 0, 0.5, 1, 2, 3, -1]) {
    rows[`norm ${p}`] = [() => none.norm(p, 0), [2], zero];
  }
  await assertRows(rows);
  for (const name of ["amax", "amin", "argmax", "argmin"] as const) {
    assertThrows(() => none[name](0), RangeError, "over no elements");
  }
  assertThrows(() => none.max(), RangeError, "over no elements");
});

Deno.test("reductions over an empty list of dims take all, as in PyTorch", async () => {
  const x = ones([2, 3]);
  await assertRows({
    sum: [() => x.sum([]), [], [6]],
    mean: [() => x.mean([], { keepdim: true }), [1, 1], [1]],
    amax: [() => x.amax([]), [], [1]],
    std: [() => x.std([]), [], [0]],
    norm: [() => x.norm(2, []), [], [Math.sqrt(6)]],
    "sum of nothing": [() => zeros([0]).sum([]), [], [0]],
  });
});

Deno.test("losses of no elements are NaN on average and 0 in sum", async () => {
  const losses = {
    mseLoss: F.mseLoss,
    l1Loss: F.l1Loss,
    huberLoss: F.huberLoss,
    smoothL1Loss: F.smoothL1Loss,
    binaryCrossEntropy: F.binaryCrossEntropy,
    binaryCrossEntropyWithLogits: F.binaryCrossEntropyWithLogits,
    klDiv: F.klDiv,
    poissonNllLoss: F.poissonNllLoss,
    softMarginLoss: F.softMarginLoss,
    hingeEmbeddingLoss: F.hingeEmbeddingLoss,
    multilabelSoftMarginLoss: F.multilabelSoftMarginLoss,
  };
  for (const [name, loss] of Object.entries(losses)) {
    for (const [reduction, want] of [["mean", NaN], ["sum", 0]] as const) {
      const x = zeros([0, 3], { requiresGrad: true });
      const y = loss(x, zeros([0, 3]), { reduction });
      assertEquals(await y.item(), want, `${name} ${reduction}`);
      y.backward();
      assertEquals(x.grad?.shape, [0, 3], name);
    }
  }
  const classes = zeros([0], { dtype: "int32" });
  const x = zeros([0, 3], { requiresGrad: true });
  assertEquals(await F.crossEntropy(x, classes).item(), NaN);
  const sum = F.crossEntropy(x, classes, { reduction: "sum" });
  assertEquals(await sum.item(), 0);
  assertEquals(grad(sum, [x])[0]!.shape, [0, 3]);
});

Deno.test("layers and ops of no elements have results and gradients of theirs", () => {
  const images = (f: (x: Tensor) => Tensor) => f;
  const rows: [string, Shape, (x: Tensor) => Tensor, Shape][] = [
    ["conv2d", [0, 3, 5, 5], (x) => conv2d(x, ones([4, 3, 3, 3])), [
      0,
      4,
      3,
      3,
    ]],
    ["linear", [2, 0], (x) => F.linear(x, ones([3, 0]), ones([3])), [2, 3]],
    ["matmul", [2, 0], (x) => x.matmul(ones([0, 3])), [2, 3]],
    ["maxPool2d", [0, 2, 4, 4], images((x) => F.maxPool2d(x, 2)), [0, 2, 2, 2]],
    ["avgPool2d", [0, 2, 4, 4], images((x) => F.avgPool2d(x, 2)), [0, 2, 2, 2]],
    ["lpPool2d", [0, 2, 4, 4], (x) => F.lpPool2d(x, 2, 2), [0, 2, 2, 2]],
    [
      "adaptiveAvgPool2d without channels",
      [2, 0, 4, 4],
      (x) => F.adaptiveAvgPool2d(x, 2),
      [2, 0, 2, 2],
    ],
    [
      "adaptiveAvgPool2d to 0",
      [1, 2, 4, 4],
      (x) => F.adaptiveAvgPool2d(x, [0, 3]),
      [1, 2, 0, 3],
    ],
    ["adaptiveMaxPool2d to 0", [1, 2, 4, 4], (x) => F.adaptiveMaxPool2d(x, 0), [
      1,
      2,
      0,
      0,
    ]],
    ["batchNorm", [0, 3], (x) => F.batchNorm(x, { training: true }), [0, 3]],
    ["batchNorm of [0]", [0], (x) => F.batchNorm(x, { training: true }), [0]],
    ["layerNorm", [2, 0], (x) => F.layerNorm(x, [0]), [2, 0]],
    ["groupNorm", [0, 4], (x) => F.groupNorm(x, 2), [0, 4]],
    ["interpolate", [0, 1, 4], (x) => F.interpolate(x, { scaleFactor: 2 }), [
      0,
      1,
      8,
    ]],
    ["cat", [0, 3], (x) => cat([x, ones([2, 3])]), [2, 3]],
    ["cat of [0]", [0], (x) => cat([x, x], 1), [0]],
    ["unfold", [3], (x) => x.unfold(0, 0, 1), [4, 0]],
    ["prod", [0, 3], (x) => x.prod(0), [3]],
    ["cumprod", [0, 3], (x) => x.cumprod(1), [0, 3]],
    ["logsumexp", [0, 3], (x) => x.logsumexp(1), [0]],
    ["std", [0, 3], (x) => x.std(1), [0]],
    ["sort", [0, 3], (x) => x.sort().values, [0, 3]],
    ["topk", [0, 3], (x) => x.topk(2).values, [0, 2]],
    ["gather", [2, 3], (x) => x.gather(0, zeros([0, 3], { dtype: "int32" })), [
      0,
      3,
    ]],
    [
      "indexAdd",
      [2, 3],
      (x) => x.indexAdd(0, zeros([0], { dtype: "int32" }), zeros([0, 3])),
      [2, 3],
    ],
  ];
  for (const [name, shape, f, wanted] of rows) {
    const x = zeros(shape, { requiresGrad: true });
    const y = f(x);
    assertEquals(y.shape, wanted, name);
    y.sum().backward();
    assertEquals(x.grad?.shape, shape, `gradient of ${name}`);
  }
  assertEquals(zeros([0, 3]).chunk(2).map(({ shape }) => shape), [
    [0, 3],
    [0, 3],
  ]);
  assertThrows(() => ones([2]).chunk(0), RangeError, "into 0 pieces");
  assertThrows(() => F.layerNorm(tensor(2), []), TypeError, "its last sizes");
});

Deno.test("windows and strides may be lists of one number", async () => {
  const x = arange(32).to("float32").reshape([1, 2, 4, 4]);
  const filter = ones([1, 2, 2, 2]);
  const back = ones([2, 1, 2, 2]);
  const signal = x.reshape([1, 2, 16]);
  const pairs: Record<string, [Tensor, Tensor]> = {
    avgPool2d: [
      F.avgPool2d(x, [2], { stride: [1], padding: [1] }),
      F.avgPool2d(x, 2, { stride: 1, padding: 1 }),
    ],
    maxPool2d: [
      F.maxPool2d(x, [2], { stride: [1], padding: [1], dilation: [2] }),
      F.maxPool2d(x, 2, { stride: 1, padding: 1, dilation: 2 }),
    ],
    maxPool3d: [
      F.maxPool3d(x, [2], { stride: [1] }),
      F.maxPool3d(x, 2, { stride: 1 }),
    ],
    lpPool2d: [
      F.lpPool2d(x, 2, [2], { stride: [1] }),
      F.lpPool2d(x, 2, 2, { stride: 1 }),
    ],
    avgPool1d: [
      F.avgPool1d(signal, [2], { stride: [1] }),
      F.avgPool1d(signal, 2, { stride: 1 }),
    ],
    adaptiveAvgPool2d: [F.adaptiveAvgPool2d(x, [2]), F.adaptiveAvgPool2d(x, 2)],
    adaptiveMaxPool2d: [F.adaptiveMaxPool2d(x, [2]), F.adaptiveMaxPool2d(x, 2)],
    unfold: [
      F.unfold(x, [2], { stride: [2], padding: [1] }),
      F.unfold(x, 2, { stride: 2, padding: 1 }),
    ],
    fold: [
      F.fold(ones([1, 4, 4]), [4], { kernelSize: [2], stride: [2] }),
      F.fold(ones([1, 4, 4]), 4, { kernelSize: 2, stride: 2 }),
    ],
    conv2d: [
      conv2d(x, filter, undefined, { stride: [2], padding: [1] }),
      conv2d(x, filter, undefined, { stride: 2, padding: 1 }),
    ],
    convTranspose2d: [
      convTranspose2d(x, back, undefined, { stride: [2], outputPadding: [1] }),
      convTranspose2d(x, back, undefined, { stride: 2, outputPadding: 1 }),
    ],
    conv1d: [
      conv1d(signal, ones([1, 2, 3]), undefined, { stride: [2] }),
      conv1d(signal, ones([1, 2, 3]), undefined, { stride: 2 }),
    ],
  };
  for (const [name, [got, want]] of Object.entries(pairs)) {
    assertEquals(got.shape, want.shape, name);
    assertEquals(await got.data(), await want.data(), name);
  }
  assertEquals(new nn.Conv2d(2, 3, [5]).weight.shape, [3, 2, 5, 5]);
  assertEquals(new nn.MaxPool2d([2]).call(x).shape, [1, 2, 2, 2]);
  // a call that types refuse, too
  const three: unknown = [2, 2, 2];
  assertThrows(
    () => F.avgPool2d(x, three as [number, number]),
    TypeError,
    "Cannot avgPool2d with kernelSize [2, 2, 2]: expected one number or two",
  );
});

Deno.test("adaptive pooling keeps a size for null or undefined", async () => {
  const x = arange(16).to("float32").reshape([1, 1, 4, 4]);
  await assertRows({
    rows: [
      () => F.adaptiveAvgPool2d(x, [null, 2]),
      [1, 1, 4, 2],
      [0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5],
    ],
    columns: [
      () => F.adaptiveMaxPool2d(x, [1, undefined]),
      [1, 1, 1, 4],
      [12, 13, 14, 15],
    ],
    both: [() => F.adaptiveAvgPool2d(x, null), [1, 1, 4, 4], [
      ...Array(16).keys(),
    ]],
    layer: [
      () => new nn.AdaptiveAvgPool2d([2, null]).call(x).sum(-1),
      [1, 1, 2],
      [14, 46],
    ],
    signal: [() => F.adaptiveAvgPool1d(x.at(0), [null]).sum(), [], [120]],
  });
  assertThrows(
    () => F.adaptiveAvgPool2d(x, [-1, null]),
    RangeError,
    "Cannot adaptiveAvgPool2d with outputSize -1",
  );
});

Deno.test("maxUnpool2d() takes sizes with and without images and channels", async () => {
  const x = arange(25).to("float32").reshape([1, 1, 5, 5]);
  const [y, at] = F.maxPool2d(x, 2, { returnIndices: true });
  const wanted = new Array(25).fill(0);
  for (const i of [6, 8, 16, 18]) wanted[i] = i;
  for (const outputSize of [[5, 5], [1, 1, 5, 5]]) {
    const back = F.maxUnpool2d(y, at, [2], { outputSize });
    assertEquals(back.shape, [1, 1, 5, 5]);
    await assertClose(back, wanted, 0);
  }
  const unbatched = F.maxUnpool2d(y.at(0), at.at(0), 2, {
    outputSize: [1, 5, 5],
  });
  assertEquals(unbatched.shape, [1, 5, 5]);
  for (const outputSize of [[6, 5], [5, 2], [5, 4.5]]) {
    assertThrows(
      () => F.maxUnpool2d(y, at, 2, { outputSize }),
      RangeError,
      "expected 3 to 5",
    );
  }
  assertThrows(
    () => F.maxUnpool2d(y, at, 2, { outputSize: [1, 5, 5] }),
    TypeError,
    "expected [H, W] or the whole shape",
  );
  // 16 and 18 have no place among nine
  const lost = F.maxUnpool2d(y, at, 2, { outputSize: [3, 3] });
  assertEquals([...await lost.data()], [
    NaN,
    NaN,
    NaN,
    NaN,
    NaN,
    NaN,
    6,
    NaN,
    8,
  ]);
});

Deno.test("cosineSimilarity() and its kin broadcast before they reduce", async () => {
  const a = tensor([[1, 2], [3, 4]]);
  const b = tensor([[1, 2]]);
  const r = Math.SQRT1_2;
  await assertRows({
    "dim 0": [
      () => F.cosineSimilarity(a, b, { dim: 0 }),
      [2],
      [4 * r / Math.sqrt(10), 6 * r / Math.sqrt(20)].map((each) => each * 1),
    ],
    "dim 1": [
      () => F.cosineSimilarity(a, b),
      [2],
      [1, 11 / (5 * Math.sqrt(5))],
    ],
    "of columns": [
      () => F.cosineSimilarity(a, tensor([[2], [2]])),
      [2],
      [3 / Math.sqrt(10), 7 * r / 5],
    ],
    "of a vector and rows": [
      () => F.cosineSimilarity(tensor([1, 2]), a, { dim: -1 }),
      [2],
      [1, 11 / (5 * Math.sqrt(5))],
    ],
    pairwiseDistance: [
      () => F.pairwiseDistance(a, tensor([[1], [1]]), { eps: 0 }),
      [2],
      [1, Math.sqrt(13)],
    ],
    cosineEmbeddingLoss: [
      () => F.cosineEmbeddingLoss(a, tensor([[2], [2]]), ones([2])),
      [],
      [1 - (3 / Math.sqrt(10) + 7 * r / 5) / 2],
    ],
    "klDiv by batch": [
      () =>
        F.klDiv(zeros([1, 2]), ones([3, 2]).mul(Math.E), {
          reduction: "batchmean",
        }),
      [],
      [2 * Math.E],
    ],
    tripletMarginLoss: [
      () =>
        F.tripletMarginLoss(a, b, tensor([[0, 0]]), {
          eps: 0,
          reduction: "none",
        }),
      [2],
      [0, Math.max(0, 1 + Math.sqrt(8) - 5)],
    ],
  });
  const x = made([1, 2], [1, 2]).requiresGrad_();
  F.cosineSimilarity(a, x, { dim: 0 }).sum().backward();
  assertEquals(x.grad!.shape, [1, 2]);
  // both rows are the same number: the cosine does not change with it
  await assertClose(x.grad!, [0, 0], 1e-6);
  assertThrows(
    () => F.cosineEmbeddingLoss(a, b, ones([1, 1])),
    TypeError,
    "expected inputs [N, D] and targets [N], or [D] and []",
  );
});

Deno.test("cosineSimilarity() lets gradients through its bound, as PyTorch does", async () => {
  const x = tensor([[1e-9, 2e-9]], { requiresGrad: true });
  F.cosineSimilarity(x, ones([1, 2])).sum().backward();
  await assertClose(x.grad!, [68589357.7751, 66468037.43154], 1e-5);
});

Deno.test("linear() takes a weight without outputs", async () => {
  const x = tensor([[1, 2], [3, 4]]);
  await assertRows({
    weight: [() => F.linear(x, tensor([3, 4])), [2], [11, 25]],
    bias: [() => F.linear(x, tensor([3, 4]), tensor(1)), [2], [12, 26]],
  });
  assertThrows(() => F.linear(x, tensor([3, 4]), ones([2])), TypeError);
});
