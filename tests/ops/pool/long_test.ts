import { assertEquals } from "@std/assert";
import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import {
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool2d,
} from "../../../src/ops/pool/avg.ts";
import {
  adaptiveMaxPool2d,
  maxPool2d,
  type MaxPoolOptions,
} from "../../../src/ops/pool/max.ts";

import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose, made } from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

type Pair = number | readonly [number, number];

function pairOf(pair: Pair): readonly [number, number] {
  return typeof pair === "number" ? [pair, pair] : pair;
}

// Where windows lie that an invocation alone can't do (see NOTE [loops] in
// src/gpu/plan.ts): the height and width of the image, the kernel, the options.
type Case = readonly [
  name: string,
  size: readonly [number, number],
  kernel: Pair,
  options: {
    readonly stride?: Pair;
    readonly padding?: Pair;
    readonly ceilMode?: boolean;
  },
];

const CASES: readonly Case[] = [
  ["the whole image", [300, 310], [300, 310], {}],
  ["windows side by side", [600, 530], 260, {}],
  ["windows that reach into the padding", [300, 290], 280, {
    stride: 100,
    padding: 120,
  }],
  ["a last window that begins inside", [300, 303], [270, 265], {
    stride: [200, 190],
    ceilMode: true,
  }],
  ["few rows of very many columns", [3, 70_001], [2, 40_000], {
    stride: [1, 9000],
  }],
  ["very many rows", [70_001, 3], [40_000, 2], { stride: [9000, 1] }],
  ["one row", [1, 150_000], [1, 140_001], { stride: 4000, padding: [0, 300] }],
];

// Few values, so that there are ties, in an order without a pattern.
function mixed(count: number): Float32Array {
  const found = new Float32Array(count);
  let state = 12345;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    found[i] = (state >>> 24) % 101 - 50;
  }
  return found;
}

function imageOf([height, width]: readonly [number, number]): Tensor {
  return made([1, 1, height, width], mixed(height * width));
}

interface Area {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  /** From one tap to the next; 1 by default. */
  readonly apart?: number;
}

// The part of each window that lies in the image, as torch has windows.
function areasOf(
  [, [height, width], kernel, options]: Case,
  [rows, columns]: readonly [number, number],
): Area[] {
  const [kernelH, kernelW] = pairOf(kernel);
  const [stepH, stepW] = pairOf(options.stride ?? kernel);
  const [padH, padW] = pairOf(options.padding ?? 0);
  return Array.from({ length: rows * columns }, (_, at) => {
    const top = Math.floor(at / columns) * stepH - padH;
    const left = at % columns * stepW - padW;
    return {
      top: Math.max(top, 0),
      left: Math.max(left, 0),
      bottom: Math.min(top + kernelH, height),
      right: Math.min(left + kernelW, width),
    };
  });
}

function fieldOf(y: Tensor): readonly [number, number] {
  return [y.shape.at(-2)!, y.shape.at(-1)!];
}

// The first of the largest values of an area, or its last NaN, as an index.
function largest(x: Float32Array, width: number, area: Area): number {
  const { top, left, bottom, right, apart = 1 } = area;
  let found = -1;
  for (let i = top; i < bottom; i += apart) {
    for (let j = left; j < right; j += apart) {
      const at = i * width + j;
      const value = x[at]!;
      if (found < 0 || value > x[found]! || Number.isNaN(value)) found = at;
    }
  }
  return found;
}

for (const kind of CLASSES) {
  for (const each of CASES) {
    const [name, size, kernel, options] = each;

    Deno.test(`maxPool2d() and its gradient find the maxima of large windows: ${name}, ${kind} kernels`, async () => {
      const x = imageOf(size).requiresGrad_();
      const data = mixed(x.size);
      const [y, indices] = withAdapterClass(
        kind,
        () => maxPool2d(x, kernel, { ...options, returnIndices: true }),
      );
      const dy = mixed(y.size);
      withAdapterClass(
        kind,
        () => y.backward(made(y.shape, dy)),
      );
      const at = areasOf(each, fieldOf(y)).map((area) =>
        largest(data, size[1], area)
      );
      const dx = new Float32Array(x.size);
      at.forEach((index, i) => dx[index]! += dy[i]!);
      assertEquals([...await indices.data()], at);
      assertEquals([...await y.data()], at.map((index) => data[index]!));
      assertEquals(await x.grad!.data(), dx);
    });

    for (const countIncludePad of [true, false]) {
      Deno.test(`avgPool2d() and its gradient take the means of large windows: ${name}, ${countIncludePad ? "" : "without padding, "}${kind} kernels`, async () => {
        const x = imageOf(size).requiresGrad_();
        const data = mixed(x.size);
        const y = withAdapterClass(
          kind,
          () => avgPool2d(x, kernel, { ...options, countIncludePad }),
        );
        withAdapterClass(kind, () => y.sum().backward());
        const [kernelH, kernelW] = pairOf(kernel);
        const [stepH, stepW] = pairOf(options.stride ?? kernel);
        const [padH, padW] = pairOf(options.padding ?? 0);
        const columns = y.shape[3]!;
        const means: number[] = [];
        const dx = new Float64Array(x.size);
        areasOf(each, fieldOf(y)).forEach((area, i) => {
          const { top, left, bottom, right } = area;
          // beyond the padding nothing counts
          const first = [
            Math.floor(i / columns) * stepH - padH,
            i % columns * stepW - padW,
          ];
          const padded =
            (Math.min(first[0]! + kernelH, size[0] + padH) - first[0]!) *
            (Math.min(first[1]! + kernelW, size[1] + padW) - first[1]!);
          const count = countIncludePad
            ? padded
            : (bottom - top) * (right - left);
          let sum = 0;
          for (let row = top; row < bottom; row++) {
            for (let column = left; column < right; column++) {
              sum += data[row * size[1] + column]!;
              dx[row * size[1] + column]! += 1 / count;
            }
          }
          means.push(sum / count);
        });
        await assertClose(y, means, 1e-4);
        await assertClose(x.grad!, [...dx], 1e-7);
      });
    }
  }

  Deno.test(`maxPool2d() and its gradient find the maxima of wide, dilated windows, ${kind} kernels`, async () => {
    const [size, kernel, apart] = [330, 150, 2];
    const x = imageOf([size, size]).requiresGrad_();
    const data = mixed(x.size);
    const options = { dilation: apart, stride: 1 };
    const y = withAdapterClass(kind, () => maxPool2d(x, kernel, options));
    withAdapterClass(kind, () => y.sum().backward());
    const dx = new Float32Array(x.size);
    const rows = y.shape[2]!;
    const maxima = Array.from({ length: rows * rows }, (_, i) => {
      const [top, left] = [Math.floor(i / rows), i % rows];
      const [bottom, right] = [top + kernel * apart, left + kernel * apart];
      const at = largest(data, size, { top, left, bottom, right, apart });
      dx[at]! += 1;
      return data[at]!;
    });
    assertEquals([...await y.data()], maxima);
    assertEquals(await x.grad!.data(), dx);
  });

  Deno.test(`maxPool2d() takes the last NaN of a large window, and the first of nothing but -infinity, ${kind} kernels`, async () => {
    const x = new Float32Array(300 * 300);
    for (const at of [70 * 300 + 200, 270 * 300 + 4, 270 * 300 + 3]) {
      x[at] = NaN;
    }
    const lowest = new Float32Array(300 * 300).fill(-Infinity);
    const both = made([1, 2, 300, 300], [...x, ...lowest]);
    const [y, indices] = withAdapterClass(
      kind,
      () =>
        maxPool2d(both, 300, { padding: 20, stride: 40, returnIndices: true }),
    );
    // windows begin at -20 and 20, so that each of four has all three NaN but for
    // those that begin at column 20
    assertEquals([...await y.data()].slice(0, 4), [NaN, NaN, NaN, NaN]);
    const [last, other] = [270 * 300 + 4, 70 * 300 + 200];
    assertEquals([...await indices.data()], [
      ...[last, other, last, other],
      ...[0, 20, 20 * 300, 20 * 300 + 20],
    ]);
  });

  Deno.test(`adaptive pooling shares out what products of 32 bits can't hold, ${kind} kernels`, async () => {
    const [length, windows] = [1_000_003, 5000];
    const data = mixed(length);
    const x = made([1, 1, length], data).requiresGrad_();
    const [means, maxima] = withAdapterClass(kind, () => {
      const image = x.unsqueeze(2);
      return [
        adaptiveAvgPool2d(image, [1, windows]),
        adaptiveMaxPool2d(image, [1, windows]),
      ];
    });
    withAdapterClass(kind, () => means.sum().backward());
    const parts = Array.from({ length: windows }, (_, i) =>
      data.subarray(
        Math.floor(i * length / windows),
        Math.ceil((i + 1) * length / windows),
      ));
    const dx = new Float64Array(length);
    for (const part of parts) {
      const first = part.byteOffset / 4;
      part.forEach((_, i) => dx[first + i]! += 1 / part.length);
    }
    await assertClose(
      means,
      parts.map((part) => part.reduce((a, b) => a + b) / part.length),
      1e-4,
    );
    assertEquals(
      [...await maxima.data()],
      parts.map((part) => Math.max(...part)),
    );
    await assertClose(x.grad!, [...dx], 1e-7);
  });

  Deno.test(`maxPool2d() of no images has large windows, too, ${kind} kernels`, async () => {
    const x = made([0, 2, 300, 310]);
    const [y, indices] = withAdapterClass(
      kind,
      () => maxPool2d(x, 290, { stride: 5, returnIndices: true }),
    );
    assertEquals([y.shape, indices.shape], [[0, 2, 3, 5], [0, 2, 3, 5]]);
    assertEquals([...await indices.data()], []);
  });

  Deno.test(`adaptive pooling makes a large image of a pixel, and its gradient, ${kind} kernels`, async () => {
    for (const pool of [adaptiveAvgPool2d, adaptiveMaxPool2d]) {
      const x = made([1, 1, 2, 2]).requiresGrad_();
      const y = withAdapterClass(kind, () => pool(x, [531, 530]));
      withAdapterClass(kind, () => y.sum().backward());
      assertEquals(await x.grad!.sum().item(), 531 * 530);
    }
  });

  Deno.test(`avgPool2d() divides large windows by divisorOverride, ${kind} kernels`, async () => {
    const x = imageOf([300, 300]);
    const y = withAdapterClass(
      kind,
      () => avgPool2d(x, 290, { stride: 10, divisorOverride: 29_000 }),
    );
    const want = await avgPool2d(x, 290, { stride: 10 }).mul(2.9).data();
    await assertClose(y, [...want], 1e-4);
  });

  Deno.test(`avgPool1d() pools a long signal by small windows, ${kind} kernels`, async () => {
    const length = 1_000_001;
    const data = mixed(length);
    const x = made([1, 1, length], data).requiresGrad_();
    const y = withAdapterClass(kind, () => avgPool1d(x, 2));
    withAdapterClass(kind, () => y.sum().backward());
    const want = Float32Array.from(
      { length: (length - 1) / 2 },
      (_, i) => (data[2 * i]! + data[2 * i + 1]!) / 2,
    );
    assertEquals(await y.data(), want);
    const dx = new Float32Array(length).fill(0.5);
    dx[length - 1] = 0;
    assertEquals(await x.grad!.data(), dx);
  });

  Deno.test(`maxPool2d() takes gradients back along a long row, ${kind} kernels`, async () => {
    const length = 300_000;
    const data = mixed(length);
    const x = made([1, 1, length], data).requiresGrad_();
    const options: MaxPoolOptions = { stride: [1, 3] };
    const y = withAdapterClass(kind, () => maxPool2d(x, [1, 3], options));
    withAdapterClass(kind, () => y.sum().backward());
    const dx = new Float32Array(length);
    for (let i = 0; i < length; i += 3) {
      dx[largest(data, length, { top: 0, left: i, bottom: 1, right: i + 3 })] =
        1;
    }
    assertEquals(await x.grad!.data(), dx);
  });
}
