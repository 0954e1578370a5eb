import { assertEquals, assertThrows } from "@std/assert";

import { withAdapterClass } from "../../../src/gpu/device.ts";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool2d,
  type AvgPoolOptions,
  lpPool2d,
} from "../../../src/ops/pool/avg.ts";
import { cat } from "../../../src/ops/movement/join.ts";
import { tensor } from "../../../src/tensor/create.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
} from "../_gradients.ts";

Deno.test("avgPool2d() is the mean of each window", async () => {
  const x = made([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
  const y = avgPool2d(x, 2);
  assertEquals(y.shape, [1, 1, 1, 2]);
  // (1 + 2 + 5 + 6) / 4 and (3 + 4 + 7 + 8) / 4
  await assertClose(y, [3.5, 5.5], 0);
});

// The windows of every plane of x, tap by tap, and where their shares go back to.
function reference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  shape: readonly number[],
  outShape: readonly number[],
  kernel: readonly [number, number],
  stride: readonly [number, number],
  pad: readonly [number, number],
  countsPad: boolean,
): { readonly y: number[]; readonly dx: number[] } {
  const [H, W] = [shape.at(-2)!, shape.at(-1)!];
  const [outH, outW] = [outShape.at(-2)!, outShape.at(-1)!];
  const y: number[] = [];
  const dx = new Array<number>(x.length).fill(0);
  for (let plane = 0; plane < x.length / (H * W); plane++) {
    for (let place = 0; place < outH * outW; place++) {
      const top = Math.floor(place / outW) * stride[0] - pad[0];
      const left = (place % outW) * stride[1] - pad[1];
      const inside: number[] = [];
      let counted = 0;
      for (let i = top; i < top + kernel[0]; i++) {
        for (let j = left; j < left + kernel[1]; j++) {
          if (i < H + pad[0] && j < W + pad[1]) counted++;
          if (i < 0 || j < 0 || i >= H || j >= W) continue;
          inside.push((plane * H + i) * W + j);
        }
      }
      const divisor = countsPad ? counted : inside.length;
      for (const at of inside) dx[at]! += dy[y.length]! / divisor;
      y.push(inside.reduce((sum, at) => sum + x[at]!, 0) / divisor);
    }
  }
  return { y, dx };
}

const CASES: readonly [
  shape: readonly number[],
  kernelSize: [number, number],
  stride: [number, number],
  padding: [number, number],
  outShape: readonly number[],
  ceilMode?: boolean,
][] = [
  // by lines: wide and narrow loads and stores, padding, overlap, gaps
  [[2, 3, 6, 12], [2, 2], [2, 2], [0, 0], [2, 3, 3, 6]],
  [[2, 3, 12, 12], [3, 3], [2, 2], [1, 1], [2, 3, 6, 6]],
  [[1, 2, 13, 13], [3, 3], [2, 2], [1, 1], [1, 2, 7, 7]],
  [[1, 2, 8, 16], [3, 5], [1, 1], [1, 2], [1, 2, 8, 16]],
  [[1, 1, 7, 14], [3, 3], [2, 2], [0, 0], [1, 1, 3, 7], true],
  [[1, 1, 7, 14], [3, 3], [2, 2], [1, 1], [1, 1, 4, 8], true],
  [[1, 1, 16, 20], [4, 2], [4, 4], [2, 0], [1, 1, 5, 5]],
  [[1, 1, 3, 600], [2, 2], [1, 2], [0, 0], [1, 1, 2, 300]],
  // by windows: few of them, long ones, three apart
  [[2, 1, 7, 7], [7, 7], [7, 7], [0, 0], [2, 1, 1, 1]],
  [[1, 1, 4, 30], [2, 11], [1, 3], [0, 1], [1, 1, 3, 8]],
  [[2, 1, 9, 15], [3, 3], [3, 3], [0, 0], [2, 1, 3, 5]],
];

for (const kind of ["cpu", "gpu"] as const) {
  for (const countIncludePad of [true, false]) {
    const name = `${countIncludePad ? "with" : "without"} padding (${kind})`;
    Deno.test(`avgPool2d() equals its definition, counting ${name}`, async () => {
      for (const [shape, kernel, stride, padding, outShape, ceil] of CASES) {
        const x = made(shape).requiresGrad_();
        const dy = made(outShape);
        const ceilMode = ceil ?? false;
        const options = { stride, padding, countIncludePad, ceilMode };
        const y = withAdapterClass(kind, () => avgPool2d(x, kernel, options));
        assertEquals(y.shape, outShape);
        const want = reference(
          await x.data(),
          await dy.data(),
          shape,
          outShape,
          kernel,
          stride,
          padding,
          countIncludePad,
        );
        await assertClose(y, want.y, 1e-5);
        withAdapterClass(kind, () => y.backward(dy));
        await assertClose(x.grad!, want.dx, 1e-5);
      }
    });
  }
}

Deno.test("avgPool2d() keeps NaN and infinity in their windows", async () => {
  const x = made([1, 2, 8], [
    ...[NaN, 1, 2, 3, 4, 5, 6, 7],
    ...[1, 1, 1, 1, 1, 1, Infinity, 1],
  ]);
  await assertClose(avgPool2d(x, 2), [NaN, 1.75, 2.75, Infinity], 0);
});

Deno.test("avgPool2d() counts the padding unless told not to", async () => {
  const x = made([1, 1, 1], [6]);
  const options = { stride: 1, padding: 1 } satisfies AvgPoolOptions;
  await assertClose(avgPool2d(x, 2, options), [1.5, 1.5, 1.5, 1.5], 0);
  const without = avgPool2d(x, 2, { ...options, countIncludePad: false });
  await assertClose(without, [6, 6, 6, 6], 0);
  const by = avgPool2d(x, 2, { ...options, divisorOverride: 3 });
  await assertClose(by, [2, 2, 2, 2], 0);
});

Deno.test("avgPool2d() does not count what lies beyond the padding", async () => {
  // three windows of 3, 2 apart, over 4 elements and a padding of 1: the last
  // one has 4, the padding and an element beyond
  const x = made([1, 1, 4], [1, 2, 3, 4]);
  const y = avgPool2d(x, [1, 3], {
    stride: [1, 2],
    padding: [0, 1],
    ceilMode: true,
  });
  await assertClose(y, [(0 + 1 + 2) / 3, (2 + 3 + 4) / 3, (4 + 0) / 2], 1e-6);
});

Deno.test("avgPool2d() gradients equal central differences", async () => {
  const all: [number[], number, AvgPoolOptions][] = [
    [[2, 1, 4, 5], 2, {}],
    [[1, 2, 4, 3], 3, { stride: 2, padding: 1, ceilMode: true }],
    [[1, 5, 3], 3, { stride: 1, padding: 1, countIncludePad: false }],
    [[1, 3, 3], 2, { stride: 2, divisorOverride: 7, ceilMode: true }],
  ];
  for (const [shape, kernelSize, options] of all) {
    const x = made(shape);
    await assertGradients((a) => avgPool2d(a, kernelSize, options), [x]);
    await assertSecondGradients(
      (a) => avgPool2d(a.square(), kernelSize, options),
      [x],
    );
  }
});

Deno.test("avgPool2d() takes views and tensors without planes", async () => {
  const x = made([2, 5, 4, 3]).permute([0, 3, 1, 2]).slice(2, 1);
  const copy = made(x.shape, await x.data());
  await assertClose(avgPool2d(x, 2), await avgPool2d(copy, 2).data(), 0);
  assertEquals(avgPool2d(made([0, 2, 4, 4]), 2).shape, [0, 2, 2, 2]);
});

Deno.test("avgPool1d() is avgPool2d() of one row", async () => {
  const y = avgPool1d(tensor([[1, 2, 3, 4]]), 2, { padding: 1 });
  await assertClose(y, [0.5, 2.5, 2], 0);
});

Deno.test("adaptiveAvgPool2d() takes windows from floor to ceil", async () => {
  const x = made([1, 1, 7], [1, 2, 3, 4, 5, 6, 7]);
  // windows [0, 3), [2, 5), [4, 7)
  await assertClose(adaptiveAvgPool2d(x, [1, 3]), [2, 4, 6], 1e-6);
  await assertClose(adaptiveAvgPool2d(x, 1), [4], 1e-6);
  const one = adaptiveAvgPool1d(x.squeeze(1), 7);
  await assertClose(one, await x.data(), 0);
  await assertGradients((a) => adaptiveAvgPool2d(a, [2, 3]), [made([2, 5, 4])]);
  await assertGradients((a) => adaptiveAvgPool2d(a, 1), [made([2, 3, 3])]);
});

Deno.test("adaptiveAvgPool2d() takes gradients that are a part of a tensor", async () => {
  const x = made([1, 1, 1, 3]).requiresGrad_();
  const y = cat([made([1, 1, 1, 2]), adaptiveAvgPool2d(x, [1, 2])]);
  const weights = made([2, 1, 1, 2], [8, 9, 1, 2]);
  y.mul(weights).sum().backward();
  // 1 / 2, 1 / 2 + 2 / 2, 2 / 2
  await assertClose(x.grad!, [0.5, 1.5, 1], 0);
});

Deno.test("lpPool2d() is the norm of each window", async () => {
  const x = made([1, 2, 4], [3, 0, -1, 2, 0, 4, 2, 4]);
  await assertClose(lpPool2d(x, 2, 2), [5, 5], 1e-6);
  const cubes = lpPool2d(x, 3, [1, 4]);
  await assertClose(cubes, [34 ** (1 / 3), 136 ** (1 / 3)], 1e-5);
  await assertGradients((a) => lpPool2d(a, 2, 2), [made([1, 2, 4])]);
});

Deno.test("avgPool2d() names what it rejects", () => {
  const x = made([1, 1, 3, 5]);
  assertThrows(
    () => avgPool2d(x, 4),
    RangeError,
    "Cannot avgPool2d [1, 1, 3, 5] with a kernel of [4, 4]",
  );
  assertThrows(
    () => avgPool2d(x, 2, { divisorOverride: 0 }),
    RangeError,
    "divisorOverride of 0",
  );
  assertThrows(
    () => adaptiveAvgPool2d(x, [-1, 2]),
    RangeError,
    "with outputSize -1",
  );
  assertThrows(() => avgPool1d(x, 2), TypeError, "[C, L] or [N, C, L]");
});
