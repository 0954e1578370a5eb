/**
 * Variances, norms and log-sum-exp, composed of reductions.
 *
 * @module
 */

import { isGradEnabled, withGrad } from "../../autograd/mode.ts";
import { checkOptionNames, formatValue } from "../../tensor/arguments.ts";
import { zeros } from "../../tensor/create.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { ReduceOptions, Tensor } from "../../tensor/tensor.ts";
import { foldAxes } from "./axes.ts";
import { map } from "../elementwise/elementwise.ts";
import { defineOp } from "../define.ts";
import { extentOf } from "../extent.ts";
import {
  type DimParams,
  planTerms,
  reducedDims,
  reducedShape,
  restoreDims,
} from "./fold.ts";
import {
  amax,
  checkFloat,
  countNonzero,
  type Dims,
  mean,
  sharedExtreme,
  sum,
} from "./reduce.ts";
import { inFloat32, widened } from "../map/wide.ts";

/** Options of `variance`, `varMean` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** Difference of the number of elements and the divisor. Default: 1. */
  readonly correction?: number;
  /** `false` is `correction: 0`, `true` is `correction: 1`. */
  readonly unbiased?: boolean;
}

/** Terms of the sums, of x and one value (`center`) per sum. */
const TERMS = {
  squares: {
    wgsl: "(x - center) * (x - center)",
    of: (x: Tensor, center: Tensor): Tensor => x.sub(center).square(),
    slope: (x: Tensor, center: Tensor): Tensor => x.sub(center).mul(2),
  },
  exponentials: {
    wgsl: "exp(x - center)",
    of: (x: Tensor, center: Tensor): Tensor => x.sub(center).exp(),
    slope: (x: Tensor, center: Tensor): Tensor => x.sub(center).exp(),
  },
};

type TermName = keyof typeof TERMS;

// (x, center) -> the sums. The center counts as a constant: its derivative is 0
// (the mean) or cancels (the maximum). The slope still depends on the mean.
const termsOp = defineOp<DimParams & { readonly term: TermName }>({
  name: "sum",
  shape: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: "float32",
  }),
  kernel: ([x, center], [y], { term, dims }) => {
    const extent = extentOf(x.shape, dims[0]!, dims.at(-1)! + 1);
    return planTerms("sum", x.contiguous(), extent, y, {
      wgsl: TERMS[term].wgsl,
      center: center.contiguous(),
    });
  },
  axes: ([x, center], params) => foldAxes([x, center], params, "add"),
  save: ([x, center]) => [x, center],
  grad: (dy, { saved: [x, center], params }) => {
    const { term, dims } = params;
    const moves = term === "squares" && isGradEnabled();
    const from = moves ? mean(x, dims, { keepdim: true }) : center;
    const slope = TERMS[term].slope(x, from);
    return [slope.mul(restoreDims(dy, x.shape, params))];
  },
});

// Sums a term in one pass over neighbouring dims, else by ops.
const VARIANCE_OPTIONS = ["keepdim", "correction", "unbiased"];

function sumTerms(
  term: TermName,
  x: Tensor,
  center: Tensor,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  const run = dims.length > 0 ? dims.at(-1)! - dims[0]! + 1 : 0;
  if (x.dtype === "float32" && run > 0 && dims.length === run) {
    const params = { dims, keepdim, term };
    return termsOp([x, center.detach()], params)[0];
  }
  return sum(TERMS[term].of(x, center), dims, { keepdim });
}

/** Returns the variance and the mean over some dims, or all. */
export function varMean(
  x: Tensor,
  dim?: Dims,
  options: VarianceOptions = {},
): [variance: Tensor, mean: Tensor] {
  checkOptionNames("varMean", options, VARIANCE_OPTIONS);
  const [variance, mean] = moments(x, dim, options);
  return [variance.to(x.dtype), mean.to(x.dtype)];
}

// Returns variance and mean, computed in float32 for float16.
function moments(
  input: Tensor,
  dim: Dims,
  { keepdim = false, unbiased = true, correction = unbiased ? 1 : 0 }:
    VarianceOptions,
): [variance: Tensor, mean: Tensor] {
  checkFloat("variance", input);
  const x = widened(input);
  const dims = reducedDims("var", dim, x.shape);
  const count = sizeOf(dims.map((each) => x.shape[each]!));
  const center = mean(x, dims, { keepdim: true });
  // two passes, from the mean: a difference of two large sums would be inexact
  const squares = sumTerms("squares", x, center, dims, keepdim);
  const variance = squares.div(Math.max(0, count - correction));
  return [
    variance,
    keepdim ? center : center.reshape(reducedShape(x.shape, dims)),
  ];
}

/** Returns the variance over some dims, or all. */
export function variance(
  x: Tensor,
  dim?: Dims,
  options: VarianceOptions = {},
): Tensor {
  checkOptionNames("var", options, VARIANCE_OPTIONS);
  return varMean(x, dim, options)[0];
}

/** Returns the standard deviation over some dims, or all, with gradient 0 at 0. */
export function std(
  x: Tensor,
  dim?: Dims,
  options: VarianceOptions = {},
): Tensor {
  checkOptionNames("std", options, VARIANCE_OPTIONS);
  return map("rootOfSquares", moments(x, dim, options)[0]).to(x.dtype);
}

/**
 * Returns the p-norm over some dims, or all: (sum |x|^p)^(1/p). For infinity this
 * is the largest |x|, for -infinity the smallest, for 0 the number of nonzero
 * elements. The norm over no elements is 0. The gradient at a vector of zeros is 0.
 *
 * @throws {TypeError} If the elements are not floats, or p is not a number
 */
export function norm(
  x: Tensor,
  p = 2,
  dim?: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("norm", options, ["keepdim"]);
  checkFloat("norm", x);
  if (typeof p !== "number") {
    throw new TypeError(
      `Cannot norm with p ${formatValue(p)}: expected a number, as 2 for the ` +
        `Frobenius norm, or Infinity`,
    );
  }
  return inFloat32([x], (wide) => normOf(wide, p, dim, keepdim));
}

function normOf(x: Tensor, p: number, dim: Dims, keepdim: boolean): Tensor {
  const options = { keepdim };
  if (p === 2) return map("rootOfSquares", sum(map("square", x), dim, options));
  const size = map("abs", x);
  const dims = reducedDims("norm", dim, x.shape);
  const isEmpty = dims.some((each) => x.shape[each] === 0);
  if (p === 1 || isEmpty) return sum(size, dim, options);
  if (p === Infinity) return sharedExtreme("amax", size, dim, options);
  if (p === -Infinity) return sharedExtreme("amin", size, dim, options);
  if (p === 0) {
    const count = countNonzero(x, dim).to(x.dtype);
    return count.reshape(reducedShape(x.shape, dims, keepdim));
  }
  const powers = sum(map("powerOrZero", size, p), dim, options);
  return map("powerOrZero", powers, 1 / p);
}

/** Returns log(sum(exp(x))) over some dims, without overflow. */
export function logsumexp(
  x: Tensor,
  dim: Dims,
  options: ReduceOptions = {},
): Tensor {
  const { keepdim = false } = checkOptionNames("logsumexp", options, [
    "keepdim",
  ]);
  checkFloat("logsumexp", x);
  const dims = reducedDims("logsumexp", dim, x.shape);
  return inFloat32([x], (wide) => logOfSum(wide, dims, keepdim));
}

function logOfSum(
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  // over no elements the sum is 0, for any center
  const isEmpty = dims.some((dim) => x.shape[dim] === 0);
  const top = withGrad(false, () => {
    if (isEmpty) return zeros(reducedShape(x.shape, dims, true));
    const largest = amax(x, dims, { keepdim: true });
    // infinity - infinity is NaN: rows with an infinite maximum subtract 0
    return largest.maskedFill(map("isinf", largest), 0);
  });
  const total = sumTerms("exponentials", x, top, dims, keepdim);
  const shift = keepdim ? top : top.reshape(reducedShape(x.shape, dims));
  return map("log", total).add(shift);
}
