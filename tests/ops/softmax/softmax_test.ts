import { assertEquals, assertThrows } from "@std/assert";

import { withAdapterClass } from "../../../src/gpu/device.ts";
import {
  chooseSoftmax,
  logSoftmax,
  softmax,
  softmin,
} from "../../../src/ops/softmax/softmax.ts";
import { tensor } from "../../../src/tensor/create.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
} from "../_gradients.ts";

const CLASSES = ["cpu", "gpu"] as const;

// The functions of the rows of x [rows, length], in double precision.
function reference(
  x: ArrayLike<number>,
  length: number,
): { readonly y: number[]; readonly logY: number[] } {
  const y: number[] = [];
  const logY: number[] = [];
  for (let start = 0; start < x.length; start += length) {
    const row = Array.from({ length }, (_, c) => x[start + c]!);
    const highest = Math.max(...row);
    const sum = row.reduce((total, v) => total + Math.exp(v - highest), 0);
    for (const v of row) {
      y.push(Math.exp(v - highest) / sum);
      logY.push(v - highest - Math.log(sum));
    }
  }
  return { y, logY };
}

for (const kind of CLASSES) {
  // one element, odd, multiples of four, past a workgroup, past two
  for (const length of [1, 3, 8, 33, 64, 257, 1000]) {
    Deno.test(`softmax() of rows of ${length} equals its definition (${kind})`, async () => {
      const x = made([5, length]);
      const { y, logY } = reference(await x.data(), length);
      const [got, logGot] = withAdapterClass(
        kind,
        () => [softmax(x, 1), logSoftmax(x, -1)] as const,
      );
      // drivers may miss exp and log by some 2^-21
      await assertClose(got, y, 2e-6);
      await assertClose(logGot, logY, 2e-6);
    });
  }

  Deno.test(`softmax() takes any dim, and views (${kind})`, async () => {
    for (const [outer, length, inner] of [[3, 5, 7], [2, 6, 4], [70, 3, 12]]) {
      const x = made([outer!, length!, inner!]);
      const rows = x.permute([0, 2, 1]);
      const { y } = reference(await rows.data(), length!);
      const got = withAdapterClass(kind, () => softmax(x, 1));
      await assertClose(got.permute([0, 2, 1]), y, 2e-6);
      const ofView = withAdapterClass(kind, () => softmax(rows, 2));
      await assertClose(ofView, y, 2e-6);
    }
    const x = made([9, 6]).slice(0, 1, 8).slice(1, 1, 6, 2);
    const { y } = reference(await x.data(), 3);
    await assertClose(withAdapterClass(kind, () => softmax(x, 1)), y, 2e-6);
  });

  Deno.test(`softmax() keeps torch's NaN and infinities (${kind})`, async () => {
    for (const padding of [0, 1, 60]) {
      const row = (...head: number[]): number[] => [
        ...head,
        ...new Array<number>(padding).fill(-Infinity),
      ];
      const x = tensor([
        row(0, NaN, 1, 2),
        row(0, Infinity, 1, 2),
        row(-Infinity, -Infinity, -Infinity, -Infinity),
        row(1e4, 0, -Infinity, -1e30),
      ]);
      const [y, logY] = withAdapterClass(
        kind,
        () => [softmax(x, 1), logSoftmax(x, 1)] as const,
      );
      const length = 4 + padding;
      const nan = new Array<number>(3 * length).fill(NaN);
      const ends = row(1, 0, 0, 0).map((v) => Math.max(v, 0));
      await assertClose(y, [...nan, ...ends], 0);
      const logEnds = row(0, -1e4, -Infinity, Math.fround(-1e30));
      await assertClose(logY, [...nan, ...logEnds], 0);
    }
  });

  Deno.test(`softmax() gradients equal central differences (${kind})`, async () => {
    // a run an invocation, one and four at a time; then a row a workgroup
    for (const shape of [[2, 5], [2, 8], [1, 37]]) {
      await assertGradients((x) => softmax(x, 1), [made(shape)], { kind });
      await assertGradients((x) => logSoftmax(x, 1), [made(shape)], { kind });
    }
    await assertGradients((x) => softmax(x, 1), [made([2, 3, 4])], { kind });
  });
}

Deno.test("softmax() gradient is y * (dy - sum(dy * y))", async () => {
  const x = tensor([[0, Math.log(3)]]).requiresGrad_(); // y = [1/4, 3/4]
  softmax(x, 1).backward(tensor([[1, 0]]));
  await assertClose(x.grad!, [1 / 4 * (1 - 1 / 4), 3 / 4 * (0 - 1 / 4)], 1e-6);
});

Deno.test("softmax() has second derivatives", async () => {
  await assertSecondGradients((x) => softmax(x, 1), [made([2, 4])]);
  await assertSecondGradients((x) => logSoftmax(x, 0), [made([3, 2])]);
});

Deno.test("softmin() is the softmax of -x", async () => {
  const { y } = reference([-1, -2, -3], 3);
  await assertClose(softmin(tensor([1, 2, 3]), 0), y, 1e-6);
});

Deno.test("softmax() of float16 is computed in float32", async () => {
  const y = softmax(tensor([1, 2, 3], { dtype: "float16" }), 0);
  assertEquals(y.dtype, "float16");
  await assertClose(y, reference([1, 2, 3], 3).y, 1e-3); // 10 bits
});

Deno.test("softmax() takes scalars and tensors without elements", async () => {
  assertEquals(await softmax(tensor(3), 0).item(), 1);
  assertEquals(softmax(made([0, 4]), 1).shape, [0, 4]);
  assertEquals(softmax(made([4, 0]), 1).shape, [4, 0]);
});

Deno.test("softmax() names what it rejects", () => {
  assertThrows(
    () => softmax(tensor([[1, 2]]), 2),
    RangeError,
    "dim 2: a tensor of shape [1, 2] has dims",
  );
  assertThrows(
    () => logSoftmax(tensor([1], { dtype: "int32" }), 0),
    TypeError,
    "Cannot logSoftmax int32 [1]",
  );
});

Deno.test("chooseSoftmax() gives long rows on a GPU a workgroup each", () => {
  const rows = { outer: 8, length: 1000, inner: 1 };
  assertEquals(chooseSoftmax(rows, "cpu"), { kernel: "runs", group: 8 });
  assertEquals(chooseSoftmax(rows, "gpu"), { kernel: "rows", group: 256 });
  assertEquals(
    chooseSoftmax({ ...rows, length: 10 }, "gpu"),
    { kernel: "runs", group: 64 },
  );
  assertEquals(
    chooseSoftmax({ ...rows, inner: 49 }, "gpu"),
    { kernel: "runs", group: 64 },
  );
});
