import { assertEquals, assertThrows } from "@std/assert";

import { gradcheck } from "../../../src/autograd/gradcheck.ts";
import { full, tensor, zeros } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  assertClose,
  assertSecondGradients,
  made,
  values,
} from "../_gradients.ts";

/** What a fold of a list gives, in double precision. */
const LISTS: Readonly<
  Record<
    string,
    [(x: Tensor, dim: number[]) => Tensor, (list: number[]) => number]
  >
> = {
  sum: [(x, dim) => x.sum(dim), (list) => list.reduce((a, b) => a + b, 0)],
  mean: [
    (x, dim) => x.mean(dim),
    (list) => list.reduce((a, b) => a + b, 0) / list.length,
  ],
  prod: [(x, dim) => x.prod(dim), (list) => list.reduce((a, b) => a * b, 1)],
  amax: [(x, dim) => x.amax(dim), (list) => Math.max(...list)],
  amin: [(x, dim) => x.amin(dim), (list) => Math.min(...list)],
  logsumexp: [
    (x, dim) => x.logsumexp(dim),
    (list) => Math.log(list.reduce((a, b) => a + Math.exp(b), 0)),
  ],
  norm: [(x, dim) => x.norm(2, dim), (list) => Math.hypot(...list)],
  var: [(x, dim) => x.var(dim, { correction: 0 }), variance],
};

function variance(list: number[]): number {
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length;
}

/** The lists that are left when `dims` of a row-major array are gathered. */
function lists(
  data: ArrayLike<number>,
  shape: readonly number[],
  dims: readonly number[],
): number[][] {
  const found = new Map<string, number[]>();
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    const key: number[] = [];
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      if (!dims.includes(dim)) key.unshift(rest % shape[dim]!);
      rest = Math.floor(rest / shape[dim]!);
    }
    const name = key.join();
    const list = found.get(name);
    if (list) list.push(data[i]!);
    else found.set(name, [data[i]!]);
  }
  return [...found.values()];
}

Deno.test("reductions equal lists folded in double precision, over any dims", async () => {
  const shapes = [[1], [7], [3, 4], [5, 3, 8], [2, 3, 4, 5]];
  for (const shape of shapes) {
    const x = made(shape);
    const data = await x.data();
    // every subset of the dims but the empty one
    for (let set = 1; set < 2 ** shape.length; set++) {
      const dims = shape.map((_, dim) => dim).filter((dim) => set >> dim & 1);
      const wanted = lists(data, shape, dims);
      for (const [name, [ours, theirs]] of Object.entries(LISTS)) {
        try {
          // 1e-5: sums of 100 rounded terms
          await assertClose(ours(x, dims), wanted.map(theirs), 1e-5);
        } catch (error) {
          throw new Error(`${name} of [${shape}] over [${dims}]`, {
            cause: error,
          });
        }
      }
    }
  }
});

Deno.test("reductions have the gradients that differences say", async () => {
  // apart from each other, so that the largest stays the largest
  const spots = [
    0.9,
    -1.3,
    0.4,
    1.7,
    -0.6,
    2.4,
    -2.1,
    1.2,
    0.7,
    -0.35,
    3,
    -2.8,
  ];
  const x = tensor(spots).reshape([3, 4]);
  const calls: Record<string, (x: Tensor) => Tensor> = {
    sum: (x) => x.sum(0),
    mean: (x) => x.mean([0, 1]),
    prod: (x) => x.prod(1),
    amax: (x) => x.amax(1, { keepdim: true }),
    amin: (x) => x.amin(0),
    max: (x) => x.max(1).values,
    min: (x) => x.min(0).values,
    var: (x) => x.var(1),
    std: (x) => x.std(0),
    norm: (x) => x.norm(2, 1),
    "norm 3": (x) => x.norm(3, 0),
    "norm 1": (x) => x.norm(1),
    "norm inf": (x) => x.norm(Infinity, 1),
    logsumexp: (x) => x.logsumexp(1),
    cumsum: (x) => x.cumsum(1),
    cumprod: (x) => x.cumprod(0),
  };
  for (const [name, call] of Object.entries(calls)) {
    try {
      // 5e-3: products of several numbers, some 10 at most
      await gradcheck(call, [x], { tolerance: 5e-3, second: true });
    } catch (error) {
      throw new Error(name, { cause: error });
    }
  }
});

Deno.test("prod() and cumprod() have gradients beside and at zeros", async () => {
  for (const zeroes of [[1], [1, 3]]) {
    const spots = [0.9, -1.3, 0.4, 1.7, -0.6].map((x, i) =>
      zeroes.includes(i) ? 0 : x
    );
    await gradcheck((x) => x.prod(), [tensor(spots)]);
    await gradcheck((x) => x.cumprod(0), [tensor(spots)]);
  }
});

Deno.test("sum() of long rows, columns and odd lengths loses no terms", async () => {
  for (const length of [1023, 1024, 1025, 4099, 70000, 1 << 20]) {
    const x = full([length], 1);
    assertEquals(await x.sum().item(), length);
    assertEquals(await x.reshape([length, 1]).sum(0).item(), length);
  }
  const rows = full([70001, 3], 1).sum(1);
  assertEquals(new Set(await rows.data()), new Set([3]));
  const columns = full([2050, 8], 1).sum(0);
  assertEquals([...await columns.data()], Array(8).fill(2050));
});

Deno.test("sum() of a million terms keeps six digits", async () => {
  const data = values(1_000_003).map((x) => Math.abs(x));
  const want = data.reduce((sum, x) => sum + x, 0);
  await assertClose(made([data.length], data).sum(), [want], 1e-6);
});

Deno.test("sum() of integers and bool is int32, of uint8 without wrapping", async () => {
  const bytes = full([1000], 200, { dtype: "uint8" });
  assertEquals(bytes.sum().dtype, "int32");
  assertEquals(await bytes.sum().item(), 200000);
  assertEquals(await tensor([true, true, false]).sum().item(), 2);
});

Deno.test("reductions of nothing give their neutral element or refuse", async () => {
  const none = zeros([0, 3]);
  assertEquals([...await none.sum(0).data()], [0, 0, 0]);
  assertEquals([...await none.prod(0).data()], [1, 1, 1]);
  assertEquals([...await none.mean(0).data()], [NaN, NaN, NaN]);
  assertEquals(await none.any().item(), 0);
  assertEquals(await none.all().item(), 1);
  assertEquals(none.sum(1).shape, [0]);
  assertThrows(() => none.amax(0), RangeError, "no elements");
  assertThrows(() => none.argmax(), RangeError, "no elements");
});

Deno.test("amax() and amin() keep NaN wherever it stands", async () => {
  for (const place of [0, 3, 1500, 4999]) {
    const data = values(5000);
    data[place] = NaN;
    assertEquals(await tensor(data).amax().item(), NaN);
    assertEquals(await tensor(data).amin().item(), NaN);
    assertEquals(await tensor(data).argmax().item(), place);
  }
});

Deno.test("amax() of integer types stays in their type", async () => {
  const x = tensor([3, 250, 7], { dtype: "uint8" });
  assertEquals([x.amax().dtype, await x.amax().item()], ["uint8", 250]);
  const y = tensor([-3, -250], { dtype: "int32" });
  assertEquals([await y.amax().item(), await y.amin().item()], [-3, -250]);
});

Deno.test("amax() shares the gradient among ties, max(dim) gives it to the first", async () => {
  const x = tensor([[2, 5, 5], [1, 1, 1]], { requiresGrad: true });
  x.amax(1).sum().backward();
  const third = Math.fround(1 / 3);
  await assertClose(x.grad!, [0, 0.5, 0.5, third, third, third], 1e-7);
  x.grad = undefined;
  const { values, indices } = x.max(1);
  assertEquals([...await indices.data()], [1, 0]);
  values.sum().backward();
  assertEquals(await x.grad!.toArray(), [[0, 1, 0], [1, 0, 0]]);
});

Deno.test("argmax() finds the first of the largest, in long rows too", async () => {
  for (const length of [1, 5, 512, 513, 300_001]) {
    const data = values(length);
    const at = Math.floor(length / 2);
    data[at] = 9;
    if (at + 1 < length) data[at + 1] = 9;
    assertEquals(await tensor(data).argmax().item(), at);
    assertEquals(await tensor(data.map((x) => -x)).argmin().item(), at);
    const columns = tensor(data).reshape([length, 1]);
    assertEquals([...await columns.argmax(0).data()], [at]);
  }
});

Deno.test("any(), all() and countNonzero() take NaN for true", async () => {
  const x = tensor([[0, 0], [NaN, 0], [1, 2]]);
  assertEquals([...await x.any(1).data()], [0, 1, 1]);
  assertEquals([...await x.all(1).data()], [0, 0, 1]);
  assertEquals([...await x.countNonzero(0).data()], [2, 1]);
  assertEquals(x.any(1).dtype, "bool");
  assertEquals(x.to("uint8").any(1).dtype, "uint8");
});

Deno.test("cumsum() goes on from part to part", async () => {
  const long = full([70000], 1).cumsum(0);
  const data = await long.data();
  assertEquals([data[0], data[255], data[256], data[69999]], [
    1,
    256,
    257,
    70000,
  ]);
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  assertEquals(await x.cumsum(0).toArray(), [[1, 2, 3], [5, 7, 9]]);
  assertEquals(await x.cumsum(1).toArray(), [[1, 3, 6], [4, 9, 15]]);
  assertEquals(tensor([true, true]).cumsum(0).dtype, "int32");
});

Deno.test("logsumexp() takes infinite rows and large numbers", async () => {
  const x = tensor([[1000, 1000], [-Infinity, -Infinity], [Infinity, 1]]);
  const got = [...await x.logsumexp(1).data()];
  assertEquals(got, [Math.fround(1000 + Math.LN2), -Infinity, Infinity]);
});

Deno.test("std() and norm() have gradient 0 where they are 0", async () => {
  const x = full([1, 3], 2, { requiresGrad: true });
  x.std(1).sum().backward();
  assertEquals([...await x.grad!.data()], [0, 0, 0]);
  const y = zeros([3], { requiresGrad: true });
  y.norm().backward();
  assertEquals([...await y.grad!.data()], [0, 0, 0]);
});

Deno.test("norm() counts, adds or takes an extreme, as p says", async () => {
  const x = tensor([3, -4, 0]);
  const got = await Promise.all(
    [0, 1, 2, Infinity, -Infinity].map((p) => x.norm(p).item()),
  );
  assertEquals(got, [2, 7, 5, 4, 0]);
});

Deno.test("reductions give the same bits twice", async () => {
  const x = made([300_007]);
  const [a, b] = [await x.sum().data(), await x.sum().data()];
  assertEquals(a, b);
});

Deno.test("reductions take views, and name a dim they refuse", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  assertEquals([...await x.transpose(0, 1).sum(0).data()], [6, 15]);
  assertEquals([...await x.slice(1, 1, 3).amax(1).data()], [3, 6]);
  assertEquals([...await x.select(1, 1).expand([3, 2]).sum(0).data()], [6, 15]);
  assertThrows(() => x.sum(2), RangeError, "dim 2");
  assertThrows(() => x.sum([0, -2]), RangeError, "expected each dim once");
  assertThrows(() => x.to("int32").mean(), TypeError, "integers");
});

Deno.test("var() and logsumexp() have second derivatives", async () => {
  for (const dim of [[0], [1], [2], [0, 1], [0, 2], [0, 1, 2]]) {
    const x = made([2, 3, 4]);
    await assertSecondGradients((x) => x!.var(dim).square(), [x], 2e-2);
    await assertSecondGradients((x) => x!.logsumexp(dim), [x], 2e-2);
  }
});

Deno.test("var() and logsumexp() join the parts of long runs", async () => {
  for (
    const [shape, dim] of [[[3, 5000], 1], [[5001, 3], 0], [
      [2100, 4],
      0,
    ]] as const
  ) {
    const x = made(shape).add(100);
    const data = await x.data();
    const others = shape[1 - dim]!;
    const runs = Array.from(
      { length: others },
      (_, k) =>
        [...data].filter((_, i) =>
          (dim === 1 ? Math.floor(i / shape[1]) : i % shape[1]) === k
        ),
    );
    await assertClose(x.var(dim, { correction: 0 }), runs.map(variance), 1e-5);
    const sums = runs.map((run) =>
      100 + Math.log(run.reduce((sum, value) => sum + Math.exp(value - 100), 0))
    );
    await assertClose(x.logsumexp(dim), sums, 1e-5);
  }
});

Deno.test("var() and logsumexp() keep NaN in its run, and take views", async () => {
  const x = made([3, 4], [1, NaN, 3, 4, 1, 2, 3, 4, Infinity, 2, 3, 4]);
  await assertClose(x.var(1), [NaN, 5 / 3, NaN], 1e-6);
  const largest = 4 + Math.log(1 + Math.exp(-1) + Math.exp(-2) + Math.exp(-3));
  await assertClose(x.logsumexp(1), [NaN, largest, Infinity], 1e-6);
  await assertClose(x.t().var(0), [NaN, 5 / 3, NaN], 1e-6);
  await assertClose(x.slice(0, 1, 2).slice(1, 1).var(1), [1], 1e-6);
});
