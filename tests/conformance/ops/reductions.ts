/**
 * Reductions and scans.
 *
 * @module
 */

import type { ReduceOptions } from "../../../src/tensor/tensor.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { Row, Rows } from "../row.ts";

type Dims = number | readonly number[];

/** A call over `dim` or over everything, `keepdim` or not. */
function over(
  call: (input: Tensor, dim?: Dims, options?: ReduceOptions) => Tensor,
): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.option<Dims>("dim"),
      args.options<ReduceOptions>("keepdim"),
    );
}

/** Every reduction. */
export const REDUCTIONS: Rows = {
  "torch.mean": over((x, dim, options) => x.mean(dim, options)),
  "torch.sum": over((x, dim, options) => x.sum(dim, options)),
};
