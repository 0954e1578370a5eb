/**
 * Sorting along a dim. Sorts are stable, and NaN counts as the largest element.
 *
 * The kernels sort indices; a gather returns the values and their gradient.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { formatShape, normalizeDim } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ValuesAndIndices } from "./arg_extreme.ts";
import { axesOf } from "../launch/axes.ts";
import { defineOp } from "../define.ts";
import { gather } from "./index.ts";
import { planSort } from "./sort_steps.ts";

interface SortParams {
  readonly dim: number;
  readonly descending: boolean;
}

const orderOp = defineOp<SortParams>({
  name: "argsort",
  shape: ([x]) => ({ shape: x.shape, dtype: "int32" }),
  kernel: ([x], [y], { dim, descending }) =>
    planSort(x.contiguous(), y, dim, descending),
  axes: (inputs, { dim }, [shape]) => axesOf(inputs, shape!, { except: [dim] }),
});

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** Default: the last. */
  readonly dim?: number;
  /** Largest first. Default: false. */
  readonly descending?: boolean;
}

/** Returns the indices that sort `x` along a dim: int32. */
export function argsort(
  x: Tensor,
  options: SortOptions = {},
): Tensor {
  const { dim = -1, descending = false } = checkOptionNames(
    "argsort",
    options,
    ["dim", "descending"],
  );
  const axis = normalizeDim("argsort", dim, x.shape);
  if (x.ndim === 0) return argsort(x.reshape([1])).reshape([]);
  return orderOp([x], { dim: axis, descending })[0];
}

/** Returns the elements in order along a dim, and their indices. */
export function sort(
  x: Tensor,
  options: SortOptions = {},
): ValuesAndIndices {
  const { dim = -1, descending = false } = checkOptionNames("sort", options, [
    "dim",
    "descending",
  ]);
  const indices = argsort(x, { dim, descending });
  return { values: gather(x, dim, indices), indices };
}

/** Options of `topk`. */
export interface TopkOptions {
  /** Default: the last. */
  readonly dim?: number;
  /** Whether to take the largest elements, not the smallest. Default: true. */
  readonly largest?: boolean;
}

/**
 * Returns the `k` largest (or smallest) elements along a dim, in order, and their
 * indices.
 *
 * @throws {RangeError} If `k` is not an integer from 0 to the dim's size
 */
export function topk(
  x: Tensor,
  k: number,
  options: TopkOptions = {},
): ValuesAndIndices {
  const { dim = -1, largest = true } = checkOptionNames("topk", options, [
    "dim",
    "largest",
  ]);
  const axis = normalizeDim("topk", dim, x.shape);
  const length = x.shape[axis] ?? 1;
  if (!Number.isInteger(k) || k < 0 || k > length) {
    throw new RangeError(
      `Cannot take the top ${k} of dim ${dim} of ${formatShape(x.shape)}: ` +
        `expected 0 to ${length}`,
    );
  }
  const order = argsort(x, { dim: axis, descending: largest });
  const indices = x.ndim === 0 ? order : order.slice(axis, 0, k).contiguous();
  return { values: gather(x, axis, indices), indices };
}
