/**
 * Collation of samples of any structure. Lists and plain objects are collated
 * item by item. The caller decides how arrays combine: stacked, or padded.
 *
 * Numbers become int32 if all are integers and float32 otherwise, booleans
 * bool, images an ImageBatch; strings stay a list. A value that can't go into a
 * batch is refused with its path in the sample.
 *
 * @module
 */

import type { DType, TypedArray } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { isTensor } from "../checks/kinds.ts";
import {
  ARRAY_NAMES,
  holds,
  isNullSample,
  isPlainObject,
  isPresent,
  isTypedArray,
  nameOfType,
} from "../checks/values.ts";
import { type HostPicture, isPicture } from "../images/image.ts";
import type { BatchContext } from "./batch_context.ts";
import { at, type CombineArrays, stackPictures } from "./stack.ts";

/**
 * Collates samples; `combine` makes the items of the batch that are arrays.
 *
 * @throws {TypeError} If samples differ in type or structure, or hold a value
 * that can't go into a batch
 * @throws {RangeError} If there are no samples, or a number does not fit its
 * type
 */
export function collateSamples(
  samples: readonly unknown[],
  context: BatchContext,
  combine: CombineArrays,
): unknown {
  if (samples.length === 0) {
    throw new RangeError("Cannot collate a batch without samples");
  }
  const position = samples.findIndex(isNullSample);
  if (position !== -1) {
    const sample = samples[position];
    const value = isPresent(sample) ? Object.values(Object(sample))[0] : sample;
    throw new TypeError(
      `Cannot collate ${sampleAt(position, "", context)}: ` +
        `${whyUnfit(value)}; \`collate: collate.skipNulls()\` leaves such ` +
        `samples out`,
    );
  }
  return collateAt(samples, "", { context, combine });
}

/** The arguments of `collateSamples` that every path shares. */
interface Collation {
  readonly context: BatchContext;
  readonly combine: CombineArrays;
}

/** Types of values that can go into a batch, by their names in messages. */
const TYPES = {
  "an array": isArray,
  "an image": isPicture,
  "a number": (value) => typeof value === "number",
  "a boolean": (value) => typeof value === "boolean",
  "a string": (value) => typeof value === "string",
  "a list": Array.isArray,
  "an object": isPlainObject,
} as const satisfies Record<string, (value: unknown) => boolean>;

type TypeName = keyof typeof TYPES;

const TYPE_NAMES = Object.keys(TYPES) as TypeName[]; // the table's own keys

function typeOf(value: unknown): TypeName | undefined {
  return TYPE_NAMES.find((name) => TYPES[name](value));
}

/** Collates the values that the samples have at `path`. */
function collateAt(
  values: readonly unknown[],
  path: string,
  collation: Collation,
): unknown {
  const { context, combine } = collation;
  const type = typeOf(values[0]);
  if (!type || !values.every((value) => typeOf(value) === type)) {
    throw mismatch(values, path, context);
  }
  // each cast follows from `typeOf`
  switch (type) {
    case "an array": {
      const arrays = values as readonly (HostArray | TypedArray)[];
      return combine(arrays.map(toHostArray), path, context);
    }
    case "an image":
      return stackPictures(values as readonly HostPicture[], path, context);
    case "a number":
      return collateNumbers(values as readonly number[], path, context);
    case "a boolean":
      return fill(values.map(Number), "bool", context);
    case "a string":
      return [...values];
    case "a list":
      return collateLists(values as readonly unknown[][], path, collation);
    case "an object":
      return collateRecords(
        values as readonly Record<string, unknown>[],
        path,
        collation,
      );
    default:
      return type satisfies never;
  }
}

function isArray(value: unknown): value is HostArray | TypedArray {
  return value instanceof HostArray || isTypedArray(value);
}

function toHostArray(value: HostArray | TypedArray): HostArray {
  return value instanceof HostArray ? value : new HostArray(value);
}

function collateNumbers(
  values: readonly number[],
  path: string,
  context: BatchContext,
): HostArray {
  const dtype = values.every(Number.isInteger) ? "int32" : "float32";
  const tooLarge = values.findIndex((value) => !holds(dtype, value));
  if (tooLarge !== -1) {
    throw new RangeError(
      `Cannot collate ${sampleAt(tooLarge, path, context)}: ` +
        `${values[tooLarge]} does not fit ${dtype}; ` +
        `use a Float32Array, or two numbers`,
    );
  }
  return fill(values, dtype, context);
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
  collation: Collation,
): unknown[] {
  const { indices } = collation.context;
  const first = values[0]!;
  const other = values.findIndex(({ length }) => length !== first.length);
  if (other !== -1) {
    throw new TypeError(
      `Cannot collate samples ${indices[0]} and ` +
        `${indices[other]}${at(path)}: lists of ${first.length} and ` +
        `${values[other]!.length} items must have equal lengths`,
    );
  }
  return Array.from(
    first, // map() would skip the empty slots of a sparse list
    (_, item) => {
      const column = values.map((list) => list[item]);
      return collateAt(column, `${path}[${item}]`, collation);
    },
  );
}

function collateRecords(
  values: readonly Record<string, unknown>[],
  path: string,
  collation: Collation,
): Record<string, unknown> {
  const { context } = collation;
  const keys = Object.keys(values[0]!);
  for (const [position, record] of values.entries()) {
    const missing = keys.find((key) => !Object.hasOwn(record, key));
    const extra = Object.keys(record).find((key) => !keys.includes(key));
    if (missing === undefined && extra === undefined) continue;
    throw new TypeError(
      `Cannot collate ${sampleAt(position, path, context)}: it has ` +
        (missing === undefined
          ? `"${extra}", which sample ${context.indices[0]} has not`
          : `no "${missing}", which sample ${context.indices[0]} has`),
    );
  }
  const items = keys.map((key) => {
    const column = values.map((record) => record[key]);
    return [key, collateAt(column, `${path}.${key}`, collation)] as const;
  });
  return Object.fromEntries(items);
}

/** The error of values that are not all of one type. */
function mismatch(
  values: readonly unknown[],
  path: string,
  context: BatchContext,
): TypeError {
  const position = values.findIndex((value) => !typeOf(value));
  if (position !== -1) {
    return new TypeError(
      `Cannot collate ${sampleAt(position, path, context)}: ` +
        whyUnfit(values[position]),
    );
  }
  const expected = typeOf(values[0]);
  const other = values.findIndex((value) => typeOf(value) !== expected);
  return new TypeError(
    `Cannot collate ${sampleAt(other, path, context)}: expected ${expected} ` +
      `as in sample ${context.indices[0]}, got ${typeOf(values[other])}`,
  );
}

/** The reason why a value can't go into a batch, and what to use instead. */
function whyUnfit(value: unknown): string {
  const name = nameOfType(value);
  if (isTensor(value)) {
    return `a ${name} stays on the GPU; use batchTransform there, or ` +
      `HostArrays with host(), collate, transform`;
  }
  if (typeof value === "bigint") {
    return "a bigint is no element type; use Number()";
  }
  if (ArrayBuffer.isView(value)) {
    return `expected ${ARRAY_NAMES}, got ${name}; ` +
      `convert it, with Float32Array.from(x, Number)`;
  }
  return `expected arrays, numbers, booleans, strings, images, or lists and ` +
    `plain objects of them, got ${name}`;
}

function sampleAt(
  position: number,
  path: string,
  context: BatchContext,
): string {
  return `sample ${context.indices[position]}${at(path)}`;
}
