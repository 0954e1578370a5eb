/**
 * Bilinear forms of two vectors by a stack of matrices.
 *
 * @module
 */

import { isFloat } from "../../tensor/dtype.ts";
import { sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { matmul } from "./matmul.ts";
import { inFloat32 } from "../map/wide.ts";

/**
 * Returns y[..., k] = x1 weight[k] x2^T + bias[k], for each pair of vectors.
 *
 * Shapes: x1 [..., in1], x2 [..., in2], weight [out, in1, in2], bias [out] to
 * [..., out]; the leading dims of x1 and x2 are equal.
 *
 * Source: torch.nn.functional.bilinear.
 *
 * @throws {TypeError} If types or shapes do not fit each other
 *
 * @example One matrix
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const y = F.bilinear(tensor([1, 2]), tensor([3, 4]), tensor([[[1, 0], [0, 1]]]));
 * assertEquals(await y.data(), new Float32Array([11])); // 1 * 3 + 2 * 4
 * ```
 */
export function bilinear(
  x1: Tensor,
  x2: Tensor,
  weight: Tensor,
  bias?: Tensor,
): Tensor {
  const what = `Cannot take the bilinear forms of ${x1.describe()} and ` +
    `${x2.describe()} by weights ${weight.describe()}`;
  const all = [x1, x2, weight, ...(bias ? [bias] : [])];
  if (!all.every((each) => isFloat(each.dtype))) {
    throw new TypeError(`${what}: expected floats`);
  }
  const [out, in1, in2] = weight.shape;
  const leading = x1.shape.slice(0, -1);
  const fits = weight.ndim === 3 && x1.ndim > 0 && x2.ndim > 0 &&
    sameShape(leading, x2.shape.slice(0, -1)) &&
    x1.shape.at(-1) === in1 && x2.shape.at(-1) === in2;
  if (!fits) {
    throw new TypeError(
      `${what}: expected shapes [..., in1], [..., in2] and [out, in1, in2]`,
    );
  }
  if (bias && !sameShape(bias.shape, [out!])) {
    throw new TypeError(
      `${what} with a bias ${bias.describe()}: expected shape [${out}]`,
    );
  }
  const rows = leading.reduce((size, length) => size * length, 1);
  return inFloat32(all, (a, b, w, c) => {
    // [rows, in1] by [in1, out * in2], then each [out, in2] by its x2
    const wide = w!.permute([1, 0, 2]).reshape([in1!, out! * in2!]);
    const left = matmul(a!.reshape([rows, in1!]), wide);
    const y = matmul(
      left.reshape([rows, out!, in2!]),
      b!.reshape([rows, in2!, 1]),
    ).reshape([...leading, out!]);
    return c ? y.add(c) : y;
  });
}
