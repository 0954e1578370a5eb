/**
 * Scaled dot-product attention, composed of matrix products and softmax.
 *
 * @module
 */

import { arange } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { dropout } from "./dropout.ts";
import { matmul } from "./matmul.ts";
import type { RandomSource } from "./random.ts";
import { softmax } from "./softmax.ts";

/** Options of `scaledDotProductAttention`. */
export interface AttentionOptions extends RandomSource {
  /**
   * What broadcasts to [..., L, S]: bool, true where a query may attend to a
   * key, or floats that are added to the scores.
   */
  readonly attnMask?: Tensor | undefined;
  /** How likely a weight is dropped. Default: 0. */
  readonly dropoutP?: number;
  /** Whether query i attends to keys 0 to i alone. Default: false. */
  readonly isCausal?: boolean;
  /** Factor of the scores. Default: 1 / sqrt(E). */
  readonly scale?: number;
}

/** The weights that queries give to keys, after dropout: [..., L, S]. */
export function attentionWeights(
  query: Tensor,
  key: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const { attnMask, dropoutP = 0, isCausal = false, ...source } = options;
  const width = query.shape.at(-1)!;
  const scale = options.scale ?? 1 / Math.sqrt(width);
  let scores = matmul(query.mul(scale), key.transpose(-2, -1));
  if (isCausal) {
    const [L, S] = [query.shape.at(-2)!, key.shape.at(-2)!];
    const hidden = arange(L).unsqueeze(1).lt(arange(S));
    scores = scores.maskedFill(hidden, -Infinity);
  }
  if (attnMask) {
    scores = attnMask.dtype === "bool"
      ? scores.maskedFill(attnMask.logicalNot(), -Infinity)
      : scores.add(attnMask);
  }
  return dropout(softmax(scores, -1), { ...source, p: dropoutP });
}

/**
 * softmax(query * key^T * scale + mask) * value: for each query a mean of the
 * values, weighted by how well their keys fit. A query that may attend to
 * nothing gives NaN.
 *
 * Shapes: query [..., L, E], key [..., S, E], value [..., S, Ev] to
 * [..., L, Ev]; the leading dims broadcast.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762;
 * torch.nn.functional.scaled_dot_product_attention. Dropout is applied whenever
 * `dropoutP` is above 0, as there.
 *
 * @throws {TypeError} If types or shapes do not fit each other, or there are a
 * mask and `isCausal`
 *
 * @example The first query sees the first value alone
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 0], [0, 1]]);
 * const y = F.scaledDotProductAttention(x, x, x, { isCausal: true });
 * assertEquals(await y.select(0, 0).toArray(), [1, 0]);
 * ```
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const shapes = [query, key, value].map(({ shape }) => formatShape(shape));
  const what = `Cannot attend with queries ${shapes[0]} to keys ${shapes[1]} ` +
    `and values ${shapes[2]}`;
  for (const each of [query, key, value]) {
    if (each.ndim >= 2 && isFloat(each.dtype)) continue;
    throw new TypeError(`${what}: expected floats of two dims at least`);
  }
  if (query.shape.at(-1) !== key.shape.at(-1)) {
    throw new TypeError(
      `${what}: last sizes of queries and keys must be equal`,
    );
  }
  if (key.shape.at(-2) !== value.shape.at(-2)) {
    throw new TypeError(`${what}: there must be a value for each key`);
  }
  if (options.isCausal && options.attnMask) {
    throw new TypeError(`${what}: expected attnMask or isCausal, got both`);
  }
  return matmul(attentionWeights(query, key, options), value);
}
