/**
 * Folds over dims: a table defines how two values join, and two kernels fold.
 *
 * Neighbouring dims fold together, other dims run by run, the last run first. Long
 * runs take several passes, with intermediates of 32 bits.
 *
 * @module
 */

import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import { normalizeDim, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scratch } from "../define.ts";
import { type Extent, extentOf } from "../extent.ts";
import { makeHook } from "../kernel_hooks.ts";
import { planCopy } from "../map/copy.ts";
import {
  type ComputeType,
  computeType,
  declareInput,
  holdingType,
  WORDS,
} from "../words.ts";

import columnsSource from "../../../shaders/reduce/fold_columns.wgsl" with {
  type: "text",
};
import rowsSource from "../../../shaders/reduce/fold_rows.wgsl" with {
  type: "text",
};

/** A fold, in WGSL of V, which is T or a vector of four T. */
interface Fold {
  /** The result over no elements. */
  readonly empty: Readonly<Record<ComputeType, string>>;
  /** The fold of `a` and `b`. */
  readonly join: Readonly<Record<ComputeType, string>>;
}

const same = (wgsl: string): Fold["empty"] => ({
  f32: wgsl,
  i32: wgsl,
  u32: wgsl,
});

/** The folds, one row each. */
export const FOLDS = {
  sum: { empty: same("0"), join: same("a + b") },
  prod: { empty: same("1"), join: same("a * b") },
  amax: {
    empty: { f32: "from_bits(0xff800000u)", i32: "-2147483648", u32: "0" },
    join: {
      f32: "select(max(a, b), a + b, either_nan(a, b))",
      i32: "max(a, b)",
      u32: "max(a, b)",
    },
  },
  amin: {
    empty: {
      f32: "from_bits(0x7f800000u)",
      i32: "2147483647",
      u32: "4294967295",
    },
    join: {
      f32: "select(min(a, b), a + b, either_nan(a, b))",
      i32: "min(a, b)",
      u32: "min(a, b)",
    },
  },
} satisfies Record<string, Fold>;

/** The name of a fold. */
export type FoldName = keyof typeof FOLDS;

/** Most elements that one invocation folds. */
const RUN = 1024;
const GROUP = 64;

/** Returns the WGSL functions empty() and join(a, b) of a fold. */
export function foldText(
  name: FoldName,
  type: ComputeType,
  wide: boolean,
): string {
  const { empty, join }: Fold = FOLDS[name];
  const [value, bits, tests] = wide
    ? [`vec4<${type}>`, "vec4u", "vec4<bool>"]
    : [type, "u32", "bool"];
  const nans = type !== "f32" ? "" : `
// a value that the compiler can't see through: literals may not be infinite
fn from_bits(bits: u32) -> f32 {
  var hidden = bits;
  return bitcast<f32>(hidden);
}
fn is_nan(x: V) -> ${tests} {
  return (bitcast<${bits}>(x) & ${bits}(0x7fffffffu)) > ${bits}(0x7f800000u);
}
fn either_nan(a: V, b: V) -> ${tests} { return is_nan(a) | is_nan(b); }`;
  return `alias T = ${type};
alias V = ${value};${nans}
fn empty() -> V { return V(${empty[type]}); }
fn join(a: V, b: V) -> V { return ${join[type]}; }
`;
}

/** A function of the elements that is folded in their place. */
export interface Term {
  /** WGSL of V, the type of `x` and `center`. */
  readonly wgsl: string;
  /** A value for each result, row-major, in the type of x. */
  readonly center: Tensor;
}

/**
 * Plans the dispatches that fold a term over neighbouring dims of row-major `x`
 * into `y`.
 */
export function planTerms(
  name: FoldName,
  x: Tensor,
  extent: Extent,
  y: Tensor,
  term: Term,
): Plan[] {
  return planFold(name, x, y, extent, 1, term);
}

// Plans one pass for short runs, else a pass over parts and a fold of its results.
function planFold(
  name: FoldName,
  x: Tensor,
  y: Tensor,
  extent: Extent,
  scale: number,
  term?: Term,
): Plan[] {
  const { outer, length, inner } = extent;
  const parts = Math.max(1, Math.ceil(length / RUN));
  if (parts === 1) {
    return [planPass(name, x, y, extent, parts, length, scale, term)];
  }
  const run = Math.ceil(Math.ceil(length / parts) / 4) * 4;
  const partial = scratch(
    [outer, parts, inner],
    holdingType(computeType(x.dtype)),
  );
  return [
    planPass(name, x, partial, extent, parts, run, 1, term),
    ...planFold(name, partial, y, { outer, length: parts, inner }, scale),
  ];
}

/** Plans a fold of `parts` runs of `run` elements: y [outer, parts, inner]. */
export function planPass(
  name: FoldName,
  x: Tensor,
  y: Tensor,
  { outer, length, inner }: Extent,
  parts: number,
  run: number,
  scale: number,
  term?: Term,
): Plan {
  const { offset } = x.layout;
  const type = computeType(x.dtype);
  const center = term?.center;
  const aligned = offset % 4 === 0;
  const rows = inner === 1 && length % 4 === 0 && aligned;
  // four neighbouring columns side by side
  const columns = inner % 4 === 0 && aligned &&
    (!center || center.layout.offset % 4 === 0);
  const wide = rows || columns;
  const { word, quad } = WORDS[y.dtype];
  const stored = columns ? quad : word;
  const unit = columns ? 4 : 1;
  const scaled = type === "f32" ? "x * params.scale" : "x";
  const value = rows ? "T" : "V";
  const input = declareInput("x", 0, x.dtype, wide);
  const buffers = [x, ...(center ? [center] : []), y];
  const last = buffers.length;
  const source = rows ? rowsSource : columnsSource;
  return {
    name: `${name}_${rows ? "rows" : "columns"}`,
    source,
    header: foldText(name, type, wide) +
      `alias Y = ${stored};
${input}
${elementText(term, columns)}
@group(0) @binding(${last - 1}) var<storage, read_write> y: array<Y>;
@group(0) @binding(${last}) var<uniform> params: Params;
fn finish(x: ${value}) -> Y { return Y(${scaled}); }
`,
    buffers: buffers.map((tensor) => tensor.storage),
    params: pack(source, {
      outer,
      length,
      inner: inner / unit,
      parts,
      run,
      offset: offset / unit,
      scale,
      center: center?.layout.offset ?? 0,
    }),
    groups: foldGroups(Math.ceil(outer * parts * inner / unit / GROUP)),
    loops: loop(rows ? Math.ceil(run / 4) : run).passes,
    hooks: {
      load: makeHook(
        { declaration: input, name: "x", binding: 0, lanes: wide ? 4 : 1 },
        "outer",
      ),
    },
  };
}

// Returns element(i, own): an element of x, or the term of that element and of its
// run's value in `center`.
function elementText(term: Term | undefined, columns: boolean): string {
  if (!term) {
    return `fn own_of(cell: u32) -> V { return V(0); }
fn element(i: u32, own: V) -> V { return load_x(i); }`;
  }
  const { center, wgsl } = term;
  const at = `cell + params.center / ${columns ? 4 : 1}u`;
  return `${declareInput("center", 1, center.dtype, columns)}
fn own_of(cell: u32) -> V { return V(load_center(${at})); }
fn element(i: u32, center: V) -> V {
  let x = load_x(i);
  return ${wgsl};
}`;
}

/** Returns the reduced dims in rising order; no dims mean all, as in torch. */
export function reducedDims(
  op: string,
  dim: number | readonly number[] | undefined,
  shape: Shape,
): number[] {
  const list = typeof dim === "number" ? [dim] : dim ?? [];
  if (list.length === 0) return shape.map((_, i) => i);
  const dims = list.map((each) => normalizeDim(op, each, shape));
  if (new Set(dims).size !== dims.length) {
    throw new RangeError(
      `Cannot ${op} over dims [${list}]: expected each dim once`,
    );
  }
  return dims.filter((each) => each < shape.length).sort((a, b) => a - b);
}

/** Returns the shape after a fold over `dims`. */
export function reducedShape(
  shape: Shape,
  dims: readonly number[],
  keepdim = false,
): Shape {
  return keepdim
    ? shape.map((length, dim) => dims.includes(dim) ? 1 : length)
    : shape.filter((_, dim) => !dims.includes(dim));
}

/** Returns the last run of consecutive `dims`. */
function lastRun(dims: readonly number[]): [first: number, end: number] {
  const end = dims[dims.length - 1]! + 1;
  let first = end - 1;
  while (dims.includes(first - 1)) first--;
  return [first, end];
}

/**
 * Plans the dispatches that fold `dims` of `x` into `y`; float results are
 * multiplied by `scale`.
 */
export function planDims(
  name: FoldName,
  x: Tensor,
  dims: readonly number[],
  y: Tensor,
  scale = 1,
): Plan[] {
  if (WORDS[y.dtype].packed) {
    const words = scratch(y.shape, holdingType(computeType(x.dtype)));
    return [...planDims(name, x, dims, words, scale), planCopy(words, y)];
  }
  const dense = x.contiguous();
  if (dims.length === 0) {
    const all = { outer: x.size, length: 1, inner: 1 };
    return planFold(name, dense, y, all, scale);
  }
  const [first, end] = lastRun(dims);
  const rest = dims.filter((dim) => dim < first);
  const extent = extentOf(x.shape, first, end);
  if (rest.length === 0) return planFold(name, dense, y, extent, scale);
  const folded = scratch(
    x.shape.toSpliced(first, end - first),
    holdingType(computeType(x.dtype)),
  );
  return [
    ...planFold(name, dense, folded, extent, 1),
    ...planDims(name, folded, rest, y, scale),
  ];
}

/** The arguments of a reduction. */
export interface DimParams {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** Restores folded `dims` with size 1, to broadcast against `shape`. */
export function restoreDims(
  y: Tensor,
  shape: Shape,
  { dims, keepdim }: DimParams,
): Tensor {
  return keepdim ? y : y.reshape(reducedShape(shape, dims, true));
}
