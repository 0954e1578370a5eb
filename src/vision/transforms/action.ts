/**
 * Actions: what is done to an image, with every number known. A transform draws
 * actions, an executor carries them out: host.ts on images in memory, gpu.ts on
 * tensors. They are plain data, so they can be compared, sent and planned.
 *
 * Sizes count pixels, [height, width]; values of images are bytes 0 to 255 or
 * floats 0 to 1, and an action on bytes gives bytes again. Nothing here
 * computes a pixel.
 *
 * @module
 */

import type { Extent } from "../../data/images/image.ts";

export type { Extent };

/** How values between pixels are found. */
export type Interpolation =
  | "nearest"
  | "nearest-exact"
  | "bilinear"
  | "bicubic";

/** What lies beyond the edge of a padded image. */
export type PaddingMode = "constant" | "edge" | "reflect" | "symmetric";

/** [height, width]. */
export type Size = readonly [height: number, width: number];

/**
 * A value for all channels, or one for each: one that such an image may have. Of
 * bytes these are the integers from 0 to 255, of floats all finite numbers; any
 * other is refused.
 */
export type Fill = number | readonly number[];

/** Scale to `size`. */
export interface ResizeAction {
  readonly op: "resize";
  readonly size: Size;
  readonly interpolation: Interpolation;
  readonly antialias: boolean;
}

/** The part at row `top` and column `left`; zeros where there is no image. */
export interface CropAction {
  readonly op: "crop";
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Pixels around, as many as [left, top, right, bottom] say. */
export interface PadAction {
  readonly op: "pad";
  readonly padding: readonly [
    left: number,
    top: number,
    right: number,
    bottom: number,
  ];
  readonly fill: Fill;
  readonly mode: PaddingMode;
}

/**
 * An image of `size` whose pixel (x, y) is the source at
 *
 *     (m0 X + m1 Y + m2, m3 X + m4 Y + m5) / (m6 X + m7 Y + m8)
 *
 * with X = x + 0.5 and Y = y + 0.5: pixel centres lie at halves.
 */
export interface WarpAction {
  readonly op: "warp";
  readonly matrix: readonly number[];
  readonly size: Size;
  readonly interpolation: "nearest" | "bilinear";
  /**
   * What lies around the source; undefined: zeros. As torchvision mixes them, a
   * border pixel that is there by the share m is m * m of itself and 1 - m of
   * the fill, but m of itself where there is no fill.
   */
  readonly fill: Fill | undefined;
}

/** A rectangle of other values. */
export interface EraseAction {
  readonly op: "erase";
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** A value for all channels, one for each, or noise by its seed. */
  readonly value: Fill | { readonly noise: number };
}

/** Gaussian blur; sizes and deviations are [x, y], in pixels. */
export interface BlurAction {
  readonly op: "blur";
  readonly kernelSize: readonly [x: number, y: number];
  readonly sigma: readonly [x: number, y: number];
}

/** Everything that can be done to an image. */
export type Action =
  | ResizeAction
  | CropAction
  | PadAction
  | WarpAction
  | EraseAction
  | BlurAction
  | { readonly op: "hflip" }
  | { readonly op: "vflip" }
  | { readonly op: "brightness"; readonly factor: number }
  | { readonly op: "contrast"; readonly factor: number }
  | { readonly op: "saturation"; readonly factor: number }
  | { readonly op: "sharpness"; readonly factor: number }
  | { readonly op: "hue"; readonly factor: number }
  | { readonly op: "gamma"; readonly gamma: number; readonly gain: number }
  /** `channels` undefined: as many as there are. */
  | { readonly op: "grayscale"; readonly channels: 1 | 3 | undefined }
  | { readonly op: "invert" }
  | { readonly op: "posterize"; readonly bits: number }
  | { readonly op: "solarize"; readonly threshold: number }
  | { readonly op: "autocontrast" }
  | { readonly op: "equalize" }
  | { readonly op: "convert"; readonly dtype: ImageDType }
  | {
    readonly op: "normalize";
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };

/** The name of an action. */
export type ActionName = Action["op"];

/** The types that images have: bytes 0 to 255, or floats 0 to 1. */
export type ImageDType = Extent["dtype"];

/** An extent in words: `uint8 [3, 375, 500]`. */
export function formatExtent(extent: Extent): string {
  const { channels, height, width, dtype } = extent;
  return `${dtype} [${channels}, ${height}, ${width}]`;
}

/** What is fixed of each action, whatever its numbers. */
interface ActionFacts {
  /** Whether pixels move: masks and boxes move with them. */
  readonly moves?: true;
  /** Whether the image gets another size. */
  readonly sizes?: true;
  /**
   * Whether a batch is done by the kernels of gpu.ts, each image with numbers
   * of its own. The others are done image by image, or on the host.
   */
  readonly batched?: true;
  /** Channels that an image must have. */
  readonly channels?: readonly number[];
  /** The type that an image must have. */
  readonly dtype?: ImageDType;
}

const COLOUR = { batched: true, channels: [1, 3] } as const;

/** One row for each action. */
export const ACTIONS: Readonly<Record<ActionName, ActionFacts>> = {
  resize: { moves: true, sizes: true, batched: true },
  crop: { moves: true, sizes: true, batched: true },
  pad: { moves: true, sizes: true, batched: true },
  hflip: { moves: true, batched: true },
  vflip: { moves: true, batched: true },
  warp: { moves: true, sizes: true, batched: true },
  erase: {},
  blur: {},
  sharpness: { channels: [1, 3] },
  autocontrast: { channels: [1, 3] },
  equalize: { channels: [1, 3], dtype: "uint8" },
  brightness: COLOUR,
  contrast: COLOUR,
  saturation: COLOUR,
  hue: COLOUR,
  gamma: COLOUR,
  grayscale: COLOUR,
  invert: COLOUR,
  posterize: { ...COLOUR, dtype: "uint8" },
  solarize: COLOUR,
  convert: { batched: true },
  normalize: { batched: true, dtype: "float32" },
};

/**
 * What `action` makes of an image of `extent`.
 *
 * @throws {TypeError} If the image has other channels or another type than the
 * action takes
 * @throws {RangeError} If a size does not fit the image
 */
export function after(action: Action, extent: Extent): Extent {
  check(action, extent);
  switch (action.op) {
    case "resize":
    case "warp": {
      const [height, width] = action.size;
      return { ...extent, height, width };
    }
    case "crop": {
      const { height, width } = action;
      return { ...extent, height, width };
    }
    case "pad": {
      const [left, top, right, bottom] = action.padding;
      const height = extent.height + top + bottom;
      const width = extent.width + left + right;
      return { ...extent, height, width };
    }
    case "grayscale":
      return { ...extent, channels: action.channels ?? extent.channels };
    case "convert":
      return { ...extent, dtype: action.dtype };
    default:
      return extent;
  }
}

function check(action: Action, extent: Extent): void {
  const { channels, dtype } = ACTIONS[action.op];
  const what = refusal(action.op, extent);
  if (channels && !channels.includes(extent.channels)) {
    throw new TypeError(
      `${what}: expected ${channels.join(" or ")} channels`,
    );
  }
  if (dtype && dtype !== extent.dtype) {
    throw new TypeError(
      `${what}: expected ${dtype}` +
        (dtype === "float32" ? "; put toFloat() before it" : ""),
    );
  }
  switch (action.op) {
    case "pad":
      return checkPad(what, action, extent);
    case "solarize": {
      const bound = extent.dtype === "uint8" ? 255 : 1;
      if (action.threshold <= bound) return;
      throw new RangeError(
        `${what} by threshold ${action.threshold}: expected ${bound} at most`,
      );
    }
    case "normalize":
      return checkValues(what, "means", action.mean, extent);
    case "warp":
      return checkFillOf(action.op, action.fill ?? 0, extent);
    case "erase": {
      const { value } = action;
      if (typeof value === "object" && "noise" in value) return;
      return checkFillOf(action.op, value, extent);
    }
    case "blur": {
      const [x, y] = action.kernelSize;
      if (x >> 1 < extent.width && y >> 1 < extent.height) return;
      throw new RangeError(
        `${what} by a kernel of ${x} x ${y}: expected one whose half is ` +
          `smaller than the image`,
      );
    }
  }
}

function checkPad(
  what: string,
  { op, padding: [left, top, right, bottom], fill, mode }: PadAction,
  extent: Extent,
): void {
  checkFillOf(op, fill, extent);
  const { height, width } = extent;
  const by = `${what} by [${[left, top, right, bottom].join(", ")}]`;
  if (height + top + bottom < 1 || width + left + right < 1) {
    throw new RangeError(`${by}: nothing would be left`);
  }
  // torch cuts where a padding is negative, except in the modes that look inside
  const least = mode === "constant" ? -Infinity : 0;
  const most = (length: number): number =>
    mode === "reflect" ? length - 1 : mode === "symmetric" ? length : Infinity;
  const fits = (amount: number, length: number): boolean =>
    amount >= least && amount <= most(length);
  if (
    ![left, right].every((amount) => fits(amount, width)) ||
    ![top, bottom].every((amount) => fits(amount, height))
  ) {
    throw new RangeError(
      `${by} in mode "${mode}": expected 0 or more, and no more than there ` +
        `are pixels to repeat`,
    );
  }
}

/** How a refusal of an action on such an image begins. */
function refusal(op: ActionName, extent: Extent): string {
  return `Cannot ${NAMES[op]} an image of ${formatExtent(extent)}`;
}

/**
 * Refuses a fill that such an image does not have, wherever it is to stand.
 *
 * @throws {TypeError} If it has neither one value nor one for each channel
 * @throws {RangeError} If one is no byte and the image is of bytes
 */
export function checkFillOf(op: ActionName, fill: Fill, extent: Extent): void {
  const what = refusal(op, extent);
  checkValues(what, op === "erase" ? "values" : "fills", fill, extent);
  if (extent.dtype !== "uint8") return;
  const values = typeof fill === "number" ? [fill] : fill;
  const wrong = values.find((value) =>
    !(Number.isInteger(value) && value >= 0 && value <= 255)
  );
  if (wrong === undefined) return;
  throw new RangeError(
    `${what} with ${wrong}: expected bytes, integers from 0 to 255`,
  );
}

function checkValues(
  what: string,
  name: string,
  values: Fill,
  { channels }: Extent,
): void {
  const count = typeof values === "number" ? 1 : values.length;
  if (count === 1 || count === channels) return;
  throw new TypeError(
    `${what} with ${count} ${name}: expected one, or one for each channel`,
  );
}

/** The value of a channel. */
export function valueAt(values: Fill, channel: number): number {
  if (typeof values === "number") return values;
  return values[values.length === 1 ? 0 : channel] ?? 0;
}

/** Actions as errors call them. */
const NAMES: Readonly<Record<ActionName, string>> = {
  resize: "resize",
  crop: "crop",
  pad: "pad",
  hflip: "flip",
  vflip: "flip",
  warp: "warp",
  erase: "erase a part of",
  blur: "blur",
  sharpness: "adjust the sharpness of",
  autocontrast: "autocontrast",
  equalize: "equalize",
  brightness: "adjust the brightness of",
  contrast: "adjust the contrast of",
  saturation: "adjust the saturation of",
  hue: "adjust the hue of",
  gamma: "adjust the gamma of",
  grayscale: "make grey",
  invert: "invert",
  posterize: "posterize",
  solarize: "solarize",
  convert: "convert",
  normalize: "normalize",
};
