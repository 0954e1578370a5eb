/**
 * Transforms that scale, cut, pad and mirror images.
 *
 * Sizes count pixels: one number, or [height, width].
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Generator } from "../../tensor/generator.ts";
import type {
  Action,
  ActionName,
  Extent,
  Fill,
  Interpolation,
  PadAction,
  PaddingMode,
  Size,
} from "../actions/action.ts";
import { after, checkFillOf } from "../actions/rows.ts";
import {
  checkArguments,
  checkFill,
  checkMode,
  checkPadding,
  checkProbability,
  checkResize,
  checkSize,
  type SizeArgument,
} from "./checks.ts";
import type { PadOptions } from "./functional_geometry.ts";
import {
  centerCropAction,
  RESIZE_OPTIONS,
  resizeAction,
  type ResizeOptions,
} from "./resolve.ts";
import {
  ChanceTransform,
  FixedTransform,
  printed,
  Transform,
  tuple,
} from "./transform.ts";

/** Transform that scales images. */
export class Resize extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** The shorter side, or [height, width]. */
  readonly size: readonly number[];
  /** Method that finds values between pixels. */
  readonly interpolation: Interpolation;
  /** Largest longer side. */
  readonly maxSize: number | undefined;
  /** Whether filters widen where images shrink; undefined means true. */
  readonly antialias: boolean | undefined;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(size: SizeArgument, options: ResizeOptions = {}) {
    super();
    checkArguments("Resize", arguments, 2);
    checkOptionNames("resize", options, RESIZE_OPTIONS);
    this.size = checkResize(size, options);
    this.interpolation = options.interpolation ?? "bilinear";
    this.maxSize = options.maxSize;
    this.antialias = options.antialias;
  }

  /** A scaling. */
  override get ops(): readonly ActionName[] {
    return ["resize"];
  }

  /** Returns the scaling. */
  override draw(extent: Extent): readonly Action[] {
    return [resizeAction(this.size, this, extent)];
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const { size, interpolation, maxSize, antialias } = this;
    const sizes = size.length === 1 ? `${size[0]}` : tuple(size);
    return `Resize(size=${sizes}, interpolation=${interpolation}, ` +
      `max_size=${printed(maxSize)}, antialias=${printed(antialias)})`;
  }
}

/**
 * Scales images to [height, width], or so that their shorter side is `size`.
 * Filters widen where images shrink, unless `antialias` is false.
 *
 * Images and tensors have equal results. "nearest" takes pixel floor(i * scale),
 * as torch does for tensors; PIL takes the middle one, as "nearest-exact" does.
 * By default `antialias` prints as None and is true, as in torchvision 0.17.
 *
 * Source: torchvision.transforms.Resize.
 *
 * @throws {RangeError} If a size is not a positive integer
 */
export function resize(size: SizeArgument, options?: ResizeOptions): Resize {
  checkArguments("resize", arguments, 2);
  return new Resize(size, options);
}

/** Transform that cuts out the middle of images. */
export class CenterCrop extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** [height, width] */
  readonly size: Size;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(size: SizeArgument) {
    super();
    checkArguments("CenterCrop", arguments, 1);
    this.size = checkSize("crop a part", size);
  }

  /** A crop. */
  override get ops(): readonly ActionName[] {
    return ["crop"];
  }

  /** Returns the crop. */
  override draw(extent: Extent): readonly Action[] {
    return [centerCropAction(this.size, extent)];
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    return `CenterCrop(size=${tuple(this.size)})`;
  }
}

/**
 * Cuts the middle out of images; zeros surround smaller images.
 *
 * Source: torchvision.transforms.CenterCrop.
 *
 * @throws {RangeError} If a size is not a positive integer
 */
export function centerCrop(size: SizeArgument): CenterCrop {
  checkArguments("centerCrop", arguments, 1);
  return new CenterCrop(size);
}

/**
 * Puts pixels around images: one number for every side, two for left and right
 * and for top and bottom, or [left, top, right, bottom].
 *
 * Source: torchvision.transforms.Pad.
 *
 * @throws {RangeError} If a padding is not an integer, or the mode is unknown
 */
export function pad(
  padding: number | readonly number[],
  options: PadOptions = {},
): FixedTransform {
  checkArguments("pad", arguments, 2);
  const { fill = 0, paddingMode = "constant" } = checkOptionNames(
    "pad",
    options,
    ["fill", "paddingMode"],
  );
  const action: Action = {
    op: "pad",
    padding: checkPadding(padding),
    fill: checkFill(fill),
    mode: checkMode(paddingMode),
  };
  const shown = typeof padding === "number" ? `${padding}` : tuple(padding);
  const label = `Pad(padding=${shown}, fill=${fill}, ` +
    `padding_mode=${paddingMode})`;
  return new FixedTransform(label, [action]);
}

/** Options of `randomCrop`. */
export interface RandomCropOptions extends PadOptions {
  /** Pixels to put around first; see `pad`. */
  readonly padding?: number | readonly number[] | undefined;
  /** Whether smaller images are padded. Default: false. */
  readonly padIfNeeded?: boolean;
}

const CROP_OPTIONS = ["padding", "padIfNeeded", "fill", "paddingMode"];

/** Transform that cuts out a random part of images. */
export class RandomCrop extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** [height, width] */
  readonly size: Size;
  /** Pixels put around first: [left, top, right, bottom]. */
  readonly padding: PadAction["padding"] | undefined;
  /** Whether smaller images are padded. */
  readonly padIfNeeded: boolean;
  /** Value of the new pixels in mode "constant". */
  readonly fill: Fill;
  /** Rule for the new pixels. */
  readonly paddingMode: PaddingMode;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(size: SizeArgument, options: RandomCropOptions = {}) {
    super();
    checkArguments("RandomCrop", arguments, 2);
    checkOptionNames("randomCrop", options, CROP_OPTIONS);
    const { padding, padIfNeeded = false } = options;
    this.size = checkSize("crop a part", size);
    this.padding = padding === undefined ? undefined : checkPadding(padding);
    this.padIfNeeded = padIfNeeded;
    this.fill = checkFill(options.fill ?? 0);
    this.paddingMode = checkMode(options.paddingMode ?? "constant");
  }

  /** Padding and a crop. */
  override get ops(): readonly ActionName[] {
    return ["pad", "crop"];
  }

  /**
   * Returns the padding and the crop.
   *
   * @throws {RangeError} If the image is too small
   */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const [height, width] = this.size;
    checkFillOf("pad", this.fill, extent); // even if no padding is drawn
    const actions: Action[] = [];
    let whole = extent;
    const around = (padding: PadAction["padding"]): void => {
      const { fill, paddingMode: mode } = this;
      const action: PadAction = { op: "pad", padding, fill, mode };
      whole = after(action, whole);
      actions.push(action);
    };
    if (this.padding) around(this.padding);
    if (this.padIfNeeded && whole.width < width) {
      const missing = width - whole.width;
      around([missing, 0, missing, 0]);
    }
    if (this.padIfNeeded && whole.height < height) {
      const missing = height - whole.height;
      around([0, missing, 0, missing]);
    }
    if (whole.height < height || whole.width < width) {
      throw new RangeError(
        `Cannot crop ${height} x ${width} out of an image of ` +
          `${whole.height} x ${whole.width}: resize it first, or use ` +
          `padIfNeeded`,
      );
    }
    const isWhole = whole.height === height && whole.width === width;
    const top = isWhole ? 0 : generator.integer(whole.height - height + 1);
    const left = isWhole ? 0 : generator.integer(whole.width - width + 1);
    return [...actions, { op: "crop", top, left, height, width }];
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const padding = this.padding ? tuple(this.padding) : "None";
    return `RandomCrop(size=${tuple(this.size)}, padding=${padding})`;
  }
}

/**
 * Cuts a part out of images; every place has the same probability.
 *
 * Source: torchvision.transforms.RandomCrop.
 *
 * @throws {RangeError} If a size is not a positive integer
 */
export function randomCrop(
  size: SizeArgument,
  options?: RandomCropOptions,
): RandomCrop {
  checkArguments("randomCrop", arguments, 2);
  return new RandomCrop(size, options);
}

/**
 * Mirrors images left to right with probability `p`.
 *
 * Source: torchvision.transforms.RandomHorizontalFlip.
 *
 * @throws {RangeError} If `p` is not from 0 to 1
 */
export function randomHorizontalFlip(p = 0.5): ChanceTransform {
  checkArguments("randomHorizontalFlip", arguments, 1);
  const label = `RandomHorizontalFlip(p=${checkProbability(p)})`;
  return new ChanceTransform(label, [{ op: "hflip" }], p);
}

/**
 * Mirrors images top to bottom with probability `p`.
 *
 * Source: torchvision.transforms.RandomVerticalFlip.
 *
 * @throws {RangeError} If `p` is not from 0 to 1
 */
export function randomVerticalFlip(p = 0.5): ChanceTransform {
  checkArguments("randomVerticalFlip", arguments, 1);
  const label = `RandomVerticalFlip(p=${checkProbability(p)})`;
  return new ChanceTransform(label, [{ op: "vflip" }], p);
}
