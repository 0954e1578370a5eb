/**
 * The options of a DataLoader. resolve.ts checks them and fills in defaults.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Callable } from "../checks/callable.ts";
import type { Collate } from "../collate/batch.ts";
import type { SampleCollate } from "../collate/each_sample.ts";
import type { ReplaceNulls, SkipNulls } from "../collate/nulls.ts";
import type { SampleTransform } from "../images/transform.ts";
import type { Sampler } from "../samplers/sampler.ts";

/**
 * The options of a loader of batches.
 *
 * Names, defaults and exclusions are those of torch.utils.data.DataLoader,
 * unless stated otherwise.
 */
export interface DataLoaderOptions<Sample, Batch> {
  /**
   * Samples in a batch; null gives single samples (`SampleLoaderOptions`).
   * Default: 1.
   */
  readonly batchSize?: number;
  /** Whether each epoch has a random order. Default: false. */
  readonly shuffle?: boolean;
  /**
   * The order of samples: an iterable of indices that can start again, so not
   * an iterator. Excludes `shuffle`.
   */
  readonly sampler?: Sampler;
  /**
   * The batches: an iterable like `sampler`, of lists of indices. Excludes
   * `batchSize`, `shuffle`, `sampler` and `dropLast`.
   */
  readonly batchSampler?: Sampler<readonly number[]>;
  /** Number of worker threads; 0 loads on the main thread. Default: 0. */
  readonly numWorkers?: number;
  /**
   * Makes a batch of samples; undefined leaves the batch out. Workers need an
   * object with `call`, of an exported class with a `url` like a dataset's.
   * Default: `collate`.
   */
  readonly collate?: Collate<NoInfer<Sample>, Batch>;
  /**
   * Transforms the first item of each sample: the first of a list, the first
   * field of a record, or the sample itself. A transform of `vision.transforms`
   * runs on the GPU on whole batches if its steps allow, else per sample; the
   * results are equal within the rounding of float32. Other transforms are
   * called with the item and the sample's generator. For workers see `collate`.
   */
  readonly transform?: SampleTransform;
  /**
   * Whether to leave out a last batch that is not full. With an IterableDataset
   * every worker has a last batch, and leaves out up to `batchSize - 1`
   * samples. An epoch that loses all its samples throws. Default: false.
   */
  readonly dropLast?: boolean;
  /**
   * Seconds that a worker may take for one sample, or one `getBatch`; then the
   * iteration throws. 0 waits without limit. Default: 120. torch's option
   * counts per batch and defaults to 0.
   */
  readonly timeout?: number;
  /** Called in each worker with its number, before it loads; see `collate`. */
  readonly workerInit?: Callable<[worker: number], unknown>;
  /** Batches that each worker makes ahead. Default: 2. */
  readonly prefetchFactor?: number;
  /**
   * Whether workers wait for the next epoch. The loader replaces them if a
   * field of the dataset, `transform`, `collate` or `workerInit` has changed.
   * Default: false.
   */
  readonly persistentWorkers?: boolean;
  /** Draws the seed, if there is none. Default: the default generator. */
  readonly generator?: Generator;
  /** Seed of the order and of random transforms, from 0 to 2^53 - 1. */
  readonly seed?: number;
  /**
   * Transforms the first item of each batch on the GPU: the first of a list,
   * the first field of a record, or the batch itself. A random transform of
   * `vision.transforms` draws once for the whole batch, from (seed, epoch,
   * batch).
   */
  readonly batchTransform?: Callable<[batch: Tensor], Tensor>;
  /**
   * Whether to keep the samples on the GPU, if the dataset has `resident`: a
   * batch is then a selection of rows, without an upload. "auto" does so on a
   * GPU, for up to 512 MiB, without workers and collate. Default: "auto".
   */
  readonly resident?: boolean | "auto";
  /** Ends an iteration and its workers; the iteration throws the reason. */
  readonly signal?: AbortSignal;
}

/** The options that have no meaning, or another one, without batches. */
type BatchOption =
  | "batchSize"
  | "batchSampler"
  | "dropLast"
  | "collate";

/**
 * The options of a loader of single samples, in the order of the sampler.
 * Arrays become tensors without a new dim; other values, images too, stay.
 *
 * Source: torch.utils.data.DataLoader with batch_size=None.
 */
export interface SampleLoaderOptions<Sample, Made>
  extends Omit<DataLoaderOptions<Sample, Made>, BatchOption> {
  /** No batches. */
  readonly batchSize: null;
  /** Converts each sample; undefined leaves it out. */
  readonly collate?: SampleCollate<NoInfer<Sample>, Made>;
}

/** The options of a loader of single samples that are not converted. */
export interface PlainSampleLoaderOptions<Sample>
  extends Omit<SampleLoaderOptions<Sample, Sample>, "collate"> {
  /** Leaves out samples that are null, or replaces them. */
  readonly collate?:
    | SkipNulls<NoInfer<Sample>, unknown>
    | ReplaceNulls<NoInfer<Sample>, unknown>;
}

/** The options of any loader. */
export type AnyLoaderOptions<Sample, Batch> =
  | DataLoaderOptions<Sample, Batch>
  | SampleLoaderOptions<Sample, Batch>
  | PlainSampleLoaderOptions<Sample>;
