/**
 * Checks and words that several files of the data room use.
 *
 * @module
 */

import type { TypedArray } from "../tensor/dtype.ts";

/**
 * `value`, if it is a count.
 *
 * @throws {RangeError} If it is not an integer of at least `least`
 */
export function checkCount(what: string, value: number, least: 0 | 1): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(
      `Cannot use ${value} as ${what}: expected ` +
        (least === 1 ? "a positive integer" : "an integer of 0 or more"),
    );
  }
  return value;
}

/**
 * `index`, if a dataset of `length` samples has it; messages call it `name`.
 *
 * @throws {RangeError} If it is not an integer from 0 to `length - 1`
 */
export function checkIndex(
  index: number,
  length: number,
  name = "the dataset",
): number {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new RangeError(
      `Cannot load sample ${index}: ${name} has ` +
        (length === 0 ? "no samples" : `samples 0 to ${length - 1}`),
    );
  }
  return index;
}

/**
 * Whether a number of the host goes into an element without harm. Fractions are
 * rounded to float32, as everywhere; what it does not hold are integers (below
 * 2^53, where numbers stand for integers) that would become others, and numbers
 * that would become 0 or infinite.
 */
export function holds(dtype: "float32" | "int32", value: number): boolean {
  if (dtype === "int32") return (value | 0) === value;
  const rounded = Math.fround(value);
  if (Number.isSafeInteger(value)) return rounded === value;
  return Number.isFinite(value)
    ? rounded !== 0 && Number.isFinite(rounded)
    : true;
}

/** Whether `value` is an object that literals make, or one without prototype. */
export function isPlainObject(
  value: unknown,
): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Whether a sample is not there: null or undefined, or a list or object of
 * nothing else, which is what a dataset of pairs gives.
 */
export function isHole(sample: unknown): boolean {
  if (!isThere(sample)) return true;
  const items = Array.isArray(sample)
    ? sample
    : isPlainObject(sample)
    ? Object.values(sample)
    : [];
  return items.length > 0 && !items.some(isThere);
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The host arrays that tensors can be made of. */
const ELEMENT_TYPES = [
  Float32Array,
  Float16Array,
  Int32Array,
  Uint32Array,
  Uint8Array,
];

/** The classes of those arrays, as messages list them. */
export const ARRAY_NAMES: string = ELEMENT_TYPES.map(({ name }) => name)
  .join(", ");

/** Whether `value` is a typed array of a type that tensors have. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ELEMENT_TYPES.some((type) => value instanceof type);
}

/** What messages call a value: its type, or the class of an object. */
export function nameOfType(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "object";
}
