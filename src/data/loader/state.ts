/**
 * The state of a loader, as JSON: its position among its batches.
 *
 * The batches follow from the dataset, the sampler and the seed, so that a
 * position is enough to resume. Prefetched batches do not count.
 *
 * @module
 */

/** A position in an epoch, and the identity of the batches. */
export interface LoaderState {
  /** Version of this record. */
  readonly version: 1;
  /** The number of samples of the dataset. */
  readonly datasetLength: number;
  /** The sampler of batches in words, with its seed. */
  readonly sampler: string;
  /** Seed of the samples' random numbers. */
  readonly seed: number;
  /** The epoch, from 0. */
  readonly epoch: number;
  /** Batches given in the epoch. */
  readonly batches: number;
}

/**
 * Checks a state from a file or a message.
 *
 * @throws {TypeError} If it is not a state, or of another version
 */
export function parseLoaderState(state: unknown): LoaderState {
  const { version, datasetLength, sampler, seed, epoch, batches } = Object(
    state,
  );
  if (version !== 1) {
    throw new TypeError(
      `Cannot resume a loader from version ${version} of its state: ` +
        `expected version 1`,
    );
  }
  const counts = { datasetLength, seed, epoch, batches };
  for (const [key, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new TypeError(
        `Cannot resume a loader: expected an integer of 0 or more as ` +
          `${key} of its state, got ${value}`,
      );
    }
  }
  if (typeof sampler !== "string") {
    throw new TypeError(
      `Cannot resume a loader: expected a string as sampler of its state, ` +
        `got ${sampler}`,
    );
  }
  return { version, datasetLength, sampler, seed, epoch, batches };
}

/**
 * Refuses a state of other batches than the loader's, or beyond the epoch.
 *
 * @throws {TypeError} If dataset length, sampler or seed differ; the message
 * has both
 * @throws {RangeError} If the state counts more batches than the epoch has
 */
export function checkSameBatches(
  saved: LoaderState,
  own: Pick<LoaderState, "datasetLength" | "sampler" | "seed"> & {
    /** Batches in one epoch, if the number is certain. */
    readonly length?: number | undefined;
  },
): void {
  for (const key of ["datasetLength", "seed", "sampler"] as const) {
    if (saved[key] !== own[key]) {
      throw new TypeError(
        `Cannot resume a loader of other batches: ${key} was ` +
          `${saved[key]} and is ${own[key]}`,
      );
    }
  }
  if (own.length !== undefined && saved.batches > own.length) {
    throw new RangeError(
      `Cannot resume a loader after ${saved.batches} batches of an epoch: ` +
        `an epoch has ${own.length}`,
    );
  }
}
