/**
 * The types in which safetensors files store elements, and how each becomes one
 * of ours: as it is, or element by element.
 *
 * Sizes are in bytes.
 *
 * @module
 */

import { type DType, DTYPES, type TypedArray } from "../tensor/dtype.ts";

/** The name of a type, as the header of a file has it. */
export type StoredType =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U32"
  | "U8"
  | "BOOL";

interface StoredFacts {
  /** Bytes of one stored element. */
  readonly bytes: number;
  /** What it is read into. */
  readonly dtype: DType;
  /** Converts elements; types that are ours already have none. */
  readonly convert?: (name: string, bytes: ArrayBuffer) => TypedArray;
}

/** What each stored type is, one row per type. */
export const STORED: Readonly<Record<StoredType, StoredFacts>> = {
  F64: { bytes: 8, dtype: "float32", convert: fromFloat64 },
  F32: { bytes: 4, dtype: "float32" },
  F16: { bytes: 2, dtype: "float16" },
  BF16: { bytes: 2, dtype: "float32", convert: fromBfloat16 },
  I64: { bytes: 8, dtype: "int32", convert: fromInt64 },
  I32: { bytes: 4, dtype: "int32" },
  I16: {
    bytes: 2,
    dtype: "int32",
    convert: (_, bytes) => Int32Array.from(new Int16Array(bytes)),
  },
  I8: {
    bytes: 1,
    dtype: "int32",
    convert: (_, bytes) => Int32Array.from(new Int8Array(bytes)),
  },
  U32: { bytes: 4, dtype: "uint32" },
  U8: { bytes: 1, dtype: "uint8" },
  BOOL: { bytes: 1, dtype: "bool" },
};

/** Whether `value` names a type that can be read. */
export function isStored(value: unknown): value is StoredType {
  return typeof value === "string" && Object.hasOwn(STORED, value);
}

/**
 * The elements of the array `name` in `bytes`, in the type of its row.
 *
 * @throws {RangeError} If one of them does not fit that type
 */
export function arrayOf(
  name: string,
  type: StoredType,
  bytes: Uint8Array,
): TypedArray {
  const { bytes: size, dtype, convert } = STORED[type];
  if (convert) return convert(name, bytes.slice().buffer);
  if (type === "BOOL") checkBool(name, bytes);
  const { array } = DTYPES[dtype];
  const whole = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new array(whole.buffer, whole.byteOffset, whole.byteLength / size);
}

function misfit(name: string, i: number, value: unknown, type: string): never {
  throw new RangeError(
    `Cannot read "${name}" of safetensors: ${value} at index ${i} ` +
      `does not fit ${type}`,
  );
}

function checkBool(name: string, bytes: Uint8Array): void {
  const i = bytes.findIndex((byte) => byte > 1);
  if (i >= 0) misfit(name, i, bytes[i], "bool");
}

function fromFloat64(name: string, bytes: ArrayBuffer): Float32Array {
  const from = new Float64Array(bytes);
  const to = Float32Array.from(from);
  const i = to.findIndex((value, i) =>
    Math.abs(value) === Infinity && value !== from[i]
  );
  if (i >= 0) misfit(name, i, from[i], "float32");
  return to;
}

// bfloat16 is the upper half of float32
function fromBfloat16(_name: string, bytes: ArrayBuffer): Float32Array {
  const from = new Uint16Array(bytes);
  const words = new Uint32Array(from.length);
  for (let i = 0; i < from.length; i++) words[i] = from[i]! << 16;
  return new Float32Array(words.buffer);
}

// In halves: a BigInt an element would take a hundred times as long.
function fromInt64(name: string, bytes: ArrayBuffer): Int32Array {
  const halves = new Int32Array(bytes);
  const to = new Int32Array(halves.length / 2);
  for (let i = 0; i < to.length; i++) {
    const low = halves[2 * i]!;
    if (halves[2 * i + 1] !== low >> 31) {
      misfit(name, i, new BigInt64Array(bytes)[i], "int32");
    }
    to[i] = low;
  }
  return to;
}
