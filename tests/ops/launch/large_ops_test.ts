import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  F,
  manualSeed,
  randint,
  randn,
  type Tensor,
  vision,
  zeros,
} from "../../../mod.ts";
import { overrideAdapterClass } from "../../../src/gpu/device.ts";
import { largeTest, whole, withLimit } from "../_large.ts";

/** Values and gradients of a function, as the host sees them. */
async function answersOf(
  shapes: readonly (readonly number[])[],
  body: (...inputs: Tensor[]) => Tensor,
): Promise<number[][]> {
  manualSeed(5);
  const inputs = shapes.map((shape) => randn(shape, { requiresGrad: true }));
  const y = body(...inputs);
  const found = [y];
  if (y.requiresGrad) {
    y.to("float32").mul(randn(y.shape)).sum().backward();
    found.push(...inputs.map(({ grad }) => grad).filter((each) => !!each));
  }
  return await Promise.all(
    found.map(async (each) => [...await each.to("float32").data()]),
  );
}

// Parts of sums are added in another order: rounding is all that differs.
async function assertSame(
  shapes: readonly (readonly number[])[],
  body: (...inputs: Tensor[]) => Tensor,
  tolerance = 2e-5,
): Promise<void> {
  const found = await answersOf(shapes, body);
  const expected = await whole(() => answersOf(shapes, body));
  assertEquals(found.map((each) => each.length), expected.map((e) => e.length));
  found.forEach((values, i) => {
    const scale = Math.max(1, ...expected[i]!.slice(0, 9999).map(Math.abs));
    values.forEach((value, k) => {
      const other = expected[i]![k]!;
      const isSame = Object.is(value, other) ||
        Math.abs(value - other) <= tolerance * scale;
      assert(isSame, `answer ${i}, element ${k}: ${value}, whole ${other}`);
    });
  });
}

type Case = readonly [
  shapes: readonly (readonly number[])[],
  body: (...inputs: Tensor[]) => Tensor,
  tolerance?: number,
];

const rows = (count: number, end: number, seed = 1): Tensor =>
  randint(0, end, [count], { seed });

const CASES: Readonly<Record<string, Case>> = {
  "sum()": [[[70, 77]], (x) => x.sum()],
  "sum() of one dim": [[[5001]], (x) => x.sum()],
  "sum() over columns": [[[70, 77]], (x) => x.sum(1)],
  "sum() over rows": [[[70, 77]], (x) => x.sum(0, { keepdim: true })],
  "sum() over outer and inner dims": [[[12, 31, 13]], (x) => x.sum([0, 2])],
  "sum() of a transposed tensor": [[[70, 77]], (x) => x.t().sum(0)],
  "sum() of an expanded number": [[[1]], (x) => x.expand([9000]).sum(), 1e-3],
  "sum() of integers": [
    [[70, 77]],
    (x) => x.detach().mul(9).to("int32").sum(0),
  ],
  "sum() of float16": [[[9000]], (x) => x.to("float16").sum(), 1e-3],
  "mean()": [[[70, 77]], (x) => x.mean()],
  "prod()": [[[70, 77]], (x) => x.abs().pow(0.1).prod(1), 1e-4],
  "amax()": [[[70, 77]], (x) => x.amax()],
  "amin()": [[[70, 77]], (x) => x.amin(0)],
  "any()": [[[70, 77]], (x) => x.gt(3).any(1)],
  "all()": [[[70, 77]], (x) => x.gt(-9).all()],
  "countNonzero()": [[[70, 77]], (x) => x.relu().countNonzero()],
  "var()": [[[70, 77]], (x) => x.var()],
  "std()": [[[70, 77]], (x) => x.std(0)],
  "norm()": [[[5001]], (x) => x.norm()],
  "logsumexp()": [[[70, 77]], (x) => x.logsumexp(1)],
  "argmax()": [[[70, 77]], (x) => x.argmax()],
  "argmin()": [[[70, 77]], (x) => x.argmin(1)],
  "argmax() over rows": [[[70, 77]], (x) => x.argmax(0, { keepdim: true })],
  "max() over a dim": [[[70, 77]], (x) => x.max(0).values],
  "cumsum()": [[[5001]], (x) => x.cumsum(0), 1e-4],
  "cumsum() of rows": [[[70, 77]], (x) => x.cumsum(0)],
  "cumsum() of float16": [[[5001]], (x) => x.to("float16").cumsum(0), 2e-3],
  "cumprod()": [[[70, 77]], (x) => x.abs().pow(0.1).cumprod(0), 1e-4],
  "softmax()": [[[70, 77]], (x) => x.softmax(1)],
  "logSoftmax() over rows": [[[70, 77]], (x) => x.logSoftmax(0)],
  "sort()": [[[70, 77]], (x) => x.sort().values],
  "crossEntropy()": [
    [[90, 77]],
    (x) => F.crossEntropy(x, rows(90, 77), { labelSmoothing: 0.1 }),
  ],
  "nllLoss()": [
    [[90, 77]],
    (x) => F.nllLoss(x.logSoftmax(1), rows(90, 77), { reduction: "none" }),
  ],
  "binaryCrossEntropy()": [
    [[5001], [5001]],
    (x, t) => F.binaryCrossEntropy(x.sigmoid(), t.sigmoid()),
  ],
  "mseLoss()": [[[70, 77], [70, 77]], (x, t) => F.mseLoss(x, t)],
  "linear(), a large weight": [
    [[5, 33], [70, 33], [70]],
    (x, w, b) => F.linear(x, w, b),
  ],
  "linear(), a large weight of few rows": [
    [[3, 2001], [5, 2001], [5]],
    (x, w, b) => F.linear(x, w, b),
    1e-4,
  ],
  "linear(), everything large": [
    [[70, 130], [90, 130], [90]],
    (x, w, b) => F.linear(x, w, b),
    1e-4,
  ],
  "linear() with a weight that is transposed": [
    [[40, 90], [90, 130], [130]],
    (x, v, b) => F.linear(x, v.t(), b),
    1e-4,
  ],
  "amax() of float16": [[[9000]], (x) => x.to("float16").amax()],
  "prod() of float16": [
    [[70, 77]],
    (x) => x.abs().pow(0.1).to("float16").prod(0),
    5e-3,
  ],
  "embedding() of float16": [
    [[9, 30]],
    (table) => F.embedding(rows(300, 9), table.to("float16")),
    5e-3,
  ],
  "linear() of float16": [
    [[5, 33], [70, 33]],
    (x, w) => F.linear(x.to("float16"), w.to("float16")),
    5e-3,
  ],
  "matmul() of a row": [[[300], [300, 77]], (x, w) => x.matmul(w)],
  "matmul() with a long vector": [
    [[3, 2001], [2001]],
    (a, b) => a.matmul(b),
    1e-4,
  ],
  "matmul() of stacks": [[[9, 17, 20], [9, 20, 31]], (a, b) => a.matmul(b)],
  "matmul() of transposed stacks": [
    [[9, 20, 17], [31, 20, 9]],
    (a, b) => a.transpose(1, 2).matmul(b.permute([2, 1, 0])),
  ],
  "embedding() in a large table": [
    [[90, 30]],
    (table) => F.embedding(rows(40, 90).reshape([5, 8]), table),
  ],
  "embedding() of many rows": [
    [[9, 30]],
    (table) => F.embedding(rows(300, 9), table),
    1e-4,
  ],
  "gather()": [
    [[70, 77]],
    (x) => x.gather(0, rows(3 * 77, 70).reshape([3, 77])),
  ],
  "gather() along columns": [
    [[70, 77]],
    (x) => x.gather(1, rows(70 * 60, 77).reshape([70, 60])),
  ],
  "indexAdd()": [
    [[70, 77], [9, 77]],
    (x, y) => x.indexAdd(0, rows(9, 70), y),
  ],
  "scatterAdd()": [
    [[70, 77], [3, 77]],
    (x, y) => x.scatterAdd(0, rows(3 * 77, 70).reshape([3, 77]), y),
  ],
  "scatter()": [
    [[70, 77], [3, 77]],
    (x, y) => x.scatter(0, rows(3 * 77, 70).reshape([3, 77]), y),
  ],
  "conv2d() of many images": [
    [[9, 3, 12, 12], [8, 3, 3, 3], [8]],
    (x, w, b) => F.conv2d(x, w, b, { padding: 1 }),
    1e-4,
  ],
  "conv2d() with many filters": [
    [[2, 12, 6, 6], [40, 12, 3, 3], [40]],
    (x, w, b) => F.conv2d(x, w, b),
    1e-4,
  ],
  "convTranspose2d()": [
    [[9, 8, 7, 7], [8, 3, 3, 3]],
    (x, w) => F.convTranspose2d(x, w, undefined, { stride: 2 }),
    1e-4,
  ],
  "conv2d() in groups": [
    [[9, 8, 12, 12], [8, 1, 3, 3]],
    (x, w) => F.conv2d(x, w, undefined, { groups: 8 }),
    1e-4,
  ],
  "maxPool2d()": [[[9, 3, 16, 16]], (x) => F.maxPool2d(x, 2)],
  "maxPool2d() of overlapping windows": [
    [[7, 3, 15, 17]],
    (x) => F.maxPool2d(x, 3, { stride: 2, padding: 1 }),
  ],
  "maxPool2d() of one image": [[[13, 15, 17]], (x) => F.maxPool2d(x, 3)],
  "avgPool2d()": [[[9, 3, 16, 16]], (x) => F.avgPool2d(x, 2)],
  "adaptiveAvgPool2d()": [
    [[9, 3, 15, 17]],
    (x) => F.adaptiveAvgPool2d(x, [5, 6]),
  ],
  "layerNorm()": [
    [[70, 77], [77], [77]],
    (x, weight, bias) => F.layerNorm(x, [77], { weight, bias }),
    1e-4,
  ],
  "layerNorm() that fits, when sums of its rows do not": [
    [[3, 301], [301], [301]],
    (x, weight, bias) => F.layerNorm(x, [301], { weight, bias }),
    1e-4,
  ],
  "groupNorm()": [
    [[9, 8, 5, 9], [8], [8]],
    (x, weight, bias) => F.groupNorm(x, 4, { weight, bias }),
    1e-4,
  ],
  "batchNorm() in training": [
    [[9, 8, 5, 9], [8], [8]],
    (x, weight, bias) => {
      const [runningMean, runningVar] = [zeros([8]), zeros([8])];
      const y = F.batchNorm(x, {
        ...{ weight, bias, runningMean, runningVar, training: true },
      });
      return y.add(runningMean.add(runningVar).reshape([8, 1, 1]));
    },
    1e-4,
  ],
  "batchNorm() by running statistics": [
    [[9, 8, 5, 9], [8], [8]],
    (x, mean, v) =>
      F.batchNorm(x, {
        runningMean: mean.detach(),
        runningVar: v.detach().abs().add(1),
      }),
    1e-4,
  ],
  "adjustContrast()": [
    [[20, 3, 8, 9]],
    (x) => vision.transforms.functional.adjustContrast(x.detach().sigmoid(), 2),
  ],
  "resize() of some channels": [
    [[20, 4, 8, 9]],
    (x) =>
      vision.transforms.functional.resize(
        x.detach().sigmoid().slice(1, 1).flip([0]),
        [12, 7],
      ),
  ],
  "rotate()": [
    [[20, 3, 8, 9]],
    (x) => vision.transforms.functional.rotate(x.detach().sigmoid(), 30),
  ],
  "matmul() of integers": [
    [[60, 45], [45, 33]],
    (a, b) => a.mul(9).to("int32").matmul(b.mul(9).to("int32")),
  ],
  "prod() of one dim": [[[3001]], (x) => x.abs().pow(0.01).prod(), 1e-3],
  "scaledDotProductAttention()": [
    [[2, 4, 40, 8], [2, 4, 40, 8], [2, 4, 40, 8]],
    (q, k, v) => F.scaledDotProductAttention(q, k, v),
    1e-4,
  ],
  "scaledDotProductAttention(), causal": [
    [[1, 2, 150, 8], [1, 2, 150, 8], [1, 2, 150, 8]],
    (q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: true }),
    1e-4,
  ],
};

for (const [name, [shapes, body, tolerance]] of Object.entries(CASES)) {
  largeTest(
    `${name} goes part by part, forward and back`,
    () => assertSame(shapes, body, tolerance),
  );
}

largeTest("argmax() and max() find the first NaN in any part", async () => {
  const x = randn([5001], { seed: 1 });
  x.slice(0, 3000, 5000, 500).fill_(NaN);
  assertEquals(await x.argmax().item(), 3000);
  assertEquals(await x.argmin().item(), 3000);
  assertEquals(await x.amax().item(), NaN);
  assertEquals(await zeros([5001]).argmax().item(), 0);
});

Deno.test("attention by GPU kernels goes batch by batch", () =>
  withLimit(async () => {
    overrideAdapterClass("gpu");
    try {
      await assertSame(
        [[9, 2, 40, 8], [9, 2, 40, 8], [9, 2, 40, 8]],
        (q, k, v) => F.scaledDotProductAttention(q, k, v),
        1e-4,
      );
    } finally {
      overrideAdapterClass(undefined);
    }
  }));

largeTest("sort() along a dim that is larger than a binding is refused", () => {
  assertThrows(
    () => randn([5000, 2]).sort({ dim: 0 }),
    RangeError,
    "Cannot argsort float32 [5000, 1]: it needs ",
  );
  return Promise.resolve();
});
