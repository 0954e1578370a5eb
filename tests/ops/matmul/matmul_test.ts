import { assertEquals, assertThrows } from "@std/assert";
import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import {
  addmm,
  baddbmm,
  bmm,
  dot,
  linear,
  matmul,
  mm,
  mv,
  outer,
} from "../../../src/ops/matmul/matmul.ts";
import { arange, full, tensor, zeros } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

// Small integers, so that every sum is exact in float32, in any order.
function whole(shape: Shape, seed = 1): Tensor {
  const values = Array.from(
    { length: sizeOf(shape) },
    (_, i) => (i * 37 + seed * 11) % 9 - 4,
  );
  return tensor(values).reshape(shape);
}

// y[g] = a[g] b[g] of row-major stacks.
function reference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [batches, m, k, n]: readonly [number, number, number, number],
): Float32Array {
  const y = new Float32Array(batches * m * n);
  for (let at = 0; at < y.length; at++) {
    const [row, j] = [Math.floor(at / n), at % n];
    const g = Math.floor(row / m);
    for (let x = 0; x < k; x++) {
      y[at]! += a[row * k + x]! * b[(g * k + x) * n + j]!;
    }
  }
  return y;
}

const SIZES = [
  [1, 1, 1],
  [1, 7, 1],
  [5, 1, 3],
  [16, 16, 16],
  [17, 33, 65],
  [64, 128, 10],
  [10, 64, 128],
  [3, 1030, 5],
  [100, 20, 36],
] as const;

for (const kind of CLASSES) {
  Deno.test(`matmul() equals sums of products, ${kind} kernels`, async () => {
    for (const [m, k, n] of SIZES) {
      const [a, b] = [whole([m, k]), whole([k, n], 2)];
      const want = reference(await a.data(), await b.data(), [1, m, k, n]);
      const turned = (x: Tensor) =>
        x.transpose(0, 1).contiguous().transpose(0, 1);
      for (const left of [a, turned(a)]) {
        for (const right of [b, turned(b)]) {
          const y = withAdapterClass(kind, () => matmul(left, right));
          assertEquals(y.shape, [m, n]);
          assertEquals(await y.data(), want);
        }
      }
    }
  });

  Deno.test(`matmul() takes slices, strides and offsets, ${kind} kernels`, async () => {
    const a = whole([20, 40]).slice(0, 1, 20, 2).slice(1, 3, 40, 3); // [10, 13]
    const b = whole([15, 21], 2).slice(0, 2).slice(1, 1, 21, 2); // [13, 10]
    const y = withAdapterClass(kind, () => matmul(a, b));
    const want = reference(await a.data(), await b.data(), [1, 10, 13, 10]);
    assertEquals(await y.data(), want);
  });

  Deno.test(`matmul() broadcasts leading dims, ${kind} kernels`, async () => {
    const a = whole([2, 1, 3, 5]);
    const b = whole([4, 5, 6], 2);
    const y = withAdapterClass(kind, () => matmul(a, b));
    const want = reference(
      await a.expand([2, 4, 3, 5]).data(),
      await b.expand([2, 4, 5, 6]).data(),
      [8, 3, 5, 6],
    );
    assertEquals(y.shape, [2, 4, 3, 6]);
    assertEquals(await y.data(), want);
  });

  Deno.test(`bmm() takes more matrices than workgroups on an axis, ${kind} kernels`, async () => {
    const batches = 66001;
    const [a, b] = [whole([batches, 2, 3]), whole([batches, 3, 1], 2)];
    const y = withAdapterClass(kind, () => bmm(a, b));
    const want = reference(await a.data(), await b.data(), [batches, 2, 3, 1]);
    assertEquals(await y.data(), want);
  });

  Deno.test(`matmul() sums nothing to 0 and makes empty tensors, ${kind} kernels`, async () => {
    const [y, ...empty] = withAdapterClass(kind, () => [
      matmul(zeros([2, 0]), zeros([0, 3])),
      matmul(zeros([0, 4]), zeros([4, 3])),
      matmul(zeros([4]), zeros([4, 0])),
      matmul(zeros([5, 1, 2, 0]), zeros([7, 0, 3])),
    ]);
    assertEquals([...await y!.data()], [0, 0, 0, 0, 0, 0]);
    assertEquals(empty.map((y) => y.shape), [[0, 3], [0], [5, 7, 2, 3]]);
  });

  Deno.test(`matmul() lets NaN and infinity through, ${kind} kernels`, async () => {
    const a = tensor([[1, NaN], [0, 2], [Infinity, 1]]);
    const b = tensor([[1, 0], [1, 1]]);
    const y = withAdapterClass(kind, () => matmul(a, b));
    // a row of NaN, an ordinary one, and infinity * 0 = NaN
    assertEquals([...await y.data()], [NaN, NaN, 2, 2, Infinity, NaN]);
  });

  Deno.test(`linear() adds its bias to every row, ${kind} kernels`, async () => {
    for (const [n, k] of [[10, 84], [32, 16], [3, 600]] as const) {
      const [x, w, b] = [whole([2, 7, k]), whole([n, k], 2), whole([n], 3)];
      const y = withAdapterClass(kind, () => linear(x, w, b));
      const flat = [await x.data(), await w.transpose(0, 1).data()] as const;
      const bias = await b.data();
      const want = reference(...flat, [1, 14, k, n])
        .map((value, i) => value + bias[i % n]!);
      assertEquals(y.shape, [2, 7, n]);
      assertEquals(await y.data(), want);
    }
  });
}

Deno.test("matmul() of vectors and matrices has torch's shapes", async () => {
  const v = tensor([1, 2, 3]);
  const a = tensor([[1, 0, 1], [0, 2, 0]]);
  assertEquals(await matmul(v, v).item(), 14);
  assertEquals(await matmul(a, v).toArray(), [4, 4]);
  assertEquals(await matmul(tensor([1, 1]), a).toArray(), [1, 2, 1]);
  assertEquals(matmul(zeros([4, 2, 3]), v).shape, [4, 2]);
  assertEquals(matmul(v, zeros([4, 3, 2])).shape, [4, 2]);
  assertEquals(await dot(v, v).item(), 14);
  assertEquals(await mv(a, v).toArray(), [4, 4]);
  const flags = outer(tensor([true, false]), tensor([0.5]));
  assertEquals([flags.dtype, ...await flags.data()], ["float32", 0.5, 0]);
  assertEquals(await outer(tensor([1, 2]), v).toArray(), [[1, 2, 3], [
    2,
    4,
    6,
  ]]);
});

Deno.test("addmm() and baddbmm() scale both terms; beta 0 ignores the first", async () => {
  const [a, b] = [tensor([[1, 2]]), tensor([[3], [4]])];
  const input = tensor([10]);
  assertEquals(await addmm(input, a, b).item(), 21);
  // 0.5 * 10 + 2 * 11
  assertEquals(await addmm(input, a, b, { beta: 0.5, alpha: 2 }).item(), 27);
  const nan = tensor([NaN]);
  assertEquals(await addmm(nan, a, b, { beta: 0 }).item(), 11);
  const ignored = nan.clone().requiresGrad_();
  const z = addmm(ignored, a, b, { beta: 0 });
  assertEquals(await z.item(), 11);
  z.backward();
  assertEquals(await ignored.grad!.toArray(), [0]);
  const y = baddbmm(input, a.unsqueeze(0), b.unsqueeze(0), { alpha: 2 });
  assertEquals(await y.toArray(), [[[32]]]);
});

Deno.test("matmul() gradients are dy b^T and a^T dy, laid out as the operands", async () => {
  const a = whole([3, 4]).requiresGrad_();
  const b = whole([5, 4], 2).requiresGrad_();
  const dy = whole([3, 5], 3);
  matmul(a, b.transpose(0, 1)).backward(dy);
  // y = a b^T: da = dy b, db = dy^T a
  assertEquals(await a.grad!.data(), await matmul(dy, b.detach()).data());
  const db = matmul(dy.transpose(0, 1), a.detach());
  assertEquals(await b.grad!.data(), await db.data());
  assertEquals(b.grad!.layout.strides, [4, 1]);
});

Deno.test("matmul() sums the gradients of what it broadcast", async () => {
  const a = whole([2, 3, 4]).requiresGrad_();
  const b = whole([4, 5], 2).requiresGrad_();
  matmul(a, b).sum().backward();
  // da[g, i, k] = sum_j b[k, j], db[k, j] = sum_{g, i} a[g, i, k]
  const da = b.detach().sum(1).expand([2, 3, 4]);
  const db = a.detach().sum([0, 1]).unsqueeze(1).expand([4, 5]);
  assertEquals(await a.grad!.data(), await da.data());
  assertEquals(await b.grad!.data(), await db.data());

  const c = whole([1, 4, 5], 3).requiresGrad_();
  matmul(a.detach(), c).sum().backward();
  assertEquals(await c.grad!.data(), await db.data());
});

Deno.test("linear() gradients reach the input, the weight and the bias", async () => {
  const x = whole([6, 3]).requiresGrad_();
  const w = whole([2, 3], 2).requiresGrad_();
  const b = whole([2], 3).requiresGrad_();
  const dy = whole([6, 2], 4);
  linear(x, w, b).backward(dy);
  assertEquals(await x.grad!.data(), await matmul(dy, w.detach()).data());
  const dw = matmul(dy.transpose(0, 1), x.detach());
  assertEquals(await w.grad!.data(), await dw.data());
  assertEquals(await b.grad!.data(), await dy.sum(0).data());
});

Deno.test("matmul() computes float16 in float32 and rounds once", async () => {
  const a = full([1, 4096], 1).to("float16");
  const y = matmul(a, a.transpose(0, 1));
  assertEquals(y.dtype, "float16");
  assertEquals(await y.item(), 4096); // summed in float16 it would stop at 2048
});

Deno.test("matmul() names the shapes, ranks and types it rejects", () => {
  const cases: [() => Tensor, string][] = [
    [
      () => matmul(zeros([32, 784]), zeros([512, 10])),
      "Cannot matmul [32, 784] and [512, 10]: inner sizes must be equal, got 784 and 512",
    ],
    [
      () => matmul(zeros([]), zeros([2])),
      "Cannot matmul [] and [2]: each needs at least one dim",
    ],
    [
      () => matmul(zeros([2, 1, 3]), zeros([4, 3, 1])),
      "Cannot matmul [2] and [4]: sizes 2 and 4 of dim -1 must be equal",
    ],
    [
      () => matmul(zeros([3]), arange(3)),
      "Cannot matmul float32 and int32: expected the same type of numbers",
    ],
    [
      () => mm(zeros([2, 3]), zeros([3])),
      "Cannot mm [2, 3] and [3]: expected tensors of 2 and 2 dims, got 2 and 1",
    ],
    [() => mm(zeros([2, 3]), zeros([2, 3])), "Cannot mm [2, 3] and [2, 3]"],
    [
      () => bmm(zeros([2, 3, 4]), zeros([3, 4, 5])),
      "Cannot bmm [2, 3, 4] and [3, 4, 5]: batch sizes must be equal, got 2 and 3",
    ],
    [() => bmm(zeros([2, 3, 4]), zeros([2, 3, 4])), "got 4 and 3"],
    [() => mv(zeros([2, 3]), zeros([2])), "got 3 and 2"],
    [() => dot(zeros([2]), zeros([3])), "Cannot dot [2] and [3]"],
    [() => outer(zeros([2, 1]), zeros([3])), "got 2 and 1"],
    [
      () => linear(zeros([3, 5]), zeros([4, 6])),
      "Cannot linear [3, 5] and [4, 6]: inner sizes must be equal, got 5 and 6",
    ],
    [
      () => linear(zeros([3, 5]), zeros([1, 4, 5])),
      "expected x [..., in] and weight [out, in]",
    ],
    [
      () => linear(zeros([3, 5]), zeros([4, 5]), zeros([5])),
      "Cannot add a bias of shape [5] in linear: expected [4], the outputs of weight [4, 5]",
    ],
  ];
  for (const [run, message] of cases) assertThrows(run, TypeError, message);
});
