/**
 * Embedding: rows of a table, by index.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { DTYPES } from "../../tensor/dtype.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexSelect } from "./index.ts";
import { checkIndices } from "./indices.ts";

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** A row that gets no gradient; negative ones count from the end. */
  readonly paddingIdx?: number | undefined;
}

/**
 * Returns the rows of `weight` at the indices in `input`.
 *
 * Shapes: input […] of integers, weight [V, D], to [..., D]. A row's gradient sums
 * over its uses in the order of the input, with the same bits in every run. An
 * index outside of 0 to V - 1 is refused if the host wrote it; an index computed
 * on the GPU gives a row of NaN.
 *
 * Source: torch.nn.functional.embedding.
 *
 * @throws {TypeError} If `input` is not of integers, or `weight` is not a matrix
 * @throws {RangeError} If an index or `paddingIdx` is out of range
 *
 * @example Two rows of three
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const table = tensor([[1, 2], [3, 4], [5, 6]]);
 * const y = F.embedding(tensor([2, 0], { dtype: "int32" }), table);
 * assertEquals(await y.toArray(), [[5, 6], [1, 2]]);
 * ```
 */
export function embedding(
  input: Tensor,
  weight: Tensor,
  options: EmbeddingOptions = {},
): Tensor {
  const { paddingIdx } = checkOptionNames("embedding", options, ["paddingIdx"]);
  const [rows, width] = weight.shape;
  if (rows === undefined || width === undefined || weight.ndim !== 2) {
    throw new TypeError(
      `Cannot embed with a table of shape ${formatShape(weight.shape)}: ` +
        `expected [V, D]`,
    );
  }
  if (DTYPES[input.dtype].category !== 1) {
    throw new TypeError(`Cannot embed ${input.describe()}: expected integers`);
  }
  checkIndices("embed", input, rows);
  const index = input.reshape([-1]);
  const found = indexSelect(weight, 0, index).reshape([...input.shape, width]);
  if (paddingIdx === undefined) return found;
  const isPadding = input.eq(paddingRow(paddingIdx, rows)).unsqueeze(-1);
  return found.detach().where(isPadding, found);
}

/**
 * Returns the row of `paddingIdx`, which may count from the end.
 *
 * @throws {RangeError} If `paddingIdx` is out of range
 */
export function paddingRow(paddingIdx: number, rows: number): number {
  const row = paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
  if (!Number.isInteger(row) || row < 0 || row >= rows) {
    throw new RangeError(
      `Cannot embed with paddingIdx ${paddingIdx}: expected ${-rows} to ` +
        `${rows - 1}`,
    );
  }
  return row;
}
