/**
 * Indexing by tensors: elements picked by an index (`indexSelect`, `gather`) and
 * put where an index says (`scatter`, `scatterAdd`, `indexAdd`). Each is the
 * other's gradient.
 *
 * An index is known to the GPU alone, so one out of range can't be refused:
 * reading there gives NaN (0 for integers), writing there does nothing. Sums
 * are in the order of the index: the same bits in every run.
 *
 * @module
 */

import { foldGroups, type Plan } from "../gpu/plan.ts";
import { full } from "../tensor/create.ts";
import { DTYPES, isFloat } from "../tensor/dtype.ts";
import {
  broadcastShapes,
  formatShape,
  normalizeDim,
  sameShape,
  type Shape,
} from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Op } from "./define.ts";
import { extentOf } from "./extent.ts";
import { padConstant } from "./slicing.ts";
import { computeType, declareInput, declareOutput } from "./words.ts";

import floatLib from "../../shaders/lib/float.wgsl" with { type: "text" };
import gatherSource from "../../shaders/index/gather.wgsl" with {
  type: "text",
};
import scatterSource from "../../shaders/index/scatter.wgsl" with {
  type: "text",
};
import rowsSource from "../../shaders/index/select_rows.wgsl" with {
  type: "text",
};

const GROUP = 64;

interface IndexParams {
  readonly dim: number;
  /** Size of the indexed dim, where it is not the input's. */
  readonly length: number;
  /** Whether the index has one dim and counts for whole rows. */
  readonly byRow: boolean;
}

const gatherOp: Op<IndexParams> = defineOp({
  name: "gather",
  shape: ([x, index], { dim, byRow }) => ({
    shape: byRow ? x.shape.with(dim, index.size) : index.shape,
    dtype: x.dtype,
  }),
  kernel: ([x, index], [y], { dim, byRow }) =>
    (byRow ? planRows(x.contiguous(), index, y, dim) : undefined) ??
      planGather(x.contiguous(), index.contiguous(), y, dim, byRow),
  save: ([, index]) => [index],
  grad: (dy, { saved: [index], params }) => [
    spreadOp([index, dy], params)[0],
    undefined,
  ],
});

// Rows of whole words, moved without a look at their elements.
function planRows(
  x: Tensor,
  index: Tensor,
  y: Tensor,
  dim: number,
): Plan | undefined {
  const { outer, length, inner } = extentOf(x.shape, dim);
  const bytes = x.bytesPerElement;
  const { offset } = x.layout;
  const unit = [16, 4].find((unit) =>
    inner * bytes % unit === 0 && offset * bytes % unit === 0
  );
  if (unit === undefined) return undefined;
  const missing = x.dtype === "float32"
    ? "0x7fc00000u"
    : x.dtype === "float16"
    ? "0x7e007e00u"
    : "0u";
  const row = inner * bytes / unit;
  return {
    name: "select_rows",
    source: rowsSource,
    header: `alias W = ${unit === 16 ? "vec4u" : "u32"};\n` +
      `const MISSING: u32 = ${missing};\n`,
    buffers: [x.storage, index.storage, y.storage],
    params: [
      outer,
      length,
      index.size,
      row,
      offset * bytes / unit,
      index.layout.offset,
    ],
    groups: foldGroups(Math.ceil(outer * index.size * row / GROUP)),
  };
}

function planGather(
  x: Tensor,
  index: Tensor,
  y: Tensor,
  dim: number,
  byRow: boolean,
): Plan {
  const { outer, length, inner } = extentOf(x.shape, dim);
  const missing = isFloat(x.dtype) ? "nan()" : "T(0)";
  return {
    name: "gather",
    source: gatherSource,
    header: [
      floatLib,
      `alias T = ${computeType(x.dtype)};`,
      declareInput("x", 0, x.dtype, false),
      declareInput("index", 1, "int32", false, "i32"),
      declareOutput("y", 2, y.dtype),
      `const BY_ROW = ${byRow};`,
      `fn missing() -> T { return ${missing}; }\n`,
    ].join("\n"),
    buffers: [x.storage, index.storage, y.storage],
    params: [
      outer,
      length,
      inner,
      y.shape[dim] ?? 1,
      x.layout.offset,
      index.layout.offset,
    ],
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
  };
}

type Join = "add" | "last";
const JOINS: Readonly<Record<Join, string>> = { add: "a + b", last: "b" };

// The last input is what the elements are joined to; without it, zeros.
function planScatter(
  join: Join,
  index: Tensor,
  src: Tensor,
  y: Tensor,
  { dim, byRow }: IndexParams,
  x?: Tensor,
): Plan {
  const { outer, length, inner } = extentOf(y.shape, dim);
  const tensors = x ? [index, src, x] : [index, src];
  return {
    name: `scatter_${join}`,
    source: scatterSource,
    header: [
      `alias T = ${computeType(y.dtype)};`,
      declareInput("index", 0, "int32", false, "i32"),
      declareInput("src", 1, src.dtype, false),
      x ? declareInput("x", 2, x.dtype, false) : "",
      declareOutput("y", tensors.length, y.dtype),
      `@group(0) @binding(${tensors.length + 1}) ` +
      `var<uniform> params: Params;`,
      `const BY_ROW = ${byRow};`,
      `fn base(i: u32) -> T { return ${x ? "load_x(i)" : "T(0)"}; }`,
      `fn join(a: T, b: T) -> T { return ${JOINS[join]}; }\n`,
    ].join("\n"),
    buffers: [...tensors, y].map((tensor) => tensor.storage),
    params: [
      outer,
      length,
      inner,
      src.shape[dim] ?? 1,
      src.layout.offset,
      index.layout.offset,
      x?.layout.offset ?? 0,
    ],
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
  };
}

// Zeros, with the elements added where the index says: a gather's gradient.
const spreadOp: Op<IndexParams> = defineOp({
  name: "spread",
  shape: ([, src], { dim, length }) => ({
    shape: src.ndim === 0 ? [] : src.shape.with(dim, length),
    dtype: src.dtype,
  }),
  kernel: ([index, src], [y], params) =>
    planScatter("add", index.contiguous(), src.contiguous(), y, params),
  save: ([index]) => [index],
  grad: (dy, { saved: [index], params }) => [
    undefined,
    gatherOp([dy, index], params)[0],
  ],
});

const scatterAddOp: Op<IndexParams> = defineOp({
  name: "scatterAdd",
  shape: ([x]) => x,
  kernel: ([x, index, src], [y], params) =>
    planScatter(
      "add",
      index.contiguous(),
      src.contiguous(),
      y,
      params,
      x.contiguous(),
    ),
  save: ([, index]) => [index],
  grad: (dy, { saved: [index], needs, params }) => [
    dy,
    undefined,
    needs[2] ? gatherOp([dy, index], params)[0] : undefined,
  ],
});

const scatterOp: Op<IndexParams> = defineOp({
  name: "scatter",
  shape: ([x]) => x,
  kernel: ([x, index, src], [y], params) =>
    planScatter(
      "last",
      index.contiguous(),
      src.contiguous(),
      y,
      params,
      x.contiguous(),
    ),
  save: ([, index]) => [index],
  grad: (dy, { saved: [index], shapes, needs, params }) => [
    needs[0]
      ? scatterOp(
        [dy, index, full(shapes[2]!, 0, { dtype: dy.dtype })],
        params,
      )[0]
      : undefined,
    undefined,
    needs[2] ? gatherOp([dy, index], params)[0] : undefined,
  ],
});

/**
 * The elements of `x` at the indices `index` of dim `dim`: whole rows where
 * `dim` is 0. Negative indices count from the end.
 *
 * Source: torch.index_select, and it takes negative indices as x[:, index] does.
 *
 * @throws {TypeError} If `index` has more than one dim, or no integer type
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  const axis = normalizeDim("indexSelect", dim, x.shape);
  const rows = rowIndex("indexSelect", index);
  if (x.ndim === 0) return indexSelect(x.reshape([1]), 0, rows).reshape([]);
  const params = { dim: axis, length: x.shape[axis]!, byRow: true };
  return gatherOp([x, rows], params)[0];
}

/**
 * y[i][j] = x[index[i][j]][j] for `dim` 0, and so on: an element for each of
 * `index`, which has as many dims as `x` and no size larger than it, but at
 * `dim`.
 *
 * Source: torch.gather.
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  const axis = normalizeDim("gather", dim, x.shape);
  const at = elementIndex("gather", x, axis, index);
  if (x.ndim === 0) {
    return gather(x.reshape([1]), 0, at.reshape([1])).reshape([]);
  }
  const params = { dim: axis, length: x.shape[axis]!, byRow: false };
  return gatherOp([shrink(x, at.shape, axis), at], params)[0];
}

/**
 * As `gather`, but sizes of 1 broadcast; without `dim`, over the elements of `x`
 * in order.
 *
 * Source: torch.take_along_dim.
 */
export function takeAlongDim(x: Tensor, index: Tensor, dim?: number): Tensor {
  if (dim === undefined) {
    return gather(x.reshape([-1]), 0, index.reshape([-1]));
  }
  const axis = normalizeDim("takeAlongDim", dim, x.shape);
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
 * A copy of `x` in which the element that `index` says is that of `src`; where
 * two fall on one place the later one stays. A number stands for a `src` full
 * of it.
 *
 * Source: torch.scatter, where the winner is left open.
 */
export function scatter(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
): Tensor {
  return put("scatter", scatterOp, x, dim, index, src);
}

/** A copy of `x` with the elements of `src` added where `index` says. */
export function scatterAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
): Tensor {
  return put("scatterAdd", scatterAddOp, x, dim, index, src);
}

/**
 * A copy of `x` with row k of `source`, times `alpha`, added to row `index[k]`;
 * rows lie along `dim`.
 *
 * Source: torch.index_add.
 */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  { alpha = 1 }: { readonly alpha?: number } = {},
): Tensor {
  const axis = normalizeDim("indexAdd", dim, x.shape);
  const rows = rowIndex("indexAdd", index);
  if (
    x.ndim === 0 || !sameShape(source.shape, x.shape.with(axis, rows.size)) ||
    source.dtype !== x.dtype
  ) {
    throw new TypeError(
      `Cannot indexAdd ${source.describe()} to ${x.describe()} over dim ` +
        `${dim}: expected ${x.dtype} ` +
        formatShape(x.ndim === 0 ? [1] : x.shape.with(axis, rows.size)),
    );
  }
  const scaled = alpha === 1 ? source : source.mul(alpha);
  const params = { dim: axis, length: x.shape[axis]!, byRow: true };
  return scatterAddOp([x, rows, scaled], params)[0];
}

function put(
  name: string,
  op: Op<IndexParams>,
  x: Tensor,
  dim: number,
  index: Tensor,
  given: Tensor | number,
): Tensor {
  const axis = normalizeDim(name, dim, x.shape);
  const at = elementIndex(name, x, axis, index);
  const src = typeof given === "number"
    ? full(at.shape, given, { dtype: x.dtype })
    : given;
  if (src.dtype !== x.dtype || !fitsIn(at.shape, src.shape)) {
    throw new TypeError(
      `Cannot ${name} ${src.describe()} into ${x.describe()}: expected ` +
        `${x.dtype} of shape ${formatShape(at.shape)} or more`,
    );
  }
  if (x.ndim === 0) {
    return put(name, op, x.reshape([1]), 0, at.reshape([1]), src.reshape([1]))
      .reshape([]);
  }
  const params = { dim: axis, length: x.shape[axis]!, byRow: false };
  // Places that the index does not reach get an index that is nowhere.
  const whole = x.shape.with(axis, at.shape[axis]!);
  const extra = whole.flatMap((length, d) => [0, length - at.shape[d]!]);
  const isWhole = sameShape(whole, at.shape);
  return op([
    x,
    isWhole ? at : padConstant(at, extra, -1),
    isWhole ? shrink(src, whole) : padConstant(shrink(src, at.shape), extra, 0),
  ], params)[0];
}

/** The first elements of each dim, as many as in `shape`; all of `except`. */
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

/** The index as int32. */
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
  const room = x.ndim === 0 ? x.shape : x.shape.with(axis, Infinity);
  if (!fitsIn(index.shape, room)) {
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
