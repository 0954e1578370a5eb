/**
 * Data types: the storage of elements, and the promotion of two dtypes to one.
 *
 * On the GPU, uint8 and bool are packed four to a 32-bit word; on the host they
 * are bytes. Every other dtype has the same bytes on both sides. int32 stands
 * for torch's int64, and float32 for its float64, as WGSL has neither.
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

/**
 * Typed arrays that hold elements on the host; bool is stored as bytes 0 and 1.
 */
export type TypedArray =
  | Float32Array<ArrayBufferLike>
  | Float16Array<ArrayBufferLike>
  | Int32Array<ArrayBufferLike>
  | Uint32Array<ArrayBufferLike>
  | Uint8Array<ArrayBufferLike>;

/** Constructor of a typed array. */
export interface TypedArrayConstructor {
  /** Name for messages: `Float32Array`. */
  readonly name: string;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, offset?: number, length?: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

interface DTypeFacts {
  /** Bytes of one element on the host. */
  readonly bytes: number;
  readonly array: TypedArrayConstructor;
  /** Rank of the category in promotion: bool, integer, float. */
  readonly category: 0 | 1 | 2;
}

/** The properties of dtypes, one row each. */
export const DTYPES: Readonly<Record<DType, DTypeFacts>> = {
  float32: { bytes: 4, array: Float32Array, category: 2 },
  float16: { bytes: 2, array: Float16Array, category: 2 },
  int32: { bytes: 4, array: Int32Array, category: 1 },
  uint32: { bytes: 4, array: Uint32Array, category: 1 },
  uint8: { bytes: 1, array: Uint8Array, category: 1 },
  bool: { bytes: 1, array: Uint8Array, category: 0 },
};

/** Minimum and maximum of each integer dtype. */
export const RANGES: Readonly<
  Partial<Record<DType, readonly [least: number, most: number]>>
> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint8: [0, 255],
};

/** Maximum of each float dtype. */
export const LARGEST: Readonly<Partial<Record<DType, number>>> = {
  float32: 3.4028234663852886e38,
  float16: 65504,
};

/**
 * Returns a number as an element of this dtype: integers drop the fraction, and
 * bool is 1 for all numbers but 0. Floats are rounded later, by the store. `op`
 * names the op for messages.
 *
 * @throws {RangeError} If the number is out of range, also NaN or an infinity
 * for integers
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

/** Rounds a number to the nearest one of a float dtype. */
export function roundTo(value: number, dtype: DType): number {
  return dtype === "float16" ? Math.f16round(value) : Math.fround(value);
}

/** Whether the dtype is a float type, which can have gradients. */
export function isFloat(dtype: DType): boolean {
  return DTYPES[dtype].category === 2;
}

/** Whether `value` is the name of a dtype. */
export function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(DTYPES, value);
}

/**
 * Returns `dtype` after a check.
 *
 * @throws {TypeError} If the dtype is unknown
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
 * Returns the dtype of a typed array; bytes are uint8.
 *
 * @throws {TypeError} If no dtype corresponds to the array
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
 * Returns the dtype to which two tensors with dims promote, by torch's table.
 *
 * @throws {TypeError} For int32 and uint32, as no dtype here holds both
 */
export function promote(op: string, a: DType, b: DType): DType {
  if (a === b) return a;
  const byCategory = DTYPES[a].category - DTYPES[b].category;
  if (byCategory !== 0) return byCategory > 0 ? a : b;
  if (DTYPES[a].category === 2) return "float32";
  if (a === "uint8") return b;
  if (b === "uint8") return a;
  throw new TypeError(
    `Cannot ${op} ${a} and ${b} tensors: no integer type here holds both; ` +
      `convert one of them with to()`,
  );
}

/**
 * Returns the dtype of sums and products: int32 for integers and bool (torch
 * has int64), uint32 for uint32. Larger results wrap around.
 */
export function sumType(dtype: DType): DType {
  return isFloat(dtype) || dtype === "uint32" ? dtype : "int32";
}
