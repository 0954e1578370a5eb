/**
 * What every library of a comparison computes on: the same numbers, made from
 * seeds, and the same initial parameters.
 *
 * Images are [N, C, H, W] and filters [O, C, H, W]; weights of linear layers
 * are [in, out]. A library that wants another order permutes on upload.
 *
 * @module
 */

import { type ResNetName, resnetParameters } from "./resnet.ts";

/** A model of the workloads. */
export type ModelName =
  | "cnn"
  | "mlp"
  | "lenet"
  | "alexnet-head"
  | "resnet18"
  | "resnet18-cifar";

/** Values and shape of one parameter. */
export interface Values {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Uniform numbers in [0, 1) from a seed: mulberry32, a public-domain mixer. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `n` numbers in [-scale, scale). */
export function random(
  n: number,
  seed: number,
  scale = 1,
): Float32Array<ArrayBuffer> {
  const draw = uniform(seed);
  const data = new Float32Array(n);
  for (let i = 0; i < n; i++) data[i] = (draw() * 2 - 1) * scale;
  return data;
}

/** `n` class numbers, 0 to 9. */
export function labels(n: number): Int32Array<ArrayBuffer> {
  const draw = uniform(5);
  return Int32Array.from({ length: n }, () => Math.floor(draw() * 10));
}

/** Shape of each weight; its bias has the number of outputs. */
const WEIGHTS: Readonly<
  Record<Exclude<ModelName, ResNetName>, readonly (readonly number[])[]>
> = {
  cnn: [[32, 1, 3, 3], [64, 32, 3, 3], [9216, 128], [128, 10]],
  mlp: [[784, 512], [512, 512], [512, 10]],
  // the dense layers of AlexNet, the first of them larger than a binding of 128 MiB
  "alexnet-head": [[9216, 4096], [4096, 4096], [4096, 1000]],
  lenet: [[6, 1, 5, 5], [16, 6, 5, 5], [400, 120], [120, 84], [84, 10]],
};

/** The product of some sizes. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((size, length) => size * length, 1);
}

/**
 * The parameters of a model, in the order in which its layers come: `w1`, `b1`,
 * `w2`, … of the small ones, torchvision's names of the others. Each is within
 * 1 / sqrt(inputs of an output), or as resnet.ts says.
 */
export function parameters(model: ModelName): Record<string, Values> {
  if (model === "resnet18" || model === "resnet18-cifar") {
    return Object.fromEntries(
      resnetParameters(model).map(({ name, shape, scale }, i) => {
        const size = product(shape);
        const data = scale === "ones"
          ? new Float32Array(size).fill(1)
          : random(size, 100 + i, scale);
        return [name, { data, shape }];
      }),
    );
  }
  const entries = WEIGHTS[model].flatMap((shape, i) => {
    const isFilter = shape.length === 4;
    const outputs = (isFilter ? shape[0] : shape[1]) ?? 0;
    const scale = 1 / Math.sqrt(product(shape) / outputs);
    const values = (sizes: readonly number[], seed: number): Values => ({
      shape: sizes,
      data: random(product(sizes), seed, scale),
    });
    return [
      [`w${i + 1}`, values(shape, 100 + 2 * i)],
      [`b${i + 1}`, values([outputs], 101 + 2 * i)],
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** The elements with their axes in another order. */
export function permuted(
  data: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
): Float32Array<ArrayBuffer> {
  const sizes = axes.map((axis) => shape[axis]!);
  const strides = axes.map((axis) => product(shape.slice(axis + 1)));
  const index = axes.map(() => 0);
  const out = new Float32Array(data.length);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from]!;
    for (let dim = sizes.length - 1; dim >= 0; dim--) {
      from += strides[dim]!;
      if (++index[dim]! < sizes[dim]!) break;
      from -= strides[dim]! * sizes[dim]!;
      index[dim] = 0;
    }
  }
  return out;
}
