import { assertEquals } from "@std/assert";

import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import { planTransposed } from "../../../src/ops/map/transposed.ts";
import { arange, zeros } from "../../../src/tensor/create.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

/** Shapes, and orders of their dims in which other elements lie side by side. */
const CASES: readonly (readonly [Shape, readonly number[]])[] = [
  [[2, 2], [1, 0]],
  [[5, 3], [1, 0]],
  [[4, 8], [1, 0]],
  [[300, 260], [1, 0]], // several blocks and panels, whole quads
  [[263, 301], [1, 0]], // the same with edges
  [[1, 9, 4], [2, 1, 0]],
  [[2, 5, 7, 3], [0, 3, 1, 2]], // images with channels last, to first
  [[2, 3, 4, 8], [0, 2, 3, 1]],
  [[3, 4, 5, 8], [3, 2, 1, 0]],
  [[2, 3, 2, 3, 2, 4], [5, 3, 1, 0, 2, 4]],
];
const TYPES: readonly DType[] = [
  "float32",
  "float16",
  "int32",
  "uint32",
  "uint8",
  "bool",
];

/** The elements of a row-major tensor in another order of its dims. */
function permuted<T>(
  data: readonly T[],
  shape: Shape,
  order: readonly number[],
): T[] {
  const out = order.map((dim) => shape[dim]!);
  const steps = order.map((dim) => sizeOf(shape.slice(dim + 1)));
  return data.map((_, i) => {
    let [at, rest] = [0, i];
    for (let dim = out.length - 1; dim >= 0; dim--) {
      at += (rest % out[dim]!) * steps[dim]!;
      rest = Math.floor(rest / out[dim]!);
    }
    return data[at]!;
  });
}

function counted(size: number, dtype: DType): Tensor {
  return arange(size).remainder(dtype === "bool" ? 3 : 251).to(dtype);
}

for (const kind of CLASSES) {
  Deno.test(`contiguous() turns dims of every type and size (${kind})`, async () => {
    for (const dtype of TYPES) {
      for (const [shape, order] of CASES) {
        const x = counted(sizeOf(shape), dtype);
        const want = permuted([...await x.data()], shape, order);
        const y = withAdapterClass(
          kind,
          () => x.reshape(shape).permute(order).contiguous(),
        );
        assertEquals([...await y.data()], want, `${dtype} [${shape}]`);
      }
    }
  });

  Deno.test(`to() turns and casts at once (${kind})`, async () => {
    for (const from of ["uint8", "bool", "int32", "float16"] as const) {
      for (const [shape, order] of CASES) {
        const x = counted(sizeOf(shape), from);
        const want = permuted([...await x.data()], shape, order);
        const y = withAdapterClass(
          kind,
          () => x.reshape(shape).permute(order).to("float32"),
        );
        assertEquals([...await y.data()], want, `${from} [${shape}]`);
      }
    }
  });

  Deno.test(`contiguous() turns parts of tensors, and every other row (${kind})`, async () => {
    const whole = arange(9 * 13).reshape([9, 13]);
    const data = [...await whole.data()];
    const part = withAdapterClass(
      kind,
      () => whole.slice(0, 1, 9, 2).slice(1, 3).t().contiguous(),
    );
    const want = Array.from(
      { length: 40 },
      (_, i) => data[(1 + 2 * (i % 4)) * 13 + 3 + Math.floor(i / 4)]!,
    );
    assertEquals([...await part.data()], want);
  });
}

Deno.test("a turned tensor may be written into a part of another", async () => {
  const target = zeros([3, 5]);
  target.slice(0, 1, 3).copy_(arange(10).reshape([5, 2]).t());
  assertEquals(await target.toArray(), [
    [0, 0, 0, 0, 0],
    [0, 2, 4, 6, 8],
    [1, 3, 5, 7, 9],
  ]);
});

Deno.test("planTransposed() leaves what lies in order to other kernels", () => {
  const plan = (x: Tensor, dtype = x.dtype) =>
    planTransposed(x, zeros(x.shape, { dtype }))?.name;
  const x = zeros([4, 6]);
  assertEquals(plan(x.t()), "transpose");
  assertEquals(plan(x), undefined);
  assertEquals(plan(x.slice(1, 1)), undefined);
  assertEquals(plan(x.slice(1, 0, 6, 2)), undefined); // nothing is nearer
  assertEquals(plan(zeros([4, 1]).expand([4, 6])), undefined);
  assertEquals(plan(zeros([0, 6]).t()), undefined);
  // bytes of one word may not be written by several invocations
  assertEquals(plan(zeros([6, 4], { dtype: "uint8" }).t()), undefined);
  assertEquals(plan(x.t(), "int32"), undefined); // casts that truncate
});
