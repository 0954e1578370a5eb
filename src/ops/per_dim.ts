/**
 * Options of windows: one number for all dims, or a list of one number or one
 * per dim.
 *
 * @module
 */

/** One number for all dims, or a list of one number or one per dim. */
export type PerDim = number | readonly number[];

/** One number for rows and columns alike, or [rows, columns]. */
export type Pair = number | readonly [number] | readonly [number, number];

/** A number for the one dim of a signal. */
export type Single = number | readonly [number];

/** One number for all three dims, or [depth, rows, columns]. */
export type Triple =
  | number
  | readonly [number]
  | readonly [number, number, number];

const COUNTS = {
  1: "expected one number",
  2: "expected one number or two",
  3: "expected one number or three",
};

/**
 * Returns `count` items: the list itself, or one item repeated.
 *
 * @throws {TypeError} If the list has neither one nor `count` items
 */
export function spread<T>(
  op: string,
  option: string,
  value: T | readonly T[],
  count: 1 | 2 | 3,
): readonly T[] {
  const list = isList(value) ? value : [value];
  if (list.length === count) return list;
  const [all] = list;
  if (list.length === 1) return Array.from({ length: count }, () => all as T); // there is one
  throw new TypeError(
    `Cannot ${op} with ${option} [${list.join(", ")}]: ${COUNTS[count]}`,
  );
}

// isArray does not narrow readonly arrays
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/**
 * Returns an option's values for `count` dims.
 *
 * @throws {TypeError} If the list has neither one nor `count` values
 * @throws {RangeError} If a value is not an integer of at least `least`
 */
export function perDim(
  op: string,
  option: string,
  value: PerDim,
  least: number,
  count: 1 | 2 | 3,
): readonly number[] {
  const list = spread(op, option, value, count);
  for (const by of list) {
    if (!Number.isInteger(by) || by < least) {
      throw new RangeError(
        `Cannot ${op} with ${option} ${by}: ` +
          `expected an integer of at least ${least}`,
      );
    }
  }
  return list;
}

/**
 * Returns an option's values for rows and columns.
 *
 * @throws {TypeError} If the list has neither one nor two values
 * @throws {RangeError} If a value is not an integer of at least `least`
 */
export function pairOf(
  op: string,
  option: string,
  value: PerDim,
  least: number,
): readonly [number, number] {
  const [rows, columns] = perDim(op, option, value, least, 2);
  return [rows!, columns!]; // perDim returns two
}
