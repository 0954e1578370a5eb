/**
 * Predicates on values of unknown type, and the words for them in messages.
 *
 * @module
 */

import type { TypedArray } from "../../tensor/dtype.ts";

/**
 * Whether an element of the type can hold a number. Fractions may be rounded to
 * float32. A safe integer must not become another integer, and no other number
 * may become 0 or infinite.
 */
export function holds(dtype: "float32" | "int32", value: number): boolean {
  if (dtype === "int32") return (value | 0) === value;
  const rounded = Math.fround(value);
  if (Number.isSafeInteger(value)) return rounded === value;
  return Number.isFinite(value)
    ? rounded !== 0 && Number.isFinite(rounded)
    : true;
}

/** Whether `value` is an object literal, or an object without prototype. */
export function isPlainObject(
  value: unknown,
): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether a value is neither undefined nor null. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/**
 * Whether a sample is null or undefined, or a list or object of nothing else: a
 * dataset of pairs gives [null, null].
 */
export function isNullSample(sample: unknown): boolean {
  if (!isPresent(sample)) return true;
  const items = Array.isArray(sample)
    ? sample
    : isPlainObject(sample)
    ? Object.values(sample)
    : [];
  return items.length > 0 && !items.some(isPresent);
}

/** Classes of host arrays that become tensors. */
const ELEMENT_TYPES = [
  Float32Array,
  Float16Array,
  Int32Array,
  Uint32Array,
  Uint8Array,
];

/** The names of those classes, for messages. */
export const ARRAY_NAMES: string = ELEMENT_TYPES.map(({ name }) => name)
  .join(", ");

/** Whether `value` is a typed array of an element type of tensors. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ELEMENT_TYPES.some((type) => value instanceof type);
}

/** The type of a value, or the class of an object, for messages. */
export function nameOfType(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "object";
}

/** The message of a thrown value, be it an Error or not. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  try {
    return String(thrown);
  } catch {
    return "the thrown value can't be converted to a string";
  }
}
