/**
 * Resizing of images on the host, in workers and without a GPU: scaling and
 * crops in one pass over the source. This file chooses between resize_simd.ts and
 * resize_scalar.ts, which compute the bytes.
 *
 * Sizes count pixels, [height, width].
 *
 * @module
 */

import { Image } from "./image.ts";
import { scale, scaleTwice } from "./resize_scalar.ts";
import { scaleBySimd } from "./resize_simd.ts";
import {
  type Box,
  type Interpolation,
  type Rounding,
  tapsOf,
} from "./resize_taps.ts";

/** Options of `resizeCrop`. */
export interface ResizeCropOptions {
  /** [height, width] of the scaled `source`. */
  readonly size: readonly [number, number];
  /**
   * The part of the image to scale; pixels outside have no influence. Default:
   * the whole image.
   */
  readonly source?: Box;
  /** The part of the scaled image to compute. Default: all of it. */
  readonly window?: Box;
  /** Method that finds values between pixels. Default: "bilinear". */
  readonly interpolation?: Interpolation;
  /**
   * Whether filters widen where the image shrinks, as PIL's always do. Default:
   * true. It does not change nearest pixels.
   */
  readonly antialias?: boolean;
  /**
   * The library whose bytes result. "torch" (default) rounds once, half to even,
   * as torchvision does for uint8 tensors. "pil" scales across, then down, with
   * weights of 22 bits, and rounds each half up. "bilinear" differs by one at
   * most, "bicubic" by more where it overshoots. "nearest-exact" chooses between
   * two equally near pixels as that library does.
   */
  readonly rounding?: Rounding;
}

/**
 * Scales `source` of an image to `size` and returns the part `window` of that, in
 * one pass. Rows and columns outside the window are not computed.
 *
 * The bytes are torchvision's or PIL's, by `rounding`. They go to `out`, by
 * default a new array, which has height * width * channels bytes of the window.
 *
 * Source: torchvision.transforms.functional.resize, resized_crop and
 * center_crop; "nearest-exact" with rounding "pil" is PIL's nearest.
 *
 * @throws {RangeError} If a size is not a positive integer, a box reaches beyond
 * its image, or `out` has another length
 */
export function resizeCrop(
  image: Image,
  options: ResizeCropOptions,
  out?: Uint8Array,
): Image {
  const { channels } = image;
  const { size, source, window } = checked(image, options);
  const { interpolation = "bilinear", antialias = true, rounding } = options;
  const bytes = window.height * window.width * channels;
  if (out && out.length !== bytes) {
    throw new RangeError(
      `Cannot resize ${image} into ${out.length} bytes: expected ${bytes}`,
    );
  }
  const result = out ?? new Uint8Array(bytes);
  const { rows, columns } = tapsOf({
    size,
    source,
    window,
    interpolation,
    antialias,
    rounding,
  });
  if (rounding === "pil") scaleTwice(image, rows, columns, result);
  else if (
    interpolation !== "bilinear" ||
    !scaleBySimd(image, rows, columns, result)
  ) scale(image, rows, columns, result);
  return new Image(result, window.width, window.height, channels);
}

function checked(
  image: Image,
  { size, source, window }: ResizeCropOptions,
): Required<Pick<ResizeCropOptions, "size" | "source" | "window">> {
  const [height, width] = size;
  if (![height, width].every((n) => Number.isInteger(n) && n > 0)) {
    throw new RangeError(
      `Cannot resize ${image} to [${size.join(", ")}]: ` +
        `expected [height, width], positive integers`,
    );
  }
  const whole = { top: 0, left: 0 };
  return {
    size,
    source: boxWithin("source", image, source ?? { ...whole, ...sides(image) }),
    window: boxWithin(
      "window",
      { height, width },
      window ?? { ...whole, height, width },
    ),
  };
}

function sides({ height, width }: Image): { height: number; width: number } {
  return { height, width };
}

function boxWithin(
  name: string,
  whole: { readonly height: number; readonly width: number },
  box: Box,
): Box {
  const { top, left, height, width } = box;
  const fits = [top, left, height, width].every(Number.isInteger) &&
    top >= 0 && left >= 0 && height > 0 && width > 0 &&
    top + height <= whole.height && left + width <= whole.width;
  if (!fits) {
    throw new RangeError(
      `Cannot resize with ${name} ${width} x ${height} at column ${left}, ` +
        `row ${top}: expected a part of ${whole.width} x ` +
        `${whole.height} pixels`,
    );
  }
  return box;
}
