/**
 * Data types: how an element of a tensor is stored and which type two operands
 * of different types meet in.
 *
 * uint8 and bool are packed four to a 32-bit word on the GPU and are plain
 * bytes on the host; every other type has the same bytes on both sides. torch's
 * int64 is int32 here and its float64 float32: WGSL has neither.
 *
 * @module
 */

import { formatChoices, formatValue } from "./arguments.ts";

/** The name of an element type. */
export type DType =
  | "float32"
  | "float16"
  | "int32"
  | "uint32"
  | "uint8"
  | "bool";

/** The host arrays that elements travel in; bool travels as 0 and 1 in bytes. */
export type TypedArray =
  | Float32Array<ArrayBufferLike>
  | Float16Array<ArrayBufferLike>
  | Int32Array<ArrayBufferLike>
  | Uint32Array<ArrayBufferLike>
  | Uint8Array<ArrayBufferLike>;

/** A constructor of host arrays. */
export interface TypedArrayConstructor {
  /** As messages have it: `Float32Array`. */
  readonly name: string;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, offset?: number, length?: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

interface DTypeFacts {
  /** Bytes of one element on the host. */
  readonly bytes: number;
  readonly array: TypedArrayConstructor;
  /** The order in which promotion picks a category: bool, integer, float. */
  readonly category: 0 | 1 | 2;
}

/** What each type is, one row per type. */
export const DTYPES: Readonly<Record<DType, DTypeFacts>> = {
  float32: { bytes: 4, array: Float32Array, category: 2 },
  float16: { bytes: 2, array: Float16Array, category: 2 },
  int32: { bytes: 4, array: Int32Array, category: 1 },
  uint32: { bytes: 4, array: Uint32Array, category: 1 },
  uint8: { bytes: 1, array: Uint8Array, category: 1 },
  bool: { bytes: 1, array: Uint8Array, category: 0 },
};

/** Whether gradients can flow through elements of this type. */
export function isFloat(dtype: DType): boolean {
  return DTYPES[dtype].category === 2;
}

/** Whether `value` is the name of a type. */
export function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(DTYPES, value);
}

/**
 * A checked name of a type.
 *
 * @throws {TypeError} If there is no such type
 */
export function checkDType(op: string, dtype: DType): DType {
  if (!isDType(dtype)) {
    throw new TypeError(
      `Cannot ${op} of type ${formatValue(dtype)}: expected ` +
        formatChoices(Object.keys(DTYPES)),
    );
  }
  return dtype;
}

/**
 * The type of a host array, bytes being uint8.
 *
 * @throws {TypeError} If there is no type for arrays of this kind
 */
export function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Uint8Array) return "uint8";
  if (array instanceof Uint32Array) return "uint32";
  if (array instanceof Float16Array) return "float16";
  throw new TypeError(
    `Cannot make a tensor of ${formatValue(array)}: expected a Float32Array, ` +
      `Float16Array, Int32Array, Uint32Array or Uint8Array`,
  );
}

/**
 * The type in which two tensors with dimensions meet, by torch's table.
 *
 * int32 with uint32 has no counterpart in torch; it becomes int32.
 */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const byCategory = DTYPES[a].category - DTYPES[b].category;
  if (byCategory !== 0) return byCategory > 0 ? a : b;
  if (DTYPES[a].category === 2) return "float32";
  return "int32";
}
