/**
 * Indexing by tensors: ops that read elements at an index (`indexSelect`,
 * `gather`) or write them there (`scatter`, `scatterAdd`, `indexAdd`). Each kind
 * is the other's gradient.
 *
 * The host checks an index that it wrote. For an index computed on the GPU,
 * reading out of range gives NaN (0 for integers), and writing out of range does
 * nothing. Sums follow the order of the index, with the same bits in every run.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { full } from "../../tensor/create.ts";
import { DTYPES, fit } from "../../tensor/dtype.ts";
import {
  broadcastShapes,
  formatShape,
  normalizeDim,
  sameShape,
  type Shape,
} from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gatherOp, scatterAddOp, scatterOp } from "./gather_scatter.ts";
import { checkIndices } from "./indices.ts";
import type { IndexParams } from "./scatter_kernels.ts";
import { emptied, padConstant } from "../movement/slicing.ts";

/**
 * Returns the elements of `x` at the indices `index` of dim `dim`: whole rows if
 * `dim` is 0. Negative indices are out of range; `at` takes them. A tensor
 * without dims takes one index, for its only element.
 *
 * Source: torch.index_select.
 *
 * @throws {TypeError} If `index` has more than one dim or is not of integers, or
 * if `x` has no dims and `index` not exactly one element
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  const axis = normalizeDim("indexSelect", dim, x.shape);
  const rows = rowIndex("indexSelect", index);
  checkIndices("indexSelect", index, x.shape[axis] ?? 1);
  if (x.ndim === 0) {
    if (rows.size !== 1) {
      throw new TypeError(
        `Cannot indexSelect a tensor without dims by an index of shape ` +
          `${formatShape(index.shape)}: expected one index`,
      );
    }
    return indexSelect(x.reshape([1]), 0, rows).reshape([]);
  }
  const params = { dim: axis, length: x.shape[axis]!, byRow: true };
  return gatherOp([x, rows], params)[0];
}

/**
 * Returns an element of `x` for each index: y[i][j] = x[index[i][j]][j] for `dim`
 * 0, and so on. `index` has as many dims as `x`, and no size larger than that of
 * `x` except at `dim`. A tensor without dims counts as one of shape [1]; an empty
 * index may have any shape.
 *
 * Source: torch.gather.
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  const axis = normalizeDim("gather", dim, x.shape);
  const at = elementIndex("gather", x, axis, index);
  checkIndices("gather", index, x.shape[axis] ?? 1);
  if (at.size === 0) return emptied(x, at.shape);
  if (x.ndim === 0 || at.ndim === 0) {
    return gather(withDim(x), 0, withDim(at)).reshape(at.shape);
  }
  const params = { dim: axis, length: x.shape[axis]!, byRow: false };
  return gatherOp([shrink(x, at.shape, axis), at], params)[0];
}

/**
 * Gathers as `gather` does, but sizes of 1 broadcast. Without `dim`, `x` is
 * flattened first.
 *
 * Source: torch.take_along_dim.
 */
export function takeAlongDim(x: Tensor, index: Tensor, dim?: number): Tensor {
  if (dim === undefined) {
    return gather(x.reshape([-1]), 0, index.reshape([-1]));
  }
  const axis = normalizeDim("takeAlongDim", dim, x.shape);
  if (index.ndim !== x.ndim) {
    throw new TypeError(
      `Cannot takeAlongDim ${formatShape(x.shape)} by an index of shape ` +
        `${formatShape(index.shape)}: it must have as many dims as the tensor`,
    );
  }
  if (x.ndim === 0) return gather(x, axis, index);
  const shape = broadcastShapes("takeAlongDim", [
    x.shape.with(axis, 1),
    index.shape.with(axis, 1),
  ]);
  return gather(
    x.expand(shape.with(axis, x.shape[axis]!)),
    axis,
    index.expand(shape.with(axis, index.shape[axis]!)),
  );
}

/**
 * Writes the elements of `src` at `index` to a copy of `x`. Among writes to the
 * same element, the last in the order of the index wins. A number stands for a
 * `src` filled with it. Tensors without dims and empty indices are as in
 * `gather`.
 *
 * Source: torch.scatter, which leaves the winner undefined.
 */
export function scatter(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
): Tensor {
  return put("scatter", writeLast, x, dim, index, src);
}

/**
 * Adds the elements of `src` at `index` to a copy of `x`. A sum of booleans is
 * true if any of its terms is true.
 */
export function scatterAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
): Tensor {
  return put("scatterAdd", writeSum, x, dim, index, src);
}

/**
 * Adds row k of `source`, times `alpha`, to row `index[k]` of a copy of `x`. Rows
 * are counted along `dim`.
 *
 * Source: torch.index_add.
 *
 * @throws {TypeError} If the type or shape of `source` differs from that of the
 * rows of `x`, or if `x` is of integers and `alpha` has a fraction
 */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: { readonly alpha?: number } = {},
): Tensor {
  const { alpha = 1 } = checkOptionNames("indexAdd", options, ["alpha"]);
  const axis = normalizeDim("indexAdd", dim, x.shape);
  const rows = rowIndex("indexAdd", index);
  checkIndices("indexAdd", index, x.shape[axis] ?? 1);
  const wanted = x.ndim === 0 ? [rows.size] : x.shape.with(axis, rows.size);
  // a source without dims counts as one row of a vector or number, as in torch
  const added = x.ndim < 2 ? withDim(source) : source;
  if (!sameShape(added.shape, wanted) || source.dtype !== x.dtype) {
    throw new TypeError(
      `Cannot indexAdd ${source.describe()} to ${x.describe()} over dim ` +
        `${dim}: expected ${x.dtype} ${formatShape(wanted)}`,
    );
  }
  if (x.ndim === 0) {
    return indexAdd(x.reshape([1]), 0, rows, added, { alpha }).reshape([]);
  }
  const scaled = alpha === 1 ? added : added.mul(alpha);
  if (scaled.dtype !== x.dtype) {
    throw new TypeError(
      `Cannot indexAdd ${source.describe()} times ${alpha}: alpha must be an ` +
        `integer for integer tensors`,
    );
  }
  const params = { dim: axis, length: x.shape[axis]!, byRow: true };
  return writeSum([x, rows, scaled], params);
}

/** Writes src at index to a copy of x, for inputs (x, index, src). */
type Write = (
  inputs: readonly [Tensor, Tensor, Tensor],
  params: IndexParams,
) => Tensor;

const writeLast: Write = (inputs, params) => scatterOp(inputs, params)[0];

// Sums of booleans are computed in int32, because bool holds only 0 and 1.
const writeSum: Write = ([x, index, src], params) => {
  if (x.dtype !== "bool") return scatterAddOp([x, index, src], params)[0];
  const counted = [x.to("int32"), index, src.to("int32")];
  return scatterAddOp(counted, params)[0].to("bool");
};

function put(
  name: string,
  write: Write,
  x: Tensor,
  dim: number,
  index: Tensor,
  values: Tensor | number,
): Tensor {
  const axis = normalizeDim(name, dim, x.shape);
  const at = elementIndex(name, x, axis, index);
  checkIndices(name, index, x.shape[axis] ?? 1);
  const src = typeof values === "number"
    ? full(at.shape, fit(name, values, x.dtype), { dtype: x.dtype })
    : values;
  if (
    src.dtype !== x.dtype ||
    (at.size > 0 && !fitsIn(withDim(at).shape, withDim(src).shape))
  ) {
    throw new TypeError(
      `Cannot ${name} ${src.describe()} into ${x.describe()}: expected ` +
        `${x.dtype} of shape ${formatShape(at.shape)} or more`,
    );
  }
  if (at.size === 0) return x.clone();
  if (x.ndim === 0 || at.ndim === 0 || src.ndim === 0) {
    return put(name, write, withDim(x), 0, withDim(at), withDim(src))
      .reshape(x.shape);
  }
  const params = { dim: axis, length: x.shape[axis]!, byRow: false };
  // elements that the index does not cover get an index out of range
  const whole = x.shape.with(axis, at.shape[axis]!);
  const extra = whole.flatMap((length, d) => [0, length - at.shape[d]!]);
  const isWhole = sameShape(whole, at.shape);
  return write([
    x,
    isWhole ? at : padConstant(at, extra, -1),
    isWhole ? shrink(src, whole) : padConstant(shrink(src, at.shape), extra, 0),
  ], params);
}

/** Reshapes a tensor without dims to shape [1]. */
function withDim(x: Tensor): Tensor {
  return x.ndim === 0 ? x.reshape([1]) : x;
}

/** Narrows each dim to its size in `shape`, except the dim `except`. */
function shrink(x: Tensor, shape: Shape, except?: number): Tensor {
  let part = x;
  for (let dim = 0; dim < shape.length; dim++) {
    if (dim !== except && shape[dim] !== part.shape[dim]) {
      part = part.slice(dim, 0, shape[dim]);
    }
  }
  return part;
}

function fitsIn(shape: Shape, other: Shape): boolean {
  return shape.length === other.length &&
    shape.every((length, dim) => length <= other[dim]!);
}

/** Returns the index as int32. */
function integerIndex(name: string, index: Tensor): Tensor {
  if (DTYPES[index.dtype].category !== 1) {
    throw new TypeError(
      `Cannot ${name} by ${index.describe()}: expected an integer index`,
    );
  }
  return index.to("int32");
}

function rowIndex(name: string, index: Tensor): Tensor {
  if (index.ndim > 1) {
    throw new TypeError(
      `Cannot ${name} by an index of shape ${formatShape(index.shape)}: ` +
        `expected one dim`,
    );
  }
  return integerIndex(name, index).reshape([index.size]).contiguous();
}

function elementIndex(
  name: string,
  x: Tensor,
  axis: number,
  index: Tensor,
): Tensor {
  const room = x.ndim === 0 ? [Infinity] : x.shape.with(axis, Infinity);
  if (index.size > 0 && !fitsIn(withDim(index).shape, room)) {
    throw new TypeError(
      `Cannot ${name} ${
        formatShape(x.shape)
      } over dim ${axis} by an index of ` +
        `shape ${formatShape(index.shape)}: it must have as many dims, and ` +
        `no larger size at any other dim`,
    );
  }
  return integerIndex(name, index);
}
