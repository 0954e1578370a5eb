/**
 * Tests of functions of every family: compiled, their results and gradients are
 * the bits of the eager ones.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

import {
  arange,
  cat,
  einsum,
  F,
  full,
  grad,
  manualSeed,
  noGrad,
  ones,
  rand,
  randint,
  randn,
  stack,
  type Tensor,
  tensor,
  varMean,
  where,
  zeros,
} from "../../mod.ts";
import {
  type AdapterClass,
  overrideAdapterClass,
} from "../../src/gpu/device.ts";
import { assertSame } from "./_shared.ts";

const CALLS = [0, 1, 2, 3];

/** Of x [4, 6] and y [4, 6], which want gradients. */
type Fn = (x: Tensor, y: Tensor) => Tensor | readonly Tensor[];

const integers = (...values: number[]) => tensor(values, { dtype: "int32" });
const image = (x: Tensor) => x.reshape([1, 2, 3, 4]);

const FUNCTIONS: Readonly<Record<string, Fn>> = {
  "slices, steps and negative ends": (x) => x.slice(1, -5, 6, 2).slice(0, 1),
  "at with tensors": (x) => x.at(integers(3, 0, 3), integers(1, -1, 2)),
  "setAt": (x, y) => {
    const z = x.clone();
    z.setAt([[1, 3], 2], y.slice(0, 0, 2).slice(1, 0, 1).squeeze(1));
    return z.mul(y);
  },
  "gather and scatter": (x, y) => {
    const index = y.argsort({ dim: 1 });
    return [x.gather(1, index), zeros([4, 6]).scatterAdd(1, index, x)];
  },
  "indexSelect and indexAdd": (x, y) => {
    const index = integers(2, 0, 2);
    return x.indexAdd(0, index, y.indexSelect(0, index));
  },
  "sort and topk": (x, y) => [
    x.sort({ dim: 1, descending: true }).values,
    y.topk(2, { dim: 0 }).values,
  ],
  "cat, stack and split": (x, y) => {
    const [a, b] = cat([x, y], 1).split(7, 1);
    return stack([a!.slice(1, 0, 5), b!], 0);
  },
  "where": (x, y) => where(x.gt(y), x.mul(2), y.neg()),
  "einsum": (x, y) => einsum("ij,kj->ik", x, y),
  "attention with a mask": (x, y) =>
    F.scaledDotProductAttention(
      x.reshape([1, 2, 2, 6]),
      y.reshape([1, 2, 2, 6]),
      x.add(y).reshape([1, 2, 2, 6]),
      { attnMask: tensor([[0, -Infinity], [1, 0]]) },
    ),
  "causal attention with dropout": (x, y) =>
    F.scaledDotProductAttention(
      x.reshape([1, 2, 2, 6]),
      y.reshape([1, 2, 2, 6]),
      y.reshape([1, 2, 2, 6]),
      { isCausal: true, dropoutP: 0.5 },
    ),
  "interpolate": (x) =>
    F.interpolate(image(x), { scaleFactor: 2, mode: "bilinear" }),
  "embedding": (x) => F.embedding(integers(3, 1, 3, 0), x),
  "unfold and fold": (x) => {
    const columns = F.unfold(image(x), 2, { padding: 1 });
    return F.fold(columns, [3, 4], { kernelSize: 2, padding: 1 });
  },
  "pad": (x) => [
    F.pad(x, [1, 2], { value: 3 }),
    F.pad(image(x), [1, 1, 1, 1], { mode: "reflect" }),
  ],
  "convolution": (x, y) =>
    F.conv2d(image(x), y.reshape([3, 2, 2, 2]), undefined, { padding: 1 })
      .relu(),
  "transposed convolution": (x, y) =>
    F.convTranspose2d(image(x), y.reshape([2, 3, 2, 2]), undefined, {
      stride: 2,
    }),
  "pooling": (x) => [
    F.maxPool2d(image(x), 2),
    F.avgPool2d(image(x), 2),
    F.adaptiveMaxPool2d(image(x), 1),
  ],
  "matmul of views": (x, y) => [
    x.matmul(y.transpose(0, 1)).relu(),
    x.transpose(0, 1).matmul(y).add(1),
    x.slice(1, 1, 5).matmul(y.slice(0, 0, 4)),
  ],
  "views of views": (x, y) =>
    x.transpose(0, 1).reshape([2, 3, 4]).permute([2, 0, 1]).select(0, 1)
      .mul(y.flatten().unfold(0, 3, 3).select(0, 2)),
  "expanded": (x, y) => x.sum(0, { keepdim: true }).expand([4, 6]).mul(y),
  "reductions": (x, y) => [
    x.mul(y).sum(),
    x.mean(0),
    x.prod(1),
    x.std(1),
    ...varMean(y, 1),
    x.norm(),
    x.logsumexp(0),
    x.amax(1),
    x.max(0).values,
  ],
  "scans": (x, y) => [x.cumsum(1), y.cumprod(0)],
  "rolls, flips and repeats": (x, y) =>
    x.roll(2, 1).flip([0]).repeat([1, 2]).mul(y.repeatInterleave(2, 1)),
  "triangles and diagonals": (x, y) => [
    x.tril().add(y.triu(1)),
    x.diagonal().mul(2),
  ],
  "softmaxes": (x, y) => [
    x.mul(2).softmax(1).mul(y),
    F.logSoftmax(y, 0),
    F.softmin(x, 1),
  ],
  "activations": (x, y) => [
    F.elu(x),
    F.gelu(y),
    F.softplus(x.mul(3)),
    F.mish(y),
    F.glu(x),
    F.prelu(x, full([1], 0.2)),
    F.hardswish(y),
  ],
  "norms": (x, y) => [
    F.layerNorm(x, [6]).relu(),
    F.groupNorm(image(y), 2).mul(2),
    F.normalize(x, { dim: 1 }),
    F.batchNorm(x, { training: true }).add(y),
  ],
  "losses": (x, y) => [
    F.mseLoss(x, y),
    F.huberLoss(x, y),
    F.klDiv(x.logSoftmax(1), y.softmax(1)),
    F.binaryCrossEntropyWithLogits(x, y.sigmoid()),
    F.crossEntropy(x, integers(1, 0, 5, 2), {
      weight: arange(1, 7).to("float32"),
    }),
    F.cosineSimilarity(x, y),
  ],
  "dropout": (x, y) => F.dropout(x.add(y), { p: 0.3 }).mul(2).relu(),
  "random numbers": (x) =>
    x.mul(rand([4, 6])).add(randn([6])).add(randint(0, 9, [1])),
  "in place": (x, y) => {
    const z = x.add(1);
    z.add_(y).sub_(3);
    z.select(0, 1).add_(3);
    z.slice(1, 0, 4, 2).copy_(y.slice(1, 1, 3));
    return z.relu();
  },
  "float16": (x, y) => {
    const z = x.to("float16").mul(y.to("float16")).add(1);
    return [
      z.sum(0).to("float32"),
      z.matmul(y.to("float16").transpose(0, 1)).to("float32"),
    ];
  },
  "gradients of gradients": (x, y) => {
    const inner = x.pow(3).mul(y).sum();
    const [dx] = grad(inner, [x], { createGraph: true });
    return dx!.square().sum();
  },
  "a gradient that goes nowhere": (
    x,
    y,
  ) => [x.detach().mul(y), noGrad(() => x.exp())],
  "comparisons and integers": (x, y) => {
    const count = x.gt(0).sum(1).to("float32");
    return [
      x.mul(count.unsqueeze(1)),
      y.argmax(1).to("float32"),
      x.ge(y).any(0).to("float32"),
    ];
  },
  "tensors of nothing": (x, y) => [
    x.slice(0, 2, 2).mul(3).sum(),
    cat([x.slice(1, 0, 0), y], 1),
    zeros([0, 6]).matmul(y.transpose(0, 1)),
  ],
  "scalars": (x, y) => x.sum().mul(y.mean()).add(2).sqrt().exp(),
  "one tensor twice": (x) => x.mul(x).add(x.matmul(x.transpose(0, 1)).sum()),
  "constants by the host": (x) =>
    x.mul(tensor([1, 2, 3, 4, 5, 6])).add(tensor([[1], [2], [3], [4]])),
};

for (const kind of ["cpu", "gpu"] satisfies AdapterClass[]) {
  for (const [name, fn] of Object.entries(FUNCTIONS)) {
    Deno.test(`compiled: ${name} (${kind})`, async () => {
      overrideAdapterClass(kind);
      try {
        const runs = await assertSame((wrap) => {
          manualSeed(3);
          const run = wrap((a: Tensor, b: Tensor) => {
            const [x, y] = [a.detach(), b.detach()];
            x.requiresGrad_();
            y.requiresGrad_();
            const results = [fn(x, y)].flat();
            const wanting = results.filter((each) => each.requiresGrad);
            // twice, so that gradients add up
            for (const result of [...wanting, wanting[0]!]) {
              const weights = full(result.shape, 0.5, { dtype: result.dtype });
              result.backward(weights, { retainGraph: true });
            }
            return [...results, x.grad ?? ones([]), y.grad ?? ones([])];
          });
          return CALLS.map((seed) =>
            run(randn([4, 6], { seed }), randn([4, 6], { seed: seed + 9 }))
          );
        });
        assertEquals(runs, 3); // two recordings, and one that is compared
      } finally {
        overrideAdapterClass(undefined);
      }
    });
  }
}
