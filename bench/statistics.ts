/**
 * The statistics of the bench: medians, the spread over rounds, and ratios.
 * Pure functions of numbers; units are the caller's.
 *
 * @module
 */

/** The smallest and the largest of some values. */
export interface Spread {
  readonly least: number;
  readonly most: number;
}

/**
 * The value in the middle, or the mean of the two that are.
 *
 * @throws {RangeError} If there are no values
 */
export function medianOf(values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError("Cannot take the median of no values");
  }
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The smallest and the largest value.
 *
 * @throws {RangeError} If there are no values
 */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) {
    throw new RangeError("Cannot take the spread of no values");
  }
  return { least: Math.min(...values), most: Math.max(...values) };
}

/** Four significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * The largest difference of two arrays, as a share of the largest wanted
 * magnitude; Infinity if their lengths differ or a value is not finite.
 */
export function relativeError(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
): number {
  if (got.length !== want.length) return Infinity;
  let error = 0;
  let scale = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs(got[i]! - want[i]!);
    if (!Number.isFinite(difference)) return Infinity;
    error = Math.max(error, difference);
    scale = Math.max(scale, Math.abs(want[i]!));
  }
  return error / (scale || 1);
}
