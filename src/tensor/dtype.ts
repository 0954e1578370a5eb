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

/** The least and the largest number of each integer type. */
export const RANGES: Readonly<
  Partial<Record<DType, readonly [least: number, most: number]>>
> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint8: [0, 255],
};

/** The largest number of each float type. */
export const LARGEST: Readonly<Partial<Record<DType, number>>> = {
  float32: 3.4028234663852886e38,
  float16: 65504,
};

/**
 * A number as an element of this type holds it, where it is written by `op`:
 * integers drop its fraction, in bool all but 0 is 1. Floats are rounded when
 * they are stored.
 *
 * @throws {RangeError} If the type holds no such number: one beyond its range,
 * NaN or an infinity in integers
 */
export function fit(op: string, value: number, dtype: DType): number {
  if (dtype === "bool") return value === 0 ? 0 : 1;
  const range = RANGES[dtype];
  if (!range) {
    if (Number.isFinite(value) && !Number.isFinite(roundTo(value, dtype))) {
      throw misfit(op, value, dtype, -LARGEST[dtype]!, LARGEST[dtype]!);
    }
    return value;
  }
  const whole = Math.trunc(value);
  if (!(whole >= range[0] && whole <= range[1])) {
    throw misfit(op, value, dtype, ...range);
  }
  return whole;
}

function misfit(
  op: string,
  value: number,
  dtype: DType,
  least: number,
  most: number,
): RangeError {
  const type = dtype === "int32" ? "an int32" : `a ${dtype}`;
  return new RangeError(
    `Cannot put ${value} into ${type} tensor (${op}): ` +
      `expected ${least} to ${most}`,
  );
}

/** A number rounded to the nearest one of a float type. */
export function roundTo(value: number, dtype: DType): number {
  return dtype === "float16" ? Math.f16round(value) : Math.fround(value);
}

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
 * @throws {TypeError} If they are int32 and uint32: no type here holds both
 */
export function promote(op: string, a: DType, b: DType): DType {
  if (a === b) return a;
  const byCategory = DTYPES[a].category - DTYPES[b].category;
  if (byCategory !== 0) return byCategory > 0 ? a : b;
  if (DTYPES[a].category === 2) return "float32";
  if (a === "uint8") return b;
  if (b === "uint8") return a;
  throw new TypeError(
    `Cannot ${op} ${a} and ${b} tensors: no integer type here holds both ` +
      `(take one of them to the other's type, or to float32)`,
  );
}

/**
 * The type of sums and products of many elements: of integers and bool it is
 * int32 (torch has int64), of uint32 uint32. They wrap around beyond it.
 */
export function sumType(dtype: DType): DType {
  return isFloat(dtype) || dtype === "uint32" ? dtype : "int32";
}
