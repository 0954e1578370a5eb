/**
 * A sampler of batches, which are lists of indices.
 *
 * @module
 */

import { checkCount } from "../checks/check.ts";
import {
  checkKind,
  checkOptions,
  KINDS,
  withExample,
} from "../checks/kinds.ts";
import { describeSampler, type Sampler } from "./sampler.ts";

/** The last batch of a `BatchSampler`. */
export interface BatchSamplerOptions {
  /** Whether to leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
}

const SAMPLER = withExample(KINDS.sampler, "[2, 0, 1]");

/**
 * The indices of a sampler, `batchSize` at a time.
 *
 * Source: torch.utils.data.BatchSampler.
 *
 * @example Batches of two
 * ```ts
 * import { data } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const batches = new data.BatchSampler(new data.SequentialSampler(5), 2);
 * assertEquals([...batches], [[0, 1], [2, 3], [4]]);
 * ```
 */
export class BatchSampler implements Sampler<number[]> {
  /** The sampler of the indices. */
  readonly sampler: Sampler;
  /** Indices in a batch. */
  readonly batchSize: number;
  /** Whether the sampler leaves out a last batch that is not full. */
  readonly dropLast: boolean;

  /**
   * Groups the indices of a sampler, or of any iterable.
   *
   * @throws {TypeError} If `sampler` is not an iterable that can start again
   * @throws {RangeError} If `batchSize` is not a positive integer
   */
  constructor(
    sampler: Sampler,
    batchSize: number,
    options: BatchSamplerOptions = {},
  ) {
    const { dropLast = false } = checkOptions("BatchSampler", options, {
      dropLast: KINDS.boolean,
    });
    this.sampler = checkKind(SAMPLER, "the sampler of a BatchSampler", sampler);
    this.batchSize = checkCount("a batch size", batchSize, 1);
    this.dropLast = dropLast;
  }

  /**
   * Batches in one epoch.
   *
   * @throws {TypeError} If the sampler has no length
   */
  get length(): number {
    const { length } = this.sampler;
    if (length === undefined) {
      throw new TypeError(
        `Cannot count the batches of ${describeSampler(this.sampler)}: ` +
          `the sampler has no length`,
      );
    }
    const batches = length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Whether no index comes twice in an epoch. */
  get isDistinct(): boolean {
    return this.sampler.isDistinct === true;
  }

  /** Iterates over the batches of the sampler's next epoch. */
  [Symbol.iterator](): IterableIterator<number[]> {
    // draws the epoch now, not at the first batch
    return this.#batches(this.sampler[Symbol.iterator]());
  }

  *#batches(indices: Iterator<number>): IterableIterator<number[]> {
    let batch: number[] = [];
    // `for` closes the sampler if the consumer stops early
    for (const index of Iterator.from(indices)) {
      batch.push(index);
      if (batch.length === this.batchSize) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }

  /** The sampler and the size of batches. */
  toString(): string {
    return `BatchSampler(${describeSampler(this.sampler)}, ` +
      `${this.batchSize}${this.dropLast ? ", dropLast" : ""})`;
  }
}
