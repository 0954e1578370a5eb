/**
 * Convolutions as products of matrices. The kernel conv_unfold copies the inputs
 * of every output position to a column, and matmul computes the products. The
 * copies cost as much as 16 to 32 output channels, whatever strides, dilations
 * and sizes are. Filters of 1 x 1 need no copies.
 *
 * NOTE [columns]: in each group, w is [outputs, lines] and cols is
 * [lines, positions], with lines = channels * kh * kw:
 *
 *     y = w cols          dw = sum over images of dy cols^T          dx = fold(w^T dy)
 *
 * @module
 */

import type { AdapterClass } from "../../gpu/device.ts";
import { loop, passesOf } from "../../gpu/loops.ts";
import { pack, type Params } from "../../gpu/params.ts";
import {
  type Bindable,
  MAX_GROUPS,
  MAX_LOOPS,
  type Plan,
  type Scratch,
} from "../../gpu/plan.ts";
import { type ConvCase, gcd, type Pair } from "./gather.ts";
import type { MatmulCase } from "../matmul/choice.ts";
import { planMatmul } from "../matmul/kernels.ts";
import { partialSums } from "../matmul/parts.ts";

import foldSource from "../../../shaders/conv/fold.wgsl" with { type: "text" };
import unfoldSource from "../../../shaders/conv/unfold.wgsl" with {
  type: "text",
};

/** Tensor in a buffer, at an offset. */
export interface Operand {
  readonly buffer: Bindable;
  readonly offset: number;
}

/** Most elements of columns at a time, which the processor's caches hold. */
const COLUMNS = 2 ** 21;
/** Most elements of one image's columns, which every adapter can bind. */
const MOST_COLUMNS = 2 ** 25;

const LANES = 8; // of a workgroup of conv_unfold and conv_fold
const PLANES = 8; // channels of an invocation

/** The sizes of a convolution as products. */
interface Sizes {
  /** Columns: positions of one image's output. */
  readonly positions: number;
  /** Positions, padded to whole vec4. */
  readonly padded: number;
  /** Lines of the columns of one group. */
  readonly lines: number;
  /** Lines that are stored. */
  readonly stored: number;
  /** Elements of one image's columns. */
  readonly size: number;
}

function sizesOf({ groups, channels, kernel, output }: ConvCase): Sizes {
  const positions = output[0] * output[1];
  const padded = Math.ceil(positions / 4) * 4;
  const lines = channels * kernel[0] * kernel[1];
  const stored = Math.ceil(lines / 4) * 4;
  return { positions, padded, lines, stored, size: groups * stored * padded };
}

/** Whether every output position reads only the input at the same position. */
export function isPointwise({ kernel, stride, padding }: ConvCase): boolean {
  return [...kernel, ...stride].every((by) => by === 1) &&
    padding.every((by) => by === 0);
}

// Returns the loops of conv_unfold: channels, taps, and the padding of lines.
function unfoldLoops(conv: ConvCase): number {
  const { lines, stored } = sizesOf(conv);
  const [rows, columns] = conv.kernel;
  return passesOf(
    loop(PLANES, loop(rows, loop(columns)), loop(stored - lines)),
  );
}

// Returns the loops of conv_fold: the search for the first taps, then the taps.
function foldLoops({ kernel, stride, dilation }: ConvCase): number {
  const [high, wide] = everyOf(stride, dilation);
  const rows = Math.ceil(kernel[0] / high);
  const columns = Math.ceil(kernel[1] / wide);
  return passesOf(
    loop(high),
    loop(wide),
    loop(PLANES, loop(rows, loop(columns))),
  );
}

// Returns the workgroups of conv_unfold for the positions of an image.
function groupsToUnfold(padded: number): number {
  return Math.ceil(padded / 4 / LANES);
}

function groupsToFold(conv: ConvCase): number {
  const { runs, rows } = runsOf(conv);
  return Math.ceil(runs * rows * conv.stride[0] * conv.stride[1] / LANES);
}

// Returns the runs of 4 inputs in a row of a phase, and the rows of a phase.
function runsOf({ input, stride }: ConvCase): { runs: number; rows: number } {
  const runs = Math.ceil(Math.ceil(input[1] / stride[1]) / 4);
  return { runs, rows: Math.ceil(input[0] / stride[0]) };
}

// Returns n such that every nth tap of a row or column meets a whole position.
function everyOf(stride: Pair, dilation: Pair): Pair {
  const every = (dim: 0 | 1) => stride[dim] / gcd(stride[dim], dilation[dim]);
  return [every(0), every(1)];
}

/** Returns the size of one image's columns as a share of the most possible. */
export function columnsShare(conv: ConvCase): number {
  if (isPointwise(conv)) return 0;
  const { padded, size } = sizesOf(conv);
  return Math.max(size / MOST_COLUMNS, groupsToUnfold(padded) / MAX_GROUPS);
}

/** Whether filters are small enough for columns: see NOTE [loops]. */
export function columnsReach(conv: ConvCase): boolean {
  return isPointwise(conv) || unfoldLoops(conv) <= MAX_LOOPS;
}

/** Whether the loops of conv_fold are short enough: see NOTE [loops]. */
export function columnsFold(conv: ConvCase): boolean {
  return isPointwise(conv) ||
    (foldLoops(conv) <= MAX_LOOPS && groupsToFold(conv) <= MAX_GROUPS);
}

/** Consecutive images. */
interface Part {
  readonly first: number;
  readonly count: number;
}

/** Splits the batch into parts whose columns do not exceed COLUMNS. */
function partsOf(conv: ConvCase): Part[] {
  const { images } = conv;
  const most = isPointwise(conv) ? images : Math.max(
    1,
    Math.min(Math.floor(COLUMNS / sizesOf(conv).size), MAX_GROUPS),
  );
  const size = Math.ceil(images / Math.ceil(images / most));
  const parts: Part[] = [];
  for (let first = 0; first < images; first += size) {
    parts.push({ first, count: Math.min(size, images - first) });
  }
  return parts;
}

/** Columns of some images, and the plans that copy them, if any. */
interface Columns extends Operand {
  readonly plans: readonly Plan[];
  /** Strides of lines, groups and images. */
  readonly line: number;
  readonly group: number;
  readonly image: number;
  /** Whether zeros follow the last line and the last column. */
  readonly isPadded: boolean;
}

function columnsOf(
  conv: ConvCase,
  x: Operand,
  first: number,
  count: number,
  scratch: Scratch,
): Columns {
  const { groups, channels, input } = conv;
  const { positions, padded, stored, size } = sizesOf(conv);
  const plane = input[0] * input[1];
  const offset = x.offset + first * groups * channels * plane;
  if (isPointwise(conv)) {
    return {
      plans: [],
      buffer: x.buffer,
      offset,
      isPadded: false,
      line: positions,
      group: channels * positions,
      image: groups * channels * positions,
    };
  }
  const buffer = scratch(count * size);
  const plan: Plan = {
    name: "conv_unfold",
    source: unfoldSource,
    buffers: [x.buffer, buffer],
    params: pack(unfoldSource, {
      ...columnParams(conv),
      lines: stored,
      quads: padded / 4,
      xOffset: offset,
    }),
    groups: [
      groupsToUnfold(padded),
      Math.ceil(groups * channels / PLANES),
      count,
    ],
    loops: unfoldLoops(conv),
  };
  return {
    plans: [plan],
    buffer,
    offset: 0,
    isPadded: true,
    line: padded,
    group: stored * padded,
    image: size,
  };
}

/** Plans y = w cols. */
export function planForward(
  conv: ConvCase,
  x: Operand,
  w: Operand,
  y: Bindable,
  bias: Operand | undefined,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { groups, outputs } = conv;
  const { positions, lines } = sizesOf(conv);
  return partsOf(conv).flatMap(({ first, count }) => {
    const cols = columnsOf(conv, x, first, count, scratch);
    const product: MatmulCase = {
      m: outputs,
      n: positions,
      k: lines,
      batches: groups,
      chunks: count,
      a: { offset: w.offset, row: lines, col: 1, batch: outputs * lines },
      b: {
        offset: cols.offset,
        row: cols.line,
        col: 1,
        batch: cols.group,
        chunk: cols.image,
        padded: cols.isPadded,
      },
      ...(bias && { bias: { offset: bias.offset, along: "rows" } }),
    };
    const buffers = {
      a: w.buffer,
      b: cols.buffer,
      y,
      ...(bias && { bias: bias.buffer }),
      yOffset: first * groups * outputs * positions,
    };
    return [...cols.plans, ...planMatmul(product, buffers, scratch, adapter)];
  });
}

/** Plans dx = fold(w^T dy). */
export function planInput(
  conv: ConvCase,
  dy: Operand,
  w: Operand,
  dx: Bindable,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { groups, outputs, channels, input } = conv;
  const { positions, lines } = sizesOf(conv);
  return partsOf(conv).flatMap(({ first, count }) => {
    const plane = groups * outputs * positions;
    const product: MatmulCase = {
      m: lines,
      n: positions,
      k: outputs,
      batches: groups,
      chunks: count,
      a: { offset: w.offset, row: 1, col: lines, batch: outputs * lines },
      b: {
        offset: dy.offset + first * plane,
        row: positions,
        col: 1,
        batch: outputs * positions,
        chunk: plane,
      },
    };
    const operands = { a: w.buffer, b: dy.buffer };
    const at = first * groups * channels * input[0] * input[1];
    if (isPointwise(conv)) {
      const buffers = { ...operands, y: dx, yOffset: at };
      return planMatmul(product, buffers, scratch, adapter);
    }
    const cols = scratch(count * groups * lines * positions);
    return [
      ...planMatmul(product, { ...operands, y: cols }, scratch, adapter),
      planFold(conv, cols, dx, at, count),
    ];
  });
}

function planFold(
  conv: ConvCase,
  cols: Bindable,
  dx: Bindable,
  offset: number,
  count: number,
): Plan {
  const { groups, channels, stride, dilation } = conv;
  const every = everyOf(stride, dilation);
  const hop = every.map((by, dim) => by * dilation[dim]! / stride[dim]!);
  const { runs, rows } = runsOf(conv);
  return {
    name: "conv_fold",
    source: foldSource,
    buffers: [cols, dx],
    params: pack(foldSource, {
      ...columnParams(conv),
      everyH: every[0]!,
      everyW: every[1]!,
      hopH: hop[0]!,
      hopW: hop[1]!,
      runs,
      phaseRows: rows,
      dxOffset: offset,
    }),
    groups: [
      groupsToFold(conv),
      Math.ceil(groups * channels / PLANES),
      count,
    ],
    loops: foldLoops(conv),
  };
}

function columnParams(conv: ConvCase): Params {
  const { channels, groups, input, output, kernel } = conv;
  const { stride, dilation, padding } = conv;
  return {
    channels,
    groups,
    inHeight: input[0],
    inWidth: input[1],
    height: output[0],
    width: output[1],
    kh: kernel[0],
    kw: kernel[1],
    stepH: stride[0],
    stepW: stride[1],
    dilH: dilation[0],
    dilW: dilation[1],
    padH: padding[0],
    padW: padding[1],
  };
}

/** Plans dw = sum over images of dy cols^T. */
export function planWeight(
  conv: ConvCase,
  x: Operand,
  dy: Operand,
  dw: Bindable,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { groups, outputs } = conv;
  const { positions, lines } = sizesOf(conv);
  const parts = partsOf(conv);
  const sums = partialSums(groups * outputs * lines, parts.length, dw, scratch);
  const plans = parts.flatMap(({ first, count }, part) => {
    const cols = columnsOf(conv, x, first, count, scratch);
    const image = groups * outputs * positions;
    const product: MatmulCase = {
      m: outputs,
      n: lines,
      k: positions,
      batches: groups,
      terms: count,
      a: {
        offset: dy.offset + first * image,
        row: positions,
        col: 1,
        batch: outputs * positions,
        term: image,
      },
      b: {
        offset: cols.offset,
        row: 1,
        col: cols.line,
        batch: cols.group,
        term: cols.image,
        padded: cols.isPadded,
      },
    };
    const buffers = {
      a: dy.buffer,
      b: cols.buffer,
      y: sums.buffer,
      yOffset: part * sums.stride,
    };
    return [...cols.plans, ...planMatmul(product, buffers, scratch, adapter)];
  });
  return [...plans, ...sums.finish];
}
