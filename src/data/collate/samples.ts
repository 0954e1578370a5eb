/**
 * Collation: samples become a batch. What is made of arrays is the caller's to
 * say; the rest is the same for all.
 *
 * Numbers become int32 if all of them are integers and float32 otherwise,
 * booleans bool, images a batch of images, strings stay a list; arrays and plain
 * objects are collated item by item. What can't go into a batch is refused with
 * its place in the sample.
 *
 * @module
 */

import type { DType, TypedArray } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import {
  ARRAY_NAMES,
  holds,
  isHole,
  isPlainObject,
  isTypedArray,
  nameOfType,
} from "../checks/values.ts";
import type { BatchContext } from "./batch_context.ts";
import { type HostPicture, isPicture } from "../images/image.ts";
import { at, type Stack, stackPictures } from "./stack.ts";
import { isGiven, isTensor } from "../checks/kinds.ts";

/**
 * The batch of some samples, in which arrays become what `stack` makes of them.
 *
 * @throws {TypeError} If samples differ in type or structure, or hold something
 * that can't go into a batch
 * @throws {RangeError} If there are no samples, or a number does not fit its type
 */
export function collateSamples(
  samples: readonly unknown[],
  context: BatchContext,
  stack: Stack,
): unknown {
  if (samples.length === 0) {
    throw new RangeError("Cannot collate a batch without samples");
  }
  const hole = samples.findIndex(isHole);
  if (hole !== -1) {
    const given = samples[hole];
    const first = isGiven(given) ? Object.values(Object(given))[0] : given;
    const why = `${whyUnfit(first)}; \`collate: collate.skipNulls()\` leaves ` +
      `such samples out`;
    throw new TypeError(
      `Cannot collate ${place(hole, "", context)}: ${why}`,
    );
  }
  return collateAt(samples, "", { context, stack });
}

/** What is the same at every place of the samples. */
interface Job {
  readonly context: BatchContext;
  readonly stack: Stack;
}

/** What can go into a batch, as messages call it, and how it is recognized. */
const PARTS = {
  "an array": isArray,
  "an image": isPicture,
  "a number": (value) => typeof value === "number",
  "a boolean": (value) => typeof value === "boolean",
  "a string": (value) => typeof value === "string",
  "a list": Array.isArray,
  "an object": isPlainObject,
} as const satisfies Record<string, (value: unknown) => boolean>;

type Part = keyof typeof PARTS;

const NAMES = Object.keys(PARTS) as Part[]; // the table's own keys

function partOf(value: unknown): Part | undefined {
  return NAMES.find((part) => PARTS[part](value));
}

/** Collates what the samples have at `path`. */
function collateAt(
  values: readonly unknown[],
  path: string,
  job: Job,
): unknown {
  const { context, stack } = job;
  const part = partOf(values[0]);
  if (!part || !values.every((value) => partOf(value) === part)) {
    throw unfit(values, path, context);
  }
  // each cast is what `partOf` has found
  switch (part) {
    case "an array": {
      const arrays = values as readonly (HostArray | TypedArray)[];
      return stack(arrays.map(toHostArray), path, context);
    }
    case "an image":
      return stackPictures(values as readonly HostPicture[], at(path), context);
    case "a number":
      return collateNumbers(values as readonly number[], path, context);
    case "a boolean":
      return fill(values.map(Number), "bool", context);
    case "a string":
      return [...values];
    case "a list":
      return collateLists(values as readonly unknown[][], path, job);
    case "an object":
      return collateRecords(
        values as readonly Record<string, unknown>[],
        path,
        job,
      );
    default:
      return part satisfies never;
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
      `Cannot collate ${place(tooLarge, path, context)}: ` +
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
  job: Job,
): unknown[] {
  const { indices } = job.context;
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
    first, // not map(), which passes over holes
    (_, item) =>
      collateAt(values.map((list) => list[item]), `${path}[${item}]`, job),
  );
}

function collateRecords(
  values: readonly Record<string, unknown>[],
  path: string,
  job: Job,
): Record<string, unknown> {
  const { indices } = job.context;
  const keys = Object.keys(values[0]!);
  for (const [position, record] of values.entries()) {
    const missing = keys.find((key) => !Object.hasOwn(record, key));
    const extra = Object.keys(record).find((key) => !keys.includes(key));
    if (missing === undefined && extra === undefined) continue;
    throw new TypeError(
      `Cannot collate ${place(position, path, job.context)}: it has ` +
        (missing === undefined
          ? `"${extra}", which sample ${indices[0]} has not`
          : `no "${missing}", which sample ${indices[0]} has`),
    );
  }
  const items = keys.map((key) => {
    const column = values.map((record) => record[key]);
    return [key, collateAt(column, `${path}.${key}`, job)] as const;
  });
  return Object.fromEntries(items);
}

/** What is wrong with values that are not all of one kind. */
function unfit(
  values: readonly unknown[],
  path: string,
  context: BatchContext,
): TypeError {
  const position = values.findIndex((value) => !partOf(value));
  if (position !== -1) {
    const what = place(position, path, context);
    const why = whyUnfit(values[position]);
    return new TypeError(`Cannot collate ${what}: ${why}`);
  }
  const expected = partOf(values[0]);
  const other = values.findIndex((value) => partOf(value) !== expected);
  return new TypeError(
    `Cannot collate ${place(other, path, context)}: expected ${expected} as ` +
      `in sample ${context.indices[0]}, got ${partOf(values[other])}`,
  );
}

/** Why a value can't go into a batch, and what can instead. */
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
      `Float32Array.from(x, Number) makes one of it`;
  }
  return `expected arrays, numbers, booleans, strings, images, or lists and ` +
    `plain objects of them, got ${name}`;
}

function place(position: number, path: string, context: BatchContext): string {
  return `sample ${context.indices[position]}${at(path)}`;
}
