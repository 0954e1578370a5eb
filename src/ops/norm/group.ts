/**
 * Group norm, which gives groups of an image's channels mean 0 and variance 1.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { formatShape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkNorm, norm, type NormOptions } from "./norm.ts";

/**
 * Returns (x - mean) / sqrt(variance + eps) * weight + bias. Mean and biased
 * variance are those of C / numGroups neighbouring channels of an image.
 *
 * Shapes: x [N, C] or [N, C, …], weight and bias [C].
 *
 * Source: torch.nn.functional.group_norm; Wu & He 2018, arXiv:1803.08494.
 *
 * @throws {TypeError} If types or shapes do not fit each other
 * @throws {RangeError} If `numGroups` does not divide C, or x has one group of
 * one value
 */
export function groupNorm(
  x: Tensor,
  numGroups: number,
  options: NormOptions = {},
): Tensor {
  const { weight, bias } = checkOptionNames("groupNorm", options, [
    "weight",
    "bias",
    "eps",
  ]);
  const [N = 0, C] = x.shape;
  if (C === undefined) {
    throw new TypeError(
      `Cannot groupNorm ${x.describe()}: expected shape [N, C] or [N, C, ...]`,
    );
  }
  if (!Number.isInteger(numGroups) || numGroups < 1 || C % numGroups !== 0) {
    throw new RangeError(
      `Cannot groupNorm ${formatShape(x.shape)}: ${numGroups} groups do not ` +
        `divide ${C} channels`,
    );
  }
  checkNorm("groupNorm", x, [C], { weight, bias });
  const inner = sizeOf(x.shape.slice(2));
  if (N * C / numGroups * inner === 1) {
    throw new RangeError(
      `Cannot groupNorm ${formatShape(x.shape)} in ${numGroups} groups: a ` +
        `group has one value, expected at least 2`,
    );
  }
  const shape = [N, numGroups, C / numGroups, inner] as const;
  return norm(x, { kind: "group", shape }, options);
}
