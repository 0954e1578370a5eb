/**
 * Collation: samples become a batch.
 *
 * Arrays of equal shape are stacked along a new first dim, numbers become
 * int32 if all of them are integers and float32 otherwise, booleans bool,
 * strings stay a list; arrays and plain objects are collated item by item. What
 * can't go into a batch is refused with its place in the sample.
 *
 * @module
 */

import type { DType, TypedArray } from "../tensor/dtype.ts";
import { HostArray } from "../tensor/host_array.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Generator } from "../tensor/generator.ts";
import { isPlainObject, isTypedArray, nameOfType } from "./_shared.ts";
import { Arena } from "./arena.ts";
import type { BatchContext, Collated } from "./batch.ts";

/**
 * The batch of some samples.
 *
 * An integer beyond int32 is refused, not rounded. Numbers that mean
 * measurements and may all be whole belong in a Float32Array.
 *
 * Source: torch.utils.data.default_collate.
 *
 * @throws {TypeError} If samples differ in shape, type or structure, or hold
 * something that can't go into a batch; the message says where
 * @throws {RangeError} If there are no samples, or an integer is not an int32
 *
 * @example Images and labels
 * ```ts
 * import { data } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const [x, y] = data.collate([
 *   [Float32Array.of(1, 2), 7],
 *   [Float32Array.of(3, 4), 8],
 * ]);
 * assertEquals(x.shape, [2, 2]);
 * assertEquals(y.data, Int32Array.of(7, 8));
 * ```
 */
export function collate<Sample>(
  samples: readonly Sample[],
  context: BatchContext = standalone(samples.length),
): Collated<Sample> {
  if (samples.length === 0) {
    throw new RangeError("Cannot collate a batch without samples");
  }
  // Collated<> says in types what collateAt does
  return collateAt(samples, "", context) as Collated<Sample>;
}

/** Collates what the samples have at `path`. */
function collateAt(
  values: readonly unknown[],
  path: string,
  context: BatchContext,
): unknown {
  if (values.every(isArray)) {
    return stack(values.map(toHostArray), path, context);
  }
  if (values.every((value) => typeof value === "number")) {
    return collateNumbers(values, path, context);
  }
  if (values.every((value) => typeof value === "boolean")) {
    return fill(values.map(Number), "bool", context);
  }
  if (values.every((value) => typeof value === "string")) return [...values];
  if (values.every((value) => Array.isArray(value))) {
    return collateLists(values, path, context);
  }
  if (values.every(isPlainObject)) return collateRecords(values, path, context);
  throw unfit(values, path, context);
}

function isArray(value: unknown): value is HostArray | TypedArray {
  return value instanceof HostArray || isTypedArray(value);
}

function toHostArray(value: HostArray | TypedArray): HostArray {
  return value instanceof HostArray ? value : new HostArray(value);
}

function stack(
  arrays: readonly HostArray[],
  path: string,
  context: BatchContext,
): HostArray {
  const { shape, dtype } = arrays[0]!;
  for (let i = 1; i < arrays.length; i++) {
    const other = arrays[i]!;
    if (!sameShape(other.shape, shape)) {
      throw new TypeError(
        `Cannot stack samples ${context.indices[0]} and ` +
          `${context.indices[i]}${at(path)}: shapes ${
            formatShape(shape)
          } and ` +
          `${formatShape(other.shape)} must be equal`,
      );
    }
    if (other.dtype !== dtype) {
      throw new TypeError(
        `Cannot stack samples ${context.indices[0]} and ` +
          `${context.indices[i]}${at(path)}: types ${dtype} and ` +
          `${other.dtype} must be equal`,
      );
    }
  }
  const batch = context.empty([arrays.length, ...shape], dtype);
  const size = arrays[0]!.data.length;
  for (let i = 0; i < arrays.length; i++) {
    batch.data.set(arrays[i]!.data, i * size);
  }
  return batch;
}

function collateNumbers(
  values: readonly number[],
  path: string,
  context: BatchContext,
): HostArray {
  if (!values.every(Number.isInteger)) return fill(values, "float32", context);
  const tooLarge = values.findIndex((value) => (value | 0) !== value);
  if (tooLarge !== -1) {
    throw new RangeError(
      `Cannot collate ${place(tooLarge, path, context)}: ` +
        `${values[tooLarge]} does not fit int32; ` +
        `use a Float32Array, or two numbers`,
    );
  }
  return fill(values, "int32", context);
}

function fill(
  values: readonly number[],
  dtype: DType,
  context: BatchContext,
): HostArray {
  const batch = context.empty([values.length], dtype);
  batch.data.set(values);
  return batch;
}

function collateLists(
  values: readonly unknown[][],
  path: string,
  context: BatchContext,
): unknown[] {
  const first = values[0]!;
  const other = values.findIndex(({ length }) => length !== first.length);
  if (other !== -1) {
    throw new TypeError(
      `Cannot collate samples ${context.indices[0]} and ` +
        `${context.indices[other]}${at(path)}: lists of ${first.length} and ` +
        `${values[other]!.length} items must have equal lengths`,
    );
  }
  return first.map((_, item) =>
    collateAt(values.map((list) => list[item]), `${path}[${item}]`, context)
  );
}

function collateRecords(
  values: readonly Record<string, unknown>[],
  path: string,
  context: BatchContext,
): Record<string, unknown> {
  const batch: Record<string, unknown> = {};
  for (const key of Object.keys(values[0]!)) {
    const missing = values.findIndex((record) => !Object.hasOwn(record, key));
    if (missing !== -1) {
      throw new TypeError(
        `Cannot collate ${place(missing, path, context)}: it has no ` +
          `"${key}", which sample ${context.indices[0]} has`,
      );
    }
    batch[key] = collateAt(
      values.map((record) => record[key]),
      `${path}.${key}`,
      context,
    );
  }
  return batch;
}

/** What is wrong with values that are not all of one kind. */
function unfit(
  values: readonly unknown[],
  path: string,
  context: BatchContext,
): TypeError {
  const position = values.findIndex((value) => !isCollatable(value));
  if (position !== -1) {
    const what = place(position, path, context);
    const value = values[position];
    return new TypeError(
      typeof value === "bigint"
        ? `Cannot collate ${what}: a bigint is no element type; use Number()`
        : `Cannot collate ${what}: expected arrays, numbers, booleans, ` +
          `strings, or lists and plain objects of them, ` +
          `got ${nameOfType(value)}`,
    );
  }
  const expected = nameOfType(values[0]);
  const other = values.findIndex((value) => nameOfType(value) !== expected);
  return new TypeError(
    `Cannot collate ${place(other, path, context)}: expected ${expected} as ` +
      `in sample ${context.indices[0]}, got ${nameOfType(values[other])}`,
  );
}

function isCollatable(value: unknown): boolean {
  return ["number", "boolean", "string"].includes(typeof value) ||
    isArray(value) || Array.isArray(value) || isPlainObject(value);
}

function place(position: number, path: string, context: BatchContext): string {
  return `sample ${context.indices[position]}${at(path)}`;
}

function at(path: string): string {
  return path === "" ? "" : ` at ${path}`;
}

/** The context of samples that no loader asked for: their positions count. */
function standalone(length: number): BatchContext {
  const arena = new Arena();
  return {
    indices: Array.from({ length }, (_, position) => position),
    empty: (shape, dtype) => arena.empty(shape, dtype),
    generator: (position) => Generator.ofSample(0, 0, position),
  };
}
