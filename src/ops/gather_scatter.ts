/**
 * The kernels of indexing by tensors: gather, and scatter as its opposite. Both
 * see a row-major tensor around one dim; an index counts for single elements or
 * for whole rows.
 *
 * @module
 */

import { foldGroups, type Plan } from "../gpu/plan.ts";
import { full } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { joinBy } from "./axes.ts";
import {
  asTensors,
  defineOp,
  type Op,
  scratch,
  type Tensors,
} from "./define.ts";
import { mapTo } from "./elementwise.ts";
import { extentOf } from "./extent.ts";
import type { Axis, Call } from "./launch.ts";
import { planSort, sortSteps } from "./sort_steps.ts";
import { computeType, declareInput, declareOutput } from "./words.ts";

import floatLib from "../../shaders/lib/float.wgsl" with { type: "text" };
import gatherSource from "../../shaders/index/gather.wgsl" with {
  type: "text",
};
import scatterSource from "../../shaders/index/scatter.wgsl" with {
  type: "text",
};
import sortedSource from "../../shaders/index/scatter_sorted.wgsl" with {
  type: "text",
};
import rowsSource from "../../shaders/index/select_rows.wgsl" with {
  type: "text",
};

const GROUP = 64;

/** The arguments of gathers and scatters. */
export interface IndexParams {
  /** The indexed dim. */
  readonly dim: number;
  /** Size of the indexed dim, where it is not the input's. */
  readonly length: number;
  /** Whether the index has one dim and counts for whole rows. */
  readonly byRow: boolean;
}

/** y[o, k, i] = x[o, index, i] of (x, index). */
export const gatherOp: Op<IndexParams> = defineOp({
  name: "gather",
  shape: ([x, index], { dim, byRow }) => ({
    shape: byRow ? x.shape.with(dim, index.size) : index.shape,
    dtype: x.dtype,
  }),
  kernel: ([x, index], [y], { dim, byRow }) =>
    (byRow ? planRows(x.contiguous(), index, y, dim) : undefined) ??
      planGather(x.contiguous(), index.contiguous(), y, dim, byRow),
  axes: ([x], { dim, byRow }) => [
    ...othersOf(x.ndim, dim, (d) => [d, byRow ? undefined : d, d]),
    { dims: [undefined, byRow ? 0 : dim, dim] },
    {
      dims: [dim, undefined, undefined],
      cut: (part, start) => shifted(part, 1, start),
      // each part finds what lies in it
      join: (first, { outputs: [later] }, start) => {
        const { inputs: [x, index], outputs: [y] } = first;
        const isLater = index.ge(start);
        const beside = byRow
          ? isLater.reshape(x.shape.map((_, d) => d === dim ? -1 : 1))
          : isLater;
        mapTo("where", [beside, later, y], y, computeType(y.dtype));
      },
    },
  ],
  save: ([, index]) => [index],
  grad: (dy, { saved: [index], params }) => [
    spreadOp([index, dy], params)[0],
    undefined,
  ],
});

// The dims but the indexed one, as axes: `dims` says which of each operand.
function othersOf(
  ndim: number,
  dim: number,
  dims: (other: number) => (number | undefined)[],
): Axis<IndexParams>[] {
  const others = Array.from({ length: ndim }, (_, d) => d);
  return others.filter((d) => d !== dim).map((d) => ({ dims: dims(d) }));
}

// A part of what is indexed: indices count from where it begins, those outside
// of it are out of range.
function shifted(
  part: Call<IndexParams>,
  at: number,
  start: number,
): Call<IndexParams> {
  if (start === 0) return part;
  const { inputs } = part;
  return {
    ...part,
    inputs: asTensors(inputs.with(at, inputs[at]!.sub(start))),
  };
}

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

// Loads that sorting may cost for each dispatch of it.
const DISPATCH_LOADS = 20_000;

// Every destination looking at all indices, against a sort and a search.
function isSortCheaper(
  index: Tensor,
  y: Tensor,
  { inner, count, byRow }: { inner: number; count: number; byRow: boolean },
): boolean {
  const searches = byRow && inner % 4 === 0 ? y.size / 4 : y.size;
  const steps = sortSteps(count);
  // a step loads two ranks and two indices for each pair, and writes two
  const sort = steps * (3 * index.size + DISPATCH_LOADS);
  return sort + searches * 2 * Math.log2(count) < searches * count;
}

// Joined to `x`, or to zeros without it.
function planScatter(
  join: Join,
  index: Tensor,
  src: Tensor,
  y: Tensor,
  { dim, byRow }: IndexParams,
  x?: Tensor,
): Plan[] {
  const { outer, length, inner } = extentOf(y.shape, dim);
  const count = src.shape[dim] ?? 1;
  const plans: Plan[] = [];
  let order: Tensor | undefined;
  if (isSortCheaper(index, y, { inner, count, byRow })) {
    order = scratch(index.shape, "int32");
    plans.push(...planSort(index, order, byRow ? 0 : dim, false));
  }
  const tensors = [index, src, ...(order ? [order] : []), ...(x ? [x] : [])];
  plans.push({
    name: `scatter_${join}${order ? "_sorted" : ""}`,
    source: order ? sortedSource : scatterSource,
    header: [
      `alias T = ${computeType(y.dtype)};`,
      declareInput("index", 0, "int32", false, "i32"),
      declareInput("src", 1, src.dtype, false),
      order ? declareInput("order", 2, "int32", false, "i32") : "",
      x ? declareInput("x", tensors.length - 1, x.dtype, false) : "",
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
      count,
      src.layout.offset,
      index.layout.offset,
      x?.layout.offset ?? 0,
    ],
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
  });
  return plans;
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
  axes: ([, src], { dim, byRow }) => [
    ...othersOf(src.ndim, dim, (d) => [byRow ? undefined : d, d, d]),
    {
      dims: [undefined, undefined, dim],
      cut: (part, start) => shifted(part, 0, start),
    },
    { dims: [byRow ? 0 : dim, dim, undefined], join: joinBy("add") },
  ],
  save: ([index]) => [index],
  grad: (dy, { saved: [index], params }) => [
    undefined,
    gatherOp([dy, index], params)[0],
  ],
});

// Of (x, index, src): where the index leads is not known, so that a part of x
// meets all of it.
function scatterAxes(
  [x]: Tensors,
  { dim, byRow }: IndexParams,
): Axis<IndexParams>[] {
  return [
    ...othersOf(x.ndim, dim, (d) => [d, byRow ? undefined : d, d, d]),
    {
      dims: [dim, undefined, undefined, dim],
      cut: (part, start) => shifted(part, 1, start),
    },
  ];
}

/** A copy of x with src added where the index says, of (x, index, src). */
export const scatterAddOp: Op<IndexParams> = defineOp({
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
  axes: scatterAxes,
  save: ([, index]) => [index],
  grad: (dy, { saved: [index], needs, params }) => [
    dy,
    undefined,
    needs[2] ? gatherOp([dy, index], params)[0] : undefined,
  ],
});

/** A copy of x with src put where the index says, of (x, index, src). */
export const scatterOp: Op<IndexParams> = defineOp({
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
  axes: scatterAxes,
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
