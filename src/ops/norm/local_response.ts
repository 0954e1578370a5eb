/**
 * Local response norm, which divides channels by a norm of their neighbours.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { avgPool2d } from "../pool/avg.ts";
import { padConstant } from "../movement/slicing.ts";
import { inFloat32 } from "../map/wide.ts";

/** Options of `localResponseNorm`. */
export interface LocalResponseNormOptions {
  /** Factor of the mean of squares. Default: 1e-4. */
  readonly alpha?: number;
  /** Power of the sum. Default: 0.75. */
  readonly beta?: number;
  /** Constant added to the mean of squares. Default: 1. */
  readonly k?: number;
}

/**
 * Returns x / (k + alpha * mean of x^2)^beta. The mean is that of `size`
 * neighbouring channels, with zeros before the first and after the last.
 *
 * Shapes: x [N, C, L], or with more dims after C; the result has the same shape.
 *
 * Source: torch.nn.functional.local_response_norm; Krizhevsky et al. 2012,
 * section 3.3, with alpha divided by `size`.
 *
 * @throws {TypeError} If `x` has fewer than three dims, or no floats
 * @throws {RangeError} If `size` is not a positive integer
 *
 * @example One channel: 2 / (1 + 4)
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const y = F.localResponseNorm(tensor([[[2]]]), 1, { alpha: 1, beta: 1 });
 * assertAlmostEquals(await y.item(), 0.4, 1e-6);
 * ```
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  options: LocalResponseNormOptions = {},
): Tensor {
  const { alpha = 1e-4, beta = 0.75, k = 1 } = checkOptionNames(
    "localResponseNorm",
    options,
    ["alpha", "beta", "k"],
  );
  if (x.ndim < 3 || !isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot localResponseNorm ${x.describe()}: expected floats of shape ` +
        `[N, C, ...] with at least three dims`,
    );
  }
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(
      `Cannot localResponseNorm over ${size} channels: expected an integer ` +
        `of at least 1`,
    );
  }
  if (x.size === 0) return x.clone();
  const [N, C] = x.shape;
  const L = sizeOf(x.shape.slice(2));
  // an even window has one channel more before it than after it
  const edges = [0, 0, 0, 0, Math.floor(size / 2), Math.floor((size - 1) / 2)];
  return inFloat32([x], (wide) => {
    const squares = wide.square().reshape([N!, 1, C!, L]);
    const padded = padConstant(squares, [...edges, 0, 0], 0);
    const means = avgPool2d(padded, [size, 1], { stride: 1 }).reshape(x.shape);
    return wide.div(means.mul(alpha).add(k).pow(beta));
  });
}
