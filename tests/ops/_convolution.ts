/**
 * Convolutions by their definition, in exact sums.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { tensor } from "../../src/tensor/create.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Small integers, so that every sum is exact in float32, in any order. */
export function whole(shape: Shape, seed = 1): Tensor {
  const values = Array.from(
    { length: sizeOf(shape) },
    (_, i) => (i * 37 + seed * 11) % 9 - 4,
  );
  return tensor(values).reshape(shape);
}

/** A convolution by its definition, and both its gradients for `dy`. */
export interface Definition {
  readonly y: Float32Array;
  readonly dx: Float32Array;
  readonly dw: Float32Array;
}

/** The options of a convolution, none left out. */
export interface Sizes {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** Computes a convolution of [N, C, H, W] by its definition. */
export async function definition(
  x: Tensor,
  w: Tensor,
  dy: Tensor,
  { stride, padding, dilation, groups }: Sizes,
): Promise<Definition> {
  const [images, inChannels, height, width] = x.shape as Four;
  const [outputs, channels, kh, kw] = w.shape as Four;
  const [, , outHeight, outWidth] = dy.shape as Four;
  const [xs, ws, dys] = [await x.data(), await w.data(), await dy.data()];
  const y = new Float32Array(dy.size);
  const dx = new Float32Array(x.size);
  const dw = new Float32Array(w.size);
  for (let at = 0; at < y.length; at++) {
    const j = at % outWidth;
    const i = Math.floor(at / outWidth) % outHeight;
    const o = Math.floor(at / outWidth / outHeight) % outputs;
    const n = Math.floor(at / outWidth / outHeight / outputs);
    const group = Math.floor(o / (outputs / groups));
    for (let tap = 0; tap < channels * kh * kw; tap++) {
      const c = Math.floor(tap / kh / kw);
      const row = i * stride[0] - padding[0] +
        Math.floor(tap / kw) % kh * dilation[0];
      const col = j * stride[1] - padding[1] + tap % kw * dilation[1];
      if (row < 0 || row >= height || col < 0 || col >= width) continue;
      const plane = n * inChannels + group * channels + c;
      const from = (plane * height + row) * width + col;
      const weight = o * channels * kh * kw + tap;
      y[at]! += xs[from]! * ws[weight]!;
      dx[from]! += dys[at]! * ws[weight]!;
      dw[weight]! += dys[at]! * xs[from]!;
    }
  }
  assertEquals(images * inChannels * height * width, x.size);
  return { y, dx, dw };
}

type Four = readonly [number, number, number, number]; // all here have 4 dims

/** Sizes of a convolution without options. */
export const PLAIN: Sizes = {
  stride: [1, 1],
  padding: [0, 0],
  dilation: [1, 1],
  groups: 1,
};
