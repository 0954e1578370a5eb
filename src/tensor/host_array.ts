/**
 * Host arrays: elements in ordinary memory, with a shape and a type. What a
 * dataset hands out, what crosses between workers, what a tensor is made from
 * and read back into. Nothing here touches the GPU, so workers may import it.
 *
 * Elements lie in row-major order, without gaps.
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
  /** The type of an element. */
  readonly dtype: DType;

  /**
   * Wraps `data` without copying it; `dtype` is only needed for bool.
   *
   * @throws {TypeError} If `data` holds another number of elements than `shape`,
   * or elements of another type than `dtype`
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
