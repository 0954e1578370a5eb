/**
 * Layer norm, which gives the last dims of a tensor mean 0 and variance 1.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import {
  formatShape,
  sameShape,
  type Shape,
  sizeOf,
} from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkNorm, norm, type NormOptions } from "./norm.ts";

/**
 * Returns (x - mean) / sqrt(variance + eps) * weight + bias. Mean and biased
 * variance are those of the last dims, whose sizes are `normalizedShape`.
 *
 * Shapes: x [..., ...normalizedShape], weight and bias `normalizedShape`.
 *
 * Source: torch.nn.functional.layer_norm; Ba, Kiros & Hinton 2016,
 * arXiv:1607.06450.
 *
 * @throws {TypeError} If types or shapes do not fit each other
 *
 * @example A row of mean 0
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const y = F.layerNorm(tensor([[1, 3]]), [2], { eps: 0 });
 * assertEquals(await y.toArray(), [[-1, 1]]);
 * ```
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: Shape | number,
  options: NormOptions = {},
): Tensor {
  const { weight, bias, eps } = checkOptionNames("layerNorm", options, [
    "weight",
    "bias",
    "eps",
  ]);
  const shape = typeof normalizedShape === "number"
    ? [normalizedShape]
    : normalizedShape;
  const first = x.ndim - shape.length;
  if (
    shape.length === 0 || first < 0 || !sameShape(x.shape.slice(first), shape)
  ) {
    throw new TypeError(
      `Cannot layerNorm ${x.describe()} over ${formatShape(shape)}: ` +
        `expected the last sizes of x`,
    );
  }
  checkNorm("layerNorm", x, shape, { weight, bias });
  const rows = sizeOf(x.shape.slice(0, first));
  return norm(
    x,
    { kind: "layer", shape: [rows, 1, 1, sizeOf(shape)] },
    { weight: weight?.reshape([-1]), bias: bias?.reshape([-1]), eps },
  );
}
