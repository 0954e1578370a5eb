/**
 * Plans of a scatter, which joins elements at an index. Every destination
 * searches a short index; a long index is sorted first. If either would take too
 * long for one invocation (NOTE [loops]), parts or segments are joined before.
 *
 * @module
 */

import { loop, passesOf } from "../../gpu/loops.ts";
import { pack, type Params } from "../../gpu/params.ts";
import { foldGroups, MAX_LOOPS, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scratch } from "../define.ts";
import { type Extent, extentOf } from "../extent.ts";
import { planDims } from "../reduce/fold.ts";
import { planCopy } from "../map/copy.ts";
import { planSort, sortSteps } from "./sort_steps.ts";
import {
  computeType,
  declareInput,
  declareOutput,
  holdingType,
} from "../words.ts";

import ranksLib from "../../../shaders/lib/ranks.wgsl" with { type: "text" };
import scatterSource from "../../../shaders/index/scatter.wgsl" with {
  type: "text",
};
import sortedSource from "../../../shaders/index/scatter_sorted.wgsl" with {
  type: "text",
};
import segmentsSource from "../../../shaders/index/segments.wgsl" with {
  type: "text",
};

const SORTED = ranksLib + sortedSource;
const SEGMENTS = ranksLib + segmentsSource;
const GROUP = 64;

/** The arguments of gathers and scatters. */
export interface IndexParams {
  /** The indexed dim. */
  readonly dim: number;
  /** Size of the indexed dim, where it is not the input's. */
  readonly length: number;
  /** Whether the index has one dim and selects whole rows. */
  readonly byRow: boolean;
}

type Join = "add" | "last";
const JOINS: Readonly<Record<Join, string>> = { add: "a + b", last: "b" };

// Cost of one dispatch, in loads.
const DISPATCH_LOADS = 20_000;

// Compares the cost of a linear search with that of a sort and binary searches.
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

/** Loop iterations of an invocation for a part of the indices. */
const PART = 16384;
/** Ranks of a segment, at most: few enough, and not too many segments. */
function segmentOf(count: number): number {
  return count > 2 ** 23 ? 16384 : 1024;
}

/** Row-major tensors of a scatter; without `x`, it writes to zeros. */
export interface ScatterInputs {
  readonly index: Tensor;
  readonly src: Tensor;
  readonly x?: Tensor | undefined;
}

/** Plans the dispatches that fill `y` with a scatter along a dim. */
export function planScatter(
  join: Join,
  inputs: ScatterInputs,
  y: Tensor,
  { dim, byRow }: IndexParams,
): Plan[] {
  const { index, src } = inputs;
  const extent = extentOf(y.shape, dim);
  const count = src.shape[dim] ?? 1;
  const scattered = { join, inputs, extent, count, byRow };
  const together = byRow && extent.inner % 4 === 0;
  const searches = together ? 1 : 4;
  const isSorted = isSortCheaper(index, y, { ...extent, count, byRow });
  const isLong = searchLoops(searches, count) > MAX_LOOPS;
  if (isLong && !isSorted && join === "add") {
    return planParts(scattered, searches, y);
  }
  if (!isLong && !isSorted) {
    const loops = searchLoops(searches, count);
    return [planSearch(scattered, y, { run: count, parts: 1, loops })];
  }
  const order = scratch(index.shape, "int32");
  const sort = planSort(index, order, byRow ? 0 : dim, false);
  if (!isLong) {
    const loops = sortedLoops(searches, count, count);
    return [...sort, planSorted(scattered, order, y, loops)];
  }
  const held = holdingType(computeType(y.dtype));
  const segments = scratch(src.shape, held);
  const joined = { ...scattered, inputs: { ...inputs, src: segments } };
  // n ranks lie in n / segmentOf + 2 segments at most
  const steps = Math.ceil(count / segmentOf(count)) + 2;
  const loops = sortedLoops(searches, count, steps);
  return [
    ...sort,
    planSegments(scattered, order, segments),
    planSorted(joined, order, y, loops, true),
  ];
}

interface Scattered {
  readonly join: Join;
  readonly inputs: ScatterInputs;
  /** Extent of the result around the dim. */
  readonly extent: Extent;
  /** Indices along the dim. */
  readonly count: number;
  readonly byRow: boolean;
}

// A quad runs one search, or one per element. The kernel's text has the loops of
// both.
function searchLoops(searches: number, count: number): number {
  return passesOf(loop(4), loop(count), loop(searches, loop(count)));
}

// A binary search finds the first of `steps` elements, or segments.
function sortedLoops(searches: number, count: number, steps: number): number {
  const bits = Math.ceil(Math.log2(count + 1));
  return passesOf(loop(4), loop(searches, loop(bits), loop(steps)));
}

// Returns the header, buffers and parameters that the kernels of a scatter share;
// the kernel writes to `out`.
function shared(
  { join, inputs: { index, src, x }, extent, count, byRow }: Scattered,
  order: Tensor | undefined,
  declareOut: (binding: number) => string,
  out: Tensor,
): Pick<Plan, "header" | "buffers"> & { readonly params: Params } {
  const tensors = [index, src, ...(order ? [order] : []), ...(x ? [x] : [])];
  const header = [
    `alias T = ${computeType(out.dtype)};`,
    declareInput("index", 0, "int32", false, "i32"),
    declareInput("src", 1, src.dtype, false),
    order ? declareInput("order", 2, "int32", false, "i32") : "",
    x ? declareInput("x", tensors.length - 1, x.dtype, false) : "",
    declareOut(tensors.length),
    `@group(0) @binding(${tensors.length + 1}) var<uniform> params: Params;`,
    `const BY_ROW = ${byRow};`,
    `fn base(i: u32) -> T { return ${x ? "load_x(i)" : "T(0)"}; }`,
    `fn join(a: T, b: T) -> T { return ${JOINS[join]}; }\n`,
  ].join("\n");
  return {
    header,
    buffers: [...tensors, out].map((tensor) => tensor.storage),
    params: {
      outer: extent.outer,
      length: extent.length,
      inner: extent.inner,
      count,
      srcOffset: src.layout.offset,
      indexOffset: index.layout.offset,
      offset: x?.layout.offset ?? 0,
    },
  };
}

interface Search {
  readonly run: number;
  readonly parts: number;
  readonly loops: number;
}

// Every destination searches all indices, or those of a part.
function planSearch(
  scattered: Scattered,
  y: Tensor,
  { run, parts, loops }: Search,
): Plan {
  const { outer, length, inner } = scattered.extent;
  const declare = (at: number) => declareOutput("y", at, y.dtype);
  const { params, ...texts } = shared(scattered, undefined, declare, y);
  const quads = Math.ceil(outer * length * inner / 4);
  return {
    name: `scatter_${scattered.join}`,
    source: scatterSource,
    ...texts,
    params: pack(scatterSource, { ...params, run, parts }),
    groups: foldGroups(Math.ceil(quads * parts / GROUP)),
    loops,
  };
}

// Splits the indices into parts, each of which adds to zeros of its own.
function planParts(scattered: Scattered, searches: number, y: Tensor): Plan[] {
  const run = PART / searches;
  const parts = Math.ceil(scattered.count / run);
  const held = holdingType(computeType(y.dtype));
  const width = Math.ceil(y.size / 4) * 4;
  const partial = scratch([parts, width], held);
  const total = scratch([width], held);
  const loops = searchLoops(searches, run);
  return [
    planSearch(scattered, partial, { run, parts, loops }),
    ...planDims("sum", partial, [0], total),
    planCopy(total.slice(0, 0, y.size).reshape(y.shape), y),
  ];
}

// Every destination finds its indices in the sorted order by binary search.
function planSorted(
  scattered: Scattered,
  order: Tensor,
  y: Tensor,
  loops: number,
  segmented = false,
): Plan {
  const declare = (at: number) => declareOutput("y", at, y.dtype);
  const { header, buffers, params } = shared(scattered, order, declare, y);
  return {
    name: `scatter_${scattered.join}_${segmented ? "segments" : "sorted"}`,
    source: SORTED,
    header: `${header}const RUN = ${segmentOf(scattered.count)}u;\n` +
      `const SEGMENTED = ${segmented};\n`,
    buffers,
    params: pack(SORTED, params),
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
    loops,
  };
}

// Joins the elements of each segment of equal indices, into `y`.
function planSegments(scattered: Scattered, order: Tensor, y: Tensor): Plan {
  const { index, src } = scattered.inputs;
  const declare = (at: number) =>
    `@group(0) @binding(${at}) var<storage, read_write> y: array<T>;`;
  const bare = { ...scattered, inputs: { index, src } };
  const { header, buffers, params } = shared(bare, order, declare, y);
  return {
    name: `segments_${scattered.join}`,
    source: SEGMENTS,
    header: `${header}const RUN = ${segmentOf(scattered.count)}u;\n`,
    buffers,
    params: pack(SEGMENTS, params),
    groups: foldGroups(Math.ceil(y.size / GROUP)),
    loops: loop(segmentOf(scattered.count)).passes,
  };
}
