/**
 * Requests: the batches that a loader asks a fetcher for, as plain data.
 *
 * @module
 */

import type { TransformPlace } from "../images/transform.ts";

/** A request for the batch of some indices. */
export interface BatchRequest {
  /** Seed of the samples' random numbers. */
  readonly seed: number;
  readonly epoch: number;
  readonly indices: readonly number[];
  /** The earlier uses of each index in the epoch; undefined means none. */
  readonly repeats: readonly number[] | undefined;
  /** The steps of the transform that run per sample. */
  readonly place: TransformPlace;
}

/** A request for the next batch of an IterableDataset. */
export interface StreamRequest {
  /** Seed of the samples' random numbers. */
  readonly seed: number;
  readonly epoch: number;
  readonly batchSize: number;
  /** Whether to leave out a last batch that is not full. */
  readonly dropLast: boolean;
  /** Number of the iteration; a new number starts a new pass. */
  readonly iteration: number;
  /** The steps of the transform that run per sample. */
  readonly place: TransformPlace;
}

/** A request for a batch, by its indices or as the next one. */
export type LoadRequest = BatchRequest | StreamRequest;
