/**
 * A part of a dataset: the samples at given indices.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkIndex } from "../checks/check.ts";
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
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** The whole. */
  readonly dataset: Dataset<Sample>;
  /** The index in the whole of each sample of the part. */
  readonly indices: Uint32Array<ArrayBuffer>;

  /**
   * The part of `dataset` at `indices`, which may come in any order and again.
   *
   * @throws {TypeError} If there is no dataset, or `indices` is not iterable
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

  /** The sample of the whole that sample `index` of the part is. */
  override get(
    index: number,
    generator: Generator,
  ): Sample | Promise<Sample> {
    return this.dataset.get(rowAt(this, index), generator);
  }

  /** A batch of the whole, if it gives batches. */
  override getBatch(
    indices: readonly number[],
    context: BatchContext,
  ): Collated<Sample> | Promise<Collated<Sample>> | undefined {
    return this.dataset.getBatch?.(
      indices.map((index) => rowAt(this, index)),
      context,
    );
  }

  /** Whether the whole is. */
  override isOnGPU(): boolean {
    return this.dataset.isOnGPU?.() === true;
  }

  /** The arrays of the whole, if it has any. */
  override resident(): readonly (HostArray | Tensor)[] | undefined {
    return this.dataset.resident?.();
  }

  /** The row of the whole that sample `index` is. */
  override residentRow(index: number): number {
    const row = rowAt(this, index);
    return this.dataset.residentRow?.(row) ?? row;
  }

  /** What the whole calls the sample. */
  override sampleName(index: number): string | undefined {
    return this.dataset.sampleName?.(rowAt(this, index));
  }
}

// A function, not a private method: workers rebuild the fields of a dataset,
// and what is private would be missing there.
function rowAt({ indices }: Subset<unknown>, index: number): number {
  return indices[checkIndex(index, indices.length)]!; // just checked
}
