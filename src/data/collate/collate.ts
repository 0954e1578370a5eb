/**
 * Collation, as users call it: `collate`, and the factories of collates that
 * handle nulls (nulls.ts) and arrays of different lengths (padded.ts).
 *
 * samples.ts walks through the structure of the samples, stack.ts joins arrays
 * and images, batch.ts has the types.
 *
 * @module
 */

import { type BatchContext, standalone } from "./batch_context.ts";
import type { Collated } from "./batch.ts";
import { collateSamples } from "./samples.ts";
import { stackEqual } from "./stack.ts";
import {
  type ReplaceCollate,
  replaceNulls,
  type SkipCollate,
  skipNulls,
} from "./nulls.ts";
import { Padded, type PaddedOptions } from "./padded.ts";

/** The type of `collate`: a function, with factories of other collates. */
export interface CollateFunction {
  /**
   * Makes a batch of samples.
   *
   * @throws {TypeError} If samples differ in shape, type or structure, or hold
   * a value that can't go into a batch; the message has its path
   * @throws {RangeError} If there are no samples, or a number does not fit its
   * type
   */
  <Sample>(
    samples: readonly Sample[],
    context?: BatchContext,
  ): Collated<Sample>;

  /**
   * Makes a collate that leaves out samples that are null or undefined, or
   * lists and objects of nothing else, as `[null, null]`. The loader leaves out
   * a batch without any other sample.
   *
   * @throws {TypeError} If `inner` is not a collate
   */
  readonly skipNulls: SkipCollate;

  /**
   * Makes a collate that replaces the samples that `skipNulls` leaves out by
   * others of the loader's dataset. The sample's own generator draws them.
   *
   * @throws {TypeError} If `inner` is not a collate
   */
  readonly replaceNulls: ReplaceCollate;

  /**
   * Makes a collate for arrays that differ in their first size: they become
   * `values`, padded to the longest, and `lengths`.
   *
   * Source: torch.nn.utils.rnn.pad_sequence with batch_first.
   */
  padded<Sample>(options?: PaddedOptions): Padded<Sample>;
}

/**
 * Makes a batch of samples. Arrays of equal shape are stacked along a new first
 * dim. Numbers become int32 if all are integers and float32 otherwise, booleans
 * bool; strings stay a list. Lists and plain objects are collated item by item,
 * and objects must have the same keys in all samples.
 *
 * A number that its type can't hold is refused: an integer beyond int32, among
 * fractions an integer that float32 would round, and a number beyond float32.
 * The type depends on the batch: [0, 1, 2] becomes int32, and [3, 4, 5.5] of
 * the same epoch float32. So put measurements into a Float32Array.
 *
 * Source: torch.utils.data.default_collate.
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
 *
 * @example Sentences of several lengths
 * ```ts
 * import { data } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const sentences = [Int32Array.of(5, 6, 7), Int32Array.of(8)];
 * const { values, lengths } = data.collate.padded<Int32Array>().call(sentences);
 * assertEquals(values.data, Int32Array.of(5, 6, 7, 8, 0, 0));
 * assertEquals(lengths.data, Int32Array.of(3, 1));
 * ```
 */
export const collate: CollateFunction = Object.assign(
  function collate<Sample>(
    samples: readonly Sample[],
    context: BatchContext = standalone(samples),
  ): Collated<Sample> {
    // Collated<> has the types of collateSamples with stackEqual
    return collateSamples(samples, context, stackEqual) as Collated<Sample>;
  },
  {
    skipNulls,
    replaceNulls,
    padded<Sample>(options?: PaddedOptions): Padded<Sample> {
      return new Padded(options);
    },
  },
);
