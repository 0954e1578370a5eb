import { assertEquals, assertThrows } from "@std/assert";

import { grad } from "../../../src/autograd/backward.ts";
import * as F from "../../../src/nn/functional.ts";
import { conv2d } from "../../../src/ops/conv/conv.ts";
import { einsum } from "../../../src/ops/matmul/einsum.ts";
import { cat } from "../../../src/ops/movement/join.ts";
import { ones, tensor, zeros } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertRows, indices, type Row } from "../_gradients.ts";

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
  const rows: [string, Shape, (x: Tensor) => Tensor, Shape][] = [
    ["conv2d", [0, 3, 5, 5], (x) => conv2d(x, ones([4, 3, 3, 3])), [
      0,
      4,
      3,
      3,
    ]],
    ["linear", [2, 0], (x) => F.linear(x, ones([3, 0]), ones([3])), [2, 3]],
    ["matmul", [2, 0], (x) => x.matmul(ones([0, 3])), [2, 3]],
    ["maxPool2d", [0, 2, 4, 4], (x) => F.maxPool2d(x, 2), [0, 2, 2, 2]],
    ["avgPool2d", [0, 2, 4, 4], (x) => F.avgPool2d(x, 2), [0, 2, 2, 2]],
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
    ["einsum", [0], (x) => einsum("i,j->ij", x, ones([3])), [0, 3]],
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
  assertThrows(() => F.layerNorm(tensor(2), []), TypeError, "last sizes of x");
});

Deno.test("convolutions of no images have weights' gradients of 0", async () => {
  const cases: [Shape, Shape, number][] = [
    [[0, 2, 2], [2, 1, 2], 2],
    [[0, 4, 9], [4, 1, 3], 4],
    [[0, 2, 6, 6], [3, 2, 3, 3], 1],
    [[0, 4, 6, 6], [4, 1, 3, 3], 4],
    [[0, 2, 6, 6], [4, 2, 1, 1], 1],
  ];
  for (const [shape, kernel, groups] of cases) {
    // memory that has been used before
    const used = Array.from({ length: 8 }, () => ones(kernel).add(6));
    await Promise.all(used.map((each) => each.data()));
    for (const each of used) each.dispose();
    const weight = ones(kernel, { requiresGrad: true });
    const conv = kernel.length === 3 ? F.conv1d : conv2d;
    conv(zeros(shape), weight, undefined, { groups }).sum().backward();
    const wanted = new Float32Array(weight.size);
    assertEquals(await weight.grad!.data(), wanted, `${kernel} / ${groups}`);
  }
});

Deno.test("linear() takes a weight without outputs", async () => {
  const x = tensor([[1, 2], [3, 4]]);
  await assertRows({
    weight: [() => F.linear(x, tensor([3, 4])), [2], [11, 25]],
    bias: [() => F.linear(x, tensor([3, 4]), tensor(1)), [2], [12, 26]],
  });
  assertThrows(() => F.linear(x, tensor([3, 4]), ones([2])), TypeError);
});
