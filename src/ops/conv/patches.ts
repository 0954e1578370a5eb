/**
 * Patches of images: `unfold` and `fold`, each the other's gradient; and shuffles
 * of channels and pixels.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { fromHost, zeros } from "../../tensor/create.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAdd, indexSelect } from "../index/index.ts";
import { type Pair, pairOf } from "../per_dim.ts";
import { widened } from "../map/wide.ts";

/** Options of `unfold` and `fold`. */
export interface PatchOptions {
  /** Distance between neighbouring elements of a patch. Default: 1. */
  readonly dilation?: Pair;
  /** Zeros around the image. Default: 0. */
  readonly padding?: Pair;
  /** Distance between neighbouring patches. Default: 1. */
  readonly stride?: Pair;
}

const OPTIONS = ["dilation", "padding", "stride"];

/** Patches along one axis of an image. */
interface Axis {
  readonly kernel: number;
  readonly patches: number;
  readonly padding: number;
  /** Indices of rows of the padded image: all patches for each row of a kernel. */
  readonly index: Tensor;
}

function axesOf(
  op: string,
  image: readonly number[],
  kernelSize: Pair,
  { dilation = 1, padding = 0, stride = 1 }: PatchOptions,
): [rows: Axis, columns: Axis] {
  const all = [
    pairOf(op, "kernelSize", kernelSize, 1),
    pairOf(op, "dilation", dilation, 1),
    pairOf(op, "padding", padding, 0),
    pairOf(op, "stride", stride, 1),
  ];
  const make = (axis: 0 | 1): Axis => {
    const [kernel, space, pad, step] = all.map((pair) => pair[axis]);
    const room = image[axis]! + 2 * pad! - space! * (kernel! - 1) - 1;
    if (room < 0) {
      throw new RangeError(
        `Cannot ${op} an image of ${image.join(" by ")} with kernel ` +
          `${kernel}, dilation ${space}, padding ${pad}, stride ${step}: ` +
          `expected a padded image as large as the kernel`,
      );
    }
    const patches = Math.floor(room / step!) + 1;
    const index = Int32Array.from(
      { length: kernel! * patches },
      (_, i) => Math.floor(i / patches) * space! + i % patches * step!,
    );
    const at = fromHost(new HostArray(index, [index.length]));
    return { kernel: kernel!, patches, padding: pad!, index: at };
  };
  return [make(0), make(1)];
}

/**
 * Returns the patches that a convolution reads, each as a column:
 * [N, C, H, W] to [N, C * kh * kw, patches], or [C, H, W] to
 * [C * kh * kw, patches]. Patches are in row-major order.
 *
 * Source: torch.nn.functional.unfold.
 *
 * @throws {TypeError} If `x` is not a batch of images
 * @throws {RangeError} If the kernel exceeds the padded image, or a size is not a
 * positive integer
 */
export function unfold(
  x: Tensor,
  kernelSize: Pair,
  options: PatchOptions = {},
): Tensor {
  checkOptionNames("unfold", options, OPTIONS);
  if (x.ndim === 3) {
    return unfold(x.unsqueeze(0), kernelSize, options).squeeze(0);
  }
  const [N, C, H, W] = x.shape;
  if (x.ndim !== 4) {
    throw new TypeError(
      `Cannot unfold ${x.describe()}: expected shape [N, C, H, W] or [C, H, W]`,
    );
  }
  const [rows, columns] = axesOf("unfold", [H!, W!], kernelSize, options);
  const [top, left] = [rows.padding, columns.padding];
  const padded = top + left > 0 ? x.pad([left, left, top, top]) : x;
  const taken = indexSelect(
    indexSelect(padded, 2, rows.index),
    3,
    columns.index,
  );
  const kernel = rows.kernel * columns.kernel;
  return taken
    .reshape([
      N!,
      C!,
      rows.kernel,
      rows.patches,
      columns.kernel,
      columns.patches,
    ])
    .permute([0, 1, 2, 4, 3, 5])
    .reshape([N!, C! * kernel, rows.patches * columns.patches]);
}

/**
 * Returns images from their patches, with the sum of overlapping patches:
 * [N, C * kh * kw, patches] to [N, C, ...outputSize], or both without N.
 *
 * Source: torch.nn.functional.fold.
 *
 * @throws {TypeError} If `x` does not have these sizes
 * @throws {RangeError} If the kernel exceeds the padded image, or a size is not a
 * positive integer
 */
export function fold(
  x: Tensor,
  outputSize: Pair,
  options: PatchOptions & { readonly kernelSize: Pair },
): Tensor {
  const { kernelSize, ...patch } = checkOptionNames("fold", options, [
    "kernelSize",
    ...OPTIONS,
  ]);
  if (x.ndim === 2) return fold(x.unsqueeze(0), outputSize, options).squeeze(0);
  const [H, W] = pairOf("fold", "outputSize", outputSize, 1);
  const [rows, columns] = axesOf("fold", [H, W], kernelSize, patch);
  const kernel = rows.kernel * columns.kernel;
  const patches = rows.patches * columns.patches;
  const [N, wide, count] = x.shape;
  if (x.ndim !== 3 || wide! % kernel !== 0 || count !== patches) {
    throw new TypeError(
      `Cannot fold ${formatShape(x.shape)} into images of ${H} by ${W}: ` +
        `expected [N, a multiple of ${kernel}, ${patches}] or ` +
        `[a multiple of ${kernel}, ${patches}]`,
    );
  }
  const C = wide! / kernel;
  const parts = widened(x)
    .reshape([
      N!,
      C,
      rows.kernel,
      columns.kernel,
      rows.patches,
      columns.patches,
    ])
    .permute([0, 1, 2, 4, 3, 5])
    .reshape([N!, C, rows.index.size, columns.index.size]);
  const [top, left] = [rows.padding, columns.padding];
  const { dtype } = parts;
  const wider = zeros([N!, C, rows.index.size, W + 2 * left], { dtype });
  const higher = zeros([N!, C, H + 2 * top, W + 2 * left], { dtype });
  const summed = indexAdd(wider, 3, columns.index, parts);
  const whole = indexAdd(higher, 2, rows.index, summed);
  return whole.slice(2, top, top + H).slice(3, left, left + W).to(x.dtype);
}

/**
 * Moves channels to pixels: [..., C * r * r, H, W] to [..., C, H * r, W * r].
 *
 * Source: Shi et al. 2016, arXiv:1609.05158;
 * torch.nn.functional.pixel_shuffle.
 *
 * @throws {TypeError} If r * r does not divide the number of channels
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const r = upscaleFactor;
  const [C = 0, H = 0, W = 0] = x.shape.slice(-3);
  if (x.ndim < 3 || !Number.isInteger(r) || r < 1 || C % (r * r) !== 0) {
    throw new TypeError(
      `Cannot pixelShuffle ${x.describe()} by ${r}: expected ` +
        `[..., a multiple of ${r} * ${r}, H, W]`,
    );
  }
  const outer = x.shape.slice(0, -3);
  const at = outer.length;
  const order = [at, at + 3, at + 1, at + 4, at + 2];
  return x.reshape([...outer, C / (r * r), r, r, H, W])
    .permute([...outer.map((_, dim) => dim), ...order])
    .reshape([...outer, C / (r * r), H * r, W * r]);
}

/**
 * Moves pixels to channels: [..., C, H * r, W * r] to [..., C * r * r, H, W].
 *
 * Source: torch.nn.functional.pixel_unshuffle.
 *
 * @throws {TypeError} If r does not divide height and width
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const r = downscaleFactor;
  const [C = 0, H = 0, W = 0] = x.shape.slice(-3);
  const fits = Number.isInteger(r) && r >= 1 && H % r === 0 && W % r === 0;
  if (x.ndim < 3 || !fits) {
    throw new TypeError(
      `Cannot pixelUnshuffle ${x.describe()} by ${r}: expected ` +
        `[..., C, H, W] with multiples of ${r}`,
    );
  }
  const outer = x.shape.slice(0, -3);
  const at = outer.length;
  const order = [at, at + 2, at + 4, at + 1, at + 3];
  return x.reshape([...outer, C, H / r, r, W / r, r])
    .permute([...outer.map((_, dim) => dim), ...order])
    .reshape([...outer, C * r * r, H / r, W / r]);
}

/**
 * Shuffles channels between `groups`: channel g * C / groups + k becomes channel
 * k * groups + g.
 *
 * Source: Zhang et al. 2017, arXiv:1707.01083;
 * torch.nn.functional.channel_shuffle.
 *
 * @throws {TypeError} If `groups` does not divide the number of channels
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  const [N = 0, C = 0, ...field] = x.shape;
  if (x.ndim < 3 || !Number.isInteger(groups) || groups < 1 || C % groups) {
    throw new TypeError(
      `Cannot channelShuffle ${x.describe()} by ${groups} groups: expected ` +
        `[N, a multiple of ${groups}, ...]`,
    );
  }
  return x.reshape([N, groups, C / groups, ...field]).transpose(1, 2)
    .reshape(x.shape);
}
