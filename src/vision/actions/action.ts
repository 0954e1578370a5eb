/**
 * Actions: changes of an image with every number known. Transforms draw
 * actions, and executors carry them out, on the host or on the GPU.
 *
 * Actions are plain data: they can be compared, sent and planned. Nothing here
 * computes a pixel; rows.ts holds the table of what each action does.
 *
 * Sizes count pixels, [height, width]. Values of images are bytes 0 to 255 or
 * floats 0 to 1, and an action on bytes gives bytes, unless it converts.
 *
 * @module
 */

import type { ImageExtent as Extent } from "../../data/images/image.ts";

export type { Extent };

/** Method that finds values between pixels. */
export type Interpolation =
  | "nearest"
  | "nearest-exact"
  | "bilinear"
  | "bicubic";

/** Rule for the pixels beyond the edge of a padded image. */
export type PaddingMode = "constant" | "edge" | "reflect" | "symmetric";

/** [height, width]. */
export type Size = readonly [height: number, width: number];

/**
 * A value for all channels, or one for each. An image of bytes takes integers
 * from 0 to 255, an image of floats any finite number.
 */
export type Fill = number | readonly number[];

/** Scales an image to `size`. */
export interface ResizeAction {
  readonly op: "resize";
  readonly size: Size;
  readonly interpolation: Interpolation;
  readonly antialias: boolean;
}

/**
 * Takes the part whose upper left pixel lies at row `top` and column `left`.
 * Zeros stand beyond the image.
 */
export interface CropAction {
  readonly op: "crop";
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Puts pixels around an image; negative padding cuts pixels away. */
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
 * Makes an image of `size` whose pixel (x, y) is the source at
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
   * Value around the source; undefined means zeros. As in torchvision, a border
   * pixel of which the source covers the share m becomes m * m of itself plus
   * 1 - m of the fill. Without a fill it becomes m of itself.
   */
  readonly fill: Fill | undefined;
}

/** Replaces a rectangle; its part outside the image is ignored. */
export interface EraseAction {
  readonly op: "erase";
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** A value for all channels, one for each, or the seed of noise. */
  readonly value: Fill | { readonly noise: number };
}

/** Gaussian blur; sizes and standard deviations are [x, y], in pixels. */
export interface BlurAction {
  readonly op: "blur";
  readonly kernelSize: readonly [x: number, y: number];
  readonly sigma: readonly [x: number, y: number];
}

/** Any action on an image. */
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
  /** If `channels` is undefined, the image keeps its number of channels. */
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

/** Name of an action. */
export type ActionName = Action["op"];

/** The action of a name. */
export type ActionOf<Name extends ActionName> = Extract<
  Action,
  { readonly op: Name }
>;

/** Types of images: bytes 0 to 255, or floats 0 to 1. */
export type ImageDType = Extent["dtype"];

/** Returns an extent in words: `uint8 [3, 375, 500]`. */
export function formatExtent(extent: Extent): string {
  const { channels, height, width, dtype } = extent;
  return `${dtype} [${channels}, ${height}, ${width}]`;
}
