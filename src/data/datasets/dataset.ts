/**
 * Datasets: a number of samples, and a sample by its index.
 *
 * A sample is made of HostArrays, typed arrays, numbers, booleans and strings,
 * in arrays and plain objects if there are several. Datasets live on the host,
 * on the main thread and in workers; the loader's last step uploads.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BatchContext } from "../collate/batch_context.ts";
import type { Collated } from "../collate/batch.ts";

/**
 * Samples that can be got by index.
 *
 * To be used by workers, the module exports the class and the class says
 * `static url = import.meta.url`. A worker gets its fields by value (shared
 * memory stays shared) and no call of the constructor; NOTE [sending] in
 * workers/portable.ts says what can be sent.
 *
 * Source: torch.utils.data.Dataset, with `length` for `__len__`, `get` for
 * `__getitem__` and `getBatch` for `__getitems__`. `get` may be async, and gets
 * the sample's own random generator.
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
   * Sample `index`, from 0 to `length - 1`.
   *
   * @param generator The sample's own random numbers: they depend on the
   * loader's seed, the epoch and the index, not on who asks and when
   */
  abstract get(index: number, generator: Generator): Sample | Promise<Sample>;

  /**
   * A whole batch at once, collated: what a dataset in memory gives instead of
   * samples, many times faster. The loader calls it where there is no `collate`
   * of the user's; undefined sends it back to `get`.
   */
  getBatch?(
    indices: readonly number[],
    context: BatchContext,
  ): Collated<Sample> | Promise<Collated<Sample>> | undefined;

  /**
   * Arrays or tensors whose rows are the samples, for a loader that keeps them
   * on the GPU: batches are then lists of selected rows, as `collate` would
   * make them of `get`. Undefined if the dataset turns out to have none.
   */
  resident?(): readonly (HostArray | Tensor)[] | undefined;

  /**
   * Whether `resident` gives tensors, so that there is no other way to make
   * batches. Where it is not true, a loader that gains nothing from rows on the
   * GPU does not ask for them, as it may cost much. Default: false.
   */
  isOnGPU?(): boolean;

  /** The row of sample `index` in what `resident` gives. Default: `index`. */
  residentRow?(index: number): number;

  /** What messages call a sample, a file for instance. */
  sampleName?(index: number): string | undefined;
}
