import { assertEquals } from "@std/assert";
import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import { conv2d, convTranspose2d } from "../../../src/ops/conv/conv.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { definition, PLAIN, type Sizes, whole } from "../_convolution.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

// Input, weight and options: each needs more than 65,535 iterations of some loop
// where an invocation does it alone (see NOTE [loops] in src/gpu/plan.ts).
const CASES: readonly (readonly [
  name: string,
  x: Shape,
  w: Shape,
  changes: Partial<Sizes>,
  both?: "both",
])[] = [
  ["one large image", [1, 1, 515, 513], [2, 1, 3, 3], { padding: [1, 1] }],
  ["one large image, strided", [1, 1, 700, 701], [1, 1, 5, 3], {
    stride: [2, 2],
    padding: [1, 0],
  }],
  ["one large image, dilated", [1, 1, 301, 303], [2, 1, 2, 3], {
    dilation: [3, 2],
    padding: [2, 3],
  }],
  ["one large image, stride 3", [1, 1, 800, 805], [1, 1, 2, 4], {
    stride: [3, 3],
  }],
  ["one large image, depthwise", [1, 2, 600, 1000], [2, 1, 3, 3], {
    groups: 2,
    padding: [1, 1],
  }],
  ["a long signal", [1, 1, 1, 264_003], [2, 1, 1, 5], {}],
  ["a long signal of two channels, strided", [1, 2, 1, 264_002], [1, 2, 1, 4], {
    stride: [1, 3],
    padding: [0, 2],
  }],
  ["a high image", [1, 1, 70_001, 2], [1, 1, 3, 2], { padding: [1, 0] }],
  ["many images", [40_000, 1, 2, 3], [1, 1, 2, 2], {}],
  ["many channels", [1, 20_001, 3, 3], [2, 20_001, 3, 3], {
    padding: [1, 0],
  }, "both"],
  [
    "many outputs",
    [1, 2, 3, 3],
    [20_001, 2, 3, 3],
    { padding: [0, 1] },
    "both",
  ],
  ["many channels in groups", [1, 40_002, 1, 3], [2, 20_001, 1, 3], {
    groups: 2,
    padding: [0, 1],
  }, "both"],
  ["an image", [1, 1, 260, 261], [1, 1, 2, 2], { dilation: [2, 1] }, "both"],
];

// Filters of more taps than that; their gradients to the input would take long.
const LARGE_FILTERS: readonly (readonly [
  string,
  Shape,
  Shape,
  Partial<Sizes>,
])[] = [
  ["a large filter", [1, 1, 300, 310], [1, 1, 299, 301], { padding: [1, 3] }],
  ["a large filter, strided", [1, 1, 304, 300], [1, 1, 301, 297], {
    stride: [3, 2],
  }],
  ["a long filter", [1, 1, 1, 80_000], [1, 1, 1, 79_990], { padding: [0, 9] }],
];

for (const kind of CLASSES) {
  // a GPU's kernels take positions together, of all images
  const cases = kind === "cpu" ? CASES : CASES.filter(([, , , , both]) => both);
  for (const [name, from, filters, changes] of cases) {
    Deno.test(`conv2d() and its gradients are exact where sums are long: ${name}, ${kind} kernels`, async () => {
      const sizes = { ...PLAIN, ...changes };
      const x = whole(from).requiresGrad_();
      const w = whole(filters, 2).requiresGrad_();
      const [y, dy] = withAdapterClass(kind, () => {
        const y = conv2d(x, w, undefined, sizes);
        const dy = whole(y.shape, 4);
        y.backward(dy);
        return [y, dy];
      });
      const want = await definition(x.detach(), w.detach(), dy, sizes);
      assertEquals(await y.data(), want.y);
      assertEquals(await x.grad!.data(), want.dx);
      assertEquals(await w.grad!.data(), want.dw);
    });
  }

  Deno.test(`conv2d() adds its bias once where sums are long, ${kind} kernels`, async () => {
    const x = whole([1, 20_001, 2, 2]);
    const w = whole([3, 20_001, 2, 2], 2);
    const b = whole([3], 5);
    const [y, plain] = withAdapterClass(
      kind,
      () => [conv2d(x, w, b), conv2d(x, w)],
    );
    assertEquals(
      await y.data(),
      await plain.add(b.reshape([3, 1, 1])).data(),
    );
  });

  for (const [name, from, filter, changes] of LARGE_FILTERS) {
    Deno.test(`conv2d() and its gradient to the weights are exact with ${name}, ${kind} kernels`, async () => {
      const sizes = { ...PLAIN, ...changes };
      const x = whole(from);
      const w = whole(filter, 2).requiresGrad_();
      const [y, dy] = withAdapterClass(kind, () => {
        const y = conv2d(x, w, undefined, sizes);
        const dy = whole(y.shape, 4);
        y.backward(dy);
        return [y, dy];
      });
      const want = await definition(x, w.detach(), dy, sizes);
      assertEquals(await y.data(), want.y);
      assertEquals(await w.grad!.data(), want.dw);
    });
  }

  Deno.test(`convTranspose2d() is exact where sums are long, ${kind} kernels`, async () => {
    const x = whole([1, 9001, 2, 2]);
    const w = whole([9001, 1, 3, 3], 2);
    const y = withAdapterClass(
      kind,
      () => convTranspose2d(x, w, undefined, { stride: 2, padding: 1 }),
    );
    const sizes: Sizes = { ...PLAIN, stride: [2, 2], padding: [1, 1] };
    const want = await definition(y, w, x, sizes);
    assertEquals(await y.data(), want.dx);
  });
}
