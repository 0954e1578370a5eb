/**
 * A dataset of arrays in memory: sample i is row i of each.
 *
 * Workers can use arrays on the host. Tensors stay on the GPU, where the loader
 * selects the rows of a batch.
 *
 * @module
 */

import { HostArray } from "../../tensor/host_array.ts";
import { formatShape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkIndex, wrapIndex } from "../checks/check.ts";
import type { BatchContext } from "../collate/batch_context.ts";
import type { Collated } from "../collate/batch.ts";
import { Dataset } from "./dataset.ts";
import { checkKind, KINDS } from "../checks/kinds.ts";

/**
 * Arrays or tensors with the same first size; a sample is a list of rows.
 *
 * Source: torch.utils.data.TensorDataset.
 *
 * @example Three points and their classes
 * ```ts
 * import { data, HostArray } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const points = new HostArray(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
 * const classes = new HostArray(Int32Array.of(0, 1, 1));
 * const [point, label] = new data.TensorDataset(points, classes).get(2);
 * assertEquals([...point.data, ...label.data], [5, 6, 1]);
 * ```
 */
export class TensorDataset<Arrays extends (HostArray | Tensor)[]>
  extends Dataset<Arrays> {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** The arrays with the rows. */
  readonly arrays: Arrays;
  /** The number of rows. */
  readonly length: number;

  /**
   * Keeps the arrays without a copy.
   *
   * @throws {TypeError} If there are no arrays, one is of another kind, or
   * their first sizes differ
   */
  constructor(...arrays: Arrays) {
    super();
    for (const [i, array] of arrays.entries()) {
      checkKind(KINDS.array, `array ${i} of a TensorDataset`, array);
    }
    const length = arrays[0]?.shape[0];
    if (length === undefined || arrays.some((a) => a.shape[0] !== length)) {
      const shapes = arrays.map(({ shape }) => formatShape(shape)).join(", ");
      throw new TypeError(
        `Cannot make a TensorDataset of shapes ${shapes || "(none)"}: ` +
          `expected one or more with equal first sizes`,
      );
    }
    this.arrays = arrays;
    this.length = length;
  }

  /**
   * Returns a copy of row `index` of each array; of a tensor, a view. Negative
   * indices count from the end.
   *
   * @throws {RangeError} If there is no such row
   */
  override get(index: number): Arrays {
    const row = wrapIndex(index, this.length);
    const rows = this.arrays.map((array) =>
      array instanceof HostArray ? rowOf(array, row) : array.select(0, row)
    );
    return rows as Arrays; // a row has the class of its array
  }

  /** Returns copies of rows of each array, if all are on the host. */
  override getBatch(
    indices: readonly number[],
    context: BatchContext,
  ): Collated<Arrays> | undefined {
    for (const index of indices) checkIndex(index, this.length);
    const batch: HostArray[] = [];
    for (const array of this.arrays) {
      if (!(array instanceof HostArray)) return undefined;
      batch.push(rowsOf(array, indices, context));
    }
    return batch as Collated<Arrays>; // one HostArray per array
  }

  /** Whether an array is a tensor. */
  override isOnGPU(): boolean {
    return this.arrays.some((array) => !(array instanceof HostArray));
  }

  /** The arrays themselves. */
  override resident(): Arrays {
    return this.arrays;
  }
}

function rowOf({ data, shape, dtype }: HostArray, index: number): HostArray {
  const size = sizeOf(shape.slice(1));
  const row = data.slice(index * size, (index + 1) * size);
  return new HostArray(row, shape.slice(1), dtype);
}

function rowsOf(
  { data, shape, dtype }: HostArray,
  indices: readonly number[],
  context: BatchContext,
): HostArray {
  const rowShape = shape.slice(1);
  const size = sizeOf(rowShape);
  const rows = context.empty([indices.length, ...rowShape], dtype);
  for (let i = 0; i < indices.length; i++) {
    const offset = indices[i]! * size;
    if (size === 1) rows.data[i] = data[offset]!; // the caller has checked it
    else rows.data.set(data.subarray(offset, offset + size), i * size);
  }
  return rows;
}
