/**
 * The state of a loader: which batch comes next, as JSON.
 *
 * Batches follow from dataset, sampler and seed, so a place among them is all
 * there is to save, whatever has been prefetched.
 *
 * @module
 */

/** A place in an epoch, and what it is a place in. */
export interface LoaderState {
  /** The form of this record. */
  readonly version: 1;
  /** Samples of the dataset. */
  readonly datasetLength: number;
  /** The sampler of batches in words; its seed is among them. */
  readonly sampler: string;
  /** Seed of the samples' generators. */
  readonly seed: number;
  /** The epoch, from 0. */
  readonly epoch: number;
  /** Batches of the epoch that have been given out. */
  readonly batches: number;
}

/**
 * A state that came from a file or a message.
 *
 * @throws {TypeError} If it is none, or of a later version
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
      `Cannot resume a loader: expected words as sampler of its state, ` +
        `got ${sampler}`,
    );
  }
  return { version, datasetLength, sampler, seed, epoch, batches };
}

/**
 * Refuses a state of other batches than those of the loader, or beyond them.
 *
 * @throws {TypeError} If dataset length, sampler or seed differ; both are named
 * @throws {RangeError} If the epoch has not as many batches as were given out
 */
export function checkSameBatches(
  saved: LoaderState,
  own: Pick<LoaderState, "datasetLength" | "sampler" | "seed"> & {
    /** Batches in one epoch, if it is certain. */
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
