/**
 * Ops that move elements and compute nothing: views (new layouts of the same
 * buffer), the copies that make a view row-major, and casts.
 *
 * @module
 */

import { clear, dispatch } from "../gpu/stream.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import {
  expandLayout,
  isRowMajor,
  permuteLayout,
  reshapeLayout,
  selectLayout,
  sliceLayout,
} from "../tensor/layout.ts";
import {
  formatShape,
  normalizeDim,
  sameShape,
  type Shape,
  sizeOf,
} from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineOp, defineView, type Op } from "./define.ts";
import { computeType, planMap } from "./map.ts";

const copyOp = defineOp({
  name: "contiguous",
  shape: ([x]) => x,
  kernel: ([x], [y]) => {
    const compute = computeType(x.dtype);
    return planMap({ name: "copy", wgsl: "a", compute }, [x], y);
  },
  grad: (dy) => [dy],
});

/** The tensor itself if its elements lie row by row, else a copy that does. */
export function contiguous(x: Tensor): Tensor {
  return isRowMajor(x.layout) ? x : copyOp([x], undefined)[0];
}

const castOp = defineOp<{ from: DType; to: DType }>({
  name: "to",
  shape: ([x], { to }) => ({ shape: x.shape, dtype: to }),
  kernel: ([x], [y], { from }) =>
    planMap({ name: "cast", wgsl: "a", compute: computeType(from) }, [x], y),
  grad: (dy, { params: { from } }) => [
    isFloat(from) ? cast(dy, from) : undefined,
  ],
});

/** The elements in another type; the tensor itself if it has it already. */
export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : castOp([x], { from: x.dtype, to })[0];
}

const reshapeView = defineView<Shape>({
  name: "reshape",
  // only called where reshapeLayout has an answer
  layout: (x, shape) => reshapeLayout(x.layout, shape) ?? x.layout,
  grad: (dy, { shapes }) => reshape(dy, shapes[0]!),
});

/** The elements in row-major order, in another shape; one size may be -1. */
export function reshape(x: Tensor, given: Shape): Tensor {
  const shape = inferShape(x, given);
  if (sameShape(shape, x.shape)) return x.alias();
  const fits = reshapeLayout(x.layout, shape) !== undefined;
  return reshapeView(fits ? x : copyOp([x], undefined)[0], shape);
}

function inferShape(x: Tensor, shape: Shape): Shape {
  const known = shape.reduce((size, n) => n === -1 ? size : size * n, 1);
  const open = shape.filter((length) => length === -1).length;
  const isValid = shape.every((n) => Number.isInteger(n) && n >= -1) &&
    open <= 1;
  const missing = open === 1 && known > 0 ? x.size / known : 0;
  const full = shape.map((length) => length === -1 ? missing : length);
  if (
    !isValid || !Number.isInteger(missing) || sizeOf(full) !== x.size ||
    (open === 1 && known === 0)
  ) {
    throw new TypeError(
      `Cannot reshape ${formatShape(x.shape)} to ${formatShape(shape)}: ` +
        `expected ${x.size} elements and one -1 at most`,
    );
  }
  return full;
}

const permuteView = defineView<readonly number[]>({
  name: "permute",
  layout: (x, dims) => permuteLayout(x.layout, dims),
  grad: (dy, { params: dims }) =>
    permute(dy, dims.map((_, dim) => dims.indexOf(dim))),
});

/** The dims in another order. */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  const order = dims.map((dim) => normalizeDim("permute", dim, x.shape));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new RangeError(
      `Cannot permute ${formatShape(x.shape)} by [${dims.join(", ")}]: ` +
        `expected each of its ${x.ndim} dims once`,
    );
  }
  return permuteView(x, order);
}

const expandView = defineView<Shape>({
  name: "expand",
  layout: (x, shape) => expandLayout(x.layout, shape),
  grad: (dy, { shapes }) => dy.sumTo(shapes[0]!),
});

/** Repeats dims of size 1 and adds dims in front; -1 keeps a size. */
export function expand(x: Tensor, given: Shape): Tensor {
  const added = given.length - x.ndim;
  const shape = given.map((length, dim) =>
    length === -1 ? x.shape[dim - added] ?? -1 : length
  );
  const fits = added >= 0 && shape.every((length, dim) =>
    length >= 0 &&
    (dim < added || x.shape[dim - added] === length ||
      x.shape[dim - added] === 1)
  );
  if (!fits) {
    throw new TypeError(
      `Cannot expand ${formatShape(x.shape)} to ${formatShape(given)}: ` +
        `sizes must be equal, or 1 before`,
    );
  }
  return expandView(x, shape);
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
  grad: (dy, { shapes, params }) =>
    unsliceOp([dy], { shape: shapes[0]!, slice: params })[0],
});

// Zeros, with dy where the slice was: the gradient of a slice.
const unsliceOp: Op<{ shape: Shape; slice: SliceParams }> = defineOp({
  name: "unslice",
  shape: ([dy], { shape }) => ({ shape, dtype: dy.dtype }),
  kernel: ([dy], [dx], { slice: { dim, start, length, step } }) => {
    clear(dx.storage.buffer, 0, Math.ceil(dx.storage.bytes / 4) * 4);
    const part = dx.detach();
    part.rebind(
      part.storage,
      sliceLayout(dx.layout, dim, start, length, step),
    );
    const compute = computeType(dy.dtype);
    return planMap({ name: "unslice", wgsl: "a", compute }, [dy], part);
  },
  grad: (ddx, { params: { slice } }) => [sliceView(ddx, slice)],
});

// A tensor full of one value, but for the part that x becomes.
const embedOp = defineOp<
  { shape: Shape; starts: readonly number[]; value: number }
>({
  name: "pad",
  shape: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  kernel: ([x], [y], { starts, value }) => {
    const compute = computeType(x.dtype);
    const part = y.detach();
    let { layout } = y;
    starts.forEach((start, dim) => {
      layout = sliceLayout(layout, dim, start, x.shape[dim]!, 1);
    });
    part.rebind(part.storage, layout);
    return [
      planMap({ name: "fill", wgsl: "a", compute }, [value], y),
      planMap({ name: "pad", wgsl: "a", compute }, [x], part),
    ];
  },
  grad: (dy, { shapes, params: { starts } }) => {
    let dx = dy;
    starts.forEach((start, dim) => {
      dx = slice(dx, dim, start, start + shapes[0]![dim]!);
    });
    return [dx];
  },
});

/**
 * `value` around the elements: for each dim in order, `edges` has how many go
 * before and how many after; negative ones cut away.
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
  const starts = x.shape.map((_, dim) => Math.max(edges[2 * dim]!, 0));
  const shape = part.shape.map((length, dim) =>
    length + starts[dim]! + Math.max(edges[2 * dim + 1]!, 0)
  );
  return sameShape(shape, part.shape)
    ? part
    : embedOp([part], { shape, starts, value })[0];
}

/** Elements `start` to `stop` (exclusive) along `dim`, every `step`-th. */
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
        `expected a dim and a positive integer`,
    );
  }
  const length = x.shape[axis]!;
  const clip = (at: number): number =>
    Math.max(0, Math.min(at < 0 ? at + length : at, length));
  const from = clip(start);
  const count = Math.max(0, Math.ceil((clip(stop) - from) / step));
  return sliceView(x, { dim: axis, start: from, length: count, step });
}

const selectView = defineView<{ dim: number; index: number }>({
  name: "select",
  layout: (x, { dim, index }) => selectLayout(x.layout, dim, index),
  grad: (dy, { shapes, params: { dim, index } }) =>
    unsliceOp([dy.unsqueeze(dim)], {
      shape: shapes[0]!,
      slice: { dim, start: index, length: 1, step: 1 },
    })[0],
});

/** Index `index` along `dim`, which goes away. */
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

/** Writes the elements of `source`, which broadcasts, into `target`. */
export function assign(target: Tensor, source: Tensor): void {
  const compute = computeType(source.dtype);
  dispatch(planMap({ name: "assign", wgsl: "a", compute }, [source], target));
  target.storage.version++;
}
