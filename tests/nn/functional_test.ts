import { assertEquals, assertThrows } from "@std/assert";

import * as F from "../../src/nn/functional.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  assertClose,
  assertGradients,
  indices,
  made,
} from "../ops/_gradients.ts";

// What torch answers for x = -2, -0.5, 0.5, 4.
const ACTIVATIONS: Readonly<
  Record<string, readonly [f: (x: Tensor) => Tensor, want: readonly number[]]>
> = {
  relu: [F.relu, [0, 0, 0.5, 4]],
  relu6: [(x) => F.relu6(x.mul(2)), [0, 0, 1, 6]],
  leakyRelu: [(x) => F.leakyRelu(x, 0.1), [-0.2, -0.05, 0.5, 4]],
  elu: [(x) => F.elu(x, 2), [2 * Math.expm1(-2), 2 * Math.expm1(-0.5), 0.5, 4]],
  celu: [(x) => F.celu(x, 2), [
    2 * Math.expm1(-1),
    2 * Math.expm1(-0.25),
    0.5,
    4,
  ]],
  hardtanh: [F.hardtanh, [-1, -0.5, 0.5, 1]],
  hardsigmoid: [F.hardsigmoid, [1 / 6, 2.5 / 6, 3.5 / 6, 1]],
  hardswish: [F.hardswish, [-2 / 6, -1.25 / 6, 1.75 / 6, 4]],
  sigmoid: [F.sigmoid, [-2, -0.5, 0.5, 4].map((x) => 1 / (1 + Math.exp(-x)))],
  tanh: [F.tanh, [-2, -0.5, 0.5, 4].map(Math.tanh)],
  silu: [F.silu, [-2, -0.5, 0.5, 4].map((x) => x / (1 + Math.exp(-x)))],
  softplus: [
    (x) => F.softplus(x, 2),
    [-2, -0.5, 0.5, 4].map((x) => Math.log1p(Math.exp(2 * x)) / 2),
  ],
  logsigmoid: [
    F.logsigmoid,
    [-2, -0.5, 0.5, 4].map((x) => -Math.log1p(Math.exp(-x))),
  ],
  softsign: [F.softsign, [-2 / 3, -1 / 3, 1 / 3, 0.8]],
  threshold: [(x) => F.threshold(x, 0.5, -7), [-7, -7, -7, 4]],
};

for (const [name, [f, want]] of Object.entries(ACTIVATIONS)) {
  Deno.test(`F.${name}() equals PyTorch`, async () => {
    await assertClose(f(tensor([-2, -0.5, 0.5, 4])), want, 4e-6);
  });
}

Deno.test("F.prelu() has a slope for all, or one for each channel", async () => {
  const x = made([2, 2, 2], [-1, 1, -2, 2, -3, 3, -4, 4]);
  const one = F.prelu(x, tensor([0.5]));
  await assertClose(one, [-0.5, 1, -1, 2, -1.5, 3, -2, 4], 0);
  const two = F.prelu(x, tensor([0.5, 0.25]));
  await assertClose(two, [-0.5, 1, -0.5, 2, -1.5, 3, -1, 4], 0);
  await assertGradients(F.prelu, [x, tensor([0.5, 0.25])]);
  const slope = tensor([0.5], { requiresGrad: true });
  F.prelu(tensor([Infinity, -2]), slope).sum().backward();
  assertEquals([...await slope.grad!.data()], [-2]);
  const missing = tensor([NaN], { requiresGrad: true });
  F.prelu(missing, tensor([0.5])).sum().backward();
  assertEquals([...await missing.grad!.data()], [0.5]);
  assertThrows(
    () => F.prelu(x, tensor([1, 2, 3])),
    TypeError,
    "Cannot prelu [2, 2, 2] with 3 slopes",
  );
});

Deno.test("F.glu() gates one half by the other", async () => {
  const x = made([1, 4], [1, 2, 0, Math.log(3)]);
  await assertClose(F.glu(x), [0.5, 1.5], 1e-6);
  await assertGradients((a) => F.glu(a, 0), [made([4, 3])]);
  assertThrows(
    () => F.glu(made([2, 3])),
    RangeError,
    "expected a dim of even size",
  );
});

Deno.test("F.oneHot() has a row of zeros but for one place", async () => {
  const y = F.oneHot(indices([3], [2, 0, 5]), 3);
  assertEquals([y.dtype, y.shape], ["int32", [3, 3]]);
  assertEquals(await y.toArray(), [[0, 0, 1], [1, 0, 0], [0, 0, 0]]);
  assertThrows(
    () => F.oneHot(tensor([1.5]), 3),
    TypeError,
    "expected integers",
  );
  assertThrows(() => F.oneHot(indices([1], [0]), 0), RangeError, "0 classes");
});

Deno.test("F.normalize() makes vectors of length 1, zero vectors aside", async () => {
  const x = made([3, 2], [3, 4, 0, 0, -2, 0]);
  await assertClose(F.normalize(x), [0.6, 0.8, 0, 0, -1, 0], 1e-6);
  await assertClose(
    F.normalize(x, { p: 1, dim: 0 }),
    [0.6, 1, 0, 0, -0.4, 0],
    1e-6,
  );
  await assertGradients((a) => F.normalize(a), [made([2, 3])]);
});

Deno.test("F.cosineSimilarity() and F.pairwiseDistance() are of rows", async () => {
  const a = made([2, 2], [1, 0, 0, 0]);
  const b = made([2, 2], [3, 4, 1, 1]);
  await assertClose(F.cosineSimilarity(a, b), [0.6, 0], 1e-6);
  await assertClose(F.pairwiseDistance(a, b, { eps: 0 }), [
    Math.hypot(2, 4),
    Math.SQRT2,
  ], 1e-6);
  const c = made([2, 3]);
  await assertGradients((x, y) => F.cosineSimilarity(x, y), [c, c.mul(c)]);
  await assertGradients((x, y) => F.pairwiseDistance(x, y), [c, c.mul(c)]);
});
