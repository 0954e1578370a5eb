/**
 * Which kernels make a batch of matrix products, and with what parameters: a
 * pure function of shapes, strides and the adapter's class. Nothing here knows
 * tensors or speaks to a device. Offsets and strides count elements.
 *
 * @module
 */

import type { AdapterClass } from "../gpu/device.ts";
import { type Bindable, foldGroups, type Plan } from "../gpu/plan.ts";

import dotsSource from "../../shaders/matmul/dots.wgsl" with { type: "text" };
import finishSource from "../../shaders/matmul/finish.wgsl" with {
  type: "text",
};
import packSource from "../../shaders/matmul/pack.wgsl" with { type: "text" };
import registersSource from "../../shaders/matmul/registers.wgsl" with {
  type: "text",
};
import tilesSource from "../../shaders/matmul/tiles.wgsl" with { type: "text" };

/** Where element (i, j) of matrix g of a batch lies. */
export interface Matrix {
  readonly offset: number;
  /** From row i to row i + 1. */
  readonly row: number;
  /** From column j to column j + 1. */
  readonly col: number;
  /** From matrix g to g + 1; 0 repeats one matrix. */
  readonly batch: number;
}

/** What the epilogue adds: `bias[j]` to every row, or `bias[i]` to every column. */
export interface Bias {
  readonly offset: number;
  readonly along: "columns" | "rows";
}

/** y[g] = relu?(a[g] b[g] + bias), y [batches, m, n] contiguous. */
export interface MatmulCase {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly bias?: Bias;
  readonly relu?: boolean;
}

/** Kernels and their variants for one case. */
export interface MatmulChoice {
  /**
   * `registers` for adapters that are CPUs, `tiles` for GPUs, `dots` for stacks
   * of small matrices.
   */
  readonly kernel: "registers" | "tiles" | "dots";
  /** Copy a to aligned rows first. */
  readonly packA: boolean;
  /** Copy b to aligned rows first. */
  readonly packB: boolean;
  /** Neighbouring rows of a lie closer than neighbouring columns. */
  readonly aTransposed: boolean;
  /** Neighbouring rows of b lie closer than neighbouring columns. */
  readonly bTransposed: boolean;
  /** Parts of k with a sum each, so that few outputs keep all cores busy. */
  readonly splits: number;
  /** Whether a second kernel adds the parts or drops the padding of rows. */
  readonly finish: boolean;
}

/** The buffers of a product; offsets into them are those of the case. */
export interface MatmulBuffers {
  readonly a: Bindable;
  readonly b: Bindable;
  readonly bias?: Bindable;
  readonly y: Bindable;
}

/** Makes a buffer of so many float32 that lives until the plans have run. */
export type Scratch = (elements: number) => Bindable;

/** Sides of the tile of one invocation (registers) or workgroup (tiles). */
const REGISTER_TILE = 16;
const GROUP_TILE = 64;
/** Outputs of a matrix that are too few for a tile. */
const SMALL = { cpu: 10, gpu: 64 } as const;

/** The kernels for a product on this class of adapter. */
export function chooseMatmul(
  given: MatmulCase,
  adapter: AdapterClass,
): MatmulChoice {
  const { m, n, k, batches, a, b } = given;
  const aTransposed = a.row < a.col && m > 1;
  // a single column may be read as a row of the transpose
  const bTransposed = k > 1 && (b.row < b.col || (n === 1 && b.row === 1));
  const plain = {
    packA: false,
    packB: false,
    aTransposed,
    bTransposed,
    splits: 1,
    finish: false,
  };
  if (m * n <= SMALL[adapter] && batches >= 16) {
    return { ...plain, kernel: "dots" };
  }
  if (adapter === "gpu") {
    const tiles = tilesOf(m, GROUP_TILE) * tilesOf(n, GROUP_TILE) * batches;
    const splits = splitsFor(k, tiles, 128);
    return { ...plain, kernel: "tiles", splits, finish: splits > 1 };
  }
  const tiles = tilesOf(m, REGISTER_TILE) * tilesOf(n, REGISTER_TILE) * batches;
  // 8 lanes a workgroup, and a few workgroups for each core
  const splits = splitsFor(k, tiles, 64);
  const whole = k % 4 === 0;
  const bReady = bTransposed
    ? b.row === 1 && aligned(b, b.col, n, batches)
    : b.col === 1 && n % 4 === 0 && aligned(b, b.row, k, batches);
  return {
    ...plain,
    kernel: "registers",
    packA: k > 0 && !(whole && a.col === 1 && aligned(a, a.row, m, batches)),
    packB: k > 0 && !(whole && bReady),
    splits,
    finish: splits > 1 || n % 4 !== 0,
  };
}

/** The dispatches of a product, in order; none when it has no elements. */
export function planMatmul(
  given: MatmulCase,
  buffers: MatmulBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  if (given.m * given.n * given.batches === 0) return [];
  const whole = foldBatches(given);
  const choice = chooseMatmul(whole, adapter);
  const { m, n, batches } = whole;
  const plans: Plan[] = [];
  const n4 = Math.ceil(n / 4);
  const y = choice.finish
    ? scratch(choice.splits * batches * m * n4 * 4)
    : buffers.y;
  const job: Job = {
    given: whole,
    choice,
    buffers: { ...buffers, y },
    epilogue: choice.finish ? { BIAS: 0, RELU: false } : epilogueOf(whole),
  };
  if (choice.kernel === "dots") plans.push(planDots(job));
  else if (choice.kernel === "tiles") plans.push(planTiles(job));
  else plans.push(...planRegisters(job, scratch));
  if (choice.finish) {
    plans.push(planFinish(
      { ...whole, splits: choice.splits },
      { x: y, y: buffers.y, ...(buffers.bias && { bias: buffers.bias }) },
    ));
  }
  return plans;
}

/** Sums of parts, as the kernels leave them, rows padded to whole vec4. */
export interface Parts extends Pick<MatmulCase, "bias" | "relu"> {
  readonly m: number;
  readonly n: number;
  readonly batches: number;
  readonly splits: number;
}

/** Adds parts, in order, and applies the epilogue. */
export function planFinish(
  parts: Parts,
  { x, y, bias }: { x: Bindable; y: Bindable; bias?: Bindable },
): Plan {
  const { m, n, batches, splits } = parts;
  const n4 = Math.ceil(n / 4);
  return {
    name: "matmul_finish",
    source: finishSource,
    consts: epilogueOf(parts),
    buffers: [x, bias ?? x, y],
    params: [m, n, n4, batches * m, splits, 0, parts.bias?.offset ?? 0],
    groups: foldGroups(Math.ceil(batches * m * n4 / 64)),
  };
}

function epilogueOf({ bias, relu }: Pick<MatmulCase, "bias" | "relu">) {
  return {
    BIAS: bias ? { columns: 1, rows: 2 }[bias.along] : 0,
    RELU: relu ?? false,
  };
}

interface Job {
  readonly given: MatmulCase;
  readonly choice: MatmulChoice;
  readonly buffers: MatmulBuffers;
  readonly epilogue: { readonly BIAS: number; readonly RELU: boolean };
}

function planRegisters(job: Job, scratch: Scratch): Plan[] {
  const { given: { m, n, k, batches, bias }, choice, buffers } = job;
  const plans: Plan[] = [];
  let { a, b } = job.given;
  let { a: aBuffer, b: bBuffer } = buffers;
  const steps = Math.ceil(k / 4);
  if (choice.packA) {
    const to = packed(a, m, k, m, batches);
    aBuffer = scratch(to.elements);
    plans.push(planPack(job.given.a, to, buffers.a, aBuffer));
    a = to.matrix;
  }
  if (choice.packB && choice.bTransposed) {
    // b by columns: the rows of its transpose
    const turned = { ...b, row: b.col, col: b.row };
    const to = packed(turned, n, k, n, batches);
    bBuffer = scratch(to.elements);
    plans.push(planPack(turned, to, buffers.b, bBuffer));
    b = { ...to.matrix, row: 1, col: to.matrix.row };
  } else if (choice.packB) {
    const to = packed(b, k, n, 4 * steps, batches);
    bBuffer = scratch(to.elements);
    plans.push(planPack(b, to, buffers.b, bBuffer));
    b = to.matrix;
  }
  const rowTiles = tilesOf(m, REGISTER_TILE);
  const colTiles = tilesOf(n, REGISTER_TILE);
  const tiles = rowTiles * colTiles * batches * choice.splits;
  plans.push({
    name: "matmul_registers",
    source: registersSource,
    consts: { B_T: choice.bTransposed, ...job.epilogue },
    buffers: [aBuffer, bBuffer, buffers.bias ?? bBuffer, buffers.y],
    params: [
      ...[m, n, Math.ceil(n / 4), rowTiles, colTiles, batches, choice.splits],
      ...[steps, Math.ceil(steps / choice.splits)],
      ...[a.offset / 4, a.row / 4, a.batch / 4],
      ...[b.offset / 4, (choice.bTransposed ? b.col : b.row) / 4, b.batch / 4],
      ...[0, bias?.offset ?? 0],
    ].map(Math.trunc), // strides that no step uses need not be multiples of 4
    groups: foldGroups(Math.ceil(tiles / 8)),
  });
  return plans;
}

function planTiles({ given, choice, buffers, epilogue }: Job): Plan {
  const { m, n, k, batches, a, b, bias } = given;
  const tiles = tilesOf(m, GROUP_TILE) * tilesOf(n, GROUP_TILE) * batches *
    choice.splits;
  return {
    name: "matmul_tiles",
    source: tilesSource,
    consts: { A_T: choice.aTransposed, B_T: choice.bTransposed, ...epilogue },
    buffers: [buffers.a, buffers.b, buffers.bias ?? buffers.b, buffers.y],
    params: [
      ...[m, n, k, Math.ceil(k / choice.splits), batches, choice.splits],
      ...[a.offset, a.row, a.col, a.batch],
      ...[b.offset, b.row, b.col, b.batch],
      ...[0, choice.finish ? Math.ceil(n / 4) * 4 : n, bias?.offset ?? 0],
    ],
    groups: foldGroups(tiles),
  };
}

function planDots({ given, buffers, epilogue }: Job): Plan {
  const { m, n, k, batches, a, b, bias } = given;
  const count = batches * m * n;
  return {
    name: "matmul_dots",
    source: dotsSource,
    consts: epilogue,
    buffers: [buffers.a, buffers.b, buffers.bias ?? buffers.b, buffers.y],
    params: [
      ...[m, n, k, count],
      ...[a.offset, a.row, a.col, a.batch],
      ...[b.offset, b.row, b.col, b.batch],
      bias?.offset ?? 0,
    ],
    groups: foldGroups(Math.ceil(count / 64)),
  };
}

/** A copy of a matrix with aligned rows, and what to copy. */
interface Packed {
  readonly matrix: Matrix;
  readonly rows: number;
  readonly cols: number;
  readonly copyRows: number;
  readonly batches: number;
  readonly elements: number;
}

function packed(
  { batch }: Matrix,
  rows: number,
  cols: number,
  copyRows: number,
  batches: number,
): Packed {
  const row = Math.ceil(cols / 4) * 4;
  // a repeated matrix is copied once
  const copies = batch === 0 ? 1 : batches;
  const size = copyRows * row;
  return {
    matrix: { offset: 0, row, col: 1, batch: batch === 0 ? 0 : size },
    rows,
    cols,
    copyRows,
    batches: copies,
    elements: copies * size,
  };
}

function planPack(
  from: Matrix,
  to: Packed,
  x: Bindable,
  y: Bindable,
): Plan {
  const cols4 = to.matrix.row / 4;
  const strips = Math.ceil(to.copyRows / 32) * to.batches;
  return {
    name: "matmul_pack",
    source: packSource,
    buffers: [x, y],
    params: [
      ...[to.rows, to.cols, to.copyRows, cols4, to.batches],
      ...[from.offset, from.row, from.col, from.batch],
    ],
    groups: foldGroups(Math.ceil(strips * cols4 / 8)),
  };
}

/** A batch whose rows follow each other and share one b is one matrix. */
function foldBatches(given: MatmulCase): MatmulCase {
  const { m, batches, a, b, bias } = given;
  const folds = batches > 1 && b.batch === 0 && a.batch === m * a.row &&
    bias?.along !== "rows";
  if (!folds) return given;
  return { ...given, m: m * batches, batches: 1, a: { ...a, batch: 0 } };
}

function aligned(
  { offset, batch }: Matrix,
  stride: number,
  lines: number,
  batches: number,
): boolean {
  return offset % 4 === 0 && (lines === 1 || stride % 4 === 0) &&
    (batches === 1 || batch % 4 === 0);
}

/** Parts of k, 256 long at least, that make `wanted` tiles of `tiles`. */
function splitsFor(k: number, tiles: number, wanted: number): number {
  const most = Math.max(1, Math.floor(k / 256));
  return Math.min(most, Math.ceil(wanted / tiles));
}

function tilesOf(size: number, tile: number): number {
  return Math.ceil(size / tile);
}
