/**
 * Variances, norms and log-sum-exp, composed of reductions.
 *
 * @module
 */

import { withGrad } from "../autograd/mode.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { ReduceOptions, Tensor } from "../tensor/tensor.ts";
import { map } from "./elementwise.ts";
import { reducedDims, reducedShape } from "./fold.ts";
import {
  amax,
  amin,
  checkFloat,
  countNonzero,
  type Dims,
  mean,
  sum,
} from "./reduce.ts";

/** Options of `variance` and its kin. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken from the number of elements to divide by. Default: 1. */
  readonly correction?: number;
  /** `false` is `correction: 0`, `true` is `correction: 1`. */
  readonly unbiased?: boolean;
}

/** The variance over some dims, or all, and the mean. */
export function varMean(
  x: Tensor,
  dim?: Dims,
  { keepdim = false, unbiased = true, correction = unbiased ? 1 : 0 }:
    VarianceOptions = {},
): [variance: Tensor, mean: Tensor] {
  checkFloat("variance", x);
  const dims = reducedDims("var", dim, x.shape);
  const count = sizeOf(dims.map((each) => x.shape[each]!));
  const center = mean(x, dims, { keepdim: true });
  // from the mean, in two passes: the difference of two large sums is inexact
  const squares = sum(map("square", x.sub(center)), dims, { keepdim });
  const variance = squares.div(Math.max(0, count - correction));
  return [
    variance,
    keepdim ? center : center.reshape(reducedShape(x.shape, dims)),
  ];
}

/** The variance over some dims, or all. */
export function variance(
  x: Tensor,
  dim?: Dims,
  options: VarianceOptions = {},
): Tensor {
  return varMean(x, dim, options)[0];
}

/** The standard deviation over some dims, or all; where it is 0, so is its gradient. */
export function std(
  x: Tensor,
  dim?: Dims,
  options: VarianceOptions = {},
): Tensor {
  return map("rootOfSquares", variance(x, dim, options));
}

/**
 * The p-norm over some dims, or all: (sum |x|^p)^(1/p). For infinity the largest
 * |x|, for -infinity the smallest, for 0 the number of elements that are not 0.
 * The gradient at a vector of zeros is 0.
 */
export function norm(
  x: Tensor,
  p = 2,
  dim?: Dims,
  { keepdim = false }: ReduceOptions = {},
): Tensor {
  checkFloat("norm", x);
  const options = { keepdim };
  if (p === 2) return map("rootOfSquares", sum(map("square", x), dim, options));
  const size = map("abs", x);
  if (p === 1) return sum(size, dim, options);
  if (p === Infinity) return amax(size, dim, options);
  if (p === -Infinity) return amin(size, dim, options);
  if (p === 0) {
    const count = countNonzero(x, dim).to(x.dtype);
    const dims = reducedDims("norm", dim, x.shape);
    return count.reshape(reducedShape(x.shape, dims, keepdim));
  }
  const powers = sum(map("powerOrZero", size, p), dim, options);
  return map("powerOrZero", powers, 1 / p);
}

/** log(sum(exp(x))) over some dims, without overflow. */
export function logsumexp(
  x: Tensor,
  dim: Dims,
  { keepdim = false }: ReduceOptions = {},
): Tensor {
  checkFloat("logsumexp", x);
  const dims = reducedDims("logsumexp", dim, x.shape);
  const top = withGrad(false, () => {
    const largest = amax(x, dims, { keepdim: true });
    // infinite rows keep their infinity: it must not be taken from itself
    return largest.maskedFill(map("isinf", largest), 0);
  });
  const total = sum(map("exp", x.sub(top)), dims, { keepdim });
  const shift = keepdim ? top : top.reshape(reducedShape(x.shape, dims));
  return map("log", total).add(shift);
}
