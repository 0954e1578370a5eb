/**
 * Max pooling of volumes, composed of max pooling of images: first over rows and
 * columns, then over depth.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gather } from "../index/index.ts";
import { maxPool2d } from "./max.ts";
import { perDim, type Triple } from "../per_dim.ts";

/** Options of max pooling of volumes. */
export interface MaxPool3dOptions {
  /** Step from one window to the next. Default: the kernel's size. */
  readonly stride?: Triple;
  /** Elements added on each side, up to half a kernel. Default: 0. */
  readonly padding?: Triple;
  /** Step from one tap of a window to the next. Default: 1. */
  readonly dilation?: Triple;
  /** Whether a last window may reach beyond the volume. Default: false. */
  readonly ceilMode?: boolean;
  /** Whether to also return the indices of the maxima. Default: false. */
  readonly returnIndices?: boolean;
}

/**
 * Returns the maximum of each window of a volume, and with `returnIndices` its
 * index: (depth * H + row) * W + column in int32.
 *
 * Shapes: x [N, C, D, H, W] or [C, D, H, W] to the same with D', H' and W' as in
 * `maxPool2d`. NaN counts as larger than all numbers. The first of equal maxima
 * gets the gradient.
 *
 * Source: torch.nn.functional.max_pool3d.
 *
 * @throws {TypeError} If `x` is not a volume of floats
 * @throws {RangeError} If a size is out of range, or no window fits
 */
export function maxPool3d(
  x: Tensor,
  kernelSize: Triple,
  options: MaxPool3dOptions & { readonly returnIndices: true },
): [y: Tensor, indices: Tensor];
/** Returns the maximum of each window of a volume. */
export function maxPool3d(
  x: Tensor,
  kernelSize: Triple,
  options?: MaxPool3dOptions,
): Tensor;
export function maxPool3d(
  x: Tensor,
  kernelSize: Triple,
  options: MaxPool3dOptions = {},
): Tensor | [y: Tensor, indices: Tensor] {
  const {
    stride = kernelSize,
    padding = 0,
    dilation = 1,
    ceilMode = false,
    returnIndices = false,
  } = checkOptionNames("maxPool3d", options, [
    "stride",
    "padding",
    "dilation",
    "ceilMode",
    "returnIndices",
  ]);
  if (x.ndim !== 4 && x.ndim !== 5 || !isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot maxPool3d ${x.describe()}: expected floats of shape ` +
        `[C, D, H, W] or [N, C, D, H, W]`,
    );
  }
  const triple = (option: string, value: Triple, least: number) =>
    perDim("maxPool3d", option, value, least, 3);
  const kernel = triple("kernelSize", kernelSize, 1);
  const step = triple("stride", stride, 1);
  const pad = triple("padding", padding, 0);
  const apart = triple("dilation", dilation, 1);
  const outer = x.shape.slice(0, -3);
  const [D, H, W] = x.shape.slice(-3);
  const along = (
    image: Tensor,
    [first, last]: readonly [number, number],
  ): [y: Tensor, indices: Tensor | undefined] => {
    // the volume's one or two axes that the image's axes stand for
    const pair = (of: readonly number[], other: number) =>
      [of[first] ?? other, of[last] ?? other] as const;
    const sizes = {
      stride: pair(step, 1),
      padding: pair(pad, 0),
      dilation: pair(apart, 1),
      ceilMode,
    };
    const taps = pair(kernel, 1);
    return returnIndices
      ? maxPool2d(image, taps, { ...sizes, returnIndices })
      : [maxPool2d(image, taps, sizes), undefined];
  };
  const [ofImages, inImages] = along(x.reshape([-1, D!, H!, W!]), [1, 2]);
  const [, , outH, outW] = ofImages.shape;
  const plane = outH! * outW!;
  const [y, inColumns] = along(ofImages.reshape([-1, D!, plane]), [0, 3]);
  const shape = [...outer, y.shape[1]!, outH!, outW!];
  if (!inImages || !inColumns) return y.reshape(shape);
  const depth = inColumns.floorDivide(plane);
  const places = gather(inImages.reshape([-1, D!, plane]), 1, depth);
  return [y.reshape(shape), depth.mul(H! * W!).add(places).reshape(shape)];
}
