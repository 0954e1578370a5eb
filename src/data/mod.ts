/**
 * Datasets, samplers, collation and the loader: what `data` holds.
 *
 * @module
 */

export { Dataset } from "./dataset.ts";
export { TensorDataset } from "./tensor_dataset.ts";
export { Subset } from "./subset.ts";
export { filter, map, MapDataset } from "./map_dataset.ts";
export { ConcatDataset } from "./concat_dataset.ts";
export { IterableDataset, type StreamContext } from "./iterable_dataset.ts";
export { ChainDataset } from "./chain_dataset.ts";
export { randomSplit, type RandomSplitOptions } from "./random_split.ts";
export {
  type RandomOptions,
  type Sampler,
  SequentialSampler,
} from "./sampler.ts";
export {
  RandomSampler,
  type RandomSamplerOptions,
  SubsetRandomSampler,
} from "./random_sampler.ts";
export {
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from "./weighted_random_sampler.ts";
export {
  DistributedSampler,
  type DistributedSamplerOptions,
} from "./distributed_sampler.ts";
export { BatchSampler, type BatchSamplerOptions } from "./batch_sampler.ts";
export { collate, type CollateFunction } from "./collate.ts";
export {
  replaceBroken,
  type ReplaceCollate,
  ReplaceNulls,
  skipBroken,
  type SkipCollate,
  SkipNulls,
} from "./nulls.ts";
export {
  Padded,
  type PaddedArray,
  type PaddedBatch,
  type PaddedOptions,
} from "./padded.ts";
export {
  type HostPicture,
  ImageBatch,
  type PendingWork,
} from "./image_batch.ts";
export type {
  SampleTransform,
  StagedTransform,
  TransformPlace,
  WaitingImages,
} from "./sample_transform.ts";
export type {
  BatchContext,
  Callable,
  Collate,
  Collated,
  Uploaded,
} from "./batch.ts";
export { DataLoader } from "./loader.ts";
export type {
  DataLoaderOptions,
  PlainSampleLoaderOptions,
  SampleLoaderOptions,
} from "./loader_options.ts";
export type { SampleCollate } from "./each_sample.ts";
export type { LoaderState } from "./loader_state.ts";
export { type WorkerInfo, workerInfo } from "./worker_info.ts";
