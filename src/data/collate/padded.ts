/**
 * A collate that pads arrays of different lengths to the longest.
 *
 * @module
 */

import {
  type DType,
  DTYPES,
  isFloat,
  type TypedArray,
} from "../../tensor/dtype.ts";
import type { HostArray } from "../../tensor/host_array.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { type BatchContext, standalone } from "./batch_context.ts";
import { at } from "./stack.ts";
import { collateSamples } from "./samples.ts";
import { checkOptions, KINDS } from "../checks/kinds.ts";

/** A batch of arrays of different lengths. */
export interface PaddedArray {
  /** The arrays [N, longest, ...]; padding follows the shorter ones. */
  readonly values: HostArray;
  /** The first size of each array: int32 [N]. */
  readonly lengths: HostArray;
}

/** The host batch that `collate.padded` makes of samples of a type. */
export type PaddedBatch<Sample> = Sample extends HostArray | TypedArray
  ? PaddedArray
  : Sample extends number | boolean ? HostArray
  : Sample extends string ? string[]
  : { [Key in keyof Sample]: PaddedBatch<Sample[Key]> };

/** The padding of `collate.padded`. */
export interface PaddedOptions {
  /** The value that follows the shorter arrays. Default: 0. */
  readonly paddingValue?: number;
}

/**
 * A collate like `collate`, except that arrays may differ in their first size:
 * they become `values` and `lengths`. `collate.padded` makes it.
 */
export class Padded<Sample> {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** The value that follows the shorter arrays. */
  readonly paddingValue: number;

  /**
   * Sets up the collate.
   *
   * @throws {TypeError} If an option is unknown, or of another type
   */
  constructor(options: PaddedOptions = {}) {
    const { paddingValue = 0 } = checkOptions("Padded", options, {
      paddingValue: KINDS.number,
    });
    this.paddingValue = paddingValue;
  }

  /**
   * Makes the padded batch of samples.
   *
   * @throws {TypeError} If arrays have no dims, or differ in dtype or in a size
   * other than the first; otherwise as `collate`
   * @throws {RangeError} If the dtype of arrays does not hold `paddingValue`
   */
  call(
    samples: readonly Sample[],
    context: BatchContext = standalone(samples),
  ): PaddedBatch<Sample> {
    const batch = collateSamples(
      samples,
      context,
      (arrays, path) => pad(arrays, path, context, this.paddingValue),
    );
    return batch as PaddedBatch<Sample>; // the types of `pad`
  }
}

function pad(
  arrays: readonly HostArray[],
  path: string,
  context: BatchContext,
  paddingValue: number,
): PaddedArray {
  const { shape, dtype } = arrays[0]!; // a batch has samples
  const rowShape = shape.slice(1);
  for (const [position, other] of arrays.entries()) {
    const place = `sample ${context.indices[position]}${at(path)}`;
    if (other.shape.length === 0) {
      throw new TypeError(
        `Cannot pad ${place}: an array of shape [] has no length`,
      );
    }
    if (!sameShape(other.shape.slice(1), rowShape) || other.dtype !== dtype) {
      throw new TypeError(
        `Cannot pad ${place}: ${other.dtype} ${formatShape(other.shape)} and ` +
          `${dtype} ${formatShape(shape)} of sample ` +
          `${context.indices[0]} may differ in the first size alone`,
      );
    }
  }
  const lengths = arrays.map((array) => array.shape[0]!); // it has dims
  const longest = Math.max(...lengths);
  const values = context.empty([arrays.length, longest, ...rowShape], dtype);
  values.data.fill(fitting(paddingValue, dtype));
  const step = values.data.length / arrays.length;
  for (const [position, { data }] of arrays.entries()) {
    values.data.set(data, position * step);
  }
  const counts = context.empty([arrays.length], "int32");
  counts.data.set(lengths);
  return { values, lengths: counts };
}

/** @throws {RangeError} If elements of the dtype would hold another value */
function fitting(paddingValue: number, dtype: DType): number {
  const [held] = new DTYPES[dtype].array(1).fill(paddingValue);
  const fits = isFloat(dtype)
    ? Number.isFinite(held) || !Number.isFinite(paddingValue)
    : held === paddingValue && (dtype !== "bool" || held <= 1);
  if (fits) return paddingValue;
  throw new RangeError(
    `Cannot pad arrays of ${dtype} with paddingValue ${paddingValue}: expected ` +
      `a value that ${dtype} holds`,
  );
}
