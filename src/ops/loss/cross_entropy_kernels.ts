/**
 * Plans of cross entropy: from logits or log-probabilities and class indices to
 * losses, and their gradient. cross_entropy.ts makes ops of them.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../../gpu/device.ts";
import { loop, mostIterations, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, MAX_LOOPS, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Extent, extentOf } from "../extent.ts";
import { declareInput } from "../words.ts";

import lossesLib from "../../../shaders/lib/class_losses.wgsl" with {
  type: "text",
};
import floatLib from "../../../shaders/lib/float.wgsl" with { type: "text" };
import runsLib from "../../../shaders/lib/runs.wgsl" with { type: "text" };
import crossEntropySource from "../../../shaders/loss/cross_entropy.wgsl" with {
  type: "text",
};
import pickSource from "../../../shaders/loss/pick.wgsl" with { type: "text" };
import pickGradSource from "../../../shaders/loss/pick_grad.wgsl" with {
  type: "text",
};

const LIB = runsLib + lossesLib;
const CROSS_ENTROPY = LIB + crossEntropySource;
const PICK = LIB + pickSource;

/** Elements of a row from which on a GPU gives it a workgroup of its own. */
const LONG = 1024;
const GRAD_GROUP = 64;

/** How the target of a run is spread over its classes. */
export interface Smoothing {
  /** What its own class gets besides. */
  readonly hit: number;
  /** What each class gets. */
  readonly rest: number;
}

/** Targets of `classes` classes, of which `labelSmoothing` is spread over all. */
export function smoothingOf(
  labelSmoothing: number,
  classes: number,
): Smoothing {
  return { hit: 1 - labelSmoothing, rest: labelSmoothing / classes };
}

// The kernel goes over the classes of a row twice.
function loopsOf(loads: number): number {
  return passesOf(loop(loads), loop(loads));
}

/**
 * Whether logits go to losses in one kernel, or through log-softmax. Smoothed
 * targets whose classes have weights are for ops, and so are rows that take
 * too many `loads` for an invocation.
 */
export function chooseCrossEntropy(
  { length, inner }: Extent,
  isWeightedAndSmooth: boolean,
  kind: AdapterClass,
  loads = length,
): "fused" | "composed" {
  if (isWeightedAndSmooth || loopsOf(loads) > MAX_LOOPS) return "composed";
  return kind === "gpu" && inner === 1 && length >= LONG ? "composed" : "fused";
}

/** Whether rows can be read four elements at a time. */
function isWide({ length, inner }: Extent, x: Tensor): boolean {
  return inner === 1 && length % 4 === 0 && x.layout.offset % 4 === 0;
}

/** Loads that it takes to read the classes of a row. */
export function loadsOf(extent: Extent, x: Tensor): number {
  return isWide(extent, x) ? extent.length / 4 : extent.length;
}

const ONE = `alias Q = f32;
fn top(v: Q) -> f32 { return v; }
fn total(v: Q) -> f32 { return v; }
fn element(first: u32, c: u32) -> f32 { return x[first + c * params.inner]; }
`;
const FOUR = `alias Q = vec4f;
fn top(v: Q) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
fn total(v: Q) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn element(first: u32, c: u32) -> f32 { return x[first + c / 4u][c % 4u]; }
`;

// The text that reads targets and weights. Without weights any buffer takes
// their place, and no text names it.
function readers(target: Tensor, binding: number, weight?: Tensor): string {
  const weights = weight
    ? `@group(0) @binding(${
      binding + 1
    }) var<storage, read> weights: array<f32>;
fn weight_of(c: u32) -> f32 { return weights[params.weight_offset + c]; }`
    : "fn weight_of(c: u32) -> f32 { return 1.0; }";
  return `${floatLib}
alias T = i32;
${declareInput("target", binding, target.dtype, false)}
${weights}
`;
}

/** The arguments of losses and gradients that are no tensors. */
export interface PickParams {
  readonly ignoreIndex: number;
  readonly smoothing: Smoothing;
}

/**
 * The plan from logits to losses ("cross_entropy"), or from log-probabilities
 * ("pick"). Outputs: losses, weights of the targets, and for logits `stats`.
 */
export function planLosses(
  name: "cross_entropy" | "pick",
  x: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  outputs: readonly Tensor[],
  { ignoreIndex, smoothing: { hit, rest } }: PickParams,
): Plan {
  const extent = extentOf(x.shape, 1);
  const dense = [x, target, weight].map((tensor) => tensor?.contiguous());
  const [logits = x, classes = target, weights] = dense;
  const isFused = name === "cross_entropy";
  const wide = isFused && isWide(extent, logits);
  const width = wide ? 4 : 1;
  const runs = extent.outer * extent.inner;
  const group = adapterClass() === "cpu" ? 8 : 64;
  return {
    name,
    source: isFused ? CROSS_ENTROPY : PICK,
    consts: { GROUP: group, ...(isFused && { SMOOTH: rest !== 0 }) },
    header: (isFused ? (wide ? FOUR : ONE) : "") + readers(target, 1, weights),
    buffers: [logits, classes, weights ?? classes, ...outputs].map((tensor) =>
      tensor.storage
    ),
    params: pack(LIB, {
      runs,
      length: extent.length / width,
      inner: extent.inner,
      offset: logits.layout.offset / width,
      targetOffset: classes.layout.offset,
      weightOffset: weights?.layout.offset ?? 0,
      ignored: ignoreIndex,
      classes: extent.length,
      hit,
      rest,
    }),
    groups: foldGroups(Math.ceil(runs / group)),
    loops: isFused ? loopsOf(extent.length / width) : 0,
  };
}

/** What the gradient looks at besides `dy`; `stats` is missing for `pick`. */
export interface PickSaved {
  readonly x: Tensor;
  readonly target: Tensor;
  readonly kept: Tensor;
  readonly stats?: Tensor;
}

/** Lanes that share a run of classes side by side, at most. */
const SPREAD: Readonly<Record<AdapterClass, number>> = { cpu: 4, gpu: 64 };

/** The least power of two that is `count` or more. */
function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}

/** The plan of the gradient of either. */
export function planPickGrad(
  dy: Tensor,
  { x, target, kept, stats }: PickSaved,
  dx: Tensor,
  { hit, rest }: Smoothing,
): Plan {
  const extent = extentOf(dx.shape, 1);
  const logits = stats && x.contiguous();
  const wide = isWide(extent, logits ?? dx);
  const width = wide ? 4 : 1;
  const length = extent.length / width;
  const runs = extent.outer * extent.inner;
  // runs that lie side by side are neighbours as they are
  const most = extent.inner > 1 ? 1 : SPREAD[adapterClass()];
  const spread = Math.max(
    Math.min(most, powerOfTwo(length)),
    powerOfTwo(length / mostIterations([])),
  );
  const lanes = wide
    ? "alias Q = vec4f;\nalias U = vec4u;\nconst LANES = vec4u(0, 1, 2, 3);\n"
    : "alias Q = f32;\nalias U = u32;\nconst LANES = 0u;\n";
  const share = stats
    ? `@group(0) @binding(0) var<storage, read> x: array<Q>;
@group(0) @binding(1) var<storage, read> stats: array<vec2f>;
fn own_of(run: u32) -> vec2f { return stats[run]; }
fn share(i: u32, own: vec2f) -> Q {
  return exp(x[params.offset + i] - own.x) / own.y;
}
`
    : `fn own_of(run: u32) -> vec2f { return vec2f(); }
fn share(i: u32, own: vec2f) -> Q { return Q(0.0); }
`;
  // a reduction's gradient is one number for all, and needs no copy
  const isOne = dy.layout.strides.every((step) => step === 0);
  const steps = isOne ? dy : dy.contiguous();
  const classes = target.contiguous();
  const inputs = [logits ?? classes, stats ?? classes, classes, kept, steps];
  return {
    name: stats ? "cross_entropy_grad" : "pick_grad",
    source: pickGradSource,
    consts: { GROUP: GRAD_GROUP, WIDTH: width, SPREAD: spread },
    header: `${lanes}${share}alias T = i32;\n` +
      `${declareInput("target", 2, target.dtype, false)}\n`,
    buffers: [...inputs, dx].map((tensor) => tensor.storage),
    params: pack(pickGradSource, {
      runs,
      length,
      inner: extent.inner,
      offset: (logits?.layout.offset ?? 0) / width,
      targetOffset: classes.layout.offset,
      dyOffset: steps.layout.offset,
      dyStep: isOne ? 0 : 1,
      hit,
      rest,
    }),
    groups: foldGroups(Math.ceil(runs * spread / GRAD_GROUP)),
    loops: loop(Math.ceil(length / spread)).passes,
  };
}
