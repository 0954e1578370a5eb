/**
 * Max unpooling, which writes maxima back to where max pooling found them.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { zeros } from "../../tensor/create.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Pair, pairOf } from "../per_dim.ts";

/** Options of `maxUnpool2d`. */
export interface MaxUnpoolOptions {
  /** Stride of the pooling. Default: the kernel's size. */
  readonly stride?: Pair;
  /** Padding of the pooling. Default: 0. */
  readonly padding?: Pair;
  /**
   * [H, W] of the result, or its whole shape. It differs by less than a stride
   * from the default, the least size that the pooling reads.
   */
  readonly outputSize?: readonly number[];
}

/**
 * Returns maxima where `maxPool2d` found them, and zeros elsewhere. If a maximum
 * lies outside of a smaller `outputSize`, its plane is NaN.
 *
 * Source: torch.nn.functional.max_unpool2d.
 *
 * @throws {TypeError} If shapes differ or are not those of images
 * @throws {RangeError} If no pooling goes from the output's size to the input's
 */
export function maxUnpool2d(
  x: Tensor,
  indices: Tensor,
  kernelSize: Pair,
  options: MaxUnpoolOptions = {},
): Tensor {
  const { stride = kernelSize, padding = 0, outputSize } = checkOptionNames(
    "maxUnpool2d",
    options,
    ["stride", "padding", "outputSize"],
  );
  if (!sameShape(x.shape, indices.shape) || x.ndim < 3 || x.ndim > 4) {
    throw new TypeError(
      `Cannot maxUnpool2d ${formatShape(x.shape)} with indices of shape ` +
        `${formatShape(indices.shape)}: expected images of equal shapes`,
    );
  }
  const kernels = pairOf("maxUnpool2d", "kernelSize", kernelSize, 1);
  const strides = pairOf("maxUnpool2d", "stride", stride, 1);
  const pads = pairOf("maxUnpool2d", "padding", padding, 0);
  const sizes = x.shape.slice(-2).map((length, i) =>
    (length - 1) * strides[i]! - 2 * pads[i]! + kernels[i]!
  );
  if (outputSize && ![2, 4, x.ndim].includes(outputSize.length)) {
    throw new TypeError(
      `Cannot maxUnpool2d ${formatShape(x.shape)} to ` +
        `${formatShape(outputSize)}: expected [H, W] or the whole shape`,
    );
  }
  const [height, width] = outputSize?.slice(-2) ?? sizes;
  for (const [i, size] of [height!, width!].entries()) {
    const most = sizes[i]! + strides[i]! - 1;
    const least = Math.max(0, sizes[i]! - strides[i]! + 1);
    if (Number.isInteger(size) && size >= least && size <= most) continue;
    throw new RangeError(
      `Cannot maxUnpool2d ${formatShape(x.shape)} to ${size} ` +
        `${i === 0 ? "rows" : "columns"}: expected ${least} to ${most}`,
    );
  }
  const outer = x.shape.slice(0, -2);
  const places = indices.flatten(-2);
  const room = height! * width!;
  let empty = zeros([...outer, room], { dtype: x.dtype });
  if (room < sizes[0]! * sizes[1]!) {
    // NaN marks planes that lose a maximum, which would else pass unnoticed
    const isLost = places.ge(room).any(-1, { keepdim: true });
    empty = empty.maskedFill(isLost, NaN);
  }
  return empty.scatter(-1, places, x.flatten(-2))
    .reshape([...outer, height!, width!]);
}
