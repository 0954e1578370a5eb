/**
 * Parts of tensors as views (slices, single indices, diagonals, windows), and
 * the opposite: a tensor embedded in a larger one.
 *
 * A view's gradient is embedded in zeros at the view's region. A region is a
 * layout inside a row-major tensor whose elements do not overlap.
 *
 * @module
 */

import { zeros } from "../../tensor/create.ts";
import {
  type Layout,
  rowMajor,
  selectLayout,
  sliceLayout,
} from "../../tensor/layout.ts";
import {
  formatShape,
  normalizeDim,
  sameShape,
  type Shape,
} from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, defineView, type Op } from "../define.ts";
import { copyTo } from "../launch/launch.ts";
import { widened } from "../map/wide.ts";

interface Embedding {
  readonly shape: Shape;
  readonly region: Layout;
  readonly value: number;
}

const embedOp: Op<Embedding> = defineOp({
  name: "embed",
  shape: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  kernel: ([x], [y], { region, value }) => {
    copyTo(value, y);
    copyTo(x, partOf(y, region));
    return [];
  },
  composed: true,
  grad: (dy, { params: { region } }) => [strided(dy, region)],
});

/** Returns a tensor of `shape` that is `x` in a region and `value` elsewhere. */
export function embed(
  x: Tensor,
  shape: Shape,
  region: Layout,
  value = 0,
): Tensor {
  return embedOp([x], { shape, region, value })[0];
}

const eraseOp: Op<Layout> = defineOp({
  name: "erase",
  shape: ([x]) => x,
  kernel: ([x], [y], region) => {
    copyTo(x, y);
    copyTo(0, partOf(y, region));
    return [];
  },
  composed: true,
  grad: (dy, { params: region }) => [erase(dy, region)],
});

/** Returns a copy with zeros in a region. */
export function erase(x: Tensor, region: Layout): Tensor {
  return eraseOp([x], region)[0];
}

function partOf(y: Tensor, region: Layout): Tensor {
  const part = y.detach();
  part.rebind(y.storage, region);
  return part;
}

const stridedView = defineView<Layout>({
  name: "strided",
  layout: (x, region) => ({
    ...region,
    offset: x.layout.offset + region.offset,
  }),
  grad: (dy, { shapes, params: region }) => embed(dy, shapes[0]!, region),
});

/** Returns a region of the tensor's row-major elements, as a view. */
export function strided(x: Tensor, region: Layout): Tensor {
  return stridedView(x.contiguous(), region);
}

interface SliceParams {
  readonly dim: number;
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

const sliceView = defineView<SliceParams>({
  name: "slice",
  layout: (x, { dim, start, length, step }) =>
    sliceLayout(x.layout, dim, start, length, step),
  grad: (dy, { shapes: [shape], params: { dim, start, length, step } }) =>
    embed(
      dy,
      shape!,
      sliceLayout(rowMajor(shape!), dim, start, length, step),
    ),
});

/** Returns elements `start` to `stop` (exclusive) along `dim`, every `step`-th. */
export function slice(
  x: Tensor,
  dim: number,
  start = 0,
  stop: number = Infinity,
  step = 1,
): Tensor {
  const axis = normalizeDim("slice", dim, x.shape);
  if (!Number.isInteger(step) || step < 1 || x.ndim === 0) {
    throw new RangeError(
      `Cannot slice ${formatShape(x.shape)} in steps of ${step}: ` +
        `expected at least one dim and an integer of at least 1`,
    );
  }
  if (
    !Number.isInteger(start) || !(Number.isInteger(stop) || stop === Infinity)
  ) {
    throw new RangeError(
      `Cannot slice ${formatShape(x.shape)} from ${start} to ${stop}: ` +
        `expected integers (stop may be Infinity)`,
    );
  }
  const length = x.shape[axis]!;
  const clip = (at: number): number =>
    Math.max(0, Math.min(at < 0 ? at + length : at, length));
  const from = clip(start);
  const count = Math.max(0, Math.ceil((clip(stop) - from) / step));
  return sliceView(x, { dim: axis, start: from, length: count, step });
}

/**
 * Returns `length` elements along `dim`, from `start` on.
 *
 * @throws {RangeError} If the dim has fewer elements
 */
export function narrow(
  x: Tensor,
  dim: number,
  start: number,
  length: number,
): Tensor {
  const axis = normalizeDim("narrow", dim, x.shape);
  const size = x.shape[axis] ?? 0;
  const from = start < 0 ? start + size : start;
  const fits = Number.isInteger(from) && Number.isInteger(length) &&
    from >= 0 && length >= 0 && from + length <= size;
  if (!fits) {
    throw new RangeError(
      `Cannot narrow dim ${dim} of ${formatShape(x.shape)} to ${length} ` +
        `elements from ${start} on: the dim has ${size}`,
    );
  }
  return sliceView(x, { dim: axis, start: from, length, step: 1 });
}

const selectView = defineView<{ dim: number; index: number }>({
  name: "select",
  layout: (x, { dim, index }) => selectLayout(x.layout, dim, index),
  grad: (dy, { shapes: [shape], params: { dim, index } }) =>
    embed(dy, shape!, selectLayout(rowMajor(shape!), dim, index)),
});

/** Returns the view at `index` along `dim`, without that dim. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  const axis = normalizeDim("select", dim, x.shape);
  const length = x.shape[axis] ?? 0;
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new RangeError(
      `Cannot select index ${index} of dim ${dim}: a tensor of shape ` +
        `${formatShape(x.shape)} has indices ${-length} to ${length - 1} there`,
    );
  }
  return selectView(x, {
    dim: axis,
    index: index < 0 ? index + length : index,
  });
}

interface DiagonalParams {
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}

function diagonalLayout(
  { shape, strides, offset }: Layout,
  { offset: shift, dim1, dim2 }: DiagonalParams,
): Layout {
  const [down, right] = [Math.max(-shift, 0), Math.max(shift, 0)];
  const length = Math.max(
    0,
    Math.min(shape[dim1]! - down, shape[dim2]! - right),
  );
  const others = shape.map((_, dim) => dim).filter((dim) =>
    dim !== dim1 && dim !== dim2
  );
  const start = length === 0
    ? 0
    : down * strides[dim1]! + right * strides[dim2]!;
  return {
    shape: [...others.map((dim) => shape[dim]!), length],
    strides: [
      ...others.map((dim) => strides[dim]!),
      strides[dim1]! + strides[dim2]!,
    ],
    offset: offset + start,
  };
}

const diagonalView = defineView<DiagonalParams>({
  name: "diagonal",
  layout: (x, params) => diagonalLayout(x.layout, params),
  grad: (dy, { shapes: [shape], params }) =>
    embed(dy, shape!, diagonalLayout(rowMajor(shape!), params)),
});

/**
 * Returns the elements whose indices in `dim1` and `dim2` differ by `offset`. A
 * new last dim replaces the two dims.
 */
export function diagonal(x: Tensor, offset = 0, dim1 = 0, dim2 = 1): Tensor {
  const [a, b] = [dim1, dim2].map((dim) =>
    normalizeDim("diagonal", dim, x.shape)
  );
  if (a === b || x.ndim < 2) {
    throw new RangeError(
      `Cannot take a diagonal of ${formatShape(x.shape)} over dims ${dim1} ` +
        `and ${dim2}: expected two different dims`,
    );
  }
  return diagonalView(x, { offset, dim1: a!, dim2: b! });
}

/**
 * Returns a matrix with the elements of a vector on its diagonal, or the diagonal
 * of a matrix.
 *
 * @throws {TypeError} If `x` is neither vector nor matrix
 */
export function diag(x: Tensor, offset = 0): Tensor {
  if (x.ndim === 2) return diagonal(x, offset);
  if (x.ndim !== 1) {
    throw new TypeError(
      `Cannot take the diagonal of shape ${formatShape(x.shape)}: ` +
        `expected a vector or a matrix`,
    );
  }
  const size = x.size + Math.abs(offset);
  const place = { offset, dim1: 0, dim2: 1 };
  return embed(
    x,
    [size, size],
    diagonalLayout(rowMajor([size, size]), place),
  );
}

interface UnfoldParams {
  readonly dim: number;
  readonly size: number;
  readonly step: number;
}

const unfoldView = defineView<UnfoldParams>({
  name: "unfold",
  layout: ({ layout }, { dim, size, step }) => {
    const stride = layout.strides[dim]!;
    const count = Math.floor((layout.shape[dim]! - size) / step) + 1;
    return {
      shape: [...layout.shape.with(dim, count), size],
      strides: [...layout.strides.with(dim, stride * step), stride],
      offset: layout.offset,
    };
  },
  // Windows may overlap, so the loop adds element k of all windows at a time.
  grad: (dy, { shapes: [shape], params: { dim, size, step } }) => {
    const count = dy.shape[dim]!;
    const wide = widened(dy);
    let dx: Tensor | undefined;
    if (size === 0) return zeros(shape!, { dtype: dy.dtype });
    for (let k = 0; k < size; k++) {
      const part = embed(
        wide.select(-1, k),
        shape!,
        sliceLayout(rowMajor(shape!), dim, k, count, step),
      );
      dx = dx ? dx.add(part) : part;
    }
    return dx!.to(dy.dtype);
  },
});

/**
 * Returns windows of `size` elements along `dim`, `step` apart, as a new last
 * dim. A tensor without dims counts as one of shape [1].
 *
 * Source: torch.Tensor.unfold.
 *
 * @throws {RangeError} If no window fits, or `size` or `step` is not an integer
 */
export function unfold(
  x: Tensor,
  dim: number,
  size: number,
  step: number,
): Tensor {
  const axis = normalizeDim("unfold", dim, x.shape);
  const length = x.shape[axis] ?? 1;
  const isValid = Number.isInteger(size) && Number.isInteger(step) &&
    size >= 0 && step > 0 && size <= length;
  if (!isValid) {
    throw new RangeError(
      `Cannot unfold dim ${dim} of ${formatShape(x.shape)} into windows of ` +
        `${size}, ${step} apart: expected a size of 0 to ${length} and a step ` +
        `of at least 1`,
    );
  }
  // the one window, without a dim that counts windows
  if (x.ndim === 0) return x.reshape([1]).narrow(0, 0, size);
  return unfoldView(x, { dim: axis, size, step });
}

/**
 * Pads a tensor with `value`. For each dim in order, `edges` has the number of
 * elements before and after; negative numbers crop.
 */
export function padConstant(
  x: Tensor,
  edges: readonly number[],
  value: number,
): Tensor {
  let part = x;
  x.shape.forEach((length, dim) => {
    const before = Math.min(edges[2 * dim]!, 0);
    const after = Math.min(edges[2 * dim + 1]!, 0);
    if (before !== 0 || after !== 0) {
      part = slice(part, dim, -before, Math.max(length + after, 0));
    }
  });
  const shape = part.shape.map((length, dim) =>
    length + Math.max(edges[2 * dim]!, 0) + Math.max(edges[2 * dim + 1]!, 0)
  );
  if (sameShape(shape, part.shape)) return part;
  let region = rowMajor(shape);
  part.shape.forEach((length, dim) => {
    region = sliceLayout(region, dim, Math.max(edges[2 * dim]!, 0), length, 1);
  });
  return embed(part, shape, region, value);
}

/** Returns an empty tensor of `shape` in the graph of `x`, with gradient 0. */
export function emptied(x: Tensor, shape: Shape): Tensor {
  return slice(x.reshape([x.size]), 0, 0, 0).reshape(shape);
}
