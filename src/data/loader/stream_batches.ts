/**
 * The requests for batches of an IterableDataset, which has no batch sampler:
 * NOTE [streams] in fetchers/stream_fetcher.ts.
 *
 * @module
 */

import type { IterableDataset } from "../datasets/iterable.ts";
import type { StreamRequest } from "../fetchers/request.ts";

/** The substitute for a batch sampler, without indices. */
export class StreamBatches {
  /**
   * Batches in one epoch of one thread, if the dataset has a length. Workers
   * make batches of their shares, so there may be more, or with `dropLast`
   * fewer.
   */
  readonly length: number | undefined;
  readonly #batchSize: number;
  readonly #dropLast: boolean;
  readonly #numWorkers: number;
  #iterations = 0;

  constructor(
    dataset: IterableDataset<unknown>,
    batchSize: number,
    { dropLast, numWorkers }: { dropLast: boolean; numWorkers: number },
  ) {
    this.#batchSize = batchSize;
    this.#dropLast = dropLast;
    this.#numWorkers = numWorkers;
    if (dataset.length !== undefined) {
      const batches = dataset.length / batchSize;
      this.length = dropLast ? Math.floor(batches) : Math.ceil(batches);
    }
  }

  /** Repeats the request for the next batch of an epoch, without end. */
  *requests(
    { seed, epoch, place }: Pick<StreamRequest, "seed" | "epoch" | "place">,
  ): IterableIterator<StreamRequest> {
    const request = {
      seed,
      epoch,
      batchSize: this.#batchSize,
      dropLast: this.#dropLast,
      iteration: this.#iterations++,
      place,
    };
    for (;;) yield request;
  }

  /** The properties that decide the batches, except the dataset. */
  toString(): string {
    return `StreamBatches(${this.#batchSize}` +
      `${this.#dropLast ? ", dropLast" : ""}, ${this.#numWorkers} workers)`;
  }
}

/**
 * Refuses an epoch without batches of which `dropLast` left out all samples:
 * every epoch would be empty.
 *
 * @throws {RangeError} If samples were left out
 */
export function checkDropped(
  dropped: number | undefined,
  { numWorkers, batchSampler }: {
    readonly numWorkers: number;
    readonly batchSampler: { toString(): string };
  },
): void {
  if (!dropped) return;
  throw new RangeError(
    `Cannot make a batch of ${batchSampler}: with dropLast all ${dropped} ` +
      `samples are left out, as ` +
      (numWorkers === 0
        ? "there are too few for one; use a smaller batchSize"
        : "no worker has enough for one; use fewer workers, or a smaller batchSize"),
  );
}
