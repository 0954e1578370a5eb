/**
 * Kernels of norms that sum over channels: the moments of a batch, and the sums
 * of gradients. Long channels are summed in parts, which another kernel joins.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scratch } from "../define.ts";
import { planDims } from "../reduce/fold.ts";
import { Bindings, chooseNorm, isAligned } from "./kernels.ts";

import partsLib from "../../../shaders/lib/channel_parts.wgsl" with {
  type: "text",
};
import lanesLib from "../../../shaders/lib/lanes.wgsl" with { type: "text" };
import finishSource from "../../../shaders/norm/finish.wgsl" with {
  type: "text",
};
import momentsSource from "../../../shaders/norm/moments.wgsl" with {
  type: "text",
};
import sumsSource from "../../../shaders/norm/sums.wgsl" with { type: "text" };

const LIB = lanesLib + partsLib;
const MOMENTS = LIB + momentsSource;
const SUMS = LIB + sumsSource;

/** A row-major tensor as [images, channels, length]. */
export interface Channels {
  readonly images: number;
  readonly channels: number;
  readonly length: number;
}

/** Approximate elements of a part that one invocation takes, or that many do. */
const PART = { one: 2048, many: 16384 };

/** Most parts of a channel, since one invocation joins them. */
const MOST_PARTS = 16384;
/** Most times that a kernel reads a part. */
const PASSES = 2;

const ONE_LANE = `alias Q = f32;
alias S = f32;
fn total(v: Q) -> S { return v; }
`;
const FOUR_LANES = `alias Q = vec4f;
alias S = f32;
fn total(v: Q) -> S { return (v.x + v.y) + (v.z + v.w); }
`;
const FOUR_CHANNELS = `alias Q = vec4f;
alias S = vec4f;
fn total(v: Q) -> S { return v; }
`;

/** Division of channels into runs. */
interface Cut {
  readonly text: string;
  /** Elements of a Q, and how many of them belong to one channel. */
  readonly unit: 1 | 4;
  readonly width: 1 | 4;
  readonly group: number;
  readonly lanes: number;
  /** In units of Q. */
  readonly channels: number;
  readonly length: number;
  /** Images of a part. */
  readonly span: number;
  readonly parts: number;
}

function cut(
  { images, channels, length }: Channels,
  aligned: boolean,
  fourChannels: boolean,
): Cut {
  const wide = aligned && length % 4 === 0;
  const side = aligned && fourChannels && length === 1 && channels % 4 === 0;
  const unit = wide || side ? 4 : 1;
  const loads = wide ? length / 4 : length;
  const { group, lanes } = chooseNorm(loads, adapterClass(), PASSES);
  const gpuColumns = lanes === 1 && adapterClass() === "gpu";
  const room = gpuColumns ? 64 : lanes === 1 ? PART.one : PART.many;
  const span = Math.max(
    1,
    Math.min(images, Math.ceil(room / loads)),
    Math.ceil(images / MOST_PARTS),
  );
  return {
    text: wide ? FOUR_LANES : side ? FOUR_CHANNELS : ONE_LANE,
    unit,
    width: wide ? 4 : 1,
    group,
    lanes,
    channels: side ? channels / 4 : channels,
    length: loads,
    span,
    parts: Math.ceil(images / span),
  };
}

function groupsOf(runs: number, { lanes, group }: Cut): Plan["groups"] {
  return foldGroups(Math.ceil(runs * lanes / group));
}

// A pass loops over the images of a part and the loads of each. Then lanes join
// two sums.
function loopsOf(passes: number, { span, length, lanes }: Cut): number {
  const over = loop(span, loop(Math.ceil(length / lanes)));
  const join = loop(Math.log2(lanes));
  return passes * over.passes + passesOf(join, join);
}

/** Statistics that batch norm updates, float32 [channels]. */
export interface Running {
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** Weight of the batch, or the count of batches, for a weight of 1 / count. */
  readonly factor: number | Tensor;
}

/** Plans mean and rstd of every channel of `x` into `stats`. */
export function planMoments(
  x: Tensor,
  size: Channels,
  stats: Tensor,
  { eps, running }: {
    readonly eps: number;
    readonly running?: Running | undefined;
  },
): Plan[] {
  const { offset } = x.layout;
  const made = cut(size, offset % 4 === 0, true);
  const { parts, span } = made;
  const partial = scratch([2, parts, size.channels]);
  const runs = parts * made.channels;
  const moments: Plan = {
    name: "batch_moments",
    source: MOMENTS,
    consts: { GROUP: made.group, LANES: made.lanes, WIDTH: made.width },
    header: made.text,
    buffers: [x.storage, partial.storage],
    params: pack(MOMENTS, {
      images: size.images,
      channels: made.channels,
      length: made.length,
      span,
      runs,
      xOffset: offset / made.unit,
    }),
    groups: groupsOf(runs, made),
    loops: loopsOf(PASSES, made),
  };
  const { header, buffers } = trackText(running);
  const batches = typeof running?.factor === "object" ? running.factor : null;
  const momentum = typeof running?.factor === "number" ? running.factor : 0;
  const finish: Plan = {
    name: "batch_finish",
    source: finishSource,
    header,
    buffers: [partial.storage, stats.storage, ...buffers],
    params: pack(finishSource, {
      channels: size.channels,
      parts,
      images: size.images,
      span,
      length: size.length,
      eps,
      momentum,
      meanOffset: running?.mean.layout.offset ?? 0,
      varOffset: running?.variance.layout.offset ?? 0,
      batchesOffset: batches?.layout.offset ?? 0,
    }),
    groups: foldGroups(Math.ceil(size.channels / 64)),
    loops: passesOf(loop(parts), loop(parts)),
  };
  return [moments, finish];
}

// Returns track(c, mean, variance) of finish.wgsl, and the buffers it binds.
function trackText(
  running: Running | undefined,
): { header: string; buffers: Tensor["storage"][] } {
  const bindings = new Bindings();
  bindings.buffers.length = 2; // partial and stats, which the kernel declares
  if (running) {
    const { mean, variance, factor } = running;
    bindings.add("running_mean", mean, "f32", true);
    bindings.add("running_var", variance, "f32", true);
    let value = "params.momentum";
    if (typeof factor === "object") {
      bindings.add("batches", factor, "i32");
      value = "1.0 / f32(batches[params.batches_offset])";
    }
    bindings.text += `fn track(c: u32, mean: f32, variance: f32) {
  let factor = ${value};
  let m = params.mean_offset + c;
  running_mean[m] += factor * (mean - running_mean[m]);
  let v = params.var_offset + c;
  running_var[v] += factor * (variance - running_var[v]);
}
`;
  } else {
    bindings.text += "fn track(c: u32, mean: f32, variance: f32) {}\n";
  }
  bindings.addParams();
  return {
    header: `const TRACKS = ${running !== undefined};\n${bindings.text}`,
    buffers: bindings.buffers.slice(2),
  };
}

/** Statistics with which an element is normalized. */
export interface SumsBy {
  /** Owner of a statistic: an image, or a run of channels. */
  readonly stat: "image" | "channel";
  /** Channels that share a statistic. */
  readonly perStat: number;
}

/** Plans the sums of dy and of dy * normalized x into `y` [2, channels]. */
export function planSums(
  dy: Tensor,
  x: Tensor,
  stats: Tensor,
  size: Channels,
  by: SumsBy,
  y: Tensor,
): Plan[] {
  const { stat, perStat } = by;
  const made = cut(size, isAligned([dy, x]), perStat === 1);
  const { parts, span } = made;
  const ofChannels = made.channels < size.channels && stat === "channel";
  const statUnit = ofChannels ? 4 : 1;
  const partial = parts === 1 ? y : scratch([2, parts, size.channels]);
  const runs = parts * made.channels;
  const bindings = new Bindings();
  bindings.buffers.push(dy.storage, x.storage); // the kernel declares them
  bindings.text = made.text;
  bindings.add("stats", stats, statUnit === 4 ? "vec4f" : "f32");
  bindings.add("y", partial, "S", true);
  bindings.addParams();
  const s = stat === "image" ? "n" : "c / params.per_stat";
  bindings.text += `const BY_IMAGE = ${stat === "image"};
fn mean_at(n: u32, c: u32) -> S { return S(stats[${s}]); }
fn rstd_at(n: u32, c: u32) -> S { return S(stats[params.stat_count + ${s}]); }
`;
  const sums: Plan = {
    name: "norm_sums",
    source: SUMS,
    consts: { GROUP: made.group, LANES: made.lanes },
    header: bindings.text,
    buffers: bindings.buffers,
    params: pack(SUMS, {
      images: size.images,
      channels: made.channels,
      length: made.length,
      span,
      runs,
      xOffset: x.layout.offset / made.unit,
      dyOffset: dy.layout.offset / made.unit,
      statCount: stats.size / 2 / statUnit,
      perStat,
    }),
    groups: groupsOf(runs, made),
    loops: loopsOf(1, made),
  };
  return parts === 1 ? [sums] : [sums, ...planDims("sum", partial, [1], y)];
}
