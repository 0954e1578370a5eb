/**
 * Rows, columns and indices that are too many for one invocation (NOTE [loops]),
 * against answers that are known without computing them, or against other ops.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals } from "@std/assert";

import {
  arange,
  F,
  full,
  grad,
  ones,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../../mod.ts";
import { withAdapterClass } from "../../../src/gpu/device.ts";

const leaf = { requiresGrad: true };
const int32 = { dtype: "int32" } as const;
const CLASSES = ["cpu", "gpu"] as const;

/** Indices 0, 1, …, places - 1, 0, 1, … */
function cycle(count: number, places: number): Tensor {
  return arange(count).fmod(places).to("int32");
}

async function assertNear(got: Tensor, want: Tensor, most: number) {
  assertEquals(got.shape, want.shape);
  assertAlmostEquals(await got.sub(want).abs().amax().item(), 0, most);
}

Deno.test("scatterAdd() adds every element of long indices", async () => {
  for (
    const [count, places] of [
      [17_000, 100], // one dispatch, sorted or not
      [70_000, 2], // parts
      [70_000, 6], // parts whose rows are padded
      [70_001, 9001], // segments of a few elements
    ] as const
  ) {
    const index = cycle(count, places);
    const y = zeros([places]).scatterAdd(0, index, ones([count]));
    const each = Math.floor(count / places);
    const want = full([places], each).add(
      arange(places).lt(count % places).to("float32"),
    );
    assertEquals(await y.toArray(), await want.toArray());
  }
});

Deno.test("scatterAdd() adds long runs of one index to what was there", async () => {
  const count = 66_000; // of which a third goes to each of three places far apart
  const index = cycle(count, 3).mul(4000);
  const y = ones([9000]).scatterAdd(0, index, ones([count]));
  assertEquals(await y.sum().item(), 9000 + count);
  assertEquals(await y.at(4000).item(), 1 + count / 3);
});

Deno.test("scatterAdd() of integers and float16 joins parts as it adds", async () => {
  const index = cycle(70_000, 2);
  const src = ones([70_000], int32);
  assertEquals(
    await zeros([2], int32).scatterAdd(0, index, src).toArray(),
    [35_000, 35_000],
  );
  const bytes = zeros([2], { dtype: "uint8" });
  assertEquals( // 35,000 mod 256
    await bytes.scatterAdd(0, index, src.to("uint8")).toArray(),
    [184, 184],
  );
  const halves = zeros([2], { dtype: "float16" });
  const each = full([70_000], 2 ** -6, { dtype: "float16" });
  assertEquals( // 35,000 / 64 = 546.875, and halves are 0.5 apart there
    await halves.scatterAdd(0, index, each).toArray(),
    [547, 547],
  );
});

Deno.test("scatter() keeps the last of many elements of one index", async () => {
  const count = 70_000;
  const index = cycle(count, 5);
  const y = zeros([6]).scatter(0, index, arange(count).to("float32"));
  assertEquals(
    await y.toArray(),
    [69_995, 69_996, 69_997, 69_998, 69_999, 0],
  );
});

Deno.test("indexAdd() adds every row of long indices", async () => {
  for (const inner of [3, 4]) {
    const index = cycle(70_000, 7);
    const y = zeros([7, inner]).indexAdd(0, index, ones([70_000, inner]));
    assertEquals(
      await y.toArray(),
      Array(7).fill(Array(inner).fill(10_000)),
    );
  }
});

Deno.test("scatterAdd() goes along the dims of tensors with long indices", async () => {
  const index = cycle(23_333, 4).expand([3, 23_333]);
  const src = tensor([1, 2, 3]).unsqueeze(1).expand([3, 23_333]);
  const y = zeros([3, 4]).scatterAdd(1, index, src);
  assertEquals(await y.sum(1).toArray(), [23_333, 46_666, 69_999]);
});

Deno.test("embedding() and gather() have the gradients of long indices", async () => {
  const weight = zeros([2, 4], leaf);
  const y = F.embedding(cycle(70_000, 2), weight);
  const [dw] = grad(y.sum(), [weight]);
  assertEquals(await dw!.toArray(), Array(2).fill(Array(4).fill(35_000)));
  const x = zeros([2], leaf);
  const [dx] = grad(x.gather(0, cycle(200_000, 2)).sum(), [x]);
  assertEquals(await dx!.toArray(), [100_000, 100_000]);
});

for (const kind of CLASSES) {
  const run = <T>(body: () => T): T => withAdapterClass(kind, body);

  Deno.test(`logSoftmax() of long rows and columns (${kind} kernels)`, async () => {
    for (const [shape, dim] of [[[2, 66_001], 1], [[32_000, 3], 0]] as const) {
      const x = randn(shape, leaf);
      const [y, dx] = run(() => {
        const y = x.logSoftmax(dim);
        return [y, grad(y.mul(x).sum(), [x])[0]!];
      });
      const total = x.exp().sum(dim, { keepdim: true });
      await assertNear(y, x.sub(total.log()), 1e-4);
      // dy = x, and the other factor's gradient, y
      const slope = x.sub(
        x.exp().div(total).mul(x.sum(dim, { keepdim: true })),
      );
      await assertNear(dx, slope.add(y), 1e-3);
    }
  });

  Deno.test(`softmax() of long rows (${kind} kernels)`, async () => {
    const x = randn([2, 90_000], leaf);
    const [y, dx] = run(() => {
      const y = x.softmax(1);
      return [y, grad(y.mul(x).sum(), [x])[0]!];
    });
    const want = x.exp().div(x.exp().sum(1, { keepdim: true }));
    await assertNear(y, want, 1e-7);
    const along = want.mul(x).sum(1, { keepdim: true });
    await assertNear(dx, want.mul(x.sub(along)).add(want), 1e-6);
  });

  Deno.test(`softmax() of long rows has torch's NaN (${kind} kernels)`, async () => {
    const x = full([3, 90_001], -Infinity);
    x.at(1).fill_(0);
    x.at(1, 7).fill_(Infinity);
    x.at(2).fill_(0);
    x.at(2, 90_000).fill_(-Infinity);
    const y = run(() => x.softmax(1));
    assertEquals(await y.at(0).isnan().all().item(), 1);
    assertEquals(await y.at(1).isnan().all().item(), 1);
    assertEquals(await y.at(2, 90_000).item(), 0);
    assertAlmostEquals(await y.at(2, 0).item(), 1 / 90_000, 1e-9);
  });

  Deno.test(`crossEntropy() of many classes (${kind} kernels)`, async () => {
    for (const shape of [[1, 66_000], [1, 140_001], [1, 66_000, 2]]) {
      const x = zeros(shape, leaf);
      const target = full(shape.toSpliced(1, 1), 5, int32);
      const [loss, dx] = run(() => {
        const loss = F.crossEntropy(x, target);
        return [loss, grad(loss, [x])[0]!];
      });
      const classes = shape[1]!;
      assertAlmostEquals(await loss.item(), Math.log(classes), 1e-5);
      const share = 1 / (shape[2] ?? 1);
      const [first] = await dx.select(1, 5).flatten().data();
      assertAlmostEquals(first!, (1 / classes - 1) * share, 1e-6);
      const last = await dx.select(1, classes - 1).flatten().data();
      assertAlmostEquals(last[0]!, share / classes, 1e-9);
    }
  });

  Deno.test(`norms of long runs equal their formula (${kind} kernels)`, async () => {
    const calls: readonly [number[], number[], (x: Tensor) => Tensor][] = [
      [[1, 2, 300, 301], [2, 3], (x) => F.instanceNorm(x)],
      [[1, 4, 200, 200], [1, 2, 3], (x) => F.groupNorm(x, 1)],
      [[2, 1, 403, 401], [0, 2, 3], (x) => F.batchNorm(x, { training: true })],
      [[2, 131_072], [1], (x) => F.layerNorm(x, [131_072])],
      [[130, 9001], [1], (x) => F.layerNorm(x, [9001])],
    ];
    for (const [shape, dims, norm] of calls) {
      const x = randn(shape, leaf).mul(3).add(1).detach().requiresGrad_();
      const dy = randn(shape);
      const [y, dx] = run(() => {
        const y = norm(x);
        return [y, grad(y.mul(dy).sum(), [x])[0]!];
      });
      const keep = { keepdim: true };
      const rstd = x.var(dims, { ...keep, correction: 0 }).add(1e-5).rsqrt();
      const normal = x.sub(x.mean(dims, keep)).mul(rstd);
      await assertNear(y, normal, 1e-4);
      const slope = dy.sub(dy.mean(dims, keep))
        .sub(normal.mul(dy.mul(normal).mean(dims, keep))).mul(rstd);
      await assertNear(dx, slope, 1e-4);
    }
  });
}
