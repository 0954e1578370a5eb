/**
 * Datasets without indices: samples that come one after another.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { Dataset } from "./dataset.ts";

/** What a pass over an `IterableDataset` is told. */
export interface StreamContext {
  /** The epoch, from 0. */
  readonly epoch: number;
  /** Random numbers of this pass: each worker has others. */
  readonly generator: Generator;
  /**
   * Random numbers that all workers have alike: for an order that they share
   * out among them.
   */
  readonly order: Generator;
}

/**
 * Samples that come one after another: lines of a log, or more than there is
 * time to count. Where they have an index, a `Dataset` can do more.
 *
 * Each worker of a loader has a copy of its own and makes batches of what that
 * gives; the batches are taken from the workers in turn. So a dataset that gives
 * everything in each worker comes as often as there are workers: `workerInfo()`
 * tells `iterate` which share to give. It also means that the batches depend on
 * the number of workers. Fields reach a worker as those of a `Dataset`.
 *
 * Source: torch.utils.data.IterableDataset, with `iterate` for `__iter__`.
 *
 * @example Every worker gives its share of the numbers below ten
 * ```ts
 * import { data } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * class Numbers extends data.IterableDataset<number> {
 *   static url = import.meta.url;
 *   *iterate(): Iterable<number> {
 *     const { id, numWorkers } = data.workerInfo() ?? { id: 0, numWorkers: 1 };
 *     for (let i = id; i < 10; i += numWorkers) yield i;
 *   }
 * }
 * const sizes: number[] = [];
 * for await (const x of new data.DataLoader(new Numbers(), { batchSize: 4 })) {
 *   sizes.push(x.size);
 * }
 * assertEquals(sizes, [4, 4, 2]);
 * ```
 */
export abstract class IterableDataset<Sample> {
  /** A pass over the samples, or over this worker's share: as a generator. */
  abstract iterate(
    context: StreamContext,
  ): Iterable<Sample> | AsyncIterable<Sample>;
}

// Not in the class: there a subclass could not choose between field and accessor.
/** What an IterableDataset may have besides. */
export interface IterableDataset<Sample> {
  /**
   * The number of samples that all workers give together, if it is known: what
   * the loader's `length` is reckoned from, and nothing else.
   */
  readonly length?: number;
}

/** Which of the two a dataset is; by what it has, as loaders look at datasets. */
export function isStream<Sample>(
  dataset: Dataset<Sample> | IterableDataset<Sample>,
): dataset is IterableDataset<Sample> {
  return "iterate" in dataset && !("get" in dataset);
}
