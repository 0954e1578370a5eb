/**
 * Reductions and scans.
 *
 * @module
 */

import type { ReduceOptions } from "../../../src/tensor/tensor.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  type VarianceOptions,
  varMean,
} from "../../../src/ops/reduce/statistics.ts";
import { Unsupported } from "../outcome.ts";
import type { Results, Row, Rows } from "../row.ts";
import { castInput } from "./_shared.ts";

type Dims = number | readonly number[];

/** A call over `dim` or over everything, `keepdim` or not. */
function over(
  call: (input: Tensor, dim?: Dims, options?: ReduceOptions) => Tensor,
): Row {
  return (args) =>
    call(
      castInput(args),
      args.option<Dims>("dim"),
      args.options<ReduceOptions>("keepdim"),
    );
}

/** A call that has torch's `unbiased` besides. */
function spread(
  call: (
    input: Tensor,
    dim?: Dims,
    options?: VarianceOptions,
  ) => Results,
): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.option<Dims>("dim"),
      args.options<VarianceOptions>("correction", "unbiased", "keepdim"),
    );
}

/**
 * The extreme of all elements, those along `dim` with their indices, or the
 * greater or smaller ones of two tensors.
 */
function extreme(
  call: (input: Tensor, dim: number, options: ReduceOptions) => Results,
  whole: (input: Tensor) => Tensor,
  ofTwo: (input: Tensor, other: Tensor) => Tensor,
): Row {
  return (args) => {
    const input = args.tensor("input");
    const other = args.maybe("other");
    if (other) return ofTwo(input, other);
    const dim = args.option<number>("dim");
    const options = args.options<ReduceOptions>("keepdim");
    return dim === undefined ? whole(input) : call(input, dim, options);
  };
}

/** A call over one dim or over everything. */
function along(
  call: (input: Tensor, dim?: number, options?: ReduceOptions) => Tensor,
): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.option<number>("dim"),
      args.options<ReduceOptions>("keepdim"),
    );
}

/** Every reduction. */
export const REDUCTIONS: Rows = {
  "torch.all": over((x, dim, options) => x.all(dim, options)),
  "torch.amax": over((x, dim, options) => x.amax(dim, options)),
  "torch.amin": over((x, dim, options) => x.amin(dim, options)),
  "torch.any": over((x, dim, options) => x.any(dim, options)),
  "torch.argmax": along((x, dim, options) => x.argmax(dim, options)),
  "torch.argmin": along((x, dim, options) => x.argmin(dim, options)),
  "torch.count_nonzero": over((x, dim) => x.countNonzero(dim)),
  "torch.cumprod": (args) =>
    castInput(args).cumprod(args.option<number>("dim") ?? 0),
  // the goldens' tables of types give no dim
  "torch.cumsum": (args) =>
    castInput(args).cumsum(args.option<number>("dim") ?? 0),
  "torch.linalg.norm": (args) => {
    const [x, ord] = [castInput(args, "A"), args.option<number>("ord")];
    const dim = args.option<Dims>("dim");
    const isMatrix = typeof dim === "object" ? dim.length === 2 : x.ndim === 2;
    if (ord !== undefined && typeof dim !== "number" && isMatrix) {
      throw new Unsupported("norms of matrices");
    }
    return x.norm(ord, dim, args.options<ReduceOptions>("keepdim"));
  },
  "torch.linalg.vector_norm": (args) =>
    castInput(args, "x").norm(
      args.value<number>("ord"),
      args.option<Dims>("dim"),
      args.options<ReduceOptions>("keepdim"),
    ),
  "torch.logsumexp": over((x, dim, options) => x.logsumexp(dim!, options)),
  "torch.max": extreme(
    (x, dim, options) => ({ ...x.max(dim, options) }),
    (x) => x.max(),
    (x, other) => x.maximum(other),
  ),
  "torch.min": extreme(
    (x, dim, options) => ({ ...x.min(dim, options) }),
    (x) => x.min(),
    (x, other) => x.minimum(other),
  ),
  "torch.norm": (args) => {
    const p = args.value<number | string>("p");
    if (p === "nuc") throw new Unsupported("p = nuc");
    return castInput(args).norm(
      p === "fro" ? 2 : Number(p),
      args.option<Dims>("dim"),
      args.options<ReduceOptions>("keepdim"),
    );
  },
  "torch.prod": over((x, dim, options) => x.prod(dim, options)),
  "torch.std": spread((x, dim, options) => x.std(dim, options)),
  "torch.var": spread((x, dim, options) => x.var(dim, options)),
  "torch.var_mean": spread((x, dim, options) => {
    const [variance, mean] = varMean(x, dim, options);
    return { var: variance, mean };
  }),
  "torch.mean": over((x, dim, options) => x.mean(dim, options)),
  "torch.sum": over((x, dim, options) => x.sum(dim, options)),
};
