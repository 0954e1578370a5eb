/**
 * Plans of a batch of matrix products, with the kernels that choice.ts chooses
 * or that tuned.ts measured. Offsets and strides count elements.
 *
 * @module
 */

import { type AdapterClass, rollsStores } from "../../gpu/device.ts";
import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import {
  type Bindable,
  foldGroups,
  type Plan,
  type Scratch,
} from "../../gpu/plan.ts";
import {
  asRow,
  chooseMatmul,
  extentOf,
  matmulCandidates,
  type MatmulCase,
  type MatmulChoice,
  placeOf,
  REGISTER_TILE,
  walkOf,
  type WholeCase,
  wholeCase,
} from "./choice.ts";
import { packMatrix } from "./pack.ts";
import { putHook, takesMaps } from "../kernel_hooks.ts";
import { tuned } from "../tuned.ts";

import tilesLib from "../../../shaders/lib/tiles.wgsl" with { type: "text" };
import dotsSource from "../../../shaders/matmul/dots.wgsl" with {
  type: "text",
};
import finishSource from "../../../shaders/matmul/finish.wgsl" with {
  type: "text",
};
import registersSource from "../../../shaders/matmul/registers.wgsl" with {
  type: "text",
};
import tilesSource from "../../../shaders/matmul/tiles.wgsl" with {
  type: "text",
};

const TILES = tilesLib + tilesSource;

/** Buffers of a product. Their offsets are in the MatmulCase. */
export interface MatmulBuffers {
  readonly a: Bindable;
  readonly b: Bindable;
  readonly bias?: Bindable;
  readonly y: Bindable;
  /** Offset in y, a multiple of 4. Default: 0. */
  readonly yOffset?: number;
}

/** Plans the dispatches of a product, in order; none if it has no elements. */
export function planMatmul(
  product: MatmulCase,
  buffers: MatmulBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const row = asRow(product);
  if (row) {
    const swapped = { ...buffers, a: buffers.b, b: buffers.a };
    return planMatmul(row, swapped, scratch, adapter);
  }
  const whole = wholeCase(product);
  const { m, n, batches, chunks } = whole;
  if (m * n * batches * chunks === 0) return [];
  const choice = tuned(chooseMatmul(whole, adapter), () => {
    const { bias: _bias, ...plain } = whole;
    return {
      key: `matmul ${adapter} ${JSON.stringify(plain)}`,
      candidates: matmulCandidates(whole, adapter),
      operands: [
        extentOf(whole.a, m, whole.k, whole),
        extentOf(whole.b, whole.k, n, whole),
        chunks * batches * m * n,
      ],
      plan: (choice, [a, b, y], scratch) =>
        planWith(choice, plain, { a: a!, b: b!, y: y! }, scratch),
    };
  });
  return planWith(choice, whole, buffers, scratch);
}

function planWith(
  choice: MatmulChoice,
  whole: WholeCase,
  buffers: MatmulBuffers,
  scratch: Scratch,
): Plan[] {
  const { m, n, batches, chunks } = whole;
  const plans: Plan[] = [];
  const rows = chunks * batches * m;
  const y = choice.finish
    ? scratch(choice.splits * rows * Math.ceil(n / 4) * 4)
    : buffers.y;
  const job: Job = {
    product: whole,
    choice,
    buffers: choice.finish ? { ...buffers, y, yOffset: 0 } : buffers,
    bias: choice.finish ? 0 : biasOf(whole),
  };
  if (choice.kernel === "dots") plans.push(planDots(job));
  else if (choice.kernel === "tiles") plans.push(planTiles(job));
  else plans.push(...planRegisters(job, scratch));
  if (choice.finish) {
    plans.push(planFinish(
      { ...whole, splits: choice.splits },
      { ...buffers, x: y },
    ));
  }
  return plans;
}

/** Sums of parts, with rows padded to whole vec4. */
export interface Parts extends Pick<MatmulCase, "bias" | "chunks"> {
  readonly m: number;
  readonly n: number;
  readonly batches: number;
  readonly splits: number;
}

/** Buffers that `planFinish` reads and writes. */
export type FinishBuffers =
  & Pick<MatmulBuffers, "y" | "bias" | "yOffset">
  & { readonly x: Bindable };

/** Plans the sum of parts, in order, and the epilogue. */
export function planFinish(
  parts: Parts,
  { x, y, bias, yOffset = 0 }: FinishBuffers,
): Plan {
  const { m, n, batches, chunks = 1, splits } = parts;
  const n4 = Math.ceil(n / 4);
  const rows = chunks * batches * m;
  const buffers = [x, bias ?? x, y];
  return {
    name: "matmul_finish",
    source: finishSource,
    consts: { BIAS: biasOf(parts) },
    ...putHook(buffers, 1, "n", yOffset === 0),
    buffers,
    params: pack(finishSource, {
      m: batches * m,
      n,
      n4,
      rows,
      splits,
      yOffset,
      biasOffset: parts.bias?.offset ?? 0,
    }),
    groups: foldGroups(Math.ceil(rows * n4 / 64)),
    loops: passesOf(loop(splits - 1)),
  };
}

/** Returns the bias of the epilogue: 0 none, 1 by column, 2 by row. */
function biasOf({ bias }: Pick<MatmulCase, "bias">): number {
  return bias ? { columns: 1, rows: 2 }[bias.along] : 0;
}

interface Job {
  readonly product: WholeCase;
  readonly choice: MatmulChoice;
  readonly buffers: MatmulBuffers;
  /** Bias of `biasOf`, or 0 if matmul_finish adds it. */
  readonly bias: number;
}

function planRegisters(job: Job, scratch: Scratch): Plan[] {
  const { product, choice } = job;
  const { m, n, k, batches, terms, chunks, bias } = product;
  const { aTransposed, bTransposed, rows, splits } = choice;
  const plans: Plan[] = [];
  const steps = Math.ceil(k / 4);
  let { a, b } = product;
  let buffers = job.buffers;
  if (choice.packA) {
    const copy = packMatrix(
      { ...product, chunks: 1, from: a, rows: m, cols: k, copyRows: m },
      buffers.a,
      scratch,
    );
    plans.push(copy.plan);
    a = copy.matrix;
    buffers = { ...buffers, a: copy.buffer };
  }
  if (choice.packB) {
    // a transposed b is copied by columns, the rows of its transpose
    const turned = { ...b, row: b.col, col: b.row };
    const copy = packMatrix(
      bTransposed
        ? { ...product, from: turned, rows: n, cols: k, copyRows: n }
        : { ...product, from: b, rows: k, cols: n, copyRows: 4 * steps },
      buffers.b,
      scratch,
    );
    plans.push(copy.plan);
    b = copy.matrix;
    if (bTransposed) b = { ...b, row: b.col, col: b.row };
    buffers = { ...buffers, b: copy.buffer };
  }
  const n4 = Math.ceil(n / 4);
  const rowTiles = Math.ceil(m / rows);
  const colTiles = Math.ceil(n4 * chunks / (REGISTER_TILE / 4));
  const tiles = rowTiles * colTiles * batches * splits;
  plans.push({
    name: "matmul_registers",
    source: registersSource,
    consts: {
      ROWS: rows,
      A_T: aTransposed,
      B_T: bTransposed,
      ROW_BIAS: job.bias === 2,
      ROLLED: rollsStores(),
    },
    ...writtenBy({ ...job, buffers }, 4),
    // strides of dims of size 1 are unused, and need not be multiples of 4
    params: pack(registersSource, {
      m,
      n,
      n4,
      chunks,
      batches,
      rowTiles,
      colTiles,
      steps,
      terms,
      splits,
      splitSteps: Math.ceil(steps * terms / splits),
      aOffset: a.offset / 4,
      aLine: (aTransposed ? a.col : a.row) / 4,
      aBatch: a.batch / 4,
      aTerm: (a.term ?? 0) / 4,
      bOffset: b.offset / 4,
      bLine: (bTransposed ? b.col : b.row) / 4,
      bBatch: b.batch / 4,
      bTerm: (b.term ?? 0) / 4,
      bChunk: (b.chunk ?? 0) / 4,
      yOffset: (buffers.yOffset ?? 0) / 4,
      biased4: job.bias === 1 ? n4 : 0,
      biasOffset: bias?.offset ?? 0,
    }),
    groups: foldGroups(Math.ceil(tiles / 8)),
    loops: loopsOf(job),
  });
  return plans;
}

// Returns the loops of the longest split.
function loopsOf({ product, choice }: Job): number {
  const { kernel, rows, splits } = choice;
  const { steps, inner, stores } = walkOf(product, kernel, rows);
  return passesOf(loop(Math.ceil(steps / splits), ...inner), ...stores);
}

// Returns the buffers of a product, and the hook that writes to the last one.
function writtenBy({ product, choice, buffers }: Job, lanes: 1 | 4) {
  const { a, b, bias, y, yOffset = 0 } = buffers;
  const { m, n, batches, chunks } = product;
  const bound = [a, b, bias ?? b, y];
  const isLarge = choice.kernel === "registers" && choice.rows > 4;
  const isWhole = !choice.finish && yOffset === 0 &&
    (!isLarge || takesMaps(chunks * batches * m * n));
  return { ...putHook(bound, lanes, "m", isWhole), buffers: bound };
}

function planTiles(job: Job): Plan {
  const { product, choice, buffers } = job;
  const { m, n, k, batches, terms, chunks, a, b, bias } = product;
  const { rows: side, splits } = choice;
  const tiles = Math.ceil(m / side) * Math.ceil(n / side) * batches * chunks *
    splits;
  const slices = walkOf(product, "tiles", side).steps;
  return {
    name: "matmul_tiles",
    source: TILES,
    consts: {
      SIDE: side,
      A_T: choice.aTransposed,
      B_T: choice.bTransposed,
      BIAS: job.bias,
    },
    ...writtenBy(job, 1),
    params: pack(TILES, {
      m,
      n,
      k,
      chunks,
      batches,
      terms,
      splits,
      splitSlices: Math.ceil(slices / splits),
      ...placeOf("a", a),
      aTerm: a.term ?? 0,
      ...placeOf("b", b),
      bTerm: b.term ?? 0,
      bChunk: b.chunk ?? 0,
      yOffset: buffers.yOffset ?? 0,
      yRow: choice.finish ? Math.ceil(n / 4) * 4 : n,
      biasOffset: bias?.offset ?? 0,
    }),
    groups: foldGroups(tiles),
    loops: loopsOf(job),
  };
}

function planDots(job: Job): Plan {
  const { product, buffers } = job;
  const { m, n, k, batches, a, b, bias } = product;
  const count = batches * m * n;
  return {
    name: "matmul_dots",
    source: dotsSource,
    consts: { BIAS: job.bias },
    ...writtenBy(job, 1),
    params: pack(dotsSource, {
      m,
      n,
      k,
      count,
      ...placeOf("a", a),
      ...placeOf("b", b),
      yOffset: buffers.yOffset ?? 0,
      biasOffset: bias?.offset ?? 0,
    }),
    groups: foldGroups(Math.ceil(count / 64)),
    loops: loopsOf(job),
  };
}
