/**
 * Checks of the arguments that users give to transforms and to their functions.
 * A check returns the argument in its one internal form.
 *
 * @module
 */

import {
  checkOptionNames,
  formatChoices,
  formatValue,
} from "../../tensor/arguments.ts";
import { Generator } from "../../tensor/generator.ts";
import type {
  Fill,
  ImageDType,
  Interpolation,
  PaddingMode,
  Size,
} from "../actions/action.ts";

/** A size for height and width, or [height, width]. */
export type SizeArgument = number | readonly number[];

/**
 * Refuses extra positional arguments, which JavaScript would ignore.
 *
 * @throws {TypeError} If there are more than `most`
 */
export function checkArguments(
  name: string,
  given: ArrayLike<unknown>,
  most: number,
): void {
  if (given.length <= most) return;
  // `compose` called it as a step, and reports the missing brackets itself
  if (most === 0 && given[1] instanceof Generator) return;
  const step = most === 0 ? ` (as a step, call it: T.${name}())` : " at most";
  throw new TypeError(
    `Cannot use ${formatValue(given[most])} as argument ${most + 1} of ` +
      `${name}: expected ${most || "none"}${step}`,
  );
}

/** Whether a value is a number that stays finite in float32. */
function isFinite32(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(Math.fround(value));
}

function isPositive(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0;
}

/**
 * Returns [height, width] of one number or two.
 *
 * @param what Beginning of the message, after "Cannot"
 * @throws {RangeError} If a size is not a positive integer
 */
export function checkSize(what: string, size: SizeArgument): Size {
  const list = typeof size === "number" ? [size] : size;
  const [height, width = height] = Array.isArray(list) ? list : [];
  if (
    (list?.length === 1 || list?.length === 2) &&
    isPositive(height) && isPositive(width)
  ) return [height, width];
  throw new RangeError(
    `Cannot ${what} of size ${format(size)}: expected a positive integer, or ` +
      `[height, width]`,
  );
}

/** Part of an image, in pixels. */
export interface CropBox {
  /** Row of its upper edge; may be negative. */
  readonly top: number;
  /** Column of its left edge; may be negative. */
  readonly left: number;
  /** Number of rows. */
  readonly height: number;
  /** Number of columns. */
  readonly width: number;
}

/**
 * Returns a box of four numbers.
 *
 * @throws {TypeError} If the box is not a record of exactly these fields
 * @throws {RangeError} If the box has no pixels, or its place is not integers
 */
export function checkBox(what: string, box: CropBox): CropBox {
  const { top, left, height, width } = checkOptionNames(what, box, [
    "top",
    "left",
    "height",
    "width",
  ]);
  checkSize("crop a part", [height, width]);
  if (![top, left].every(Number.isInteger)) {
    throw new RangeError(
      `Cannot crop at row ${top} and column ${left}: expected integers`,
    );
  }
  return { top, left, height, width };
}

/**
 * Returns [left, top, right, bottom] of one number, two or four.
 *
 * @throws {RangeError} If the list has another length, or not only integers
 */
export function checkPadding(
  padding: number | readonly number[],
): readonly [number, number, number, number] {
  const list = typeof padding === "number" ? [padding] : padding;
  if (
    !Array.isArray(list) || ![1, 2, 4].includes(list.length) ||
    !list.every(Number.isInteger)
  ) {
    throw new RangeError(
      `Cannot pad by ${format(padding)}: expected an integer, two for left ` +
        `and top, or four for left, top, right and bottom`,
    );
  }
  const [left, top = left, right = left, bottom = top] = list;
  return [left!, top!, right!, bottom!];
}

const MODES: readonly PaddingMode[] = [
  "constant",
  "edge",
  "reflect",
  "symmetric",
];

/** @throws {RangeError} If the mode is unknown */
export function checkMode(mode: PaddingMode): PaddingMode {
  return oneOf("a padding mode", mode, MODES);
}

const INTERPOLATIONS: readonly Interpolation[] = [
  "nearest",
  "nearest-exact",
  "bilinear",
  "bicubic",
];

/** @throws {RangeError} If the interpolation is unknown */
export function checkInterpolation(name: Interpolation): Interpolation {
  return oneOf("an interpolation", name, INTERPOLATIONS);
}

const WARPS = ["nearest", "bilinear"] as const;

/** @throws {RangeError} If warps do not have the interpolation */
export function checkWarpInterpolation(
  name: "nearest" | "bilinear",
): "nearest" | "bilinear" {
  return oneOf("an interpolation of warps", name, WARPS);
}

function oneOf<T extends string>(
  what: string,
  value: T,
  known: readonly T[],
): T {
  if (known.includes(value)) return value;
  throw new RangeError(
    `Cannot use ${format(value)} as ${what}: expected ${formatChoices(known)}`,
  );
}

/** @throws {TypeError} If the fill is neither a finite number nor a list */
export function checkFill(fill: Fill): Fill {
  const list = typeof fill === "number" ? [fill] : fill;
  if (Array.isArray(list) && list.length > 0 && list.every(isFinite32)) {
    return fill;
  }
  throw new TypeError(
    `Cannot use ${
      format(fill)
    } as a fill: expected a number, or one for each ` +
      `channel`,
  );
}

/** @throws {RangeError} If the value is not a number in the range */
export function checkNumber(
  what: string,
  value: number,
  least = -Infinity,
  most = Infinity,
): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  const range = most === Infinity
    ? least === -Infinity ? "a number" : `a number, ${least} or more`
    : `a number from ${least} to ${most}`;
  throw new RangeError(
    `Cannot use ${format(value)} as ${what}: expected ${range}`,
  );
}

/** @throws {RangeError} If the value is not from 0 to 1 */
export function checkProbability(p: number): number {
  return checkNumber("a probability", p, 0, 1);
}

/**
 * Returns [least, most] of two numbers, or `around(value)` of one.
 *
 * @throws {RangeError} If the numbers are not a range within `least` and `most`
 */
export function checkRange(
  what: string,
  value: number | readonly number[],
  around: (value: number) => readonly [number, number],
  least = -Infinity,
  most = Infinity,
): readonly [number, number] {
  const isNumber = typeof value === "number";
  const list = isNumber ? value < 0 ? [] : around(value) : value;
  const [low, high] = Array.isArray(list) ? list : [];
  if (
    list?.length === 2 && list.every(Number.isFinite) &&
    low <= high && low >= least && high <= most
  ) return [low, high];
  throw new RangeError(
    `Cannot use ${
      format(value)
    } as ${what}: expected a number, 0 or more, or ` +
      `[least, most]` +
      (most === Infinity && least === -Infinity
        ? ""
        : ` from ${least} to ${most}`),
  );
}

/**
 * Checks the means and standard deviations of channels.
 *
 * @throws {TypeError} If their numbers differ, unless one of them is 1
 * @throws {RangeError} If a deviation is not above 0
 */
export function checkMoments(
  mean: readonly number[],
  std: readonly number[],
): void {
  const isList = (values: unknown): boolean =>
    Array.isArray(values) && values.length > 0 && values.every(isFinite32);
  if (
    !isList(mean) || !isList(std) ||
    (mean.length !== std.length && mean.length !== 1 && std.length !== 1)
  ) {
    throw new TypeError(
      `Cannot normalize by mean ${format(mean)} and std ${
        format(std)
      }: expected lists with a number for each channel, or one for all`,
    );
  }
  const wrong = std.find((value) => !(Math.fround(value) > 0));
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot normalize by std [${std.join(", ")}]: expected numbers above 0`,
    );
  }
}

/**
 * Checks the arguments of `resize`: one size for the shorter side, or both.
 *
 * @throws {RangeError} If a size is not a positive integer, or `maxSize` does not
 * go with it
 */
export function checkResize(
  size: SizeArgument,
  { interpolation = "bilinear", maxSize }: {
    readonly interpolation?: Interpolation;
    readonly maxSize?: number | undefined;
  },
): readonly number[] {
  checkSize("resize to an image", size);
  checkInterpolation(interpolation);
  const list = typeof size === "number" ? [size] : size;
  if (maxSize === undefined) return list;
  if (list.length === 2 || !isPositive(maxSize) || maxSize < list[0]!) {
    throw new RangeError(
      `Cannot resize to [${list.join(", ")}] with maxSize ${
        format(maxSize)
      }: expected one size, at most maxSize`,
    );
  }
  return list;
}

/** @throws {RangeError} If the value is not a list [x, y] of finite numbers */
export function checkPair(
  what: string,
  value: readonly number[],
): readonly [x: number, y: number] {
  if (
    Array.isArray(value) && value.length === 2 && value.every(Number.isFinite)
  ) return [value[0], value[1]];
  throw new RangeError(
    `Cannot use ${format(value)} as ${what}: expected [x, y]`,
  );
}

/**
 * Returns a centre [x, y], or undefined for the middle of the image.
 *
 * @throws {RangeError} If the centre is not two finite numbers
 */
export function checkCenter(
  center: readonly number[] | undefined,
): readonly number[] | undefined {
  return center && checkPair("a centre", center);
}

/** @throws {RangeError} If the number is neither 1 nor 3 */
export function checkGreyChannels(channels: number): 1 | 3 {
  if (channels === 1 || channels === 3) return channels;
  throw new RangeError(
    `Cannot make grey images of ${channels} channels: expected 1 or 3`,
  );
}

/** @throws {RangeError} If the number is not an integer from 0 to 8 */
export function checkBits(bits: number): number {
  if (Number.isInteger(bits) && bits >= 0 && bits <= 8) return bits;
  throw new RangeError(
    `Cannot keep ${bits} bits: expected an integer from 0 to 8`,
  );
}

/** @throws {RangeError} If images do not have the type */
export function checkImageDType(dtype: ImageDType): ImageDType {
  if (dtype === "uint8" || dtype === "float32") return dtype;
  throw new RangeError(
    `Cannot convert images to ${JSON.stringify(dtype)}: expected "uint8" or ` +
      `"float32"`,
  );
}

/** Returns a value as messages write it: `[1, 2]`, `"nearest"`. */
function format(value: unknown): string {
  // JSON has no text for undefined, for functions and for NaN
  const text: string | undefined = JSON.stringify(
    value,
    (_, part) =>
      typeof part === "number" && !Number.isFinite(part) ? `${part}` : part,
  );
  return text?.replaceAll(/"(NaN|-?Infinity)"/g, "$1").replaceAll(",", ", ") ??
    formatValue(value);
}
