import { assertEquals } from "@std/assert";

import { grad } from "../../../src/autograd/backward.ts";
import * as F from "../../../src/nn/functional.ts";
import * as nn from "../../../src/nn/mod.ts";
import { addmm } from "../../../src/ops/matmul/matmul.ts";
import { einsum } from "../../../src/ops/matmul/einsum.ts";
import { full, ones, tensor } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { indices, made, values } from "../_gradients.ts";

type Call = (x: Tensor, y: Tensor) => Tensor;

/** Float16 numbers with squares below its smallest, and above its largest. */
const SCALES = [2 ** -12, 2 ** 13];

/** Half of the distance of neighbours around a number, as float16 has them. */
function halfStep(value: number): number {
  const size = Math.max(Math.abs(value), 2 ** -14);
  return 2 ** (Math.floor(Math.log2(size)) - 11);
}

/** Results and gradients of `call`, in float32. */
async function run(
  call: Call,
  inputs: readonly Tensor[],
): Promise<Float32Array[]> {
  const leaves = inputs.map((input) => input.detach().requiresGrad_());
  const y = call(leaves[0]!, leaves[1]!);
  const gradient = ones(y.shape, { dtype: y.dtype });
  const found = [y, ...grad(y, leaves, { gradient })];
  return await Promise.all(
    found.map(async (each) => Float32Array.from(await each.data())),
  );
}

/** Asserts that float16 gives what float32 gives of the same numbers, rounded. */
async function assertRoundedOnce(
  name: string,
  call: Call,
  halfSteps: number,
): Promise<void> {
  for (const scale of SCALES) {
    const [x, y] = [0, 1].map((salt) =>
      made([4, 6], values(24, salt).map((value) => value * scale))
        .to("float16")
    );
    const got = await run(call, [x!, y!]);
    const wide = await run(call, [x!.to("float32"), y!.to("float32")]);
    got.forEach((list, k) =>
      list.forEach((value, i) => {
        const want = wide[k]![i]!;
        const isSame = Object.is(value, Math.f16round(want));
        const off = Math.abs(value - want);
        const isNear = off <= halfSteps * halfStep(want);
        if (isSame || isNear) return;
        const what = k === 0 ? "result" : `gradient ${k - 1}`;
        throw new Error(
          `${name} at ${scale}: ${what} ${i} is ${value}, expected ${want}`,
        );
      })
    );
  }
}

const image = (x: Tensor): Tensor => x.reshape([1, 4, 6]);
const half = (x: Tensor, value: number): Tensor =>
  full([4], value, { dtype: x.dtype });

/** Ops that are made of several kernels. */
const OPS: Readonly<Record<string, Call>> = {
  sum: (x) => x.sum(1),
  mean: (x) => x.mean(),
  prod: (x) => x.prod(1),
  cumsum: (x) => x.cumsum(1),
  cumprod: (x) => x.cumprod(1),
  var: (x) => x.var(1),
  std: (x) => x.std(),
  norm: (x) => x.norm(2, 1),
  norm3: (x) => x.norm(3, 1),
  "norm 1/2": (x) => x.norm(0.5, 1),
  logsumexp: (x) => x.logsumexp(1),
  normalize: (x) => F.normalize(x),
  cosineSimilarity: (x, y) => F.cosineSimilarity(x, y),
  pairwiseDistance: (x, y) => F.pairwiseDistance(x, y),
  tripletMarginLoss: (x, y) => F.tripletMarginLoss(x, y, y.detach().neg()),
  cosineEmbeddingLoss: (x, y) => F.cosineEmbeddingLoss(x, y, half(x, 1)),
  mseLoss: (x, y) => F.mseLoss(x, y),
  huberLoss: (x, y) => F.huberLoss(x, y),
  smoothL1Loss: (x, y) => F.smoothL1Loss(x, y),
  l1Loss: (x, y) => F.l1Loss(x, y),
  poissonNllLoss: (x, y) => F.poissonNllLoss(x, y),
  klDiv: (x, y) => F.klDiv(x, y),
  softMarginLoss: (x, y) => F.softMarginLoss(x, y),
  binaryCrossEntropyWithLogits: (x, y) => F.binaryCrossEntropyWithLogits(x, y),
  gaussianNllLoss: (x, y) => F.gaussianNllLoss(x, y, half(x, 1).unsqueeze(1)),
  crossEntropy: (x) => F.crossEntropy(x, indices([4], [0, 1, 2, 3])),
  softmax: (x) => x.softmax(1),
  layerNorm: (x) => F.layerNorm(x, [6]),
  groupNorm: (x) => F.groupNorm(image(x), 2),
  batchNorm: (x) => F.batchNorm(x, { training: true }),
  localResponseNorm: (x) => F.localResponseNorm(image(x), 3),
  lpPool2d: (x) => F.lpPool2d(image(x), 2, 2),
  avgPool2d: (x) => F.avgPool2d(image(x), 4),
  interpolate: (x) =>
    F.interpolate(x.reshape([1, 1, 4, 6]), { size: [7, 9], mode: "bicubic" }),
  fold: (x) => F.fold(x.reshape([1, 4, 6]), [3, 4], { kernelSize: 2 }),
  unfold: (x) => x.unfold(1, 3, 1),
  attention: (x, y) => F.scaledDotProductAttention(x, y, x),
  bilinear: (x, y) =>
    F.bilinear(x, y, full([1, 6, 6], 2 ** -12, { dtype: x.dtype })),
  einsum: (x) =>
    einsum("ij,ij,ij->i", x, full([4, 6], 2 ** -15, { dtype: x.dtype }), x),
  addcmul: (x, y) => x.addcmul(y, y, { value: 2 ** -12 }),
  addcdiv: (x, y) => x.addcdiv(x, y),
};

/** Elementwise ops with gradients of several steps. */
const ROWS: Readonly<Record<string, Call>> = {
  div: (x, y) => x.div(y),
  atan2: (x, y) => x.atan2(y),
  lerp: (x, y) => x.lerp(y, 0.3),
  pow: (x) => x.abs().pow(1.5),
  square: (x) => x.square(),
  rsqrt: (x) => x.abs().rsqrt(),
  reciprocal: (x) => x.reciprocal(),
  atan: (x) => x.atan(),
  tan: (x) => x.tan(),
  log10: (x) => x.abs().log10(),
  expm1: (x) => x.expm1(),
  softsign: (x) => x.softsign(),
  gelu: (x) => F.gelu(x),
  "gelu by tanh": (x) => F.gelu(x, { approximate: "tanh" }),
  silu: (x) => x.silu(),
  mish: (x) => x.mish(),
};

for (const [name, call] of Object.entries(OPS)) {
  Deno.test(`${name} of float16 is computed in float32 and rounded once`, async () => {
    // one by rounding; sums may be in another order
    await assertRoundedOnce(name, call, 3);
  });
}

Deno.test("elementwise gradients of float16 are computed in float32", async () => {
  for (const [name, call] of Object.entries(ROWS)) {
    // some are made of the result, which is rounded: its cube is three off
    await assertRoundedOnce(name, call, 5);
  }
});

Deno.test("gradients of float16 that was broadcast are summed before they are rounded", async () => {
  const scale = full([1], 2, { dtype: "float16" }).requiresGrad_();
  const x = full([4096], 2 ** -13, { dtype: "float16" });
  const dy = full([4096], 2 ** -13, { dtype: "float16" });
  scale.mul(x).backward(dy);
  // 2^12 products of 2^-26, each of them 0 in float16
  assertEquals(await scale.grad!.item(), 2 ** -14);
});

Deno.test("addmm() of float16 scales its product before it is rounded", async () => {
  const x = full([2, 2], 512, { dtype: "float16" });
  const y = addmm(x, x, x, { alpha: 2 ** -7, beta: 0.5 });
  // 2 * 512^2 / 128 + 256
  assertEquals([...await y.data()], new Array(4).fill(4352));
});

Deno.test("reductions of many float16 numbers are exact", async () => {
  const many = full([3, 5000], 1, { dtype: "float16" });
  assertEquals([...await many.sum(1).data()], [5000, 5000, 5000]);
  assertEquals(await many.norm().item(), Math.f16round(Math.sqrt(15000)));
  assertEquals(await many.mul(60000).mean().item(), 60000);
  assertEquals(await many.cumsum(1).at(0, -1).item(), 5000);
  const wide = full([1, 1, 60, 60], 60000, { dtype: "float16" });
  assertEquals(await F.avgPool2d(wide, 60).item(), 60000);
});

Deno.test("clipGradNorm_() takes the norm of float16 gradients in float32", async () => {
  for (const [p, wanted] of [[2, 50000], [Infinity, 40000]] as const) {
    const x = tensor([1, 1], { dtype: "float16", requiresGrad: true });
    x.grad = tensor([30000, 40000], { dtype: "float16" });
    const norm = nn.clipGradNorm_([x], 1, p);
    assertEquals(await norm.item(), wanted);
    const share = [...await x.grad.data()].map((g) => g * wanted / 10000);
    assertEquals(share.map(Math.round), [3, 4], `p = ${p}`);
  }
});
