/**
 * Kernels by rows: layer norm, group norm, and the gradient of layer norm.
 *
 * All tensors are float32. The large ones are row-major.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../../gpu/device.ts";
import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  addAffine,
  type Affine,
  Bindings,
  chooseNorm,
  isAligned,
  NARROW,
  type NormChoice,
  offsetOf,
  WIDE,
} from "./kernels.ts";
import { elementsOf, type NormView, statCount } from "./view.ts";

import lanesLib from "../../../shaders/lib/lanes.wgsl" with { type: "text" };
import groupsSource from "../../../shaders/norm/groups.wgsl" with {
  type: "text",
};
import rowGradsSource from "../../../shaders/norm/row_grads.wgsl" with {
  type: "text",
};
import rowsSource from "../../../shaders/norm/rows.wgsl" with { type: "text" };

const GROUP_NORM = lanesLib + groupsSource;
const LAYER_NORM = lanesLib + rowsSource;
const ROW_GRADS = lanesLib + rowGradsSource;

/** Lanes of a row, and rows of an invocation. */
export interface RowsChoice extends NormChoice {
  readonly rows: number;
}

/** Rows that an invocation takes on a CPU adapter. */
const ROWS = 8;
/** Fewest rows that still keep every core busy at ROWS each. */
const MANY = 16 * ROWS;

/** Most loads of a row of which an invocation may take several. */
const SHORT = 2048;

/** Chooses the lanes that read `count` rows of `length` loads. */
export function chooseRows(
  count: number,
  length: number,
  kind: AdapterClass,
): RowsChoice {
  const isCheap = kind === "cpu" && count >= MANY && length <= SHORT;
  const rows = isCheap ? ROWS : 1;
  return { ...chooseNorm(length, kind, PASSES * (2 + rows)), rows };
}

/** Most times that a kernel reads a row. */
const PASSES = 3;

// A pass loops over the loads of a row, and for each load over the rows.
function loopsOf(
  passes: number,
  length: number,
  { lanes, rows }: RowsChoice,
): number {
  const over = loop(Math.ceil(length / lanes), loop(rows));
  const join = loop(rows, loop(Math.log2(lanes)), loop(Math.log2(lanes)));
  const setup = loop(rows);
  return passes * over.passes + passesOf(join, join, setup, setup);
}

function opening(wide: boolean): string {
  return `${wide ? WIDE : NARROW}alias S = f32;\n`;
}

/** Outputs of the forward kernels, and eps. */
export interface Normed {
  readonly y: Tensor;
  readonly stats: Tensor;
  readonly eps: number;
}

/** Plans the layer or group norm of `x` into `y`, and its statistics. */
export function planForward(
  x: Tensor,
  affine: Affine,
  view: NormView,
  out: Normed,
): Plan {
  return view.kind === "layer"
    ? planRows(x, affine, view, out)
    : planGroups(x, affine, view, out);
}

function planRows(
  x: Tensor,
  affine: Affine,
  view: NormView,
  { y, stats, eps }: Normed,
): Plan {
  const inner = elementsOf(view);
  const count = statCount(view);
  const wide = inner % 4 === 0 && isAligned([x, affine.weight, affine.bias]);
  const unit = wide ? 4 : 1;
  const choice = chooseRows(count, inner / unit, adapterClass());
  const { group, lanes, rows } = choice;
  const bindings = new Bindings();
  bindings.buffers.push(x.storage); // which the kernel declares
  bindings.text = opening(wide);
  addAffine(bindings, affine, unit);
  bindings.add("y", y, "V", true);
  bindings.add("stats", stats, "f32", true);
  bindings.addParams();
  return {
    name: "layer_norm",
    source: LAYER_NORM,
    consts: { GROUP: group, LANES: lanes, ROWS: rows, WIDTH: unit },
    header: bindings.text,
    buffers: bindings.buffers,
    params: pack(LAYER_NORM, {
      rows: count,
      length: inner / unit,
      eps,
      offset: x.layout.offset / unit,
      weightOffset: offsetOf(affine.weight),
      biasOffset: offsetOf(affine.bias),
    }),
    groups: foldGroups(Math.ceil(Math.ceil(count / rows) * lanes / group)),
    loops: loopsOf(PASSES, inner / unit, choice),
  };
}

function planGroups(
  x: Tensor,
  affine: Affine,
  view: NormView,
  { y, stats, eps }: Normed,
): Plan {
  const [, groups, channels, inner] = view.shape;
  const count = statCount(view);
  const wide = inner % 4 === 0 && isAligned([x]);
  const unit = wide ? 4 : 1;
  const length = channels * inner / unit;
  const { group, lanes } = chooseNorm(length, adapterClass(), PASSES);
  const bindings = new Bindings();
  bindings.buffers.push(x.storage);
  bindings.text = opening(wide);
  addAffine(bindings, affine, 1);
  bindings.add("y", y, "V", true);
  bindings.add("stats", stats, "f32", true);
  bindings.addParams();
  return {
    name: "group_norm",
    source: GROUP_NORM,
    consts: { GROUP: group, LANES: lanes, WIDTH: unit },
    header: bindings.text,
    buffers: bindings.buffers,
    params: pack(GROUP_NORM, {
      rows: count,
      groups,
      channels,
      inner: inner / unit,
      eps,
      offset: x.layout.offset / unit,
      weightOffset: offsetOf(affine.weight),
      biasOffset: offsetOf(affine.bias),
    }),
    groups: foldGroups(Math.ceil(count * lanes / group)),
    loops: passesOf(
      ...[1, 2].map(() => loop(Math.ceil(length / lanes))),
      ...[1, 2].map(() => loop(Math.log2(lanes))),
      lanes === 1
        ? loop(channels, loop(inner / unit))
        : loop(Math.ceil(length / lanes)),
      loop(0, loop(0)),
    ),
  };
}

/** Inputs of the gradient of layer norm. */
export interface RowGradInputs {
  readonly dy: Tensor;
  readonly x: Tensor;
  readonly stats: Tensor;
  readonly weight: Tensor | undefined;
}

// Chooses the elements of a load and the lanes that read rows.
function rowGradsChoice(
  { dy, x, weight }: RowGradInputs,
  view: NormView,
): RowsChoice & { readonly unit: 1 | 4 } {
  const inner = elementsOf(view);
  const unit = inner % 4 === 0 && isAligned([dy, x, weight]) ? 4 : 1;
  const count = statCount(view);
  return { unit, ...chooseRows(count, inner / unit, adapterClass()) };
}

/** Returns the number of blocks of rows over which `planRowGrads` sums. */
export function blocksOf(inputs: RowGradInputs, view: NormView): number {
  return Math.ceil(statCount(view) / rowGradsChoice(inputs, view).rows);
}

/**
 * Plans the gradient of x into `dx`. If there is a `partial` [2, blocks, length],
 * it gets the sums of dy and of dy * normalized x over the rows of each block.
 */
export function planRowGrads(
  inputs: RowGradInputs,
  view: NormView,
  dx: Tensor,
  partial: Tensor | undefined,
): Plan {
  const { dy, x, stats, weight } = inputs;
  const inner = elementsOf(view);
  const count = statCount(view);
  const choice = rowGradsChoice(inputs, view);
  const { group, lanes, rows, unit } = choice;
  const blocks = Math.ceil(count / rows);
  const bindings = new Bindings();
  bindings.buffers.push(dy.storage, x.storage, stats.storage);
  bindings.text = opening(unit === 4);
  addAffine(bindings, { weight }, unit);
  bindings.add("dx", dx, "V", true);
  if (partial) bindings.add("partial", partial, "V", true);
  bindings.addParams();
  const keep = partial ? "partial[at] = value;" : "";
  bindings.text += `fn keep(at: u32, value: V) { ${keep} }\n`;
  return {
    name: "layer_norm_grad",
    source: ROW_GRADS,
    consts: { GROUP: group, LANES: lanes, ROWS: rows, WIDTH: unit },
    header: bindings.text,
    buffers: bindings.buffers,
    params: pack(ROW_GRADS, {
      rows: count,
      length: inner / unit,
      blocks,
      dyOffset: dy.layout.offset / unit,
      xOffset: x.layout.offset / unit,
      weightOffset: offsetOf(weight),
    }),
    groups: foldGroups(Math.ceil(blocks * lanes / group)),
    loops: loopsOf(2, inner / unit, choice),
  };
}
