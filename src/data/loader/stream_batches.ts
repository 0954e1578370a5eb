/**
 * Batches of an IterableDataset as the loader asks for them, in place of a
 * sampler of batches. NOTE [streams] in fetchers/stream_fetcher.ts.
 *
 * @module
 */

import type { IterableDataset } from "../datasets/iterable.ts";
import type { StreamRequest } from "../fetchers/request.ts";

/** What takes the place of a sampler of batches where there are no indices. */
export class StreamBatches {
  /**
   * Batches in one epoch, if the dataset knows its length: as many as one thread
   * would make of all samples. Workers make batches of their own shares, whose
   * last ones are not full: some more, or with `dropLast` some fewer.
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

  /** The requests of an epoch: one after another until the samples end. */
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

  /** All that batches depend on but for the dataset. */
  toString(): string {
    return `StreamBatches(${this.#batchSize}` +
      `${this.#dropLast ? ", dropLast" : ""}, ${this.#numWorkers} workers)`;
  }
}

/**
 * Refuses an epoch without batches whose samples were left out: `dropLast` would
 * leave nothing of it, epoch after epoch.
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
