import { assertEquals } from "@std/assert";

import { grad } from "../../src/autograd/backward.ts";
import { gradcheck } from "../../src/autograd/gradcheck.ts";
import * as F from "../../src/nn/functional.ts";
import { full, ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { NestedValues } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, indices, made, values } from "./_gradients.ts";

/** The derivatives of f, of its gradient's sum and so on, up to `order`. */
async function derivatives(
  f: (x: Tensor) => Tensor,
  at: NestedValues,
  order = 3,
): Promise<number[][]> {
  const x = tensor(at, { requiresGrad: true });
  const found: number[][] = [];
  let y = f(x).sum();
  for (let k = 0; k < order; k++) {
    const dx = grad(y, [x], { createGraph: true })[0]!;
    found.push([...await dx.data()].map((value) => value + 0));
    y = dx.sum();
  }
  return found;
}

Deno.test("prod() has derivatives of every order at zeros, also over some dims", async () => {
  // the sum of the products of pairs has as derivatives sums of the others
  const cases: [number[], number[][]][] = [
    [[2, 3, 5], [[15, 10, 6], [8, 7, 5], [2, 2, 2]]],
    [[0, 3, 5], [[15, 0, 0], [8, 5, 3], [2, 2, 2]]],
    [[0, 0, 5], [[0, 0, 0], [5, 5, 0], [2, 2, 2]]],
    [[0, 0, 0], [[0, 0, 0], [0, 0, 0], [2, 2, 2]]],
  ];
  for (const [at, wanted] of cases) {
    assertEquals(await derivatives((x) => x.prod(), at), wanted, `at ${at}`);
    const columns = at.map((value) => [value, 1]);
    const of0 = await derivatives((x) => x.prod(0).at(0), columns);
    assertEquals(of0.map((dx) => dx.filter((_, i) => i % 2 === 0)), wanted);
  }
  const x = tensor([0, 3, 5], { requiresGrad: true });
  const [g] = grad(x.prod(), [x], { createGraph: true });
  assertEquals([...await grad(g!.at(1), [x])[0]!.data()], [5, 0, 0]);
  const cube = tensor([[[0, 2], [3, 4]], [[1, 0], [3, 0]]]);
  await gradcheck((each) => each.prod([0, 2]), [cube], { second: true });
});

Deno.test("cumprod() has derivatives of every order at zeros", async () => {
  // of a + ab + abc: 1 + b + bc, a + ac, ab
  const cases: [number[], number[][]][] = [
    [[2, 3, 5], [[19, 12, 6], [9, 8, 5]]],
    [[2, 0, 5], [[1, 12, 0], [6, 8, 2]]],
    [[0, 0, 5], [[1, 0, 0], [6, 6, 0]]],
  ];
  for (const [at, wanted] of cases) {
    const found = await derivatives((x) => x.cumprod(0), at, 2);
    assertEquals(found, wanted, `at ${at}`);
  }
  const rows = tensor([[0.5, 0, 2, 0], [0, 1, 0, 3]]);
  for (const dim of [0, 1]) {
    await gradcheck((x) => x.cumprod(dim), [rows], { second: true });
  }
});

Deno.test("cumprod() has the gradient of long rows with zeros in them", async () => {
  for (const length of [256, 257, 1000]) {
    const at = Float64Array.from(
      { length },
      (_, i) => i === 10 || i === length - 9 ? 0 : 1 + 0.01 * Math.sin(i),
    );
    const x = made([length, 1], at).requiresGrad_();
    x.cumprod(0).sum().backward();
    // the sum over j of the product up to j without k, from the last k on
    const wanted = new Float64Array(length);
    let after = 0;
    for (let k = length - 1; k >= 0; k--) {
      after = 1 + (k + 1 < length ? at[k + 1]! * after : 0);
      wanted[k] = after * at.slice(0, k).reduce((a, b) => a * b, 1);
    }
    await assertClose(x.grad!, wanted, 1e-5);
  }
});

Deno.test("prod() and cumprod() have gradients where products leave float32 and come back", async () => {
  const x = tensor([1e-30, 1e-30, 3], { requiresGrad: true });
  x.prod().backward();
  assertEquals(await x.grad!.data(), Float32Array.of(3e-30, 3e-30, 0));
  const y = tensor([1e-30, 1e-30, 1e30], { requiresGrad: true });
  y.cumprod(0).sum().backward();
  // 1 + b + bc, with bc = 1
  await assertClose(y.grad!, [2, 1, 0], 1e-6);
});

Deno.test("pow() of 0 has derivatives of 0 where it no longer depends on x", async () => {
  const at = [-2, 0, 3];
  const wanted: [number, number[][]][] = [
    [0, [[0, 0, 0], [0, 0, 0], [0, 0, 0]]],
    [1, [[1, 1, 1], [0, 0, 0], [0, 0, 0]]],
    [2, [[-4, 0, 6], [2, 2, 2], [0, 0, 0]]],
    [3, [[12, 0, 27], [-12, 0, 18], [6, 6, 6]]],
  ];
  for (const [exponent, orders] of wanted) {
    const byNumber = await derivatives((x) => x.pow(exponent), at);
    byNumber.forEach((dx, k) =>
      dx.forEach((value, i) => {
        // 1e-5: powers are made of exponentials
        const off = Math.abs(value - orders[k]![i]!);
        assertEquals(off <= 1e-5 * 30, true, `${exponent}, order ${k + 1}`);
      })
    );
    const byTensor = await derivatives(
      (x) => x.pow(full([3], exponent)),
      at,
    );
    assertEquals(
      byTensor.map((dx) => Math.abs(dx[1]!)),
      orders.map((o) => o[1]),
    );
  }
  const exponents = await derivatives((e) => zeros([3]).pow(e), [0.5, 1, 2]);
  assertEquals(exponents.flat(), new Array(9).fill(0));
  assertEquals(
    (await derivatives((x) => x.pow(1.5), [0])).flat(),
    [0, Infinity, -Infinity],
  );
});

Deno.test("huberLoss() and smoothL1Loss() bend up to where they are lines", async () => {
  const at = [-2, -1, -0.5, 0, 0.5, 1, 2];
  const options = { reduction: "sum" } as const;
  assertEquals(
    await derivatives((x) => F.huberLoss(x, zeros([7]), options), at, 2),
    [[-1, -1, -0.5, 0, 0.5, 1, 1], [0, 0, 1, 1, 1, 0, 0]],
  );
  const half = { ...options, beta: 0.5 };
  assertEquals(
    await derivatives((x) => F.smoothL1Loss(x, zeros([7]), half), at, 2),
    [[-1, -1, -1, 0, 1, 1, 1], [0, 0, 0, 2, 0, 0, 0]],
  );
});

/** What PyTorch 1.13 says at kinks, ties and saturated ends, by order. */
const SPECIAL: Readonly<
  Record<string, [(x: Tensor) => Tensor, number[], number[][]]>
> = {
  relu: [F.relu, [-1, 0, 1], [[0, 0, 1], [0, 0, 0]]],
  relu6: [F.relu6, [0, 3, 6], [[0, 1, 0], [0, 0, 0]]],
  elu: [(x) => F.elu(x, 2), [0, 100], [[2, 1], [0, 0], [0, 0]]],
  celu: [(x) => F.celu(x, 2), [0, 200], [[1, 1], [0, 0], [0, 0]]],
  selu: [F.selu, [100], [[1.0507010221481323], [0], [0]]],
  hardswish: [F.hardswish, [-3, 9], [[-0.5, 1], [0, 0]]],
  softplus: [(x) => F.softplus(x), [-200, 200], [[0, 1], [0, 0], [0, 0]]],
  gelu: [(x) => F.gelu(x), [-1e20, 300], [[0, 1], [0, 0], [0, 0]]],
  geluTanh: [
    (x) => F.gelu(x, { approximate: "tanh" }),
    [-1e20, 300],
    [[0, 1], [0, 0], [0, 0]],
  ],
  mish: [F.mish, [-200, 200], [[0, 1], [0, 0], [0, 0]]],
  abs: [(x) => x.abs(), [-2, 0, 2], [[-1, 0, 1], [0, 0, 0]]],
  clamp: [(x) => x.clamp(0, 1), [0, 1, 2], [[1, 1, 0], [0, 0, 0]]],
  max: [(x) => x.max(), [3, 1, 3], [[0.5, 0, 0.5], [0, 0, 0]]],
  norm: [(x) => x.norm(), [0, 0], [[0, 0], [0, 0], [0, 0]]],
  norm3: [(x) => x.norm(3), [0, 0], [[0, 0], [0, 0], [0, 0]]],
  normInfinity: [(x) => x.norm(Infinity), [2, 0, -2], [
    [0.5, 0, -0.5],
    [0, 0, 0],
  ]],
  std: [(x) => x.std(), [2, 2, 2], [[0, 0, 0], [0, 0, 0]]],
  normalize: [(x) => F.normalize(x, { dim: 0, eps: 0.5 }), [0, 0], [
    [2, 2],
    [0, 0],
  ]],
  logsumexp: [(x) => x.logsumexp(0), [-Infinity, 1], [[0, 1], [0, 0]]],
  lpPool2d: [
    (x) => F.lpPool2d(x.reshape([1, 1, 2]), 2, [1, 2]),
    [0, 0],
    [[0, 0], [0, 0], [0, 0]],
  ],
  binaryCrossEntropyWithLogits: [
    (x) =>
      F.binaryCrossEntropyWithLogits(x, tensor([0, 1, 1]), {
        reduction: "sum",
      }),
    [-200, 200, -200],
    [[0, 0, -1], [0, 0, 0]],
  ],
  // t / x^2 + (1 - t) / (1 - x)^2
  binaryCrossEntropy: [
    (x) => F.binaryCrossEntropy(x, ones([3]), { reduction: "sum" }),
    [0.5, 0.25, 1],
    [[-2, -4, 0], [4, 16, 1]],
  ],
};

for (const [name, [f, at, wanted]] of Object.entries(SPECIAL)) {
  Deno.test(`${name}() has PyTorch's derivatives at its special points`, async () => {
    const found = await derivatives(f, at, wanted.length);
    for (const [k, dx] of found.entries()) {
      await assertClose(tensor(dx), wanted[k]!, 1e-5);
    }
  });
}

Deno.test("max(), min() and their kin send gradients to NaN as PyTorch does", async () => {
  const nan = [1, NaN, 3, NaN];
  const rows: Record<string, [(x: Tensor) => Tensor, number[]]> = {
    max: [(x) => x.max(), [0, 0.5, 0, 0.5]],
    min: [(x) => x.min(), [0, 0.5, 0, 0.5]],
    "max(0)": [(x) => x.max(0).values, [0, 1, 0, 0]],
    "min(0)": [(x) => x.min(0).values, [0, 1, 0, 0]],
    amax: [(x) => x.amax(0), [NaN, NaN, NaN, NaN]],
    amin: [(x) => x.amin(), [NaN, NaN, NaN, NaN]],
    "norm(Infinity)": [(x) => x.norm(Infinity), [0, 0, 0, 0]],
    sort: [(x) => x.sort().values, [1, 1, 1, 1]],
    topk: [(x) => x.topk(1).values, [0, 1, 0, 0]],
    clamp: [(x) => x.clamp(0, 2), [1, 0, 0, 0]],
    "clamp by tensors": [(x) => x.clamp(zeros([4]), full([4], 2)), [
      1,
      0,
      0,
      0,
    ]],
    hardtanh: [(x) => F.hardtanh(x), [0, 1, 0, 1]],
    relu6: [F.relu6, [1, 1, 1, 1]],
    elu: [(x) => F.elu(x), [1, 1, 1, 1]],
    maxPool1d: [(x) => F.maxPool1d(x.reshape([1, 4]), 2), [0, 1, 0, 1]],
  };
  for (const [name, [f, wanted]] of Object.entries(rows)) {
    const x = tensor(nan, { requiresGrad: true });
    f(x).sum().backward();
    assertEquals([...await x.grad!.data()].map((v) => v + 0), wanted, name);
  }
});

Deno.test("maximum() and minimum() pass the gradient to both where one is NaN", async () => {
  for (const name of ["maximum", "minimum"] as const) {
    const a = tensor([NaN, 1, NaN, 2], { requiresGrad: true });
    const b = tensor([1, NaN, NaN, 2], { requiresGrad: true });
    a[name](b).sum().backward();
    assertEquals([...await a.grad!.data()], [1, 1, 1, 0.5]);
    assertEquals([...await b.grad!.data()], [1, 1, 1, 0.5]);
  }
});

/** Functions of small tensors, far from their kinks. */
const SECOND: Readonly<
  Record<string, [(...x: Tensor[]) => Tensor, number[][]]>
> = {
  cosineSimilarity: [(x, y) => F.cosineSimilarity(x, y), [[2, 3], [1, 3]]],
  pairwiseDistance: [(x, y) => F.pairwiseDistance(x, y), [[2, 3], [3]]],
  normalize: [(x) => F.normalize(x, { p: 3 }), [[2, 3]]],
  localResponseNorm: [
    (x) => F.localResponseNorm(x, 2, { alpha: 1 }),
    [[1, 3, 1]],
  ],
  prelu: [(x, w) => F.prelu(x, w), [[2, 2], [1]]],
  linear: [(x, w) => F.linear(x, w), [[1, 2], [2, 2]]],
  conv1d: [(x, w) => F.conv1d(x, w), [[1, 1, 4], [1, 1, 2]]],
  lpPool2d: [(x) => F.lpPool2d(x, 2, 2), [[1, 2, 2]]],
  gather: [
    (x) => x.square().gather(1, indices([2, 2], [0, 0, 2, 1])),
    [[2, 3]],
  ],
  scatterAdd: [
    (x, y) => x.mul(x).scatterAdd(0, indices([3], [1, 1, 0]), y.mul(y)),
    [[3], [3]],
  ],
};

for (const [name, [f, shapes]] of Object.entries(SECOND)) {
  Deno.test(`${name} has the second derivatives that differences say`, async () => {
    const inputs = shapes.map((shape, i) =>
      made(shape, values(shape.reduce((a, b) => a * b, 1), i))
    );
    // 5e-3: differences over steps of 1/32 of functions that curve
    await gradcheck(f, inputs, { second: true, tolerance: 5e-3 });
  });
}
