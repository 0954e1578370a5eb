/**
 * Random parts of images, scaled to one size: the usual augmentation of
 * networks for ImageNet.
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
  Interpolation,
  Size,
} from "../actions/action.ts";
import { roundHalfEven } from "../actions/values.ts";
import {
  checkArguments,
  checkInterpolation,
  checkRange,
  checkSize,
  type CropBox,
  type SizeArgument,
} from "./checks.ts";
import { resizeAction, type ResizeOptions } from "./resolve.ts";
import { printed, Transform, tuple, uniform } from "./transform.ts";

/** Options of `randomResizedCrop`. */
export interface RandomResizedCropOptions
  extends Omit<ResizeOptions, "maxSize"> {
  /** [least, most] share of the image's area. Default: [0.08, 1]. */
  readonly scale?: readonly number[];
  /** [least, most] width over height. Default: [3 / 4, 4 / 3]. */
  readonly ratio?: readonly number[];
}

/** Transform that cuts out a part of random size and form, and scales it. */
export class RandomResizedCrop extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** [height, width] of the result. */
  readonly size: Size;
  /** [least, most] share of the image's area. */
  readonly scale: readonly [number, number];
  /** [least, most] width over height. */
  readonly ratio: readonly [number, number];
  /** Method that finds values between pixels. */
  readonly interpolation: Interpolation;
  /** Whether filters widen where images shrink; undefined means true. */
  readonly antialias: boolean | undefined;

  /** @throws {RangeError} If a size is not a positive integer, or a range is invalid */
  constructor(size: SizeArgument, options: RandomResizedCropOptions = {}) {
    super();
    checkArguments("RandomResizedCrop", arguments, 2);
    const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = checkOptionNames(
      "randomResizedCrop",
      options,
      ["scale", "ratio", "interpolation", "antialias"],
    );
    this.size = checkSize("resize to an image", size);
    this.scale = checkRange("a range of areas", scale, pairOfOne, 0);
    this.ratio = checkRange("a range of ratios", ratio, pairOfOne, 1e-6);
    this.interpolation = checkInterpolation(
      options.interpolation ?? "bilinear",
    );
    this.antialias = options.antialias;
  }

  /** A crop and a scaling. */
  override get ops(): readonly ActionName[] {
    return ["crop", "resize"];
  }

  /** Returns the crop and its scaling. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const box = partOf(this, extent, generator);
    return [{ op: "crop", ...box }, resizeAction(this.size, this, box)];
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const short = (range: readonly number[]): string =>
      tuple(range.map((value) => Math.round(value * 1e4) / 1e4));
    const { size, scale, ratio, interpolation, antialias } = this;
    return `RandomResizedCrop(size=${tuple(size)}, scale=${short(scale)}, ` +
      `ratio=${short(ratio)}, interpolation=${interpolation}, ` +
      `antialias=${printed(antialias)})`;
  }
}

// A function, not a private method: workers rebuild only public fields.
function partOf(
  { scale, ratio: [least, most] }: RandomResizedCrop,
  { height, width }: Extent,
  generator: Generator,
): CropBox {
  const area = height * width;
  const logs = [Math.log(least), Math.log(most)] as const;
  for (let tries = 0; tries < 10; tries++) {
    const wanted = area * uniform(scale, generator);
    const form = Math.exp(uniform(logs, generator));
    const w = roundHalfEven(Math.sqrt(wanted * form));
    const h = roundHalfEven(Math.sqrt(wanted / form));
    if (w < 1 || w > width || h < 1 || h > height) continue;
    const top = generator.integer(height - h + 1);
    const left = generator.integer(width - w + 1);
    return { top, left, height: h, width: w };
  }
  // the largest middle part whose form is allowed
  const form = width / height;
  const w = form > most ? Math.max(1, roundHalfEven(height * most)) : width;
  const h = form < least ? Math.max(1, roundHalfEven(width / least)) : height;
  const top = Math.floor((height - h) / 2);
  const left = Math.floor((width - w) / 2);
  return { top, left, height: h, width: w };
}

function pairOfOne(value: number): readonly [number, number] {
  return [value, value];
}

/**
 * Cuts out a part of random area and form, and scales it to `size`. If ten parts
 * do not fit the image, the middle is taken.
 *
 * Source: torchvision.transforms.RandomResizedCrop.
 *
 * @throws {RangeError} If a size is not a positive integer, or a range is invalid
 */
export function randomResizedCrop(
  size: SizeArgument,
  options?: RandomResizedCropOptions,
): RandomResizedCrop {
  checkArguments("randomResizedCrop", arguments, 2);
  return new RandomResizedCrop(size, options);
}
