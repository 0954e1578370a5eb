/**
 * Images scaled into a frame of one colour: the usual input of detectors.
 *
 * Sizes count pixels: one number, or [height, width].
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type {
  Action,
  ActionName,
  Extent,
  Fill,
  Interpolation,
  Size,
} from "../actions/action.ts";
import { roundHalfEven } from "../actions/values.ts";
import {
  checkArguments,
  checkFill,
  checkInterpolation,
  checkSize,
  type SizeArgument,
} from "./checks.ts";
import { resizeAction, type ResizeOptions } from "./resolve.ts";
import { Transform, tuple } from "./transform.ts";

/** Options of `letterbox`. */
export interface LetterboxOptions extends Omit<ResizeOptions, "maxSize"> {
  /** Value of the frame. Default: 0. */
  readonly fill?: Fill;
}

/** Transform that scales images into a frame. */
export class Letterbox extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** [height, width] of the frame. */
  readonly size: Size;
  /** Value of the frame. */
  readonly fill: Fill;
  /** Method that finds values between pixels. */
  readonly interpolation: Interpolation;
  /** Whether filters widen where images shrink; undefined means true. */
  readonly antialias: boolean | undefined;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(size: SizeArgument, options: LetterboxOptions = {}) {
    super();
    checkArguments("Letterbox", arguments, 2);
    const { fill = 0, interpolation = "bilinear", antialias } =
      checkOptionNames("letterbox", options, [
        "fill",
        "interpolation",
        "antialias",
      ]);
    this.size = checkSize("resize to an image", size);
    this.fill = checkFill(fill);
    this.interpolation = checkInterpolation(interpolation);
    this.antialias = antialias;
  }

  /** A scaling and a padding. */
  override get ops(): readonly ActionName[] {
    return ["resize", "pad"];
  }

  /** Returns the scaling, and the padding to the frame. */
  override draw(extent: Extent): readonly Action[] {
    const [height, width] = this.size;
    const ratio = Math.min(height / extent.height, width / extent.width);
    const scaled = (length: number, most: number): number =>
      Math.min(Math.max(roundHalfEven(length * ratio), 1), most);
    const tall = scaled(extent.height, height);
    const broad = scaled(extent.width, width);
    const top = Math.floor((height - tall) / 2);
    const left = Math.floor((width - broad) / 2);
    return [
      resizeAction([tall, broad], this, extent),
      {
        op: "pad",
        padding: [left, top, width - broad - left, height - tall - top],
        fill: this.fill,
        mode: "constant",
      },
    ];
  }

  /** Returns a text like those of torchvision's transforms. */
  override toString(): string {
    const { size, fill, interpolation } = this;
    return `Letterbox(size=${tuple(size)}, fill=${fill}, ` +
      `interpolation=${interpolation})`;
  }
}

/**
 * Scales images so that they just fit into a frame of `size`, in the middle, with
 * `fill` beside them. One number means a square. Small images grow. Of an odd
 * rest, the larger part lies below or on the right.
 *
 * Source: Redmon's darknet, letterbox_image; torchvision has none.
 *
 * @throws {RangeError} If a size is not a positive integer
 *
 * @example A wide image in a square
 * ```ts
 * import { vision } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const image = new vision.Image(Uint8Array.of(10, 20, 30, 40), 4, 1, 1);
 * const boxed = vision.transforms.letterbox(4, { fill: 114 }).call(image);
 * assertEquals([...boxed.data.subarray(0, 8)], [114, 114, 114, 114, 10, 20, 30, 40]);
 * ```
 */
export function letterbox(
  size: SizeArgument,
  options?: LetterboxOptions,
): Letterbox {
  checkArguments("letterbox", arguments, 2);
  return new Letterbox(size, options);
}
