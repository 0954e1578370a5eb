/**
 * Kernels of indexing by tensors: gather and its opposite, scatter. Both take a
 * row-major tensor as an extent around one dim. An index selects single elements
 * or whole rows.
 *
 * @module
 */

import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import { full } from "../../tensor/create.ts";
import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinBy } from "../elementwise/join_parts.ts";
import { defineOp, type Op } from "../define.ts";
import { asTensors, type Tensors } from "../operands.ts";
import { mapTo } from "../elementwise/elementwise.ts";
import { extentOf } from "../extent.ts";
import type { Axis, Call } from "../launch/launch.ts";
import { type IndexParams, planScatter } from "./scatter_kernels.ts";
import { computeType, declareInput, declareOutput } from "../words.ts";

import floatLib from "../../../shaders/lib/float.wgsl" with { type: "text" };
import gatherSource from "../../../shaders/index/gather.wgsl" with {
  type: "text",
};
import rowsSource from "../../../shaders/index/select_rows.wgsl" with {
  type: "text",
};

const GROUP = 64;

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
      // each part gathers the elements in its range
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

// Returns the axes along all dims except the indexed one; `dims` has the dim of
// each operand.
function othersOf(
  ndim: number,
  dim: number,
  dims: (other: number) => (number | undefined)[],
): Axis<IndexParams>[] {
  const others = Array.from({ length: ndim }, (_, d) => d);
  return others.filter((d) => d !== dim).map((d) => ({ dims: dims(d) }));
}

// Shifts the indices for a part of the indexed tensor: they count from its start,
// and indices outside of the part are out of range.
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

// Gathers rows of whole words, whatever the type of their elements.
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
    params: pack(rowsSource, {
      outer,
      length,
      count: index.size,
      row,
      offset: offset * bytes / unit,
      indexOffset: index.layout.offset,
    }),
    groups: foldGroups(Math.ceil(outer * index.size * row / GROUP)),
    loops: 0,
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
    params: pack(gatherSource, {
      outer,
      length,
      inner,
      count: y.shape[dim] ?? 1,
      offset: x.layout.offset,
      indexOffset: index.layout.offset,
    }),
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
    loops: loop(4).passes,
  };
}

// Adds the elements to zeros at their indices: the gradient of a gather.
const spreadOp: Op<IndexParams> = defineOp({
  name: "spread",
  shape: ([, src], { dim, length }) => ({
    shape: src.ndim === 0 ? [] : src.shape.with(dim, length),
    dtype: src.dtype,
  }),
  kernel: ([index, src], [y], params) =>
    planScatter(
      "add",
      { index: index.contiguous(), src: src.contiguous() },
      y,
      params,
    ),
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

// Returns the axes for (x, index, src). The host does not know the indices, so
// each part of x takes the whole index.
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

/** Adds src at the index to a copy of x, for inputs (x, index, src). */
export const scatterAddOp: Op<IndexParams> = defineOp({
  name: "scatterAdd",
  shape: ([x]) => x,
  kernel: ([x, index, src], [y], params) =>
    planScatter(
      "add",
      {
        index: index.contiguous(),
        src: src.contiguous(),
        x: x.contiguous(),
      },
      y,
      params,
    ),
  axes: scatterAxes,
  save: ([, index]) => [index],
  grad: (dy, { saved: [index], needs, params }) => [
    dy,
    undefined,
    needs[2] ? gatherOp([dy, index], params)[0] : undefined,
  ],
});

/** Writes src at the index to a copy of x, for inputs (x, index, src). */
export const scatterOp: Op<IndexParams> = defineOp({
  name: "scatter",
  shape: ([x]) => x,
  kernel: ([x, index, src], [y], params) =>
    planScatter(
      "last",
      {
        index: index.contiguous(),
        src: src.contiguous(),
        x: x.contiguous(),
      },
      y,
      params,
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
