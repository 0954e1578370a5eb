import { assertEquals, assertThrows } from "@std/assert";

import { compile } from "../../../src/compile/compile.ts";
import { einsum } from "../../../src/ops/matmul/einsum.ts";
import {
  addmm,
  baddbmm,
  bmm,
  dot,
  linear,
  matmul,
  mv,
  outer,
} from "../../../src/ops/matmul/matmul.ts";
import { randint } from "../../../src/ops/random/random.ts";
import { arange, full, tensor, zeros } from "../../../src/tensor/create.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { largeTest, whole } from "../_large.ts";

const list = async (x: Tensor) => [...await x.data()];

/** The product of two matrices in exact integers, wrapped into a type. */
async function exact(a: Tensor, b: Tensor): Promise<number[]> {
  const [m, k] = a.shape as readonly [number, number]; // matrices
  const n = b.shape[1]!;
  const [x, y] = [await a.data(), await b.data()];
  const words = new BigInt64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0n;
      for (let t = 0; t < k; t++) {
        sum += BigInt(x[i * k + t]!) * BigInt(y[t * n + j]!);
      }
      words[i * n + j] = BigInt.asIntN(64, sum);
    }
  }
  const bits = a.dtype === "uint8" ? 8 : 32;
  return Array.from(
    words,
    (word) =>
      Number(
        a.dtype === "int32"
          ? BigInt.asIntN(32, word)
          : BigInt.asUintN(bits, word),
      ),
  );
}

const RANGES: readonly (readonly [DType, number, number])[] = [
  ["uint8", 0, 256],
  ["int32", -(2 ** 31), 2 ** 31 - 1],
  ["uint32", 0, 2 ** 32 - 1],
];

Deno.test("matmul() of integers wraps around the exact product", async () => {
  // sizes of 0 and 1, odd ones, and inner sizes of more than one part
  const sizes = [
    [2, 3, 4],
    [1, 1, 1],
    [5, 0, 3],
    [0, 4, 2],
    [3, 5, 0],
    [
      17,
      9,
      13,
    ],
    [3, 1025, 2],
    [1, 3000, 5],
  ] as const;
  for (const [dtype, low, high] of RANGES) {
    for (const [m, k, n] of sizes) {
      const a = randint(low, high, [m, k], { dtype, seed: 1 });
      const b = randint(low, high, [k, n], { dtype, seed: 2 });
      const y = matmul(a, b);
      assertEquals([y.dtype, y.shape], [dtype, [m, n]]);
      assertEquals(await list(y), await exact(a, b), `${dtype} ${m} ${k} ${n}`);
    }
  }
});

Deno.test("matmul() of integers reads views and broadcasts stacks", async () => {
  const a = arange(24).reshape([2, 3, 4]);
  const b = arange(40).reshape([5, 8]).slice(0, 1).slice(1, 1, 8, 2); // [4, 4]
  const expected = await list(matmul(a.to("float32"), b.to("float32")));
  for (const dtype of ["int32", "uint32"] as const) {
    const [x, w] = [a.to(dtype), b.to(dtype)];
    assertEquals(await list(matmul(x, w)), expected);
    assertEquals(await list(matmul(x, w.t().contiguous().t())), expected);
    const stacked = matmul(x.unsqueeze(1), w.expand([3, 4, 4]));
    assertEquals(stacked.shape, [2, 3, 3, 4]);
    assertEquals(await list(stacked.select(1, 2)), expected);
    const turned = x.permute([2, 0, 1]).contiguous().permute([1, 2, 0]);
    assertEquals(await list(matmul(turned, w)), expected);
  }
});

Deno.test("products of integers of every form equal PyTorch's", async () => {
  for (const dtype of ["uint8", "int32", "uint32"] as const) {
    const of = (values: Parameters<typeof tensor>[0]) =>
      tensor(values, { dtype });
    const [a, b] = [of([[1, 2], [3, 4]]), of([[5, 6], [7, 8]])];
    const v = of([9, 10]);
    const rows: [Tensor, number[]][] = [
      [a.mm(b), [19, 22, 43, 50]],
      [bmm(a.unsqueeze(0), b.unsqueeze(0)), [19, 22, 43, 50]],
      [mv(a, v), [29, 67]],
      [matmul(v, a), [39, 58]],
      [dot(v, v), [181]],
      [outer(of([1, 2]), v), [9, 10, 18, 20]],
      [addmm(v, a, b), [28, 32, 52, 60]],
      [addmm(v, a, b, { beta: 2, alpha: 3 }), [75, 86, 147, 170]],
      [baddbmm(v, a.unsqueeze(0), b.unsqueeze(0)), [28, 32, 52, 60]],
      [linear(a, b, v), [26, 33, 48, 63]],
      [einsum("ij,jk->ki", a, b), [19, 43, 22, 50]],
      [einsum("i,j->ij", v, v), [81, 90, 90, 100]],
    ];
    for (const [i, [y, expected]] of rows.entries()) {
      assertEquals(y.dtype, dtype, `${i}`);
      assertEquals(await list(y), expected, `${dtype} ${i}`);
    }
  }
  // sums of uint8 are int32, and so is what they are multiplied into
  const u8 = { dtype: "uint8" } as const;
  const summed = einsum("ij,k->k", tensor([[200, 100]], u8), tensor([3], u8));
  assertEquals([summed.dtype, await list(summed)], ["int32", [900]]);
});

Deno.test("matmul() of integers is the same in a compiled function", async () => {
  const step = compile((a: Tensor, b: Tensor) => matmul(a, b).add(1).clamp(3));
  for (let i = 0; i < 4; i++) {
    const a = full([2, 1100], i, { dtype: "int32" });
    const b = full([1100, 2], 2, { dtype: "int32" });
    const expected = Math.max(2200 * i + 1, 3);
    assertEquals(await list(step(a, b)), Array(4).fill(expected));
  }
});

largeTest("matmul() of large integers goes part by part", async () => {
  const cases: [number[], number[]][] = [
    [[300, 40], [40, 3]],
    [[3, 40], [40, 300]],
    [[9, 30, 11], [9, 11, 30]],
    [[2, 5000], [5000, 2]],
  ];
  for (const [left, right] of cases) {
    const run = () => {
      const a = randint(-99, 99, left, { seed: 1 });
      return list(matmul(a, randint(-99, 99, right, { seed: 2 })));
    };
    assertEquals(await run(), await whole(run));
  }
});

Deno.test("matmul() refuses bool, mixed types and factors with a fraction", () => {
  const flags = tensor([[true]]);
  const a = zeros([1, 1], { dtype: "int32" });
  const types = "expected the same type of numbers";
  assertThrows(() => matmul(flags, flags), TypeError, types);
  assertThrows(() => matmul(a, a.to("uint8")), TypeError, types);
  assertThrows(() => dot(tensor([1]), arange(1)), TypeError, types);
  assertThrows(
    () => addmm(a, a, a, { alpha: 0.5 }),
    TypeError,
    "expected an integer for integers",
  );
});
