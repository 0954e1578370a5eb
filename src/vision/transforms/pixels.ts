/**
 * Images in host memory as the executor host.ts sees them: bytes or floats,
 * channels side by side (`Image`) or plane by plane (`HostArray`).
 *
 * Positions count elements: value c of pixel p lies at p * pixelStep + c *
 * channelStep, pixels being numbered row by row.
 *
 * @module
 */

import { formatValue } from "../../tensor/arguments.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { type Channels, Image } from "../image.ts";
import type { Extent, ImageDType } from "./action.ts";

/** An image on the host: bytes with their channels side by side, or an array. */
export type HostImage = Image | HostArray;

/** The values of an image, and how they lie. */
export interface Pixels {
  readonly data: Uint8Array | Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Whether a channel's values lie together. */
  readonly planar: boolean;
}

/**
 * The values of an image, not copied.
 *
 * @throws {TypeError} If it is no image: an `Image`, or a HostArray [C, H, W] of
 * uint8 or float32
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
        width: width!, // two or three sizes, as was checked
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

// By what it has: it may come from another copy of the library.
function isImageLike(value: unknown): value is Image {
  const { data, channels, height, width } = Object(value);
  return data instanceof Uint8Array && data.length > 0 &&
    data.length === channels * height * width;
}

/** The image of these values: an `Image` of bytes side by side, or an array. */
export function imageOf(pixels: Pixels): HostImage {
  const { data, channels, height, width, planar } = pixels;
  return data instanceof Float32Array || planar
    ? new HostArray(data, [channels, height, width])
    : new Image(data, width, height, channels as Channels); // came from one
}

/** The type of the values. */
export function dtypeOf({ data }: Pixels): ImageDType {
  return data instanceof Float32Array ? "float32" : "uint8";
}

/** What actions have to know of the image. */
export function extentOf(pixels: Pixels): Extent {
  const { channels, height, width } = pixels;
  return { channels, height, width, dtype: dtypeOf(pixels) };
}

/** Distances between values, in elements. */
export function stepsOf(
  { channels, height, width, planar }: Omit<Pixels, "data">,
): { readonly pixelStep: number; readonly channelStep: number } {
  return planar
    ? { pixelStep: 1, channelStep: height * width }
    : { pixelStep: channels, channelStep: 1 };
}

/** Anything in the size of `like`, or in another one, of the same type. */
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
