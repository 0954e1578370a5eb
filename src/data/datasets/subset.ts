/**
 * A part of a dataset: the samples at given indices.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkIndex, wrapIndex } from "../checks/check.ts";
import type { BatchContext } from "../collate/batch_context.ts";
import type { Collated } from "../collate/batch.ts";
import { Dataset } from "./dataset.ts";
import { checkKind, KINDS } from "../checks/kinds.ts";

/**
 * The samples of a dataset at given indices, in their order.
 *
 * Source: torch.utils.data.Subset.
 */
export class Subset<Sample> extends Dataset<Sample> {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** The whole dataset. */
  readonly dataset: Dataset<Sample>;
  /** The index in the whole dataset of each sample. */
  readonly indices: Uint32Array<ArrayBuffer>;

  /**
   * Takes the samples of `dataset` at `indices`, in any order and with repeats.
   *
   * @throws {TypeError} If `dataset` is no dataset, or `indices` not iterable
   * @throws {RangeError} If the dataset has no sample of an index
   */
  constructor(dataset: Dataset<Sample>, indices: Iterable<number>) {
    super();
    const { length } = checkKind(
      KINDS.dataset,
      "the dataset of a Subset",
      dataset,
    );
    this.dataset = dataset;
    this.indices = Uint32Array.from(
      checkKind(KINDS.iterable, "the indices of a Subset", indices),
      (index) => checkIndex(index, length),
    );
  }

  /** The number of indices. */
  override get length(): number {
    return this.indices.length;
  }

  /**
   * Returns the sample of the whole dataset; negative indices count from the
   * end.
   *
   * @throws {RangeError} If there is no such sample
   */
  override get(
    index: number,
    generator: Generator,
  ): Sample | Promise<Sample> {
    const at = wrapIndex(index, this.length);
    return this.dataset.get(this.indices[at]!, generator); // it is checked
  }

  /** Returns a batch of the whole dataset, if that makes batches. */
  override getBatch(
    indices: readonly number[],
    context: BatchContext,
  ): Collated<Sample> | Promise<Collated<Sample>> | undefined {
    return this.dataset.getBatch?.(
      indices.map((index) => wholeIndex(this, index)),
      context,
    );
  }

  /** Whether the whole dataset is on the GPU. */
  override isOnGPU(): boolean {
    return this.dataset.isOnGPU?.() === true;
  }

  /** The arrays of the whole dataset, if it has any. */
  override resident(): readonly (HostArray | Tensor)[] | undefined {
    return this.dataset.resident?.();
  }

  /** The row of sample `index` in the arrays of the whole dataset. */
  override residentRow(index: number): number {
    const whole = wholeIndex(this, index);
    return this.dataset.residentRow?.(whole) ?? whole;
  }

  /** The name of the sample in the whole dataset. */
  override sampleName(index: number): string | undefined {
    return this.dataset.sampleName?.(wholeIndex(this, index));
  }
}

// Not a private method: the copy in a worker lacks those.
function wholeIndex({ indices }: Subset<unknown>, index: number): number {
  return indices[checkIndex(index, indices.length)]!;
}
