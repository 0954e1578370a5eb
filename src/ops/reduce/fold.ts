/**
 * Folding dims away: a table says how two values join, two kernels fold them.
 *
 * Dims that are neighbours are folded together, others run by run, the last
 * first. Long runs go in several passes. What comes between passes is kept in
 * 32 bits.
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

/** One kind of fold: WGSL of V, which is T or four T side by side. */
interface Fold {
  /** The fold of nothing. */
  readonly empty: Readonly<Record<ComputeType, string>>;
  /** Of `a` and `b`. */
  readonly join: Readonly<Record<ComputeType, string>>;
}

const same = (wgsl: string): Fold["empty"] => ({
  f32: wgsl,
  i32: wgsl,
  u32: wgsl,
});

/** How values join, one row per fold. */
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

/** Elements that one invocation folds, at most. */
const RUN = 1024;
const GROUP = 64;

/** The text of a fold for V, alone or four wide: empty() and join(a, b). */
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

/** What is folded instead of the elements themselves. */
export interface Term {
  /** WGSL of V, the type of `x` and `center`. */
  readonly wgsl: string;
  /** A value for each result, row-major, in the type of x. */
  readonly center: Tensor;
}

/**
 * The dispatches that fold a term of neighbouring dims of `x`, which is
 * row-major, into `y`.
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

// One pass where the runs are short, else a pass over parts and then again.
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

/** Folds each of `parts` runs of `run` elements: y [outer, parts, inner]. */
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

// element(i, own): an element of x, or what a term makes of it and of the value
// that its run has in `center`
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

/** Which dims a reduction takes, in rising order; no dims are all, as in torch. */
export function reducedDims(
  op: string,
  dim: number | readonly number[] | undefined,
  shape: Shape,
): number[] {
  const given = typeof dim === "number" ? [dim] : dim ?? [];
  if (given.length === 0) return shape.map((_, i) => i);
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

/** The last of `dims` and those right before it. */
function lastRun(dims: readonly number[]): [first: number, end: number] {
  const end = dims[dims.length - 1]! + 1;
  let first = end - 1;
  while (dims.includes(first - 1)) first--;
  return [first, end];
}

/**
 * The dispatches that fold `dims` of `x` into `y`, times `scale` where they are
 * floats.
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

/** Dims of size 1 where `dims` were folded away, to broadcast against `shape`. */
export function restoreDims(
  y: Tensor,
  shape: Shape,
  { dims, keepdim }: DimParams,
): Tensor {
  return keepdim ? y : y.reshape(reducedShape(shape, dims, true));
}
