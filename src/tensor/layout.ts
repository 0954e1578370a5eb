/**
 * Layouts: the position of each element of a tensor in a flat buffer.
 *
 * Shape, strides and offset count elements, never bytes. Views (transpose,
 * slice, expand) are new layouts of one buffer; nothing here allocates or
 * touches the GPU. An expanded axis has stride 0 and must not be written.
 *
 * @module
 */

import { formatShape, sameShape, type Shape, sizeOf } from "./shape.ts";

/** Shape, strides and offset of a view, in elements. */
export interface Layout {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Returns the strides of a contiguous row-major array. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = stride;
    stride *= shape[dim]!;
  }
  return strides;
}

/** Returns a contiguous row-major layout. */
export function rowMajor(shape: Shape, offset = 0): Layout {
  return { shape, strides: rowMajorStrides(shape), offset };
}

/** Whether a layout is contiguous, in row-major order. */
export function isRowMajor({ shape, strides }: Layout): boolean {
  let stride = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const length = shape[dim]!;
    // strides of dims of size 1, and of empty tensors, are never used
    if (length !== 1 && strides[dim] !== stride) {
      return sizeOf(shape) === 0;
    }
    stride *= length;
  }
  return true;
}

/**
 * Whether two layouts of one buffer have the same elements in the same order.
 */
export function sameLayout(a: Layout, b: Layout): boolean {
  return a.offset === b.offset && sameShape(a.shape, b.shape) &&
    a.strides.every((stride, dim) =>
      stride === b.strides[dim] || a.shape[dim] === 1
    );
}

/** Returns the layout with its dims in another order. */
export function permuteLayout(layout: Layout, dims: readonly number[]): Layout {
  return {
    shape: dims.map((dim) => layout.shape[dim]!),
    strides: dims.map((dim) => layout.strides[dim]!),
    offset: layout.offset,
  };
}

/**
 * Returns the layout expanded along new dims and dims of size 1, with stride 0.
 */
export function expandLayout(layout: Layout, shape: Shape): Layout {
  const added = shape.length - layout.shape.length;
  return {
    shape,
    strides: shape.map((length, dim) =>
      dim < added || (layout.shape[dim - added] === 1 && length !== 1)
        ? 0
        : layout.strides[dim - added]!
    ),
    offset: layout.offset,
  };
}

/**
 * Returns elements `start`, `start + step`, … (`length` of them) of one dim.
 */
export function sliceLayout(
  layout: Layout,
  dim: number,
  start: number,
  length: number,
  step: number,
): Layout {
  const stride = layout.strides[dim]!;
  return {
    shape: layout.shape.with(dim, length),
    strides: layout.strides.with(dim, stride * step),
    offset: layout.offset + (length > 0 ? start * stride : 0),
  };
}

/** Returns one index of a dim, and removes the dim. */
export function selectLayout(
  layout: Layout,
  dim: number,
  index: number,
): Layout {
  return {
    shape: layout.shape.toSpliced(dim, 1),
    strides: layout.strides.toSpliced(dim, 1),
    offset: layout.offset + index * layout.strides[dim]!,
  };
}

/**
 * Returns the layout as another shape of the same size, or undefined if no
 * strides can express it, so that the elements must be copied.
 */
export function reshapeLayout(
  layout: Layout,
  shape: Shape,
): Layout | undefined {
  if (isRowMajor(layout)) return rowMajor(shape, layout.offset);
  const merged = mergeDims([layout]);
  const [only] = merged.strides;
  // Walk both shapes from the last dim; each new dim must lie inside one run.
  const strides = new Array<number>(shape.length);
  let run = merged.shape.length - 1;
  let left = merged.shape[run] ?? 1;
  let stride = only![run] ?? 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const length = shape[dim]!;
    if (length === 1) {
      strides[dim] = stride;
      continue;
    }
    if (left === 1) {
      run--;
      left = merged.shape[run] ?? 1;
      stride = only![run] ?? 1;
    }
    if (left % length !== 0) return undefined;
    strides[dim] = stride;
    stride *= length;
    left /= length;
  }
  return { shape, strides, offset: layout.offset };
}

/** One shape, and the strides of several operands in it. */
export interface MergedDims {
  readonly shape: number[];
  readonly strides: number[][];
}

/**
 * Merges neighbouring dims of layouts of one shape, if all strides allow it, so
 * that kernels loop over few dims.
 *
 * @throws {TypeError} If the layouts differ in shape
 */
export function mergeDims(layouts: readonly Layout[]): MergedDims {
  const shape: number[] = [];
  const strides: number[][] = layouts.map(() => []);
  const first = layouts[0]!.shape;
  for (const layout of layouts) {
    if (layout.shape.length !== first.length) {
      throw new TypeError(
        `Cannot merge dims of ${formatShape(first)} and ` +
          `${formatShape(layout.shape)}: shapes must be equal`,
      );
    }
  }
  for (let dim = 0; dim < first.length; dim++) {
    const length = first[dim]!;
    if (length === 1) continue;
    const last = shape.length - 1;
    const joins = last >= 0 &&
      layouts.every((layout, i) =>
        strides[i]![last] === layout.strides[dim]! * length
      );
    if (joins) {
      shape[last]! *= length;
      layouts.forEach((layout, i) => strides[i]![last] = layout.strides[dim]!);
    } else {
      shape.push(length);
      layouts.forEach((layout, i) => strides[i]!.push(layout.strides[dim]!));
    }
  }
  return { shape, strides };
}

/**
 * Returns the number of elements from a layout's offset to its last element,
 * which a buffer must hold beyond `offset`.
 */
export function spanOf({ shape, strides }: Layout): number {
  if (sizeOf(shape) === 0) return 0;
  return 1 + shape.reduce(
    (sum, length, dim) => sum + (length - 1) * strides[dim]!,
    0,
  );
}

/**
 * Returns the range of elements that a layout reaches, as `[first, end)`.
 * Strides may be negative.
 */
export function reachOf(
  { shape, strides, offset }: Layout,
): [first: number, end: number] {
  let [first, last] = [offset, offset];
  shape.forEach((length, dim) => {
    const far = (length - 1) * strides[dim]!;
    if (far < 0) first += far;
    else last += far;
  });
  return [first, last + 1];
}
