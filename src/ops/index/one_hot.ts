/**
 * One-hot vectors of class indices.
 *
 * @module
 */

import { arange } from "../../tensor/create.ts";
import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Returns int32 vectors along a new last dim: 1 at each index, 0 elsewhere. An
 * index that is not a class gives zeros.
 *
 * Source: torch.nn.functional.one_hot, which raises for such an index and can
 * infer the number of classes from the values; here the caller states it.
 *
 * @throws {TypeError} If the indices are not integers
 * @throws {RangeError} If `numClasses` is not an integer of at least 1
 */
export function oneHot(target: Tensor, numClasses: number): Tensor {
  if (isFloat(target.dtype) || target.dtype === "bool") {
    throw new TypeError(
      `Cannot oneHot ${target.describe()}: expected integers`,
    );
  }
  if (!Number.isInteger(numClasses) || numClasses < 1) {
    throw new RangeError(
      `Cannot oneHot with ${numClasses} classes: expected an integer of at ` +
        `least 1`,
    );
  }
  return target.unsqueeze(-1).eq(arange(numClasses)).to("int32");
}
