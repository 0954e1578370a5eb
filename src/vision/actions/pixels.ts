/**
 * Images in host memory. Users hold a `HostImage`: an `Image`, bytes with the
 * channels of a pixel side by side, or a `HostArray` [C, H, W]. Actions read and
 * write both through `Pixels`.
 *
 * Positions count elements: value c of pixel p lies at p * pixelStep + c *
 * channelStep. Pixels are numbered row by row.
 *
 * @module
 */

import { formatValue } from "../../tensor/arguments.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { type Channels, Image } from "../image.ts";
import type { Extent, ImageDType } from "./action.ts";

/** An image on the host: an `Image`, or an array [C, H, W]. */
export type HostImage = Image | HostArray;

/** View of an image's values, with their layout. */
export interface Pixels {
  readonly data: Uint8Array | Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Whether the values of a channel lie together. */
  readonly planar: boolean;
}

/**
 * Returns the view of an image; nothing is copied.
 *
 * @throws {TypeError} If the value is neither an `Image` nor a HostArray
 * [C, H, W] of uint8 or float32
 */
export function pixelsOf(image: unknown): Pixels {
  if (image instanceof HostArray) {
    const { data, shape, dtype } = image;
    const [channels, height, width] = shape.length === 2
      ? [1, ...shape]
      : shape;
    const isImage = (shape.length === 2 || shape.length === 3) &&
      data.length > 0 && (dtype === "uint8" || dtype === "float32");
    if (
      isImage && (data instanceof Uint8Array || data instanceof Float32Array)
    ) {
      return {
        data,
        channels: channels!,
        height: height!,
        width: width!, // the shape has two or three sizes
        planar: true,
      };
    }
    throw new TypeError(
      `Cannot transform an array of ${dtype} [${shape.join(", ")}]: expected ` +
        `an image, uint8 or float32 of [C, H, W]`,
    );
  }
  if (isImageLike(image)) {
    const { data, channels, height, width } = image;
    return { data, channels, height, width, planar: false };
  }
  throw new TypeError(
    `Cannot transform ${formatValue(image)}: expected an Image, a HostArray ` +
      `or a Tensor`,
  );
}

// By its fields: its class may be that of another copy of the library.
function isImageLike(value: unknown): value is Image {
  const { data, channels, height, width } = Object(value);
  return data instanceof Uint8Array && data.length > 0 &&
    data.length === channels * height * width;
}

/** Returns the image of a view: an `Image` if bytes lie side by side. */
export function imageOf(pixels: Pixels): HostImage {
  const { data, channels, height, width, planar } = pixels;
  return data instanceof Float32Array || planar
    ? new HostArray(data, [channels, height, width])
    : new Image(data, width, height, channels as Channels); // an image's view
}

/** Returns the type of the values. */
export function dtypeOf({ data }: Pixels): ImageDType {
  return data instanceof Float32Array ? "float32" : "uint8";
}

/** Returns the extent of the image. */
export function extentOf(pixels: Pixels): Extent {
  const { channels, height, width } = pixels;
  return { channels, height, width, dtype: dtypeOf(pixels) };
}

/** Returns the distances between values, in elements. */
export function stepsOf(
  { channels, height, width, planar }: Omit<Pixels, "data">,
): { readonly pixelStep: number; readonly channelStep: number } {
  return planar
    ? { pixelStep: 1, channelStep: height * width }
    : { pixelStep: channels, channelStep: 1 };
}

/** Returns zeros of the type and layout of `like`, perhaps of another size. */
export function emptyLike(
  like: Pixels,
  size: Partial<Pick<Pixels, "channels" | "height" | "width">> = {},
): Pixels {
  const { channels, height, width } = { ...like, ...size };
  const { planar } = like;
  const count = channels * height * width;
  const data = like.data instanceof Float32Array
    ? new Float32Array(count)
    : new Uint8Array(count);
  return { data, channels, height, width, planar };
}
