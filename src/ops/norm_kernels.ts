/**
 * The kernels of norms, as plans: NOTE [norms] in norm_view.ts. Sums go by
 * parts of channels or by rows, everything else by element.
 *
 * All tensors are float32; the large ones row-major.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../gpu/device.ts";
import { f32Bits, foldGroups, type Plan } from "../gpu/plan.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { elementsOf, type NormView, statCount } from "./norm_view.ts";

import applySource from "../../shaders/norm/apply.wgsl" with { type: "text" };
import rowsSource from "../../shaders/norm/rows.wgsl" with { type: "text" };

/** Lanes of a workgroup, and how many of them share a run. */
export interface NormChoice {
  readonly group: number;
  readonly lanes: number;
}

/** How many lanes read a run of `length` loads. */
export function chooseNorm(length: number, kind: AdapterClass): NormChoice {
  if (kind === "cpu") return { group: 8, lanes: 1 };
  if (length >= 256) return { group: 256, lanes: 256 };
  return { group: 64, lanes: length >= 16 ? 32 : 1 };
}

/** Optional weight and bias of a norm. */
export interface Affine {
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

const WIDE = `alias V = vec4f;
fn total(v: V) -> f32 { return (v.x + v.y) + (v.z + v.w); }
`;
const NARROW = `alias V = f32;
fn total(v: V) -> f32 { return v; }
`;

/** Bindings in order, collected with the text that declares them. */
export class Bindings {
  /** What is bound. */
  readonly buffers: Tensor["storage"][] = [];
  /** The declarations. */
  text = "";

  /** Adds an input or (`write`) an output of elements `type`. */
  add(name: string, tensor: Tensor, type: string, write = false): void {
    const access = write ? "read_write" : "read";
    this.text += `@group(0) @binding(${this.buffers.length}) ` +
      `var<storage, ${access}> ${name}: array<${type}>;\n`;
    this.buffers.push(tensor.storage);
  }

  /** Adds the parameters, last of all. */
  addParams(): void {
    this.text += `@group(0) @binding(${this.buffers.length}) ` +
      `var<uniform> params: Params;\n`;
  }
}

// weight_at and bias_at of `at`, whose loads are of `unit` elements
function addAffine(
  bindings: Bindings,
  { weight, bias }: Affine,
  { parameters, at, unit }: {
    readonly parameters: string;
    readonly at: string;
    readonly unit: number;
  },
): void {
  const both = [["weight", weight, 1], ["bias", bias, 0]] as const;
  for (const [name, tensor, missing] of both) {
    if (tensor) bindings.add(name, tensor, unit === 4 ? "vec4f" : "f32");
    const value = tensor
      ? `${name}[params.${name}_offset / ${unit}u + ${at}]`
      : `${missing}`;
    bindings.text += `fn ${name}_at(${parameters}) -> V ` +
      `{ return V(${value}); }\n`;
  }
}

function isAligned(tensors: readonly (Tensor | undefined)[]): boolean {
  return tensors.every((tensor) => !tensor || tensor.layout.offset % 4 === 0);
}

function offsetOf(tensor: Tensor | undefined): number {
  return tensor?.layout.offset ?? 0;
}

/** Layer and group norm of `x` into `y`, and their statistics. */
export function planRows(
  x: Tensor,
  affine: Affine,
  view: NormView,
  { y, stats, eps }: {
    readonly y: Tensor;
    readonly stats: Tensor;
    readonly eps: number;
  },
): Plan {
  const { kind, shape: [, groups, channels, inner] } = view;
  const rows = statCount(view);
  const perElement = kind === "layer";
  const weights = perElement ? [affine.weight, affine.bias] : [];
  const wide = inner % 4 === 0 && isAligned([x, ...weights]);
  const unit = wide ? 4 : 1;
  const length = elementsOf(view) / unit;
  const { group, lanes } = chooseNorm(length, adapterClass());
  const bindings = new Bindings();
  bindings.add("x", x, "V");
  bindings.text = wide ? WIDE : NARROW; // the kernel declares x itself
  addAffine(bindings, affine, {
    parameters: "row: u32, j: u32",
    at: perElement
      ? "j"
      : "(row % params.groups) * params.channels + j / params.inner",
    unit: perElement ? unit : 1,
  });
  bindings.add("y", y, "V", true);
  bindings.add("stats", stats, "f32", true);
  bindings.addParams();
  return {
    name: `${kind}_norm`,
    source: rowsSource,
    consts: { GROUP: group, LANES: lanes, WIDTH: unit },
    header: bindings.text,
    buffers: bindings.buffers,
    params: [
      rows,
      length,
      f32Bits(eps),
      x.layout.offset / unit,
      offsetOf(affine.weight),
      offsetOf(affine.bias),
      groups,
      channels,
      Math.max(1, inner / unit),
    ],
    groups: foldGroups(Math.ceil(rows * lanes / group)),
  };
}

/** What `planApply` computes from. */
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
  /** Fields of Stat beside mean and rstd. */
  readonly fields: string;
  /** Stat at `s`. */
  readonly stat: string;
  /** Of the element `at`, stat, weight and bias. */
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

/** Quads, or single elements, that an invocation takes. */
const RUNS: Readonly<Record<AdapterClass, number>> = { cpu: 16, gpu: 1 };

/** `y` element by element from `x` and statistics. */
export function planApply(
  x: Tensor,
  inputs: ApplyInputs,
  affine: Affine,
  view: NormView,
  { y, eps = 0 }: { readonly y: Tensor; readonly eps?: number },
): Plan {
  const { kind, shape: [outer, groups, channels, inner] } = view;
  // [N, C] without more: a row is an image, and every column has its statistic
  const byColumn = kind === "batch" && inner === 1;
  const columnAffine = kind === "layer" || byColumn;
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
    ...(columnAffine ? [affine.weight, affine.bias] : []),
    ...(byColumn ? [sums, mean, variance] : []),
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
  addAffine(bindings, affine, {
    parameters: "a: u32",
    at: "a",
    unit: columnAffine ? unit : 1,
  });
  bindings.add("y", y, "V", true);
  bindings.addParams();
  bindings.text += "fn result(i: u32, stat: Stat, weight: V, bias: V) -> V " +
    `{ return ${result}; }\n`;
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
      STAT_COLUMNS: byColumn,
      AFFINE_COLUMNS: columnAffine,
    },
    header: bindings.text,
    buffers: bindings.buffers,
    params: [
      rows,
      cols,
      parts,
      run,
      kind === "group" ? channels : 1,
      stats,
      groups * channels,
      stats / statUnit,
      x.layout.offset / unit,
      offsetOf(dy) / unit,
      offsetOf(affine.weight),
      offsetOf(affine.bias),
      offsetOf(mean) / statUnit,
      offsetOf(variance) / statUnit,
      offsetOf(sums) / statUnit,
      f32Bits(eps),
      f32Bits(1 / elementsOf(view)),
    ],
    groups: foldGroups(Math.ceil(rows * parts / group)),
  };
}
