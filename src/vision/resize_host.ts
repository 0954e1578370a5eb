/**
 * Resizing of images on the host: scale and crop in one pass over the source,
 * for workers and for machines without a GPU. Bytes in, bytes out. How they are
 * made is resize_simd.ts and resize_scalar.ts; here it is decided which.
 *
 * Sizes count pixels, sizes of a picture are [height, width].
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

/** What `resizeCrop` does. */
export interface ResizeCropOptions {
  /** [height, width] that `source` is scaled to. */
  readonly size: readonly [number, number];
  /**
   * The part of the image that is scaled; no pixel outside of it has a say.
   * All of it by default.
   */
  readonly source?: Box;
  /** The part of the scaled picture that is made; all of it by default. */
  readonly window?: Box;
  /** How values between pixels are found, "bilinear" by default. */
  readonly interpolation?: Interpolation;
  /**
   * Whether filters widen where the picture shrinks, as PIL's always do; true
   * by default. Nearest pixels are what they are.
   */
  readonly antialias?: boolean;
  /**
   * Whose bytes come out: "torch" (default) rounds once, half to even, as
   * torchvision does with uint8 tensors; "pil" rounds rows scaled across, then
   * columns scaled down, half up, with weights of 22 bits. "bilinear" differs
   * by one at most, "bicubic" by more where it overshoots. Of two pixels as near
   * as the other, "nearest-exact" takes the one that torch takes, or PIL.
   */
  readonly rounding?: Rounding;
}

/**
 * Scales `source` of an image to `size` and gives `window` of that: Resize and
 * CenterCrop, or a crop and its Resize, in one pass. Rows and columns outside of
 * the window are never computed.
 *
 * The bytes are torchvision's or PIL's, by `rounding`. They go to `out`, of
 * height * width * channels bytes of the window: a slot of a batch, for
 * instance. By default that is a new array.
 *
 * Source: torchvision.transforms.functional.resize, resized_crop and
 * center_crop; "nearest-exact" with rounding "pil" is PIL's nearest.
 *
 * @throws {RangeError} If a size is no positive integer, a box reaches beyond
 * its picture, or `out` has another length
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
  picture: { readonly height: number; readonly width: number },
  box: Box,
): Box {
  const { top, left, height, width } = box;
  const fits = [top, left, height, width].every(Number.isInteger) &&
    top >= 0 && left >= 0 && height > 0 && width > 0 &&
    top + height <= picture.height && left + width <= picture.width;
  if (!fits) {
    throw new RangeError(
      `Cannot resize with ${name} ${width} x ${height} at column ${left}, ` +
        `row ${top}: expected a part of ${picture.width} x ` +
        `${picture.height} pixels`,
    );
  }
  return box;
}
