/**
 * What a batch of matrix products is, and which kernels make it: a pure function
 * of sizes, strides and the adapter's class. Nothing here knows tensors, buffers
 * or a device. Offsets and strides count elements.
 *
 * @module
 */

import type { AdapterClass } from "../../gpu/device.ts";
import type { Params } from "../../gpu/params.ts";
import { type Loop, loop, mostIterations, passesOf } from "../../gpu/loops.ts";

/** Where element (i, j) of a matrix lies, and of the next ones. */
export interface Matrix {
  readonly offset: number;
  /** From row i to row i + 1. */
  readonly row: number;
  /** From column j to column j + 1. */
  readonly col: number;
  /** From matrix g of the batch to g + 1; 0 repeats one matrix. */
  readonly batch: number;
  /** From one term of the sum to the next; 0 by default. */
  readonly term?: number;
  /** From one chunk of columns to the next, of b; 0 by default. */
  readonly chunk?: number;
  /** Whether k ends with zeros in memory that make it a multiple of 4. */
  readonly padded?: boolean;
}

/** What the epilogue adds: `bias[j]` to every row, or `bias[g, i]` to a whole one. */
export interface Bias {
  readonly offset: number;
  readonly along: "columns" | "rows";
}

/**
 * y[q, g] = sum over t of a[g, t] b[q, g, t] + bias, with y
 * [chunks, batches, m, n] contiguous.
 */
export interface MatmulCase {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
  /** Products that are added up; 1 by default. */
  readonly terms?: number;
  /** Matrices b that share a matrix a, as columns of one; 1 by default. */
  readonly chunks?: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly bias?: Bias;
}

/** A case with nothing left to default. */
export interface WholeCase extends MatmulCase {
  readonly terms: number;
  readonly chunks: number;
}

/** Kernels and their variants for one case. */
export interface MatmulChoice {
  /**
   * `registers` for adapters that are CPUs, `tiles` for GPUs, `dots` for stacks
   * of small matrices.
   */
  readonly kernel: "registers" | "tiles" | "dots";
  /** Rows of a tile; its columns are 16 (registers) or as many (tiles). */
  readonly rows: number;
  /** Copy a to aligned rows first. */
  readonly packA: boolean;
  /** Copy b to aligned rows first. */
  readonly packB: boolean;
  /** Neighbouring rows of a lie closer than neighbouring columns. */
  readonly aTransposed: boolean;
  /** Neighbouring rows of b lie closer than neighbouring columns. */
  readonly bTransposed: boolean;
  /** Parts of the sum, so that few outputs keep all cores busy. */
  readonly splits: number;
  /** Whether a second kernel adds the parts or drops the padding of rows. */
  readonly finish: boolean;
}

/** Columns of a tile in registers, and its rows but for thin matrices. */
export const REGISTER_TILE = 16;
const THIN_ROWS = 4;
/** Outputs of a matrix that are too few for a tile. */
const SMALL = { cpu: 10, gpu: 64 } as const;
/** Elements that a part of a sum has at least. */
const LEAST_PART = 256;
/** k that matmul_tiles has in workgroup memory at a time. */
const SLICE = 16;

/** What an invocation goes through for its sums, all splits together. */
export interface Walk {
  /** Steps of 4 k in registers, slices of 16 k in tiles, k in dots. */
  readonly steps: number;
  /** The loops of a step. */
  readonly inner: readonly Loop[];
  /** The loops after them, which store the sums. */
  readonly stores: readonly Loop[];
}

/** The walk of a kernel through a product with tiles of so many rows. */
export function walkOf(
  { k, terms }: WholeCase,
  kernel: MatmulChoice["kernel"],
  rows: number,
): Walk {
  if (kernel === "dots") return { steps: k, inner: [], stores: [] };
  if (kernel === "registers") {
    return { steps: Math.ceil(k / 4) * terms, inner: [], stores: [loop(rows)] };
  }
  // what 256 invocations load of a slice one by one, and its k
  const inner = [loop(SLICE * rows / 4 / 256), loop(SLICE)];
  return { steps: Math.ceil(k / SLICE) * terms, inner, stores: [] };
}

/** Parts of the sum that no invocation is too long for. */
function leastSplits({ steps, inner, stores }: Walk): number {
  const most = mostIterations(inner, passesOf(...stores));
  return Math.max(1, Math.ceil(steps / most));
}

/** The kernels for a product, as `wholeCase` made it, on this class of adapter. */
export function chooseMatmul(
  given: WholeCase,
  adapter: AdapterClass,
): MatmulChoice {
  const { m, n, k, batches, terms, chunks, a } = given;
  const plain = {
    rows: 1,
    packA: false,
    packB: false,
    aTransposed: a.row < a.col && m > 1,
    bTransposed: isTransposed(given),
    splits: 1,
    finish: false,
  };
  const isSmall = m * n <= SMALL[adapter] && k <= mostIterations([]);
  if (isSmall && batches >= 16 && terms * chunks === 1) {
    return { ...plain, kernel: "dots" };
  }
  return adapter === "gpu"
    ? { ...plain, ...chooseTiles(given) }
    : { ...plain, ...chooseRegisters(given) };
}

function chooseTiles(given: WholeCase) {
  const { m, n, k, batches, terms, chunks } = given;
  // tiles of 128 where they are enough to fill a GPU
  const count = (side: number) =>
    Math.ceil(m / side) * Math.ceil(n / side) * batches * chunks;
  const rows = m > 64 && n > 64 && count(128) >= 128 ? 128 : 64;
  const splits = Math.max(
    splitsFor(k * terms, count(rows), 128),
    leastSplits(walkOf(given, "tiles", rows)),
  );
  return { kernel: "tiles", rows, splits, finish: splits > 1 } as const;
}

function chooseRegisters(given: WholeCase) {
  const { m, n, k, batches, terms, chunks, a, b } = given;
  // splits of thin tiles are no more than the steps of a term
  const isThin = m <= THIN_ROWS && terms <= mostIterations([], THIN_ROWS + 1);
  const rows = isThin ? THIN_ROWS : REGISTER_TILE;
  const columns = chunks * Math.ceil(n / 4) * 4;
  const tiles = Math.ceil(m / rows) * Math.ceil(columns / REGISTER_TILE) *
    batches;
  // 8 lanes a workgroup, and a few workgroups for each core
  const wanted = Math.max(
    splitsFor(k * terms, tiles, 64),
    leastSplits(walkOf(given, "registers", rows)),
  );
  const whole = (matrix: Matrix) => k % 4 === 0 || matrix.padded === true;
  const bTransposed = isTransposed(given);
  const bReady = whole(b) &&
    (bTransposed
      ? b.row === 1 && aligned(b, b.col, n, given)
      : b.col === 1 && n % 4 === 0 && aligned(b, b.row, k, given));
  const aReady = whole(a) && a.col === 1 && aligned(a, a.row, m, given);
  const aTurned = whole(a) && !aReady && a.row === 1 && m % 4 === 0 &&
    aligned(a, a.col, k, given);
  // lanes of a thin tile are splits, so eight of them fill a workgroup
  const splits = rows === THIN_ROWS && wanted > 1
    ? Math.min(Math.ceil(wanted / 8) * 8, Math.ceil(k / 4))
    : wanted;
  return {
    kernel: "registers",
    rows,
    packA: k > 0 && !aReady && !aTurned,
    packB: k > 0 && !bReady,
    aTransposed: aTurned,
    bTransposed,
    splits,
    finish: splits > 1 || n % 4 !== 0,
  } as const;
}

/**
 * The ways to make a product, by name, the chosen one first: with more or fewer
 * parts of the sum, with other tiles, with a copied.
 */
export function matmulCandidates(
  given: WholeCase,
  adapter: AdapterClass,
): Record<string, MatmulChoice> {
  const chosen = chooseMatmul(given, adapter);
  const { kernel, rows, splits } = chosen;
  const isTile = kernel === "tiles";
  if (kernel === "dots") return { dots: chosen };
  const depth = rows === THIN_ROWS ? given.k : given.k * given.terms;
  const most = Math.max(1, Math.floor(depth / (4 * rows)));
  const found: Record<string, MatmulChoice> = {};
  for (const side of isTile ? [rows, 64 + 128 - rows] : [rows]) {
    const least = leastSplits(walkOf(given, kernel, side));
    for (const factor of [1, 2, 4, 0.5]) {
      const parts = Math.max(least, Math.min(most, Math.ceil(splits * factor)));
      const finish = parts > 1 || (!isTile && given.n % 4 !== 0);
      const choice = { ...chosen, rows: side, splits: parts, finish };
      found[`${kernel} of ${side}, ${parts} parts`] = choice;
      if (isTile || !chosen.aTransposed) continue;
      const copied = { ...choice, packA: true, aTransposed: false };
      found[`${kernel} of ${side}, ${parts} parts, a copied`] = copied;
    }
  }
  return found;
}

/** The parameters that tell a kernel where `matrix` lies, by its name there. */
export function placeOf(
  name: "a" | "b",
  { offset, row, col, batch }: Matrix,
): Params {
  return {
    [`${name}Offset`]: offset,
    [`${name}Row`]: row,
    [`${name}Col`]: col,
    [`${name}Batch`]: batch,
  };
}

/** Elements of a buffer that a matrix of so many rows and columns reaches into. */
export function extentOf(
  { offset, row, col, batch, term = 0, chunk = 0 }: Matrix,
  rows: number,
  cols: number,
  { batches, terms, chunks }: WholeCase,
): number {
  return offset + Math.max(0, rows - 1) * row + Math.max(0, cols - 1) * col +
    (batches - 1) * batch + (terms - 1) * term + (chunks - 1) * chunk + 1;
}

/** The same product with as few and as large matrices as strides allow. */
export function wholeCase(given: MatmulCase): WholeCase {
  const { terms = 1, chunks = 1 } = given;
  return asColumns(asRows({ ...given, terms, chunks }));
}

/**
 * A product of one column as the transposed one, of one row, with the operands in
 * each other's place; nothing for other products.
 */
export function asRow(given: MatmulCase): MatmulCase | undefined {
  const { m, n, batches, chunks = 1, a, b, bias } = given;
  if (n !== 1 || m === 1 || chunks > 1 || (bias && batches > 1)) return;
  const along = bias?.along === "rows" ? "columns" : "rows";
  return {
    ...given,
    m: 1,
    n: m,
    a: { ...b, row: b.col, col: b.row },
    b: { ...a, row: a.col, col: a.row },
    ...(bias && { bias: { ...bias, along } }),
  };
}

/** A batch whose rows follow each other and share one b is one matrix. */
function asRows(given: WholeCase): WholeCase {
  const { m, batches, chunks, a, b, bias } = given;
  const folds = batches > 1 && b.batch === 0 && a.batch === m * a.row &&
    chunks === 1 && bias?.along !== "rows";
  if (!folds) return given;
  return { ...given, m: m * batches, batches: 1, a: { ...a, batch: 0 } };
}

/** A batch that shares one a is one matrix with more columns. */
function asColumns(given: WholeCase): WholeCase {
  const { batches, chunks, a, b, bias } = given;
  const folds = batches > 1 && chunks === 1 && a.batch === 0 && b.batch > 0 &&
    !isTransposed(given) && bias?.along !== "rows";
  if (!folds) return given;
  return {
    ...given,
    batches: 1,
    chunks: batches,
    b: { ...b, batch: 0, chunk: b.batch },
  };
}

function isTransposed({ n, k, chunks, b }: WholeCase): boolean {
  // a single column may be read as a row of the transpose
  return k > 1 && chunks === 1 &&
    (b.row < b.col || (n === 1 && b.row === 1));
}

function aligned(
  { offset, batch, term = 0, chunk = 0 }: Matrix,
  stride: number,
  lines: number,
  { batches, terms, chunks }: WholeCase,
): boolean {
  return offset % 4 === 0 && (lines === 1 || stride % 4 === 0) &&
    (batches === 1 || batch % 4 === 0) && (terms === 1 || term % 4 === 0) &&
    (chunks === 1 || chunk % 4 === 0);
}

/** Parts of a sum of `k`, not too short, that make `wanted` tiles of `tiles`. */
function splitsFor(k: number, tiles: number, wanted: number): number {
  const most = Math.max(1, Math.floor(k / LEAST_PART));
  return Math.min(most, Math.ceil(wanted / tiles));
}
