/**
 * Actions on values by themselves: what becomes of a value depends on nothing
 * but it, its channel and, for contrast, the image's mean.
 *
 * On bytes such an action is a table of 256 values, and neighbours are one
 * table. Arithmetic is in float32 as torch's, because bytes are cut off, not
 * rounded, and an error in the last place would show.
 *
 * @module
 */

import type { Action, ActionName, ImageDType } from "./action.ts";

const { fround } = Math;

/** What becomes of a value. */
export type PointFunction = (value: number) => number;

type PointAction = Extract<
  Action,
  {
    op:
      | "brightness"
      | "contrast"
      | "gamma"
      | "invert"
      | "posterize"
      | "solarize"
      | "convert"
      | "normalize";
  }
>;

/** The largest value of a type; for bytes results are cut to whole numbers. */
export function boundOf(dtype: ImageDType): number {
  return dtype === "uint8" ? 255 : 1;
}

/** A value within the bounds of its type. */
export function clamped(value: number, dtype: ImageDType): number {
  const within = Math.min(Math.max(value, 0), boundOf(dtype));
  return dtype === "uint8" ? Math.trunc(within) : within;
}

/** ratio * value + (1 - ratio) * other, within the bounds of the type. */
export function blend(
  value: number,
  other: number,
  ratio: number,
  dtype: ImageDType,
): number {
  const mixed = fround(fround(ratio) * value) +
    fround(fround(1 - ratio) * other);
  return clamped(fround(mixed), dtype);
}

/**
 * A float 0 to 1 as a byte: each byte stands for as many floats, and what lies
 * beyond them is the first or the last byte.
 */
export function toByte(value: number): number {
  return clamped(fround(value * fround(255.999)), "uint8");
}

const POINT_NAMES: readonly ActionName[] = [
  "brightness",
  "contrast",
  "gamma",
  "invert",
  "posterize",
  "solarize",
  "convert",
  "normalize",
];

/** Whether an action is one of those here. */
export function isPoint(action: Action): action is PointAction {
  return POINT_NAMES.includes(action.op);
}

/**
 * What becomes of the values of `channel` in an image of a type.
 *
 * @param mean The image's mean grey; only contrast asks for it
 */
export function pointFunction(
  action: PointAction,
  dtype: ImageDType,
  channel: number,
  mean: number,
): PointFunction {
  const bound = boundOf(dtype);
  switch (action.op) {
    case "brightness":
      return (value) => blend(value, 0, action.factor, dtype);
    case "contrast":
      return (value) => blend(value, mean, action.factor, dtype);
    case "gamma": {
      const { gamma, gain } = action;
      const bend = (value: number) =>
        clamped(fround(gain * fround(value ** gamma)), "float32");
      return dtype === "uint8"
        ? (value) => toByte(bend(fround(value / 255)))
        : bend;
    }
    case "invert":
      return (value) => fround(bound - value);
    case "posterize": {
      const mask = 0x100 - 2 ** (8 - action.bits);
      return (value) => value & mask;
    }
    case "solarize":
      return (value) =>
        value >= action.threshold ? fround(bound - value) : value;
    case "convert":
      if (action.dtype === dtype) return (value) => value;
      return dtype === "uint8" ? (value) => fround(value / 255) : toByte;
    case "normalize": {
      const { mean: means, std: stds } = action;
      const average = fround(means[means.length === 1 ? 0 : channel]!);
      const deviation = fround(stds[stds.length === 1 ? 0 : channel]!);
      return (value) => fround(fround(value - average) / deviation);
    }
    default:
      return action satisfies never;
  }
}
