/**
 * Host arrays: elements in ordinary memory, with a shape and a dtype. Datasets
 * return them, workers send them, and tensors are made from them. Nothing here
 * touches the GPU, so workers may import this file.
 *
 * Elements are contiguous, in row-major order.
 *
 * @module
 */

import { formatValue } from "./arguments.ts";
import {
  checkDType,
  type DType,
  dtypeOf,
  DTYPES,
  type TypedArray,
} from "./dtype.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/** An n-dimensional array in host memory, row-major and contiguous. */
export class HostArray {
  /** The elements; bool is stored as bytes 0 and 1. */
  readonly data: TypedArray;
  /** The size of each dimension. */
  readonly shape: Shape;
  /** The dtype of the elements. */
  readonly dtype: DType;

  /**
   * Wraps `data` without a copy. Only bool needs `dtype`.
   *
   * @throws {TypeError} If `shape` has another number of elements than `data`,
   * or `dtype` needs another type of array
   */
  constructor(
    data: TypedArray,
    shape: Shape = [data.length],
    dtype: DType = dtypeOf(data),
  ) {
    if (data.length !== sizeOf(shape)) {
      throw new TypeError(
        `Cannot make an array of shape ${formatShape(shape)} from ` +
          `${data.length} elements: expected ${sizeOf(shape)}`,
      );
    }
    const { array } = DTYPES[checkDType("make an array", dtype)];
    if (!(data instanceof array)) {
      throw new TypeError(
        `Cannot make an array of type "${dtype}" from ${formatValue(data)}: ` +
          `expected elements of ${array.name}`,
      );
    }
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }
}
