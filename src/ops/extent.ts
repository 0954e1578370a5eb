/**
 * Extents: a row-major shape as three sizes, before, along and after a dim (or
 * a run of dims). Kernels that loop along the dim take these sizes.
 *
 * @module
 */

import { type Shape, sizeOf } from "../tensor/shape.ts";

/** Element (o, r, i) of [outer, length, inner] is (o * length + r) * inner + i. */
export interface Extent {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** Returns the extent around the dims from `first` to `end` (exclusive). */
export function extentOf(
  shape: Shape,
  first: number,
  end: number = first + 1,
): Extent {
  return {
    outer: sizeOf(shape.slice(0, first)),
    length: sizeOf(shape.slice(first, end)),
    inner: sizeOf(shape.slice(end)),
  };
}
