/**
 * Values of images: their bounds, and the arithmetic that all actions share.
 *
 * Arithmetic is in float32, as torch's. Bytes lose their fraction instead of
 * being rounded, so an error in the last place would show.
 *
 * @module
 */

import type { Fill, ImageDType } from "./action.ts";

const { fround } = Math;

/** Returns the largest value of a type. */
export function boundOf(dtype: ImageDType): number {
  return dtype === "uint8" ? 255 : 1;
}

/** Returns a value within the bounds of its type; bytes lose their fraction. */
export function clamped(value: number, dtype: ImageDType): number {
  const within = Math.min(Math.max(value, 0), boundOf(dtype));
  return dtype === "uint8" ? Math.trunc(within) : within;
}

/** Returns ratio * value + (1 - ratio) * other, within the type's bounds. */
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
 * Returns a float 0 to 1 as a byte; every byte has an equal share of the range.
 * Floats beyond the range become the first or the last byte.
 */
export function toByte(value: number): number {
  return clamped(fround(value * fround(255.999)), "uint8");
}

/** Returns 0.2989 r + 0.587 g + 0.114 b; for bytes without its fraction. */
export function greyOf(
  r: number,
  g: number,
  b: number,
  dtype: ImageDType,
): number {
  const grey = fround(
    fround(fround(fround(0.2989) * r) + fround(fround(0.587) * g)) +
      fround(fround(0.114) * b),
  );
  return dtype === "uint8" ? Math.trunc(grey) : grey;
}

/** Returns the nearest integer; of two, the even one. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Returns the value of a channel. */
export function valueAt(values: Fill, channel: number): number {
  if (typeof values === "number") return values;
  return values[values.length === 1 ? 0 : channel] ?? 0;
}
