/**
 * Sizes of a batch of matrix products, and the choice of its kernels: a pure
 * function of sizes, strides and the adapter's class. Offsets and strides count
 * elements.
 *
 * @module
 */

import type { AdapterClass } from "../../gpu/device.ts";
import type { Params } from "../../gpu/params.ts";
import { type Loop, loop, mostIterations, passesOf } from "../../gpu/loops.ts";

/** Offset and strides of a batch of matrices. */
export interface Matrix {
  readonly offset: number;
  /** Stride from row i to row i + 1. */
  readonly row: number;
  /** Stride from column j to column j + 1. */
  readonly col: number;
  /** Stride from matrix g of the batch to g + 1; 0 repeats one matrix. */
  readonly batch: number;
  /** Stride from one term of the sum to the next. Default: 0. */
  readonly term?: number;
  /** Stride of b from one chunk of columns to the next. Default: 0. */
  readonly chunk?: number;
  /** Whether zeros in memory pad k to a multiple of 4. */
  readonly padded?: boolean;
}

/** Bias of the epilogue: `bias[j]` for column j, or `bias[g, i]` for row i. */
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
  /** Number of products that are added up. Default: 1. */
  readonly terms?: number;
  /** Matrices b that share a matrix a, as columns of one. Default: 1. */
  readonly chunks?: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly bias?: Bias;
}

/** A case without defaults. */
export interface WholeCase extends MatmulCase {
  readonly terms: number;
  readonly chunks: number;
}

/** Kernel of a case, and its variant. */
export interface MatmulChoice {
  /**
   * `registers` for CPU adapters, `tiles` for GPUs, `dots` for stacks of small
   * matrices.
   */
  readonly kernel: "registers" | "tiles" | "dots";
  /** Rows of a tile, which has 16 columns (registers) or as many (tiles). */
  readonly rows: number;
  /** Whether a is first copied to aligned rows. */
  readonly packA: boolean;
  /** Whether b is first copied to aligned rows. */
  readonly packB: boolean;
  /** Whether the rows of a are closer than its columns. */
  readonly aTransposed: boolean;
  /** Whether the rows of b are closer than its columns. */
  readonly bTransposed: boolean;
  /** Parts of the sum, so that few outputs keep all cores busy. */
  readonly splits: number;
  /** Whether a second kernel adds the parts or drops the padding of rows. */
  readonly finish: boolean;
}

/** Columns of a tile in registers, and its rows except for thin matrices. */
export const REGISTER_TILE = 16;
const THIN_ROWS = 4;
/** Most outputs of a matrix that are too few for a tile. */
const SMALL = { cpu: 10, gpu: 64 } as const;
/** Least elements of a part of a sum. */
const LEAST_PART = 256;
/** k of a slice, which matmul_tiles holds in workgroup memory. */
const SLICE = 16;

/** Loops of an invocation for its sums, all splits together. */
export interface Walk {
  /** Steps of 4 k in registers, slices of 16 k in tiles, k in dots. */
  readonly steps: number;
  /** Loops of a step. */
  readonly inner: readonly Loop[];
  /** Loops after the steps, which store the sums. */
  readonly stores: readonly Loop[];
}

/** Returns the walk of a kernel through a product with tiles of `rows` rows. */
export function walkOf(
  { k, terms }: WholeCase,
  kernel: MatmulChoice["kernel"],
  rows: number,
): Walk {
  if (kernel === "dots") return { steps: k, inner: [], stores: [] };
  if (kernel === "registers") {
    return { steps: Math.ceil(k / 4) * terms, inner: [], stores: [loop(rows)] };
  }
  // the loads of a slice by 256 invocations, and its k
  const inner = [loop(SLICE * rows / 4 / 256), loop(SLICE)];
  return { steps: Math.ceil(k / SLICE) * terms, inner, stores: [] };
}

/** Returns the fewest parts of the sum that keep invocations short enough. */
function leastSplits({ steps, inner, stores }: Walk): number {
  const most = mostIterations(inner, passesOf(...stores));
  return Math.max(1, Math.ceil(steps / most));
}

/** Chooses the kernel of a product from `wholeCase` on this class of adapter. */
export function chooseMatmul(
  product: WholeCase,
  adapter: AdapterClass,
): MatmulChoice {
  const { m, n, k, batches, terms, chunks, a } = product;
  const plain = {
    rows: 1,
    packA: false,
    packB: false,
    aTransposed: a.row < a.col && m > 1,
    bTransposed: isTransposed(product),
    splits: 1,
    finish: false,
  };
  const isSmall = m * n <= SMALL[adapter] && k <= mostIterations([]);
  if (isSmall && batches >= 16 && terms * chunks === 1) {
    return { ...plain, kernel: "dots" };
  }
  return adapter === "gpu"
    ? { ...plain, ...chooseTiles(product) }
    : { ...plain, ...chooseRegisters(product) };
}

function chooseTiles(product: WholeCase) {
  const { m, n, k, batches, terms, chunks } = product;
  // tiles of 128 if there are enough of them to fill a GPU
  const count = (side: number) =>
    Math.ceil(m / side) * Math.ceil(n / side) * batches * chunks;
  const rows = m > 64 && n > 64 && count(128) >= 128 ? 128 : 64;
  const splits = Math.max(
    splitsFor(k * terms, count(rows), 128),
    leastSplits(walkOf(product, "tiles", rows)),
  );
  return { kernel: "tiles", rows, splits, finish: splits > 1 } as const;
}

function chooseRegisters(product: WholeCase) {
  const { m, n, k, batches, terms, chunks, a, b } = product;
  // thin tiles have at most as many splits as a term has steps
  const isThin = m <= THIN_ROWS && terms <= mostIterations([], THIN_ROWS + 1);
  const rows = isThin ? THIN_ROWS : REGISTER_TILE;
  const columns = chunks * Math.ceil(n / 4) * 4;
  const tiles = Math.ceil(m / rows) * Math.ceil(columns / REGISTER_TILE) *
    batches;
  // 8 lanes a workgroup, and a few workgroups for each core
  const wanted = Math.max(
    splitsFor(k * terms, tiles, 64),
    leastSplits(walkOf(product, "registers", rows)),
  );
  const whole = (matrix: Matrix) => k % 4 === 0 || matrix.padded === true;
  const bTransposed = isTransposed(product);
  const bReady = whole(b) &&
    (bTransposed
      ? b.row === 1 && aligned(b, b.col, n, product)
      : b.col === 1 && n % 4 === 0 && aligned(b, b.row, k, product));
  const aReady = whole(a) && a.col === 1 && aligned(a, a.row, m, product);
  const aTurned = whole(a) && !aReady && a.row === 1 && m % 4 === 0 &&
    aligned(a, a.col, k, product);
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
 * Returns the choices for a product, by name, `chooseMatmul`'s first. Others have
 * more or fewer parts of the sum, other tiles, or a copy of a.
 */
export function matmulCandidates(
  product: WholeCase,
  adapter: AdapterClass,
): Record<string, MatmulChoice> {
  const chosen = chooseMatmul(product, adapter);
  const { kernel, rows, splits } = chosen;
  const isTile = kernel === "tiles";
  if (kernel === "dots") return { dots: chosen };
  const depth = rows === THIN_ROWS ? product.k : product.k * product.terms;
  const most = Math.max(1, Math.floor(depth / (4 * rows)));
  const found: Record<string, MatmulChoice> = {};
  for (const side of isTile ? [rows, 64 + 128 - rows] : [rows]) {
    const least = leastSplits(walkOf(product, kernel, side));
    for (const factor of [1, 2, 4, 0.5]) {
      const parts = Math.max(least, Math.min(most, Math.ceil(splits * factor)));
      const finish = parts > 1 || (!isTile && product.n % 4 !== 0);
      const choice = { ...chosen, rows: side, splits: parts, finish };
      found[`${kernel} of ${side}, ${parts} parts`] = choice;
      if (isTile || !chosen.aTransposed) continue;
      const copied = { ...choice, packA: true, aTransposed: false };
      found[`${kernel} of ${side}, ${parts} parts, a copied`] = copied;
    }
  }
  return found;
}

/** Returns the offset and strides of `matrix` as a kernel's parameters. */
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

/** Returns the end in its buffer of a batch of matrices of [rows, cols]. */
export function extentOf(
  { offset, row, col, batch, term = 0, chunk = 0 }: Matrix,
  rows: number,
  cols: number,
  { batches, terms, chunks }: WholeCase,
): number {
  return offset + Math.max(0, rows - 1) * row + Math.max(0, cols - 1) * col +
    (batches - 1) * batch + (terms - 1) * term + (chunks - 1) * chunk + 1;
}

/** Merges matrices into as few and as large ones as strides allow. */
export function wholeCase(product: MatmulCase): WholeCase {
  const { terms = 1, chunks = 1 } = product;
  return asColumns(asRows({ ...product, terms, chunks }));
}

/**
 * Returns a product of one column as its transpose, a product of one row with a
 * and b swapped. Returns undefined for other products.
 */
export function asRow(product: MatmulCase): MatmulCase | undefined {
  const { m, n, batches, chunks = 1, a, b, bias } = product;
  if (n !== 1 || m === 1 || chunks > 1 || (bias && batches > 1)) return;
  const along = bias?.along === "rows" ? "columns" : "rows";
  return {
    ...product,
    m: 1,
    n: m,
    a: { ...b, row: b.col, col: b.row },
    b: { ...a, row: a.col, col: a.row },
    ...(bias && { bias: { ...bias, along } }),
  };
}

/** Merges a batch whose rows are consecutive and share one b into one matrix. */
function asRows(product: WholeCase): WholeCase {
  const { m, batches, chunks, a, b, bias } = product;
  const folds = batches > 1 && b.batch === 0 && a.batch === m * a.row &&
    chunks === 1 && bias?.along !== "rows";
  if (!folds) return product;
  return { ...product, m: m * batches, batches: 1, a: { ...a, batch: 0 } };
}

/** Merges a batch that shares one a into one matrix with more columns. */
function asColumns(product: WholeCase): WholeCase {
  const { batches, chunks, a, b, bias } = product;
  const folds = batches > 1 && chunks === 1 && a.batch === 0 && b.batch > 0 &&
    !isTransposed(product) && bias?.along !== "rows";
  if (!folds) return product;
  return {
    ...product,
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

/** Splits a sum of `k` into parts, not too short, so that tiles become `wanted`. */
function splitsFor(k: number, tiles: number, wanted: number): number {
  const most = Math.max(1, Math.floor(k / LEAST_PART));
  return Math.min(most, Math.ceil(wanted / tiles));
}
