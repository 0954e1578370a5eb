/**
 * Splitting a dataset at random.
 *
 * @module
 */

import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import type { Dataset } from "./dataset.ts";
import {
  checkKind,
  checkOptions,
  KINDS,
  withExample,
} from "../checks/kinds.ts";
import { Subset } from "./subset.ts";

/** Random numbers of `randomSplit`. */
export interface RandomSplitOptions {
  /** Draws the order. Default: the default generator. */
  readonly generator?: Generator;
}

const LENGTHS = withExample(KINDS.list, "[0.9, 0.1]");

/**
 * Splits a dataset at random into parts that together hold each sample once.
 *
 * `lengths` are counts that add up to the dataset's length, or fractions that
 * add up to 1. Fractions give counts that are rounded down; each of the first
 * parts then gets one of the remaining samples.
 *
 * Source: torch.utils.data.random_split.
 *
 * @throws {TypeError} If `dataset` has no indices, or `lengths` is no list
 * @throws {RangeError} If the lengths don't add up
 *
 * @example Nine tenths to train, one to test
 * ```ts
 * import { data, HostArray } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const all = new data.TensorDataset(new HostArray(new Float32Array(20)));
 * const [train, test] = data.randomSplit(all, [0.9, 0.1]);
 * assertEquals([train?.length, test?.length], [18, 2]);
 * ```
 */
export function randomSplit<Sample>(
  dataset: Dataset<Sample>,
  lengths: readonly number[],
  options: RandomSplitOptions = {},
): Subset<Sample>[] {
  const { generator = defaultGenerator() } = checkOptions(
    "randomSplit",
    options,
    { generator: KINDS.generator },
  );
  checkKind(KINDS.dataset, "the dataset of randomSplit", dataset);
  checkKind(LENGTHS, "the lengths of randomSplit", lengths);
  const counts = countsOf(dataset.length, lengths);
  const order = generator.permutation(dataset.length);
  let start = 0;
  return counts.map((count) =>
    new Subset(dataset, order.subarray(start, start += count))
  );
}

function countsOf(total: number, lengths: readonly number[]): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  // as in torch: lengths that add up to 1 are fractions, [1] among them
  if (Math.abs(sum - 1) > 1e-9 || lengths.some((length) => length > 1)) {
    const isCount = (n: number) => Number.isInteger(n) && n >= 0;
    if (sum !== total || !lengths.every(isCount)) {
      throw new RangeError(
        `Cannot split ${total} samples into parts of ${lengths.join(", ")}: ` +
          `counts must add up to ${total} and fractions to 1, got ${sum}`,
      );
    }
    return [...lengths];
  }
  const wrong = lengths.find((length) => !(length >= 0));
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot split ${total} samples by the fraction ${wrong}: ` +
        `expected fractions from 0 to 1`,
    );
  }
  const counts = lengths.map((fraction) => Math.floor(total * fraction));
  const remaining = total - counts.reduce((a, b) => a + b, 0);
  for (let i = 0; i < remaining; i++) counts[i % counts.length]!++;
  return counts;
}
