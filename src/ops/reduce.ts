/**
 * Reductions: folding dims away. A table says how two values join; one kernel
 * (and a wider one for rows) folds them.
 *
 * A fold over dims that are not neighbours permutes them to the end first. Long
 * folds go in several passes.
 *
 * @module
 */

import { f32Bits, foldGroups, type Plan } from "../gpu/plan.ts";
import { isFloat } from "../tensor/dtype.ts";
import {
  normalizeDim,
  sameShape,
  type Shape,
  sizeOf,
} from "../tensor/shape.ts";
import type { ReduceOptions, Tensor } from "../tensor/tensor.ts";
import { defineOp, scratch } from "./define.ts";
import { computeType, declareInput, WORDS } from "./map.ts";

import floatLib from "../../shaders/lib/float.wgsl" with { type: "text" };
import reduceSource from "../../shaders/reduce/reduce.wgsl" with {
  type: "text",
};
import rowsSource from "../../shaders/reduce/reduce_rows.wgsl" with {
  type: "text",
};

/** One kind of fold: WGSL of type T. */
interface Fold {
  /** The fold of nothing. */
  readonly empty: Readonly<Record<"f32" | "i32" | "u32", string>>;
  /** Of `a` and `b`. */
  readonly join: string;
  /** What becomes of an element before it is joined, as `x`. */
  readonly each?: string;
}

const same = (wgsl: string): Fold["empty"] => ({
  f32: wgsl,
  i32: wgsl,
  u32: wgsl,
});
const isTrue = "select(T(0), T(1), x != T(0))";

/** How values join, one row per fold. */
export const FOLDS = {
  sum: { empty: same("T(0)"), join: "a + b" },
  prod: { empty: same("T(1)"), join: "a * b" },
  amax: {
    empty: { f32: "-infinity()", i32: "i32(-2147483648)", u32: "0u" },
    join: "select(max(a, b), a + b, a != a || b != b)",
  },
  amin: {
    empty: { f32: "infinity()", i32: "2147483647", u32: "4294967295u" },
    join: "select(min(a, b), a + b, a != a || b != b)",
  },
  any: { empty: same("T(0)"), join: "max(a, b)", each: isTrue },
  all: { empty: same("T(1)"), join: "min(a, b)", each: isTrue },
} satisfies Record<string, Fold>;

/** The name of a fold. */
export type FoldName = keyof typeof FOLDS;

/** Elements that one invocation folds, at most. */
const RUN = 1024;
const GROUP = 64;

/** A contiguous tensor seen as [outer, length, inner], folded over length. */
interface Extent {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

// One pass where the runs are short, else a pass over parts and then again.
function planFold(
  name: FoldName,
  x: Tensor,
  y: Tensor,
  extent: Extent,
  scale: number,
): Plan[] {
  const { outer, length, inner } = extent;
  const parts = Math.max(1, Math.ceil(length / RUN));
  const run = Math.ceil(Math.ceil(length / parts) / 4) * 4;
  if (parts === 1) return [planPass(name, x, y, extent, parts, run, scale)];
  const type = isFloat(x.dtype) ? "float32" : computeType(x.dtype);
  const partial = scratch(
    [outer, parts, inner],
    type === "i32" ? "int32" : type === "u32" ? "uint32" : "float32",
  );
  return [
    planPass(name, x, partial, extent, parts, run, 1),
    ...planFold(name, partial, y, { outer, length: parts, inner }, scale),
  ];
}

function planPass(
  name: FoldName,
  x: Tensor,
  y: Tensor,
  { outer, length, inner }: Extent,
  parts: number,
  run: number,
  scale: number,
): Plan {
  const { empty, join, each = "x" }: Fold = FOLDS[name];
  const { offset } = x.layout;
  const wide = inner === 1 && length % 4 === 0 && offset % 4 === 0;
  const type = computeType(x.dtype);
  const { word } = WORDS[y.dtype];
  const scaled = type === "f32" ? "x * params.scale" : "x";
  const header = [
    floatLib,
    `alias T = ${type};`,
    `alias Y = ${word};`,
    declareInput("x", 0, x.dtype, wide),
    `fn each(x: T) -> T { return ${each}; }`,
    wide
      ? `fn load(q: u32) -> vec4<T> {
  let v = load_x(q);
  return vec4<T>(each(v.x), each(v.y), each(v.z), each(v.w));
}`
      : "fn load(i: u32) -> T { return each(load_x(i)); }",
    `fn empty() -> T { return ${empty[type]}; }`,
    `fn join(a: T, b: T) -> T { return ${join}; }`,
    `fn finish(x: T) -> Y { return Y(${scaled}); }`,
  ].join("\n");
  return {
    name: `${name}_${wide ? "rows" : "fold"}`,
    source: wide ? rowsSource : reduceSource,
    header,
    buffers: [x.storage, y.storage],
    params: [outer, length, inner, parts, run, offset, f32Bits(scale)],
    groups: foldGroups(Math.ceil(outer * parts * inner / GROUP)),
  };
}

/** Which dims a reduction takes, in rising order. */
export function reducedDims(
  op: string,
  dim: number | readonly number[] | undefined,
  shape: Shape,
): number[] {
  if (dim === undefined) return shape.map((_, i) => i);
  const given = typeof dim === "number" ? [dim] : dim;
  const dims = given.map((each) => normalizeDim(op, each, shape));
  if (new Set(dims).size !== dims.length) {
    throw new RangeError(`Cannot ${op} over dims [${given}]: one comes twice`);
  }
  return dims.filter((each) => each < shape.length).sort((a, b) => a - b);
}

/** The shape that is left when `dims` are folded. */
export function reducedShape(
  shape: Shape,
  dims: readonly number[],
  keepdim = false,
): Shape {
  return keepdim
    ? shape.map((length, dim) => dims.includes(dim) ? 1 : length)
    : shape.filter((_, dim) => !dims.includes(dim));
}

/**
 * The dispatches that fold `dims` of `x` into `y`, times `scale` where they are
 * floats. Packed results are folded in words and cast by whoever asked.
 */
export function planDims(
  name: FoldName,
  x: Tensor,
  dims: readonly number[],
  y: Tensor,
  scale = 1,
): Plan[] {
  const { shape } = x;
  const first = dims[0] ?? 0;
  const end = first + dims.length;
  const isRun = dims.every((dim, i) => dim === first + i);
  const kept = shape.map((_, dim) => dim).filter((dim) => !dims.includes(dim));
  const dense = (isRun ? x : x.permute([...kept, ...dims])).contiguous();
  const extent = {
    outer: isRun ? sizeOf(shape.slice(0, first)) : y.size,
    length: sizeOf(dims.map((dim) => shape[dim]!)),
    inner: isRun ? sizeOf(shape.slice(end)) : 1,
  };
  return planFold(name, dense, y, extent, scale);
}

/** The arguments of a reduction. */
export interface DimParams {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** Dims of size 1 where `dims` were folded away, to broadcast against `shape`. */
export function restoreDims(
  y: Tensor,
  shape: Shape,
  { dims, keepdim }: DimParams,
): Tensor {
  return keepdim ? y : y.reshape(reducedShape(shape, dims, true));
}

const sumOp = defineOp<DimParams & { scale: number }>({
  name: "sum",
  shape: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: isFloat(x.dtype) ? x.dtype : "int32",
  }),
  kernel: ([x], [y], { dims, scale }) => planDims("sum", x, dims, y, scale),
  grad: (dy, { shapes, params }) => {
    const dx = restoreDims(dy, shapes[0]!, params).expand(shapes[0]!);
    return [params.scale === 1 ? dx : dx.mul(params.scale)];
  },
});

/** The sum over some dims, or all. Integers and bool sum to int32. */
export function sum(
  x: Tensor,
  dim?: number | readonly number[],
  { keepdim = false }: ReduceOptions = {},
): Tensor {
  const dims = reducedDims("sum", dim, x.shape);
  return sumOp([x], { dims, keepdim, scale: 1 })[0];
}

/**
 * The mean over some dims, or all; NaN over no elements.
 *
 * @throws {TypeError} If the elements are no floats
 */
export function mean(
  x: Tensor,
  dim?: number | readonly number[],
  { keepdim = false }: ReduceOptions = {},
): Tensor {
  if (!isFloat(x.dtype)) {
    throw new TypeError(`Cannot take the mean of ${x.describe()}: not a float`);
  }
  const dims = reducedDims("mean", dim, x.shape);
  const count = sizeOf(dims.map((each) => x.shape[each]!));
  return sumOp([x], { dims, keepdim, scale: 1 / count })[0];
}

/** The sum over the dims that broadcasting from `shape` had added. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.ndim - shape.length;
  const dims = x.shape.map((_, dim) => dim).filter((dim) =>
    dim < added || (shape[dim - added] === 1 && x.shape[dim] !== 1)
  );
  return sumOp([x], { dims, keepdim: false, scale: 1 })[0].reshape(shape);
}
