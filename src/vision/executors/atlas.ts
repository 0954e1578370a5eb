/**
 * Images on the GPU, and their places in memory.
 *
 * @module
 */

import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Extent } from "../actions/action.ts";
import type { Place } from "./records.ts";

/** Images in one tensor, with the place and the extent of each. */
export interface Atlas {
  /** A tensor of images, or the bytes of images that differ in size. */
  readonly tensor: Tensor;
  readonly places: readonly Place[];
  readonly extents: readonly Extent[];
}

/**
 * Returns the extent of a tensor's images.
 *
 * @throws {TypeError} If the tensor does not hold images
 */
export function extentOfTensor(x: Tensor): Extent {
  const { shape, dtype } = x;
  if (
    shape.length < 2 || (dtype !== "uint8" && !isFloat(dtype)) ||
    shape.slice(-3).includes(0)
  ) {
    throw new TypeError(
      `Cannot transform ${x.describe()}: expected images, uint8 or floats of ` +
        `[..., C, H, W]`,
    );
  }
  const [height, width] = shape.slice(-2);
  return {
    channels: shape.length === 2 ? 1 : shape.at(-3)!,
    height: height!,
    width: width!,
    dtype: dtype === "uint8" ? "uint8" : "float32",
  };
}

/** Returns the images of a tensor [N, C, H, W]. */
export function atlasOf(x: Tensor): Atlas {
  const extent = extentOfTensor(x);
  const { strides, offset } = x.layout;
  const [imageStep, channelStep, rowStep, pixelStep] = strides;
  const places = Array.from({ length: x.shape[0]! }, (_, n): Place => ({
    offset: offset + n * imageStep!,
    channelStep: channelStep!,
    rowStep: rowStep!,
    pixelStep: pixelStep!,
  }));
  return { tensor: x, places, extents: places.map(() => extent) };
}
