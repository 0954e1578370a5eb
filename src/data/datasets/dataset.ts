/**
 * Datasets: a number of samples, and each sample by its index.
 *
 * A sample is a HostArray, typed array, number, boolean, string or image, or a
 * list or plain object of those. Datasets live on the host, on the main thread
 * and in workers; the loader uploads their batches.
 *
 * The other files of this folder make datasets of arrays (tensor.ts) and of
 * other datasets; iterable.ts has datasets without indices.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BatchContext } from "../collate/batch_context.ts";
import type { Collated } from "../collate/batch.ts";

/**
 * Samples by index: the base class of datasets.
 *
 * For workers, the module exports the class, and the class has a `static url =
 * import.meta.url`. A worker copies the fields (shared memory stays shared)
 * without calling the constructor. NOTE [sending] in workers/portable.ts lists
 * the values that can be sent.
 *
 * Source: torch.utils.data.Dataset, with `length` for `__len__`, `get` for
 * `__getitem__` and `getBatch` for `__getitems__`. Unlike there, `get` may be
 * async, and takes the sample's own random generator.
 *
 * @example The squares of the first ten numbers
 * ```ts
 * import { data } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * class Squares extends data.Dataset<[number, number]> {
 *   static url = import.meta.url;
 *   get length(): number {
 *     return 10;
 *   }
 *   get(index: number): [number, number] {
 *     return [index, index ** 2];
 *   }
 * }
 * assertEquals(new Squares().get(3), [3, 9]);
 * ```
 */
export abstract class Dataset<Sample> {
  /** The number of samples. */
  abstract get length(): number;

  /**
   * Returns sample `index`, from 0 to `length - 1`. Datasets of this library
   * also count negative indices from the end.
   *
   * @param generator The sample's own random numbers. They follow from the
   * loader's seed, the epoch and the index, never from the worker or the time
   */
  abstract get(index: number, generator: Generator): Sample | Promise<Sample>;

  /**
   * Returns a whole batch, collated, which is many times faster for a dataset
   * in memory. A loader without the option `collate` calls it; if it returns
   * undefined, the loader calls `get`.
   */
  getBatch?(
    indices: readonly number[],
    context: BatchContext,
  ): Collated<Sample> | Promise<Collated<Sample>> | undefined;

  /**
   * Returns arrays or tensors whose rows are the samples, for a loader that
   * keeps them on the GPU. Its batches are lists of selected rows, equal to
   * those of `get` and `collate`. Undefined if the dataset has no such arrays.
   */
  resident?(): readonly (HostArray | Tensor)[] | undefined;

  /**
   * Whether `resident` returns tensors, so that batches can't be made on the
   * host. If false, a loader calls `resident`, which may be slow, only if rows
   * on the GPU make it faster. Default: false.
   */
  isOnGPU?(): boolean;

  /**
   * The row of sample `index` in the arrays of `resident`. Default: `index`.
   */
  residentRow?(index: number): number;

  /** The name of a sample in messages, a file for instance. */
  sampleName?(index: number): string | undefined;
}
