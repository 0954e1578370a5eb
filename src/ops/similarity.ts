/**
 * Lengths and distances of vectors along one dim. All are compositions.
 *
 * @module
 */

import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { norm } from "./statistics.ts";

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** The exponent of the norm. Default: 2. */
  readonly p?: number;
  /** The dim that vectors lie along. Default: 1. */
  readonly dim?: number;
  /** Norms are this large at least. Default: 1e-12. */
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
  return x.div(norm(x, p, dim, { keepdim: true }).clamp(eps));
}

/** Options of `cosineSimilarity`. */
export interface CosineSimilarityOptions {
  /** The dim that vectors lie along. Default: 1. */
  readonly dim?: number;
  /** Lengths are this large at least. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * The cosine of the angle between vectors: x1 * x2 / (|x1| * |x2|).
 *
 * Source: torch.nn.functional.cosine_similarity.
 *
 * @throws {TypeError} If the shapes do not broadcast
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
  const lengths = norm(x1, 2, dim).clamp(eps)
    .mul(norm(x2, 2, dim).clamp(eps));
  return x1.mul(x2).sum(dim).div(lengths);
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
  return norm(x1.sub(x2).add(eps), p, -1, { keepdim });
}
