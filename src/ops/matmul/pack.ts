/**
 * Copies of matrices with rows of whole vec4, for kernels that load vec4.
 * Offsets and strides count elements.
 *
 * @module
 */

import { pack } from "../../gpu/params.ts";
import {
  type Bindable,
  foldGroups,
  type Plan,
  type Scratch,
} from "../../gpu/plan.ts";
import type { Matrix } from "./choice.ts";

import packSource from "../../../shaders/matmul/pack.wgsl" with {
  type: "text",
};

/** Matrices to copy: [chunks, batches, terms, rows, cols]. */
export interface PackCase {
  readonly from: Matrix;
  readonly chunks: number;
  readonly batches: number;
  readonly terms: number;
  readonly rows: number;
  readonly cols: number;
  /** Rows of a copy. Rows past `rows` and columns past `cols` are zeros. */
  readonly copyRows: number;
}

/** A copy, and the dispatch that makes it. */
export interface Packed {
  readonly plan: Plan;
  readonly matrix: Matrix;
  readonly buffer: Bindable;
}

/** Plans a copy of matrices. It copies matrices of stride 0 once. */
export function packMatrix(
  { from, chunks, batches, terms, rows, cols, copyRows }: PackCase,
  x: Bindable,
  scratch: Scratch,
): Packed {
  const { offset, row, col, batch, term = 0, chunk = 0 } = from;
  const once = (count: number, stride: number) => stride === 0 ? 1 : count;
  const counts = [
    once(chunks, chunk),
    once(batches, batch),
    once(terms, term),
  ] as const;
  const cols4 = Math.ceil(cols / 4);
  const size = copyRows * cols4 * 4;
  const copies = counts[0] * counts[1] * counts[2];
  const strips = Math.ceil(copyRows / 32) * copies;
  const buffer = scratch(copies * size);
  return {
    plan: {
      name: "matmul_pack",
      source: packSource,
      buffers: [x, buffer],
      params: pack(packSource, {
        rows,
        cols,
        yRows: copyRows,
        yCols4: cols4,
        chunks: counts[0],
        batches: counts[1],
        terms: counts[2],
        xOffset: offset,
        xRow: row,
        xCol: col,
        xBatch: batch,
        xTerm: term,
        xChunk: chunk,
      }),
      groups: foldGroups(Math.ceil(strips * cols4 / 8)),
      loops: 0,
    },
    matrix: {
      offset: 0,
      row: cols4 * 4,
      col: 1,
      batch: batch === 0 ? 0 : counts[2] * size,
      term: term === 0 ? 0 : size,
      chunk: chunk === 0 ? 0 : counts[1] * counts[2] * size,
    },
    buffer,
  };
}
