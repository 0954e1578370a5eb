/**
 * Predicates on values of unknown type, and the words for them in messages.
 *
 * @module
 */

import type { TypedArray } from "../../tensor/dtype.ts";

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

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  try {
    return String(thrown);
  } catch {
    return "something without words was thrown";
  }
}
