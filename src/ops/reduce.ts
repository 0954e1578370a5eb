/**
 * Reductions over any dims: sums, means, products, extremes and their kin.
 *
 * @module
 */

import { checkOptionNames } from "../tensor/arguments.ts";
import { DTYPES, isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape, type Shape, sizeOf } from "../tensor/shape.ts";
import type { ReduceOptions, Tensor } from "../tensor/tensor.ts";
import { defineOp, type Op } from "./define.ts";
import { map } from "./elementwise.ts";
import {
  type DimParams,
  planDims,
  reducedDims,
  reducedShape,
  restoreDims,
} from "./fold.ts";

/** One dim, several, or all (`undefined`). */
export type Dims = number | readonly number[] | undefined;

const sumOp = defineOp<DimParams & { scale: number }>({
  name: "sum",
  shape: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: isFloat(x.dtype) ? x.dtype : "int32",
  }),
  kernel: ([x], [y], { dims, scale }) => planDims("sum", x, dims, y, scale),
  grad: (dy, { shapes, params }) => {
    // scaled before it is expanded: fewer elements, and no copy
    const scaled = params.scale === 1 ? dy : dy.mul(params.scale);
    return [restoreDims(scaled, shapes[0]!, params).expand(shapes[0]!)];
  },
});

/** The sum over some dims, or all. Integers and bool sum to int32. */
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
 * The mean over some dims, or all; NaN over no elements.
 *
 * @throws {TypeError} If the elements are no floats
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

/** The sum over the dims that broadcasting from `shape` had added. */
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
    dtype: isFloat(x.dtype) ? x.dtype : "int32",
  }),
  kernel: ([x], [y], { dims }) => planDims("prod", x, dims, y),
  save: ([x]) => [x],
  // y / x; but at the only zero of a row it is the product of the others, and
  // beside a zero it is 0
  grad: (dy, { saved: [x], params }) => {
    const { dims } = params;
    const wide = { dims, keepdim: true };
    const isZero = x.eq(0);
    const filled = x.maskedFill(isZero, 1);
    const others = prodOp([filled], wide)[0];
    const zeros = sum(isZero, dims, { keepdim: true });
    const alone = others.mul(zeros.eq(0));
    const slope = map(
      "where",
      isZero,
      others.mul(zeros.eq(1)),
      alone.div(filled),
    );
    return [slope.mul(restoreDims(dy, x.shape, params))];
  },
});

/** The product over some dims, or all. Integers and bool give int32. */
export function prod(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("prod", options, ["keepdim"]);
  const dims = reducedDims("prod", dim, x.shape);
  return prodOp([x], { dims, keepdim })[0];
}

type Extreme = "amax" | "amin";

function extremeOp(name: Extreme): Op<DimParams> {
  return defineOp({
    name,
    shape: ([x], { dims, keepdim }) => ({
      shape: reducedShape(x.shape, dims, keepdim),
      dtype: x.dtype,
    }),
    kernel: ([x], [y], { dims }) => planDims(name, x, dims, y),
    save: ([x], [y]) => [x, y],
    // tied elements share the gradient evenly, as in torch
    grad: (dy, { saved: [x, y], shapes: [shape], params }) => {
      const isBest = x.eq(restoreDims(y, shape!, params));
      const { dims } = params;
      const share = restoreDims(dy, shape!, params)
        .div(sum(isBest, dims, { keepdim: true }));
      return [map("where", isBest, share, 0)];
    },
  });
}

const extremes = { amax: extremeOp("amax"), amin: extremeOp("amin") };

function extreme(
  name: Extreme,
  x: Tensor,
  dim: Dims,
  options: ReduceOptions,
): Tensor {
  const { keepdim = false } = checkOptionNames(name, options, ["keepdim"]);
  const dims = reducedDims(name, dim, x.shape);
  checkNotEmpty(name, x, dims);
  return extremes[name]([x], { dims, keepdim })[0];
}

/**
 * The largest element over some dims, or all; NaN if there is one.
 *
 * @throws {RangeError} If there are no elements to choose from
 */
export function amax(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  return extreme("amax", x, dim, options);
}

/**
 * The smallest element over some dims, or all; NaN if there is one.
 *
 * @throws {RangeError} If there are no elements to choose from
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

/** Whether an element over some dims, or all, is not 0. uint8 stays uint8. */
export function any(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("any", options, ["keepdim"]);
  return test("amax", x, dim, keepdim);
}

/** Whether no element over some dims, or all, is 0. uint8 stays uint8. */
export function all(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("all", options, ["keepdim"]);
  return test("amin", x, dim, keepdim);
}

/** How many elements over some dims, or all, are not 0: int32. */
export function countNonzero(x: Tensor, dim?: Dims): Tensor {
  return sum(map("logicalNot", x).logicalNot(), dim);
}

/** @throws {TypeError} If the elements are no floats */
export function checkFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot take the ${op} of ${x.describe()}: expected floats, not ` +
        (DTYPES[x.dtype].category === 1 ? "integers" : "bool"),
    );
  }
}

/** @throws {RangeError} If a reduced dim of a result that has elements is 0 */
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
