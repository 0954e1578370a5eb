/**
 * Parts that the kernels of norms share (NOTE [norms] in view.ts), and the
 * kernel by element. The kernels by rows are in rows.ts, those that sum over
 * channels in sums.ts.
 *
 * All tensors are float32. The large ones are row-major.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../../gpu/device.ts";
import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, MAX_LOOPS, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { putHook } from "../kernel_hooks.ts";
import { elementsOf, type NormView, statCount } from "./view.ts";

import applySource from "../../../shaders/norm/apply.wgsl" with {
  type: "text",
};

/** Lanes of a workgroup, and how many of them share a run. */
export interface NormChoice {
  readonly group: number;
  readonly lanes: number;
}

/** Iterations of a lane besides its runs: joined sums, and loops around a run. */
const BESIDE = 1024;

/**
 * Chooses the lanes that share a run of `length` loads of `each` loop iterations.
 * Long runs get more lanes, so that no lane exceeds the limit on loops.
 */
export function chooseNorm(
  length: number,
  kind: AdapterClass,
  each = 1,
): NormChoice {
  if (kind === "cpu") {
    const least = length * each / (MAX_LOOPS - BESIDE);
    if (least <= 1) return { group: 8, lanes: 1 };
    const lanes = Math.min(256, Math.max(8, 2 ** Math.ceil(Math.log2(least))));
    return { group: lanes, lanes };
  }
  if (length >= 256) return { group: 256, lanes: 256 };
  return { group: 64, lanes: length >= 16 ? 32 : 1 };
}

/** Optional weight and bias of a norm. */
export interface Affine {
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

/** V as four elements, and its functions. */
export const WIDE = `alias V = vec4f;
fn total(v: V) -> f32 { return (v.x + v.y) + (v.z + v.w); }
`;
/** V as one element, and its functions. */
export const NARROW = `alias V = f32;
fn total(v: V) -> f32 { return v; }
`;

/** Bindings in order, and the text that declares them. */
export class Bindings {
  /** Buffers, by binding. */
  readonly buffers: Tensor["storage"][] = [];
  /** WGSL declarations of the buffers. */
  text = "";

  /** Adds an input, or an output if `write`, with elements of `type`. */
  add(name: string, tensor: Tensor, type: string, write = false): void {
    const access = write ? "read_write" : "read";
    this.text += `@group(0) @binding(${this.buffers.length}) ` +
      `var<storage, ${access}> ${name}: array<${type}>;\n`;
    this.buffers.push(tensor.storage);
  }

  /** Adds the parameters; call it last. */
  addParams(): void {
    this.text += `@group(0) @binding(${this.buffers.length}) ` +
      `var<uniform> params: Params;\n`;
  }
}

/** Adds weight_at(a) and bias_at(a), which load `unit` elements. */
export function addAffine(
  bindings: Bindings,
  { weight, bias }: Affine,
  unit: number,
): void {
  const both = [["weight", weight, 1], ["bias", bias, 0]] as const;
  for (const [name, tensor, missing] of both) {
    if (tensor) bindings.add(name, tensor, unit === 4 ? "vec4f" : "f32");
    const value = tensor
      ? `${name}[params.${name}_offset / ${unit}u + a]`
      : `${missing}`;
    bindings.text += `fn ${name}_at(a: u32) -> V { return V(${value}); }\n`;
  }
}

/** Whether the offsets of all `tensors` are multiples of four elements. */
export function isAligned(tensors: readonly (Tensor | undefined)[]): boolean {
  return tensors.every((tensor) => !tensor || tensor.layout.offset % 4 === 0);
}

/** Returns the offset of a tensor in its buffer, in elements; 0 for none. */
export function offsetOf(tensor: Tensor | undefined): number {
  return tensor?.layout.offset ?? 0;
}

/** Inputs of `planApply` besides x, weight and bias. */
export type ApplyInputs =
  | { readonly by: "stats"; readonly stats: Tensor }
  | { readonly by: "running"; readonly mean: Tensor; readonly variance: Tensor }
  | {
    readonly by: "gradient";
    readonly dy: Tensor;
    readonly stats: Tensor;
    /** [2, statistics]: sums of g and of g * normalized x. */
    readonly sums: Tensor;
  };

interface ApplyText {
  /** Fields of Stat besides mean and rstd. */
  readonly fields: string;
  /** The Stat of statistic `s`. */
  readonly stat: string;
  /** Result of element `i`, from stat, weight and bias. */
  readonly result: string;
}

const NORMAL = "(x[params.x_offset + i] - stat.mean) * stat.rstd";
const FROM_STATS = "V(stats[s]), V(stats[params.stat_count + s])";
const APPLY: Readonly<Record<ApplyInputs["by"], ApplyText>> = {
  stats: {
    fields: "",
    stat: `Stat(${FROM_STATS})`,
    result: `${NORMAL} * weight + bias`,
  },
  running: {
    fields: "",
    stat: "Stat(V(mean[params.mean_offset + s]), " +
      "1.0 / sqrt(V(variance[params.var_offset + s]) + params.eps))",
    result: `${NORMAL} * weight + bias`,
  },
  // dx = rstd * (g - mean of g - xn * mean of (g * xn))
  gradient: {
    fields: "plain: V, normal: V",
    stat: `Stat(${FROM_STATS}, ` +
      "V(sums[params.sums_offset + s]) * params.share, " +
      "V(sums[params.sums_offset + params.stat_count + s]) * params.share)",
    result: "stat.rstd * (dy[params.dy_offset + i] * weight - stat.plain - " +
      `${NORMAL} * stat.normal)`,
  },
};

/** Quads or single elements that an invocation takes. */
const RUNS: Readonly<Record<AdapterClass, number>> = { cpu: 64, gpu: 1 };

/** Plans `y`, element by element, from `x` and statistics. */
export function planApply(
  x: Tensor,
  inputs: ApplyInputs,
  affine: Affine,
  view: NormView,
  { y, eps = 0 }: { readonly y: Tensor; readonly eps?: number },
): Plan {
  const { kind, shape: [outer, groups, channels, inner] } = view;
  // x of [N, C]: a row is an image, and each column has a statistic of its own
  const byColumn = kind === "batch" && inner === 1;
  const [rows, width] = byColumn
    ? [outer, groups]
    : [outer * groups * channels, inner];
  const dy = inputs.by === "gradient" ? inputs.dy : undefined;
  const sums = inputs.by === "gradient" ? inputs.sums : undefined;
  const mean = inputs.by === "running" ? inputs.mean : undefined;
  const variance = inputs.by === "running" ? inputs.variance : undefined;
  const wide = width % 4 === 0 && isAligned([
    x,
    dy,
    ...(byColumn ? [affine.weight, affine.bias, sums, mean, variance] : []),
  ]);
  const unit = wide ? 4 : 1;
  const statUnit = byColumn ? unit : 1;
  const statType = statUnit === 4 ? "vec4f" : "f32";
  const { fields, stat, result } = APPLY[inputs.by];
  const bindings = new Bindings();
  bindings.text = wide ? WIDE : NARROW;
  bindings.text += `struct Stat { mean: V, rstd: V, ${fields} }\n`;
  bindings.add("x", x, "V");
  if (dy) bindings.add("dy", dy, "V");
  if (inputs.by !== "running") bindings.add("stats", inputs.stats, statType);
  if (sums) bindings.add("sums", sums, statType);
  if (mean) bindings.add("mean", mean, statType);
  if (variance) bindings.add("variance", variance, statType);
  bindings.text += `fn stat_at(s: u32) -> Stat { return ${stat}; }\n`;
  addAffine(bindings, affine, statUnit);
  bindings.add("y", y, "V", true);
  bindings.addParams();
  bindings.text += "fn result(i: u32, stat: Stat, weight: V, bias: V) -> V " +
    `{ return ${result}; }\n`;
  const isWhole = y.dtype === "float32" && y.layout.offset === 0;
  const put = putHook(bindings.buffers, unit, "rows", isWhole);
  const cols = width / unit;
  const adapter = adapterClass();
  const run = Math.min(cols, RUNS[adapter]);
  const parts = Math.ceil(cols / run);
  const group = adapter === "cpu" ? 8 : 64;
  const stats = statCount(view);
  return {
    name: `${kind}_norm_${inputs.by}`,
    source: applySource,
    consts: {
      GROUP: group,
      BY_COLUMN: byColumn,
    },
    ...put,
    header: bindings.text + put.header,
    buffers: bindings.buffers,
    params: pack(applySource, {
      rows,
      cols,
      parts,
      run,
      statDiv: kind === "group" ? channels : 1,
      statMod: stats,
      affineMod: groups * channels,
      statCount: stats / statUnit,
      xOffset: x.layout.offset / unit,
      dyOffset: offsetOf(dy) / unit,
      weightOffset: offsetOf(affine.weight),
      biasOffset: offsetOf(affine.bias),
      meanOffset: offsetOf(mean) / statUnit,
      varOffset: offsetOf(variance) / statUnit,
      sumsOffset: offsetOf(sums) / statUnit,
      eps,
      share: 1 / elementsOf(view),
    }),
    groups: foldGroups(Math.ceil(rows * parts / group)),
    loops: loop(run).passes,
  };
}
