/**
 * Plans of cross entropy: losses from logits or log-probabilities and class
 * indices, and their gradient. cross_entropy.ts defines the ops.
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

/** Least elements of a row for a workgroup of its own on a GPU. */
const LONG = 1024;
const GRAD_GROUP = 64;

/** Smoothed probabilities of a target's classes. */
export interface Smoothing {
  /** Additional share of the target's own class. */
  readonly hit: number;
  /** Share of each class. */
  readonly rest: number;
}

/** Returns the shares of `classes` classes under `labelSmoothing`. */
export function smoothingOf(
  labelSmoothing: number,
  classes: number,
): Smoothing {
  return { hit: 1 - labelSmoothing, rest: labelSmoothing / classes };
}

// The kernel loops over the classes of a row twice.
function loopsOf(loads: number): number {
  return passesOf(loop(loads), loop(loads));
}

/**
 * Chooses one kernel from logits to losses, or log-softmax first. Smoothed targets
 * with class weights take ops, as do rows of too many `loads` for an invocation.
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

/** Returns true if rows can be read four elements at a time. */
function isWide({ length, inner }: Extent, x: Tensor): boolean {
  return inner === 1 && length % 4 === 0 && x.layout.offset % 4 === 0;
}

/** Returns the loads that read the classes of a row. */
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

// Returns the WGSL that reads targets and weights. Without weights, any buffer may
// take their binding, which no text names.
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

/** Arguments of losses and gradients besides tensors. */
export interface PickParams {
  readonly ignoreIndex: number;
  readonly smoothing: Smoothing;
}

/**
 * Plans losses from logits ("cross_entropy") or from log-probabilities ("pick").
 * Outputs: losses, weights of the targets, and for logits `stats`.
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

/** Values that the gradient uses besides `dy`; `pick` has no `stats`. */
export interface PickSaved {
  readonly x: Tensor;
  readonly target: Tensor;
  readonly kept: Tensor;
  readonly stats?: Tensor;
}

/** Most lanes that share a contiguous run of classes. */
const SPREAD: Readonly<Record<AdapterClass, number>> = { cpu: 4, gpu: 64 };

/** Returns the least power of two of at least `count`. */
function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}

/** Plans the gradient of either kind of losses. */
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
  // a reduction's gradient is one expanded number, which needs no copy
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
