/**
 * Images on the GPU, and where they lie.
 *
 * @module
 */

import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Extent } from "./action.ts";
import type { Place } from "./records.ts";

/** Images in memory on the GPU: where each begins, and what it is. */
export interface Atlas {
  /** A tensor of images, or of bytes whose places are known. */
  readonly tensor: Tensor;
  readonly places: readonly Place[];
  readonly extents: readonly Extent[];
}

/**
 * What actions have to know of a tensor's images.
 *
 * @throws {TypeError} If it holds no images
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

/** The images of [N, C, H, W], where they lie. */
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
