/**
 * Lengths and distances of vectors along one dim, composed of other ops.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { broadcastShapes } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloat } from "./reduce.ts";
import { norm } from "./statistics.ts";
import { inFloat32 } from "../map/wide.ts";

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** The exponent of the norm. Default: 2. */
  readonly p?: number;
  /** The dim that vectors lie along. Default: 1. */
  readonly dim?: number;
  /** Least norm to divide by. Default: 1e-12. */
  readonly eps?: number;
}

/**
 * Vectors of length 1: x / max(norm(x), eps).
 *
 * Source: torch.nn.functional.normalize.
 *
 * @throws {RangeError} If there is no such dim
 */
export function normalize(
  x: Tensor,
  options: NormalizeOptions = {},
): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = checkOptionNames(
    "normalize",
    options,
    ["p", "dim", "eps"],
  );
  return inFloat32(
    [x],
    (wide) => wide.div(norm(wide, p, dim, { keepdim: true }).clamp(eps)),
  );
}

/** The smallest normal number of float32. */
const SMALLEST = 2 ** -126;

/** Options of `cosineSimilarity`. */
export interface CosineSimilarityOptions {
  /** The dim that vectors lie along. Default: 1. */
  readonly dim?: number;
  /** Least length to divide by. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * The cosine of the angle between vectors: x1 * x2 / (|x1| * |x2|). The two
 * broadcast first, and `dim` is one of what they broadcast to.
 *
 * Source: torch.nn.functional.cosine_similarity.
 *
 * @throws {TypeError} If the shapes do not broadcast, or hold no floats
 * @throws {RangeError} If there is no such dim
 */
export function cosineSimilarity(
  x1: Tensor,
  x2: Tensor,
  options: CosineSimilarityOptions = {},
): Tensor {
  const { dim = 1, eps = 1e-8 } = checkOptionNames(
    "cosineSimilarity",
    options,
    ["dim", "eps"],
  );
  const shape = broadcastShapes("cosineSimilarity", [x1.shape, x2.shape]);
  for (const each of [x1, x2]) checkFloat("cosineSimilarity", each);
  const least = Math.max(eps * eps, SMALLEST);
  return inFloat32([x1.expand(shape), x2.expand(shape)], (...both) => {
    // divide each by its own length: a product of lengths may leave float32
    const [a, b] = both.map((x) => {
      const squares = x.square().sum(dim, { keepdim: true });
      // the bound lets gradients through, as in torch
      const now = squares.detach();
      return x.div(squares.add(now.clamp(least).sub(now)).sqrt());
    });
    return a!.mul(b!).sum(dim);
  });
}

/** Options of `pairwiseDistance`. */
export interface PairwiseDistanceOptions {
  /** The exponent of the norm. Default: 2. */
  readonly p?: number;
  /** Added to differences before the norm. Default: 1e-6. */
  readonly eps?: number;
  /** Whether to keep the last dim, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/**
 * The norm of x1 - x2 + eps over the last dim.
 *
 * Source: torch.nn.functional.pairwise_distance.
 *
 * @throws {TypeError} If the shapes do not broadcast
 */
export function pairwiseDistance(
  x1: Tensor,
  x2: Tensor,
  options: PairwiseDistanceOptions = {},
): Tensor {
  const { p = 2, eps = 1e-6, keepdim = false } = checkOptionNames(
    "pairwiseDistance",
    options,
    ["p", "eps", "keepdim"],
  );
  return inFloat32(
    [x1, x2],
    (a, b) => norm(a.sub(b).add(eps), p, -1, { keepdim }),
  );
}
