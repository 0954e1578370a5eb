/**
 * Padding of tensors, and triangles of matrices.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../../tensor/arguments.ts";
import { arange, tensor } from "../../tensor/create.ts";
import { fit, isFloat } from "../../tensor/dtype.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { map } from "../elementwise/elementwise.ts";
import { indexSelect } from "./index.ts";
import { padConstant } from "../movement/slicing.ts";

/** Source of the elements beyond the edge. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Options of `pad`. */
export interface PadOptions {
  /** Default: "constant". */
  readonly mode?: PadMode;
  /** Value of the padding in mode "constant". Default: 0. */
  readonly value?: number;
}

/**
 * Pads a tensor. `edges` lists the number of elements before and after each dim,
 * the last dim first, as in torch: [left, right, top, bottom]. Negative numbers
 * crop (in mode "constant").
 *
 * Source: torch.nn.functional.pad.
 *
 * @throws {RangeError} If `edges` does not suit the tensor or the mode, or the
 * type cannot hold `value`
 */
export function pad(
  x: Tensor,
  edges: readonly number[],
  options: PadOptions = {},
): Tensor {
  const { mode = "constant", value = 0 } = checkOptionNames("pad", options, [
    "mode",
    "value",
  ]);
  checkChoice("pad", "mode", mode, [
    "constant",
    "reflect",
    "replicate",
    "circular",
  ]);
  if (
    edges.length % 2 !== 0 || edges.length > 2 * x.ndim ||
    !edges.every(Number.isInteger)
  ) {
    throw new RangeError(
      `Cannot pad ${formatShape(x.shape)} by [${edges.join(", ")}]: expected ` +
        `two integers for each of the last dims`,
    );
  }
  if (mode === "constant") {
    const ordered = x.shape.flatMap((_, dim) => {
      const at = 2 * (x.ndim - 1 - dim);
      return [edges[at] ?? 0, edges[at + 1] ?? 0];
    });
    return padConstant(x, ordered, fit("pad", value, x.dtype));
  }
  let y = x;
  for (let i = 0; i < edges.length; i += 2) {
    const dim = x.ndim - 1 - i / 2;
    const [before, after] = [edges[i]!, edges[i + 1]!];
    if (before === 0 && after === 0) continue;
    const index = beyond(x.shape[dim]!, before, after, mode);
    y = indexSelect(y, dim, tensor(index, { dtype: "int32" }));
  }
  return y;
}

// Returns the source index of each element of a padded dim.
function beyond(
  length: number,
  before: number,
  after: number,
  mode: Exclude<PadMode, "constant">,
): number[] {
  const most = mode === "reflect"
    ? length - 1
    : mode === "circular"
    ? length
    : Infinity;
  if (
    before < 0 || after < 0 || before > most || after > most || length === 0
  ) {
    throw new RangeError(
      `Cannot pad a dim of size ${length} by ${before} and ${after} in mode ` +
        `"${mode}": expected 0 to ${most}`,
    );
  }
  return Array.from({ length: before + length + after }, (_, place) => {
    const i = place - before;
    if (mode === "circular") return (i + length) % length;
    if (mode === "replicate") return Math.max(0, Math.min(i, length - 1));
    const folded = Math.abs(i);
    return folded < length ? folded : 2 * (length - 1) - folded;
  });
}

// Keeps x where row + diagonal >= column (lower) or <= column (upper).
function triangle(
  name: string,
  x: Tensor,
  diagonal: number,
  lower: boolean,
): Tensor {
  if (x.ndim < 2) {
    throw new TypeError(
      `Cannot ${name} ${formatShape(x.shape)}: expected at least two dims`,
    );
  }
  const [rows, columns] = [x.shape.at(-2)!, x.shape.at(-1)!];
  const row = arange(diagonal, rows + diagonal).unsqueeze(1);
  const column = arange(columns);
  const [more, less] = lower ? [row, column] : [column, row];
  return isFloat(x.dtype)
    ? map("passNotBelow", x, more, less).to(x.dtype)
    : map("where", map("ge", more, less), x, x.dtype === "bool" ? false : 0);
}

/** Returns the lower triangles of matrices, up to a diagonal; zeros above it. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  return triangle("tril", x, diagonal, true);
}

/** Returns the upper triangles of matrices, from a diagonal on; zeros below it. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  return triangle("triu", x, diagonal, false);
}
