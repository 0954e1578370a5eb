/**
 * The options of a DataLoader, as users give them. What they come to is in
 * resolve.ts.
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
 * How a loader makes batches.
 *
 * Names, defaults and exclusions are those of torch.utils.data.DataLoader,
 * except where the text says otherwise.
 */
export interface DataLoaderOptions<Sample, Batch> {
  /**
   * Samples in a batch; null for samples as they are (`SampleLoaderOptions`).
   * Default: 1.
   */
  readonly batchSize?: number;
  /** Whether each epoch has another order. Default: false. */
  readonly shuffle?: boolean;
  /**
   * The order of samples: any iterable of indices that each epoch can begin
   * anew, so no iterator. Excludes `shuffle`.
   */
  readonly sampler?: Sampler;
  /**
   * The batches: an iterable as `sampler`, of lists of indices. Excludes
   * `batchSize`, `shuffle`, `sampler` and `dropLast`.
   */
  readonly batchSampler?: Sampler<readonly number[]>;
  /** Threads that load; 0 loads on the main thread. Default: 0. */
  readonly numWorkers?: number;
  /**
   * Makes a batch of samples; undefined leaves the batch out. With workers an
   * object with `call` of a class that workers can find, as the dataset.
   * Default: `collate`.
   */
  readonly collate?: Collate<NoInfer<Sample>, Batch>;
  /**
   * Done to the first item of each sample: of a list the first, of a record the
   * first field, or the sample itself. A transform of `vision.transforms` is
   * done on the GPU to whole batches where its steps allow, else with the
   * samples; the result is the same within the rounding of float32. Others are
   * called with the item and its sample's generator, in workers as `collate`.
   */
  readonly transform?: SampleTransform;
  /**
   * Leave out a last batch that is not full. Each worker that reads an
   * IterableDataset has a last one, and leaves out up to `batchSize - 1` samples
   * of its share; where that is all there are, the epoch is refused. Default:
   * false.
   */
  readonly dropLast?: boolean;
  /**
   * Seconds that a worker may be busy with one sample (or one `getBatch`)
   * before it is taken for dead; 0 waits for ever. Default: 120. torch's counts
   * per batch, and defaults to 0.
   */
  readonly timeout?: number;
  /** Called in each worker with its number before it loads; see `collate`. */
  readonly workerInit?: Callable<[worker: number], unknown>;
  /** Batches that each worker makes ahead. Default: 2. */
  readonly prefetchFactor?: number;
  /**
   * Whether workers live on between epochs. They are replaced where a field of
   * the dataset, or of what else was sent to them, has changed. Default: false.
   */
  readonly persistentWorkers?: boolean;
  /** Draws the seed, where none is given. Default: the default generator. */
  readonly generator?: Generator;
  /** What order and random transforms depend on, from 0 to 2^53 - 1. */
  readonly seed?: number;
  /**
   * Applied on the GPU to the first item of each batch: of a list the first, of
   * a record the first field, or the batch itself if that is a tensor. What one
   * of `vision.transforms` draws is the same for the whole batch, and follows
   * from (seed, epoch, batch).
   */
  readonly batchTransform?: Callable<[batch: Tensor], Tensor>;
  /**
   * Whether the samples are kept on the GPU, where the dataset offers it: then
   * a batch is a selection of rows, and nothing crosses the bus. "auto" does so
   * on a GPU, for up to 512 MiB, without workers or a collate. Default: "auto".
   */
  readonly resident?: boolean | "auto";
  /** Ends an iteration with the signal's reason, and its workers. */
  readonly signal?: AbortSignal;
}

/** The options that are of no use, or mean another thing, without batches. */
type BatchOption =
  | "batchSize"
  | "batchSampler"
  | "dropLast"
  | "collate";

/**
 * How a loader gives samples as they are: in the order of the sampler, with
 * tensors in place of their arrays, and with no dim more. What else they hold
 * stays, images too.
 *
 * Source: torch.utils.data.DataLoader with batch_size=None.
 */
export interface SampleLoaderOptions<Sample, Made>
  extends Omit<DataLoaderOptions<Sample, Made>, BatchOption> {
  /** No batches. */
  readonly batchSize: null;
  /** Makes something of each sample; undefined leaves it out. */
  readonly collate?: SampleCollate<NoInfer<Sample>, Made>;
}

/** The same without a function of samples; some may be left out or replaced. */
export interface PlainSampleLoaderOptions<Sample>
  extends Omit<SampleLoaderOptions<Sample, Sample>, "collate"> {
  /** Leaves out samples that are not there, or replaces them. */
  readonly collate?:
    | SkipNulls<NoInfer<Sample>, unknown>
    | ReplaceNulls<NoInfer<Sample>, unknown>;
}

/** What a loader is given: one of the three. */
export type AnyLoaderOptions<Sample, Batch> =
  | DataLoaderOptions<Sample, Batch>
  | SampleLoaderOptions<Sample, Batch>
  | PlainSampleLoaderOptions<Sample>;
