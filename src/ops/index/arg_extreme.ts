/**
 * Indices of the largest and smallest elements, alone or with the elements.
 *
 * Among equal elements the first counts; NaN wins over every number.
 *
 * @module
 */

import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { normalizeDim } from "../../tensor/shape.ts";
import type { ReduceOptions, Tensor } from "../../tensor/tensor.ts";
import { foldAxes } from "../reduce/axes.ts";
import { defineOp, scratch } from "../define.ts";
import { mapTo } from "../elementwise/elementwise.ts";
import { extentOf } from "../extent.ts";
import { reducedShape } from "../reduce/fold.ts";
import { gather } from "./index.ts";
import type { Call } from "../launch/launch.ts";
import { checkNotEmpty } from "../reduce/reduce.ts";
import { computeType, declareInput } from "../words.ts";

import floatLib from "../../../shaders/lib/float.wgsl" with { type: "text" };
import source from "../../../shaders/reduce/arg_extreme.wgsl" with {
  type: "text",
};

type Direction = "max" | "min";

interface ArgParams {
  readonly direction: Direction;
  readonly dim: number;
  readonly keepdim: boolean;
}

/** Most candidates that one invocation compares. */
const RUN = 512;
const GROUP = 64;

const argOp = defineOp<ArgParams>({
  name: "arg extreme",
  shape: ([x], { dim, keepdim }) => ({
    shape: reducedShape(x.shape, [dim], keepdim),
    dtype: "int32",
  }),
  kernel: ([x], [y], { direction, dim }) =>
    planPasses(direction, x.contiguous(), dim, y),
  axes: ([x], { dim, keepdim }) => {
    const dims = [dim];
    return [
      ...foldAxes<ArgParams>([x], { dims, keepdim }, "add").toSpliced(dim, 1),
      { dims: [dim, undefined], join: joinWinners },
    ];
  },
});

// Writes the second part's winner where it beats that of the first.
function joinWinners(
  { inputs: [x], outputs: [y], params }: Call<ArgParams>,
  { inputs: [rest], outputs: [other] }: Call<ArgParams>,
  start: number,
): void {
  const { direction, dim } = params;
  const [a, b] = [[x, y], [rest, other]].map(([from, index]) =>
    gather(from!, dim, index!.reshape(from!.shape.with(dim, 1)))
      .reshape(y.shape)
  ) as [Tensor, Tensor]; // of two
  const isBetter = direction === "max" ? b.gt(a) : b.lt(a);
  const beats = isBetter.logicalOr(b.ne(b)).logicalAnd(a.eq(a));
  mapTo("where", [beats, other.add(start), y], y, "i32");
}

function planPasses(
  direction: Direction,
  x: Tensor,
  dim: number,
  y: Tensor,
): Plan[] {
  const { outer, length, inner } = extentOf(x.shape, dim);
  const plans: Plan[] = [];
  let candidates: Tensor | undefined;
  for (let count = length;;) {
    const parts = Math.ceil(count / RUN);
    const winners = parts === 1 ? y : scratch([outer, parts, inner], "int32");
    plans.push(planPass(direction, x, candidates, winners, dim, count, parts));
    if (parts === 1) return plans;
    candidates = winners;
    count = parts;
  }
}

function planPass(
  direction: Direction,
  x: Tensor,
  candidates: Tensor | undefined,
  winners: Tensor,
  dim: number,
  count: number,
  parts: number,
): Plan {
  const { outer, length, inner } = extentOf(x.shape, dim);
  const type = computeType(x.dtype);
  const better = direction === "max" ? "a > b" : "a < b";
  const beats = type === "f32"
    ? `!is_nan(b) && (is_nan(a) || ${better})`
    : better;
  const inputs = candidates ? [x, candidates] : [x];
  const chosen = candidates
    ? "u32(load_candidates((o * params.count + c) * params.inner + i))"
    : "c";
  return {
    name: `arg${direction}`,
    source,
    header: [
      floatLib,
      `alias T = ${type};`,
      declareInput("x", 0, x.dtype, false),
      candidates ? declareInput("candidates", 1, "int32", false, "i32") : "",
      `@group(0) @binding(${inputs.length}) ` +
      `var<storage, read_write> index: array<i32>;`,
      `@group(0) @binding(${inputs.length + 1}) ` +
      `var<uniform> params: Params;`,
      `fn beats(a: T, b: T) -> bool { return ${beats}; }`,
      `fn candidate(o: u32, c: u32, i: u32) -> u32 { return ${chosen}; }\n`,
    ].join("\n"),
    buffers: [...inputs, winners].map((tensor) => tensor.storage),
    params: pack(source, {
      outer,
      length,
      inner,
      count,
      parts,
      run: Math.ceil(count / parts),
      offset: x.layout.offset,
    }),
    groups: foldGroups(Math.ceil(outer * parts * inner / GROUP)),
    loops: loop(Math.ceil(count / parts)).passes,
  };
}

function argExtreme(
  direction: Direction,
  x: Tensor,
  dim: number | undefined,
  keepdim: boolean,
): Tensor {
  const name = `arg${direction}`;
  if (dim === undefined || x.ndim === 0) {
    const flat = x.reshape([-1]);
    checkNotEmpty(name, flat, [0]);
    const y = argOp([flat], { direction, dim: 0, keepdim: false })[0];
    return keepdim ? y.reshape(x.shape.map(() => 1)) : y;
  }
  const axis = normalizeDim(name, dim, x.shape);
  checkNotEmpty(name, x, [axis]);
  return argOp([x], { direction, dim: axis, keepdim })[0];
}

// As in torch, which has max of bool but no argmax.
function checkOrdered(op: string, x: Tensor): void {
  if (x.dtype !== "bool") return;
  throw new TypeError(
    `Cannot ${op} ${x.describe()}: bool has no order (cast it to uint8)`,
  );
}

/** Returns the index of the largest element along `dim`, or of all: int32. */
export function argmax(
  x: Tensor,
  dim?: number,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("argmax", options, ["keepdim"]);
  checkOrdered("argmax", x);
  return argExtreme("max", x, dim, keepdim);
}

/** Returns the index of the smallest element along `dim`, or of all: int32. */
export function argmin(
  x: Tensor,
  dim?: number,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("argmin", options, ["keepdim"]);
  checkOrdered("argmin", x);
  return argExtreme("min", x, dim, keepdim);
}

/** Elements and their indices along a dim. */
export interface ValuesAndIndices {
  /** The elements; gradients flow back to them. */
  readonly values: Tensor;
  /** Their indices in the dim: int32. */
  readonly indices: Tensor;
}

function extremeAlong(
  direction: Direction,
  x: Tensor,
  dim: number,
  keepdim: boolean,
): ValuesAndIndices {
  const axis = normalizeDim(direction, dim, x.shape);
  const indices = argExtreme(direction, x, axis, true);
  const values = gather(x, axis, indices);
  if (keepdim || x.ndim === 0) return { values, indices };
  const shape = reducedShape(x.shape, [axis]);
  return { values: values.reshape(shape), indices: indices.reshape(shape) };
}

/** Returns the largest elements along `dim`, which alone receive the gradient. */
export function maxAlong(
  x: Tensor,
  dim: number,
  options: ReduceOptions = {},
): ValuesAndIndices {
  const { keepdim = false } = checkOptionNames("max", options, [
    "keepdim",
  ]);
  return extremeAlong("max", x, dim, keepdim);
}

/** Returns the smallest elements along `dim`, which alone receive the gradient. */
export function minAlong(
  x: Tensor,
  dim: number,
  options: ReduceOptions = {},
): ValuesAndIndices {
  const { keepdim = false } = checkOptionNames("min", options, [
    "keepdim",
  ]);
  return extremeAlong("min", x, dim, keepdim);
}
