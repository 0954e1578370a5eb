/**
 * Collation, as users call it: `collate` and its kin for samples with holes and
 * of variable lengths.
 *
 * The kin are objects with `call` of classes that workers find, for the
 * loader's option `collate`.
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

/** What `collate` is: a function with collates for special samples. */
export interface CollateFunction {
  /**
   * The batch of some samples.
   *
   * @throws {TypeError} If samples differ in shape, type or structure, or hold
   * something that can't go into a batch; the message says where
   * @throws {RangeError} If there are no samples, or a number does not fit its
   * type
   */
  <Sample>(
    samples: readonly Sample[],
    context?: BatchContext,
  ): Collated<Sample>;

  /**
   * A collate that leaves out samples that are null or undefined, or lists or
   * objects of nothing else, as `[null, null]`; a batch without any other sample
   * is left out as a whole.
   *
   * @throws {TypeError} If `inner` is no collate
   */
  readonly skipNulls: SkipCollate;

  /**
   * A collate that takes other samples of the loader's dataset in place of
   * those that `skipNulls` leaves out. The sample's own generator draws them.
   *
   * @throws {TypeError} If `inner` is no collate
   */
  readonly replaceNulls: ReplaceCollate;

  /**
   * A collate for arrays that differ in their first size: each becomes `values`,
   * padded to the longest, and `lengths`.
   *
   * Source: torch.nn.utils.rnn.pad_sequence with batch_first.
   */
  padded<Sample>(options?: PaddedOptions): Padded<Sample>;
}

/**
 * The batch of some samples: arrays of equal shape are stacked along a new first
 * dim, numbers become int32 if all of them are integers and float32 otherwise,
 * booleans bool, strings stay a list; arrays and plain objects are collated item
 * by item.
 *
 * An integer that its type does not hold is refused, not rounded: beyond int32,
 * or among fractions one beyond 2^24 that is not a float32. So is a number beyond
 * float32. Objects have the same keys in all samples. The type follows from the
 * numbers of the batch, so that [0, 1, 2] is int32 and [3, 4, 5.5] of the same
 * epoch float32: numbers that mean measurements belong in a Float32Array.
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
    // Collated<> says in types what stackEqual and collateSamples do
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
