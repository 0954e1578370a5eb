/**
 * Softmax and log-softmax over one dim, and their gradients.
 *
 * Each function has two kernels. On a GPU one workgroup takes a row. On a CPU
 * adapter, and where neighbouring runs interleave, one invocation takes a run.
 * Ops compute runs that are too long for both (NOTE [loops]), and gradients
 * that will be differentiated again. The kernels compute in float32; float16
 * is cast to it and back.
 *
 * @module
 */

import { isGradEnabled, noGrad } from "../../autograd/mode.ts";
import { type AdapterClass, adapterClass } from "../../gpu/device.ts";
import { loop, passesOf } from "../../gpu/loops.ts";
import { pack, type Params } from "../../gpu/params.ts";
import { foldGroups, MAX_LOOPS, type Plan } from "../../gpu/plan.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { isRowMajor } from "../../tensor/layout.ts";
import { normalizeDim } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { axesOf } from "../launch/axes.ts";
import { defineOp, type Op } from "../define.ts";
import { type Extent, extentOf } from "../extent.ts";
import { makeHook } from "../kernel_hooks.ts";

import lanesLib from "../../../shaders/lib/lanes.wgsl" with { type: "text" };
import runsLib from "../../../shaders/lib/runs.wgsl" with { type: "text" };
import gradRowsSource from "../../../shaders/softmax/grad_rows.wgsl" with {
  type: "text",
};
import gradRunsSource from "../../../shaders/softmax/grad_runs.wgsl" with {
  type: "text",
};
import rowsSource from "../../../shaders/softmax/rows.wgsl" with {
  type: "text",
};
import runsSource from "../../../shaders/softmax/runs.wgsl" with {
  type: "text",
};

const FORWARD = { rows: rowsSource, runs: runsLib + runsSource };
const GRADIENT = {
  rows: `const LANES = GROUP;\n${lanesLib}${gradRowsSource}`,
  runs: runsLib + gradRunsSource,
};

/** Formulas of softmax or log-softmax, in WGSL on Q and S (see runs.wgsl). */
interface Row {
  /** Result, from `x`, `highest` and `sum`. */
  readonly y: string;
  /** Term that the gradient sums, from `dy` and `y`. */
  readonly term: string;
  /** Gradient, from `dy`, `y` and `sum`. */
  readonly dx: string;
  /** Computes the function of x - highest in ops. */
  ofShifted(x: Tensor, dim: number): Tensor;
  /** Computes the gradient in ops. */
  slope(dy: Tensor, y: Tensor, dim: number): Tensor;
}

const KEEP = { keepdim: true } as const;

const ROWS = {
  softmax: {
    y: "exp(x - highest) / sum",
    term: "dy * y",
    dx: "y * (dy - sum)",
    ofShifted(x, dim) {
      const exps = x.exp();
      return exps.div(exps.sum(dim, KEEP));
    },
    slope: (dy, y, dim) => y.mul(dy.sub(dy.mul(y).sum(dim, KEEP))),
  },
  logSoftmax: {
    y: "(x - highest) - log(sum)",
    term: "dy",
    dx: "dy - exp(y) * sum",
    ofShifted: (x, dim) => x.sub(x.exp().sum(dim, KEEP).log()),
    slope: (dy, y, dim) => dy.sub(y.exp().mul(dy.sum(dim, KEEP))),
  },
} satisfies Record<string, Row>;

type Name = keyof typeof ROWS;

/** Kernel of a tensor, and invocations of its workgroups. */
export interface SoftmaxChoice {
  readonly kernel: "rows" | "runs";
  readonly group: number;
}

/** Rows up to this length are not worth a workgroup. */
const SHORT = 32;

/** Returns the kernel for a tensor seen as [outer, length, inner]. */
export function chooseSoftmax(
  { length, inner }: Extent,
  kind: AdapterClass,
): SoftmaxChoice {
  if (kind === "cpu") return { kernel: "runs", group: 8 };
  if (inner > 1 || length <= SHORT) return { kernel: "runs", group: 64 };
  return { kernel: "rows", group: length > 256 ? 256 : 64 };
}

/** Loads of the kernels that take one run an invocation. */
export interface RunLoads {
  /** WGSL of Q, S and the functions that reduce a Q to an S. */
  readonly header: string;
  /** Elements in a Q. */
  readonly width: 1 | 4;
  /** Outer times inner, length and inner, in units of Q. */
  readonly sizes: readonly [runs: number, length: number, inner: number];
}

const ONE_LANE = `alias Q = f32;
alias S = f32;
fn top(v: Q) -> S { return v; }
fn total(v: Q) -> S { return v; }
`;
const FOUR_LANES = `alias Q = vec4f;
alias S = f32;
fn top(v: Q) -> S { return max(max(v.x, v.y), max(v.z, v.w)); }
fn total(v: Q) -> S { return (v.x + v.y) + (v.z + v.w); }
`;
const FOUR_RUNS = `alias Q = vec4f;
alias S = vec4f;
fn top(v: Q) -> S { return v; }
fn total(v: Q) -> S { return v; }
`;

/** Returns loads of four elements where sizes and offsets are multiples of 4. */
export function loadsOf(
  { outer, length, inner }: Extent,
  offsets: readonly number[],
): RunLoads {
  const isAligned = offsets.every((offset) => offset % 4 === 0);
  if (isAligned && inner === 1 && length % 4 === 0) {
    return { header: FOUR_LANES, width: 4, sizes: [outer, length / 4, 1] };
  }
  if (isAligned && inner % 4 === 0) {
    const quads = inner / 4;
    return {
      header: FOUR_RUNS,
      width: 4,
      sizes: [outer * quads, length, quads],
    };
  }
  return { header: ONE_LANE, width: 1, sizes: [outer * inner, length, inner] };
}

/** Returns the loop passes of a plan for `extent`, as in Plan.loops. */
function loopsOf(extent: Extent, offsets: readonly number[]): number {
  const { kernel, group } = chooseSoftmax(extent, adapterClass());
  // a kernel reads a run up to three times, and lanes reduce two numbers
  const over = loop(
    kernel === "rows"
      ? Math.ceil(extent.length / group)
      : loadsOf(extent, offsets).sizes[1],
  );
  const join = loop(kernel === "rows" ? Math.log2(group) : 0);
  return passesOf(over, over, over, join, join);
}

/** Whether a kernel can take runs of these tensors along `dim`. */
function fits(tensors: readonly Tensor[], dim: number): boolean {
  const offsets = tensors.map(({ layout }) =>
    isRowMajor(layout) ? layout.offset : 0 // kernels get a copy
  );
  return loopsOf(extentOf(tensors[0]!.shape, dim), offsets) <= MAX_LOOPS;
}

const SCALAR = "alias Q = f32;\nalias S = f32;\n";

// Plans the rows or the runs kernel; it calls `functions`, written in Q and S.
function planRuns(
  name: string,
  sources: { readonly rows: string; readonly runs: string },
  extent: Extent,
  inputs: readonly Tensor[],
  output: Tensor,
  functions: string,
  load = "",
): Plan {
  const { kernel, group } = chooseSoftmax(extent, adapterClass());
  const offsets = inputs.map((input) => input.layout.offset);
  const buffers = [...inputs, output].map((tensor) => tensor.storage);
  if (kernel === "rows") {
    return {
      name: `${name}_rows`,
      source: sources.rows,
      consts: { GROUP: group },
      header: SCALAR + load + functions,
      buffers,
      params: pack(sources.rows, {
        rows: extent.outer,
        length: extent.length,
        inner: 1,
        ...offsetParams(offsets),
      }),
      groups: foldGroups(extent.outer),
      loops: loopsOf(extent, offsets),
      ...hookOf(load, offsets, 1),
    };
  }
  const { header, width, sizes } = loadsOf(extent, offsets);
  return {
    name: `${name}_runs`,
    source: sources.runs,
    consts: { GROUP: group },
    header: header + load + functions,
    buffers,
    params: pack(sources.runs, {
      runs: sizes[0],
      length: sizes[1],
      inner: sizes[2],
      ...offsetParams(offsets.map((offset) => offset / width)),
    }),
    groups: foldGroups(Math.ceil(sizes[0] / group)),
    loops: loopsOf(extent, offsets),
    ...hookOf(load, offsets, width),
  };
}

// The offset of x, or those of dy and y.
function offsetParams([first, second]: readonly number[]): Params {
  return second === undefined
    ? { offset: first! }
    : { dyOffset: first!, yOffset: second };
}

/** Declaration of the only input, which compile() may replace. */
const LOAD = `alias T = f32;
@group(0) @binding(0) var<storage, read> x_words: array<Q>;
fn load_x(i: u32) -> Q { return x_words[i]; }
`;

function hookOf(
  load: string,
  [offset]: readonly number[],
  lanes: 1 | 4,
): Pick<Plan, "hooks"> {
  if (load === "" || offset !== 0) return {};
  const declaration = load.slice(load.indexOf("@group"));
  const hook = { declaration, name: "x", binding: 0, lanes };
  return { hooks: { load: makeHook(hook, "length") } };
}

// Gradient of x from dy and y.
function makeGradOp(name: Name): Op<number> {
  const row = ROWS[name];
  return defineOp<number>({
    name: `${name}Grad`,
    shape: ([dy]) => dy,
    kernel: ([dy, y], [dx], dim) =>
      planRuns(
        `${name}_grad`,
        GRADIENT,
        extentOf(dy.shape, dim),
        [dy.contiguous(), y.contiguous()],
        dx,
        `fn term(dy: Q, y: Q) -> Q { return ${row.term}; }
fn result(dy: Q, y: Q, sum: S) -> Q { return ${row.dx}; }
`,
      ),
    axes: (inputs, dim, [shape]) => axesOf(inputs, shape!, { except: [dim] }),
  });
}

function makeOp(name: Name): Op<number> {
  const row = ROWS[name];
  return defineOp<number>({
    name,
    shape: ([x]) => x,
    kernel: ([x], [y], dim) =>
      planRuns(
        name,
        FORWARD,
        extentOf(x.shape, dim),
        [x.contiguous()],
        y,
        `fn result(x: Q, highest: S, sum: S) -> Q { return ${row.y}; }\n`,
        LOAD,
      ),
    axes: (inputs, dim, [shape]) => axesOf(inputs, shape!, { except: [dim] }),
    save: (_, [y]) => [y],
    grad: (dy, { saved: [y], params: dim }) => [gradient(name, dy, y, dim)],
  });
}

const gradOps = {
  softmax: makeGradOp("softmax"),
  logSoftmax: makeGradOp("logSoftmax"),
};
const ops = { softmax: makeOp("softmax"), logSoftmax: makeOp("logSoftmax") };

function gradient(name: Name, dy: Tensor, y: Tensor, dim: number): Tensor {
  return isGradEnabled() || !fits([dy, y], dim)
    ? ROWS[name].slope(dy, y, dim)
    : gradOps[name]([dy, y], dim)[0];
}

/** Returns the gradient of a softmax over the last dim, from dy and result y. */
export function softmaxGrad(dy: Tensor, y: Tensor): Tensor {
  return gradient("softmax", dy, y, y.ndim - 1);
}

function highest(x: Tensor, dim: number): Tensor {
  return noGrad(() => x.amax(dim, KEEP));
}

function apply(name: Name, x: Tensor, dim: number): Tensor {
  const axis = normalizeDim(name, dim, x.shape);
  if (!isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot ${name} ${x.describe()}: expected floats`,
    );
  }
  const values = x.to("float32");
  const y = fits([values], axis)
    ? ops[name]([values], axis)[0]
    // the gradient does not depend on the shift
    : ROWS[name].ofShifted(values.sub(highest(values, axis)), axis);
  return y.to(x.dtype);
}

/**
 * Returns exp(x) / sum of exp(x) over `dim`: positive numbers that add up to 1.
 * If a run holds NaN or +infinity, or only -infinity, all its results are NaN.
 *
 * Source: torch.softmax.
 *
 * @throws {TypeError} If the elements are not floats
 * @throws {RangeError} If `dim` is out of range
 */
export function softmax(x: Tensor, dim: number): Tensor {
  return apply("softmax", x, dim);
}

/**
 * Returns the logarithm of softmax, exact where softmax is close to 0 or 1.
 *
 * Source: torch.log_softmax.
 *
 * @throws {TypeError} If the elements are not floats
 * @throws {RangeError} If `dim` is out of range
 */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  return apply("logSoftmax", x, dim);
}

/**
 * Returns the softmax of -x over `dim`.
 *
 * Source: torch.nn.functional.softmin.
 *
 * @throws {TypeError} If the elements are not floats
 * @throws {RangeError} If `dim` is out of range
 */
export function softmin(x: Tensor, dim: number): Tensor {
  return softmax(x.neg(), dim);
}
