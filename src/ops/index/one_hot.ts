/**
 * One-hot vectors of class indices.
 *
 * @module
 */

import { arange } from "../../tensor/create.ts";
import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * 1 at the place of each index and 0 elsewhere, along a new last dim, in int32.
 * An index that is no class gets zeros.
 *
 * Source: torch.nn.functional.one_hot, which raises for such an index and finds
 * out the number of classes by looking at the values; here it must be said.
 *
 * @throws {TypeError} If the indices are no integers
 * @throws {RangeError} If `numClasses` is not a positive integer
 */
export function oneHot(target: Tensor, numClasses: number): Tensor {
  if (isFloat(target.dtype) || target.dtype === "bool") {
    throw new TypeError(
      `Cannot oneHot ${target.describe()}: expected integers`,
    );
  }
  if (!Number.isInteger(numClasses) || numClasses < 1) {
    throw new RangeError(
      `Cannot oneHot with ${numClasses} classes: expected a positive integer`,
    );
  }
  return target.unsqueeze(-1).eq(arange(numClasses)).to("int32");
}
