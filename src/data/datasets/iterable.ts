/**
 * Iterable datasets: samples one after another, without indices.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { Dataset } from "./dataset.ts";

/** The argument of `iterate`: the epoch and random numbers of a pass. */
export interface StreamContext {
  /** The epoch, from 0. */
  readonly epoch: number;
  /** Random numbers of this pass, different in each worker. */
  readonly generator: Generator;
  /**
   * Random numbers that are the same in all workers, for an order that they
   * divide among them.
   */
  readonly order: Generator;
}

/**
 * Samples one after another, such as the lines of a log. If the samples have
 * indices, prefer a `Dataset`, which can be shuffled.
 *
 * Each worker of a loader iterates over a copy of its own and makes batches of
 * its samples; the loader takes the batches from the workers in turn. So
 * `iterate` should give each worker its share, by `workerInfo()`, or every
 * sample comes once per worker. The batches depend on the number of workers.
 * Fields reach a worker as those of a `Dataset`.
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
  /** Iterates over the samples, or over this worker's share of them. */
  abstract iterate(
    context: StreamContext,
  ): Iterable<Sample> | AsyncIterable<Sample>;
}

// Not in the class: there a subclass could not choose between field and
// accessor.
/** Optional members of an IterableDataset. */
export interface IterableDataset<Sample> {
  /**
   * The number of samples of all workers together, if it is known. Only the
   * loader's `length` follows from it.
   */
  readonly length?: number;
}

/** Whether a dataset is iterable only, by its members and not its class. */
export function isStream<Sample>(
  dataset: Dataset<Sample> | IterableDataset<Sample>,
): dataset is IterableDataset<Sample> {
  return "iterate" in dataset && !("get" in dataset);
}
