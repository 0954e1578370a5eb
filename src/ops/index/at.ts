/**
 * Basic indexing, as Python's x[1, 2:5, ..., None]: numbers, slices, an
 * ellipsis, new dims and integer tensors.
 *
 * @module
 */

import { recorder } from "../../gpu/recorder.ts";
import { DTYPES } from "../../tensor/dtype.ts";
import { broadcastShapes, formatShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { map } from "../elementwise/elementwise.ts";
import { copyInto } from "../elementwise/in_place.ts";
import { indexSelect } from "./index.ts";
import { checkIndices } from "./indices.ts";
import type { Operand } from "../map/map.ts";

/**
 * Index of one dim: a number (removes the dim), a slice as `[start, stop, step]`
 * with any of them missing (`[]` is all), `"..."` for all remaining dims, `"new"`
 * for a new dim of size 1, or a tensor of indices.
 */
export type IndexItem =
  | number
  | readonly (number | undefined)[]
  | "..."
  | "new"
  | Tensor;

/**
 * Returns the part of `x` at the items, one for each dim; dims without an item
 * stay whole. The result is a view unless an item is a tensor. Tensors broadcast;
 * their dims replace the indexed dims if these are neighbours, else go in front.
 *
 * Source: torch.Tensor.__getitem__.
 */
export function at(x: Tensor, items: readonly IndexItem[]): Tensor {
  let view = x;
  let dim = 0;
  const tensors: { readonly dim: number; readonly index: Tensor }[] = [];
  for (const item of spelledOut(x, items)) {
    if (item instanceof Tensor) tensors.push({ dim: dim++, index: item });
    else if (typeof item === "number") view = view.select(dim, item);
    else if (item === "new") view = view.unsqueeze(dim++);
    else if (item !== "...") view = view.slice(dim++, ...item);
  }
  return tensors.length === 0 ? view : atTensors(view, tensors);
}

/** Writes `value`, which broadcasts, to the part of `x` at the items. */
export function setAt(
  x: Tensor,
  items: readonly IndexItem[],
  value: Operand,
): void {
  if (items.some((item) => item instanceof Tensor)) {
    throw new TypeError(
      "Cannot write at a tensor of indices: use scatter or where",
    );
  }
  copyInto(at(x, items), value, "setAt");
}

// Returns the items with whole slices in place of the ellipsis.
function spelledOut(x: Tensor, items: readonly IndexItem[]): IndexItem[] {
  const used = items.filter((item) => item !== "..." && item !== "new").length;
  const dots = items.indexOf("...");
  if (used > x.ndim || items.lastIndexOf("...") !== dots) {
    throw new RangeError(
      `Cannot index ${formatShape(x.shape)} by ${items.length} items: ` +
        `expected ${x.ndim} dims at most and one "..." at most`,
    );
  }
  if (dots < 0) return [...items];
  const whole = new Array<IndexItem>(x.ndim - used).fill([]);
  return items.toSpliced(dots, 1, ...whole);
}

/** Converts indices that count from the end of a dim to those from its start. */
function fromStart(index: Tensor, length: number): Tensor {
  checkIndices("index", index, length, { fromEnd: true });
  const wide = index.to("int32");
  const isKnown = !recorder() && // a replay may have other values
    index.written?.every((value) => value >= 0);
  // uint32 indices beyond int32 are out of range, not counted from the end
  if (isKnown || index.dtype !== "int32") return wide;
  return map("where", wide.lt(0), wide.add(length), wide);
}

/**
 * Joins the indices of two dims, the second of size `length`, to indices of the
 * merged dim. An index out of range becomes -1.
 */
function joinIndices(outer: Tensor, inner: Tensor, length: number): Tensor {
  const isInside = outer.ge(0).logicalAnd(inner.ge(0))
    .logicalAnd(inner.lt(length));
  return map("where", isInside, outer.mul(length).add(inner), -1);
}

function atTensors(
  x: Tensor,
  tensors: readonly { readonly dim: number; readonly index: Tensor }[],
): Tensor {
  const dims = tensors.map(({ dim }) => dim);
  const others = x.shape.map((_, dim) => dim).filter((d) => !dims.includes(d));
  const shape = broadcastShapes("index", tensors.map((t) => t.index.shape));
  // the indexed dims become one in front, with one index for all of them
  let flat: Tensor | undefined;
  for (const { dim, index } of tensors) {
    if (DTYPES[index.dtype].category === 2) {
      throw new TypeError(
        `Cannot index by ${index.describe()}: expected an integer index`,
      );
    }
    if (index.dtype === "bool") {
      throw new TypeError(
        `Cannot index by ${index.describe()}: the result's size would depend ` +
          `on values; use maskedSelect or where`,
      );
    }
    const length = x.shape[dim]!;
    const here = fromStart(index, length);
    flat = flat ? joinIndices(flat, here, length) : here;
  }
  const rows = x.permute([...dims, ...others])
    .reshape([
      dims.reduce((size, dim) => size * x.shape[dim]!, 1),
      ...others.map((dim) => x.shape[dim]!),
    ]);
  const index = flat!.expand(shape).reshape([-1]);
  const y = indexSelect(rows, 0, index)
    .reshape([...shape, ...others.map((dim) => x.shape[dim]!)]);
  const first = dims[0]!;
  const areNeighbours = dims.every((dim, i) => dim === first + i);
  if (!areNeighbours || first === 0) return y;
  // [shape, before, after] -> [before, shape, after]
  const order = y.shape.map((_, dim) => dim);
  const before = order.splice(shape.length, first);
  return y.permute([...before, ...order]);
}
