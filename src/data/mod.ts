/**
 * Datasets, samplers, collation and the loader: what `data` holds.
 *
 * @module
 */

export { Dataset } from "./datasets/dataset.ts";
export { TensorDataset } from "./datasets/tensor.ts";
export { Subset } from "./datasets/subset.ts";
export { filter, map, MapDataset } from "./datasets/map.ts";
export { ConcatDataset } from "./datasets/concat.ts";
export { IterableDataset, type StreamContext } from "./datasets/iterable.ts";
export { ChainDataset } from "./datasets/chain.ts";
export {
  randomSplit,
  type RandomSplitOptions,
} from "./datasets/random_split.ts";
export {
  type RandomOptions,
  type Sampler,
  SequentialSampler,
} from "./samplers/sampler.ts";
export {
  RandomSampler,
  type RandomSamplerOptions,
  SubsetRandomSampler,
} from "./samplers/random.ts";
export {
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from "./samplers/weighted_random.ts";
export {
  DistributedSampler,
  type DistributedSamplerOptions,
} from "./samplers/distributed.ts";
export { BatchSampler, type BatchSamplerOptions } from "./samplers/batch.ts";
export { collate, type CollateFunction } from "./collate/collate.ts";
export {
  replaceBroken,
  type ReplaceCollate,
  ReplaceNulls,
  skipBroken,
  type SkipCollate,
  SkipNulls,
} from "./collate/nulls.ts";
export {
  Padded,
  type PaddedArray,
  type PaddedBatch,
  type PaddedOptions,
} from "./collate/padded.ts";
export { type HostPicture, type PendingWork } from "./images/image.ts";
export { ImageBatch } from "./images/image_batch.ts";
export type {
  SampleTransform,
  StagedTransform,
  TransformPlace,
  WaitingImages,
} from "./images/transform.ts";
export type { BatchContext } from "./collate/batch_context.ts";
export type { Callable } from "./checks/callable.ts";
export type { Collate, Collated, Uploaded } from "./collate/batch.ts";
export { DataLoader } from "./loader/loader.ts";
export type {
  DataLoaderOptions,
  PlainSampleLoaderOptions,
  SampleLoaderOptions,
} from "./loader/options.ts";
export type { SampleCollate } from "./collate/each_sample.ts";
export type { LoaderState } from "./loader/state.ts";
export { type WorkerInfo, workerInfo } from "./workers/info.ts";
