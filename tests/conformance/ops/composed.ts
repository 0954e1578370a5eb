/**
 * Calls that are no functions of the library, but a few of its calls in a row:
 * what a user of the library writes for them.
 *
 * @module
 */

import { indexAdd } from "../../../src/ops/index/index.ts";
import { where } from "../../../src/ops/elementwise/arithmetic.ts";
import { isFloat } from "../../../src/tensor/dtype.ts";
import { zeros } from "../../../src/tensor/create.ts";
import { onesLike } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Refused, Unsupported } from "../outcome.ts";
import type { Results, Rows } from "../row.ts";

/** The lower of the two middle elements; NaN where there is one. */
function median(
  x: Tensor,
  dim: number,
  keepdim: boolean,
): { values: Tensor; indices: Tensor } {
  const middle = Math.floor((x.shape.at(dim)! - 1) / 2); // sort refuses others
  const sorted = x.sort({ dim });
  const pick = (of: Tensor): Tensor =>
    keepdim ? of.slice(dim, middle, middle + 1) : of.select(dim, middle);
  const values = pick(sorted.values);
  if (!isFloat(x.dtype)) return { values, indices: pick(sorted.indices) };
  const isNaN = x.isnan();
  const hasNaN = isNaN.any(dim, { keepdim });
  return {
    values: where(hasNaN, NaN, values).to(x.dtype),
    indices: where(
      hasNaN,
      isNaN.to("int32").argmax(dim, { keepdim }),
      pick(sorted.indices),
    ),
  };
}

/** Adds values to the places that indices of the first dims name. */
async function putSum(
  input: Tensor,
  indices: readonly Tensor[],
  values: Tensor,
): Promise<Tensor> {
  const sizes = input.shape.slice(0, indices.length);
  const rest = input.shape.slice(indices.length);
  let flat: Tensor | undefined;
  for (const [dim, index] of indices.entries()) {
    if (isFloat(index.dtype) || index.dtype === "bool") {
      throw new Unsupported(`indices of ${index.dtype}`);
    }
    const size = sizes[dim]!;
    const places = [...await index.data()];
    const wrong = places.find((place) => place < -size || place >= size);
    if (wrong !== undefined) {
      throw new Refused(`index ${wrong} of ${size} elements`);
    }
    const here = index.add(index.lt(0).to("int32").mul(size));
    flat = flat ? flat.mul(size).add(here) : here;
  }
  if (!flat) throw new Unsupported("without indices");
  const rows = input.reshape([sizes.reduce((a, b) => a * b, 1), ...rest]);
  const added = values.expand([...flat.shape, ...rest])
    .reshape([flat.size, ...rest]);
  return indexAdd(rows, 0, flat.reshape([-1]), added).reshape(input.shape);
}

/** Every such call. */
export const COMPOSED: Rows = {
  "torch.Tensor.index_put": (args): Results | Promise<Results> => {
    const [input, values] = [args.tensor("input"), args.tensor("values")];
    const indices = args.list("indices");
    if (!args.option<boolean>("accumulate")) {
      throw new Unsupported("writing through indices");
    }
    return putSum(input, indices, values);
  },
  "torch.bincount": async (args) => {
    const [input, weights] = [args.tensor("input"), args.maybe("weights")];
    const least = args.value<number>("minlength");
    const [low, high] = input.size === 0
      ? [0, -1]
      : await Promise.all([input.min().item(), input.max().item()]);
    if (low! < 0 || input.ndim !== 1 || isFloat(input.dtype) || least < 0) {
      throw new Refused("bincount takes a list of numbers from 0 on");
    }
    const ones = weights ?? onesLike(input);
    const counts = zeros([Math.max(least, high! + 1)], { dtype: ones.dtype });
    return counts.indexAdd(0, input, ones);
  },
  "torch.median": (args) => {
    const [input, dim] = [args.tensor("input"), args.option<number>("dim")];
    const keepdim = args.value<boolean>("keepdim");
    if (input.dtype === "bool") throw new Refused("the median of booleans");
    return dim === undefined
      ? median(input.reshape([-1]), 0, false).values
      : median(input, dim, keepdim);
  },
};
