/**
 * Reductions over any dims: sums, means, products, extremes and the like.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { DTYPES, isFloat, sumType } from "../../tensor/dtype.ts";
import {
  formatShape,
  sameShape,
  type Shape,
  sizeOf,
} from "../../tensor/shape.ts";
import type { ReduceOptions, Tensor } from "../../tensor/tensor.ts";
import { foldAxes } from "./axes.ts";
import { defineOp, type Op } from "../define.ts";
import { map } from "../elementwise/elementwise.ts";
import {
  type DimParams,
  planDims,
  reducedDims,
  reducedShape,
  restoreDims,
} from "./fold.ts";
import { productOfOthers } from "./scan.ts";
import { inFloat32 } from "../map/wide.ts";

/** One dim, several, or all (`undefined`). */
export type Dims = number | readonly number[] | undefined;

const sumOp = defineOp<DimParams & { scale: number }>({
  name: "sum",
  shape: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: sumType(x.dtype),
  }),
  kernel: ([x], [y], { dims, scale }) => planDims("sum", x, dims, y, scale),
  axes: ([x], params) => foldAxes([x], params, "add"),
  grad: (dy, { shapes, params }) => {
    // scale before expanding: fewer elements, and no copy
    const scaled = params.scale === 1 ? dy : dy.mul(params.scale);
    return [restoreDims(scaled, shapes[0]!, params).expand(shapes[0]!)];
  },
});

/**
 * Returns the sum over some dims, or all. Integers and bool sum to int32, uint32
 * to uint32; sums beyond the type's range wrap around.
 */
export function sum(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("sum", options, ["keepdim"]);
  const dims = reducedDims("sum", dim, x.shape);
  return sumOp([x], { dims, keepdim, scale: 1 })[0];
}

/**
 * Returns the mean over some dims, or all; NaN over no elements.
 *
 * @throws {TypeError} If the elements are not floats
 */
export function mean(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("mean", options, ["keepdim"]);
  checkFloat("mean", x);
  const dims = reducedDims("mean", dim, x.shape);
  const count = sizeOf(dims.map((each) => x.shape[each]!));
  if (count > 0) return sumOp([x], { dims, keepdim, scale: 1 / count })[0];
  return sumOp([x], { dims, keepdim, scale: 1 })[0].mul(NaN);
}

/** Returns the sum to `shape`, over the dims that broadcasting expanded. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.ndim - shape.length;
  const dims = x.shape.map((_, dim) => dim).filter((dim) =>
    dim < added || (shape[dim - added] === 1 && x.shape[dim] !== 1)
  );
  return sumOp([x], { dims, keepdim: false, scale: 1 })[0].reshape(shape);
}

const prodOp: Op<DimParams> = defineOp({
  name: "prod",
  shape: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: sumType(x.dtype),
  }),
  kernel: ([x], [y], { dims }) => planDims("prod", x, dims, y),
  axes: ([x], params) => foldAxes([x], params, "mul"),
  save: ([x]) => [x],
  grad: (dy, { saved: [x], params }) => {
    const { dims } = params;
    // merge the folded dims to one dim at the end
    const kept = x.shape.map((_, dim) => dim).filter((d) => !dims.includes(d));
    const order = [...kept, ...dims];
    const turned = x.permute(order);
    const flat = turned.reshape([
      ...kept.map((dim) => x.shape[dim]!),
      sizeOf(dims.map((dim) => x.shape[dim]!)),
    ]);
    const others = productOfOthers(flat, kept.length).reshape(turned.shape)
      .permute(order.map((_, dim) => order.indexOf(dim)));
    return [others.mul(restoreDims(dy, x.shape, params))];
  },
});

/** Returns the product over some dims, or all; result types are those of `sum`. */
export function prod(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("prod", options, ["keepdim"]);
  const dims = reducedDims("prod", dim, x.shape);
  return inFloat32([x], (wide) => prodOp([wide], { dims, keepdim })[0]);
}

type Extreme = "amax" | "amin";

/** Rows that join the extremes of parts. */
const JOINS = { amax: "maximum", amin: "minimum" };

/** `shares`: whether NaN elements share the gradient, as ties do. */
type ExtremeParams = DimParams & { readonly shares: boolean };

function extremeOp(name: Extreme): Op<ExtremeParams> {
  return defineOp<ExtremeParams>({
    name,
    shape: ([x], { dims, keepdim }) => ({
      shape: reducedShape(x.shape, dims, keepdim),
      dtype: x.dtype,
    }),
    kernel: ([x], [y], { dims }) => planDims(name, x, dims, y),
    axes: ([x], params) => foldAxes([x], params, JOINS[name]),
    save: ([x], [y]) => [x, y],
    // as in torch, ties share the gradient evenly, and a NaN makes all of the
    // gradient NaN unless `shares`
    grad: (dy, { saved: [x, y], shapes: [shape], params }) => {
      const { dims, shares } = params;
      const best = restoreDims(y, shape!, params);
      const isEqual = x.eq(best);
      const isBest = shares
        ? isEqual.logicalOr(map("isnan", x).logicalAnd(map("isnan", best)))
        : isEqual;
      const count = sum(isBest, dims, { keepdim: true });
      return [isBest.mul(restoreDims(dy, shape!, params)).div(count)];
    },
  });
}

const extremes = { amax: extremeOp("amax"), amin: extremeOp("amin") };

function extreme(
  name: Extreme,
  x: Tensor,
  dim: Dims,
  options: ReduceOptions,
  shares = false,
): Tensor {
  const { keepdim = false } = checkOptionNames(name, options, ["keepdim"]);
  const dims = reducedDims(name, dim, x.shape);
  checkNotEmpty(name, x, dims);
  return extremes[name]([x], { dims, keepdim, shares })[0];
}

/**
 * Returns the largest or smallest element as `amax` and `amin` do; NaN elements
 * share the gradient.
 *
 * @throws {RangeError} If a reduced dim is empty
 */
export function sharedExtreme(
  name: Extreme,
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  return extreme(name, x, dim, options, true);
}

/**
 * Returns the largest element over some dims, or all; NaN if an element is NaN.
 *
 * @throws {RangeError} If a reduced dim is empty
 */
export function amax(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  return extreme("amax", x, dim, options);
}

/**
 * Returns the smallest element over some dims, or all; NaN if an element is NaN.
 *
 * @throws {RangeError} If a reduced dim is empty
 */
export function amin(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  return extreme("amin", x, dim, options);
}

const testOp = defineOp<DimParams & { fold: Extreme }>({
  name: "test",
  shape: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: x.dtype,
  }),
  kernel: ([x], [y], { fold, dims }) => planDims(fold, x, dims, y),
  axes: ([x], params) => foldAxes([x], params, JOINS[params.fold]),
});

function test(
  fold: Extreme,
  x: Tensor,
  dim: Dims,
  keepdim: boolean,
): Tensor {
  const name = fold === "amax" ? "any" : "all";
  const dims = reducedDims(name, dim, x.shape);
  const isTrue = x.dtype === "bool" ? x : map("logicalNot", x).logicalNot();
  const [y] = testOp([isTrue], { dims, keepdim, fold });
  return x.dtype === "uint8" ? y.to("uint8") : y;
}

/** Returns true where any element over some dims, or all, is not 0. uint8 stays. */
export function any(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("any", options, ["keepdim"]);
  return test("amax", x, dim, keepdim);
}

/** Returns true where no element over some dims, or all, is 0. uint8 stays. */
export function all(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("all", options, ["keepdim"]);
  return test("amin", x, dim, keepdim);
}

/** Returns the number of nonzero elements over some dims, or all: int32. */
export function countNonzero(x: Tensor, dim?: Dims): Tensor {
  return sum(map("logicalNot", x).logicalNot(), dim);
}

/** @throws {TypeError} If the elements are not floats */
export function checkFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot take the ${op} of ${x.describe()}: expected floats, not ` +
        (DTYPES[x.dtype].category === 1 ? "integers" : "bool"),
    );
  }
}

/** @throws {RangeError} If a reduced dim is empty and the result is not */
export function checkNotEmpty(
  op: string,
  x: Tensor,
  dims: readonly number[],
): void {
  if (dims.some((dim) => x.shape[dim] === 0)) {
    throw new RangeError(
      `Cannot ${op} over no elements: dims [${dims.join(", ")}] of ` +
        formatShape(x.shape),
    );
  }
}
