/**
 * Requests: the batches that a loader asks a fetcher for, as plain data.
 *
 * @module
 */

import type { TransformPlace } from "../images/transform.ts";

/** One batch that is asked for. */
export interface BatchRequest {
  /** Seed of the samples' generators. */
  readonly seed: number;
  readonly epoch: number;
  readonly indices: readonly number[];
  /** How often each index came before in the epoch; undefined: never. */
  readonly repeats: readonly number[] | undefined;
  /** How much of the transform is done with the samples. */
  readonly place: TransformPlace;
}

/** One batch of an IterableDataset: the next one. */
export interface StreamRequest {
  /** Seed of the generators. */
  readonly seed: number;
  readonly epoch: number;
  readonly batchSize: number;
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean;
  /** Number of the iteration; with a new one the samples begin anew. */
  readonly iteration: number;
  /** How much of the transform is done with the samples. */
  readonly place: TransformPlace;
}

/** What is asked for: by index, or the next. */
export type Request = BatchRequest | StreamRequest;
