/**
 * Scaled dot-product attention: composed of matrix products and softmax, or,
 * where this is faster, in a form that writes no matrix of scores.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../../gpu/device.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { isFloat } from "../../tensor/dtype.ts";
import {
  broadcastShapes,
  formatShape,
  type Shape,
  sizeOf,
} from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { BLOCK, blockedAttention } from "./blocks.ts";
import { fusedAttention, MAX_WIDTH } from "./fused.ts";
import { composeWeights } from "./grads.ts";
import { dropout } from "../random/dropout.ts";
import { matmul } from "../matmul/matmul.ts";
import type { RandomSource } from "../random/draw.ts";
import { inFloat32, widened } from "../map/wide.ts";

/** Options of `scaledDotProductAttention`. */
export interface AttentionOptions extends RandomSource {
  /**
   * Mask that broadcasts to [..., L, S]: bool, true where a query may attend to
   * a key, or floats that are added to the scores.
   */
  readonly attnMask?: Tensor | undefined;
  /** Probability that a weight is dropped. Default: 0. */
  readonly dropoutP?: number;
  /** Whether query i attends to keys 0 to i alone. Default: false. */
  readonly isCausal?: boolean;
  /** Factor of the scores. Default: 1 / sqrt(E). */
  readonly scale?: number;
}

const OPTIONS = [
  "attnMask",
  "dropoutP",
  "isCausal",
  "scale",
  "seed",
  "generator",
];

/** Returns the weights of the keys for each query, after dropout: [..., L, S]. */
export function attentionWeights(
  query: Tensor,
  key: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const { attnMask, dropoutP = 0, isCausal = false, scale, ...source } =
    options;
  const scores = { scale: scaleOf(query, scale), isCausal };
  const mask = attnMask && widened(attnMask);
  return inFloat32([query, key], (q, k) => {
    const weights = composeWeights(q, k, mask, scores);
    return dropout(weights, { ...source, p: dropoutP });
  });
}

function scaleOf(query: Tensor, scale: number | undefined): number {
  return scale ?? 1 / Math.sqrt(query.shape.at(-1)!);
}

/** Properties of a call that choose how attention is computed. */
export interface AttentionCase {
  readonly queries: number;
  readonly keys: number;
  /** Widths of keys and of values. */
  readonly widths: readonly [number, number];
  readonly isCausal: boolean;
  readonly hasMask: boolean;
}

/**
 * Chooses attention's own kernels ("fused"), blocks of queries, or ops. Dropout
 * and masks that require a gradient always take ops.
 */
export function chooseAttention(
  { queries, keys, widths, isCausal, hasMask }: AttentionCase,
  kind: AdapterClass,
): "fused" | "blocks" | "composed" {
  if (kind === "gpu") {
    const fits = widths.every((width) =>
      width > 0 && width % 4 === 0 && width <= MAX_WIDTH
    );
    return fits && queries * keys > 0 ? "fused" : "composed";
  }
  const isLong = queries >= 4 * BLOCK && keys > 0;
  return isCausal && !hasMask && isLong ? "blocks" : "composed";
}

// Folds the leading dims into images and heads, the leading dims of a mask.
function headsOf(leading: Shape): [images: number, heads: number] {
  return [sizeOf(leading.slice(0, -1)), leading.at(-1) ?? 1];
}

function attendInOne(
  operands: readonly [query: Tensor, key: Tensor, value: Tensor],
  options: AttentionOptions,
): Tensor | undefined {
  const { attnMask, dropoutP = 0, isCausal = false } = options;
  if (dropoutP > 0 || attnMask?.requiresGrad) return undefined;
  const [query, key, value] = operands;
  const [L, S] = [query.shape.at(-2)!, key.shape.at(-2)!];
  const choice = chooseAttention({
    queries: L,
    keys: S,
    widths: [key.shape.at(-1)!, value.shape.at(-1)!],
    isCausal,
    hasMask: attnMask !== undefined,
  }, adapterClass());
  if (choice === "composed") return undefined;
  const leading = broadcastShapes(
    "attend",
    operands.map(({ shape }) => shape.slice(0, -2)),
  );
  const batches = sizeOf(leading);
  if (batches === 0) return undefined;
  const [q, k, v] = operands.map((each) => {
    const matrix = each.shape.slice(-2);
    return each.to("float32").expand([...leading, ...matrix])
      .reshape([batches, ...matrix]);
  });
  const scale = scaleOf(query, options.scale);
  const added = attnMask?.dtype === "bool" ? attnMask : attnMask?.to("float32");
  const mask = added?.expand([...leading, L, S])
    .reshape([...headsOf(leading), L, S]);
  const y = choice === "blocks"
    ? blockedAttention(q!, k!, v!, scale)
    : fusedAttention({ q: q!, k: k!, v: v!, mask }, { scale, isCausal });
  return y.reshape([...leading, L, value.shape.at(-1)!]).to(query.dtype);
}

/**
 * Returns softmax(query * key^T * scale + mask) * value: for each query, the
 * mean of the values, weighted by the scores of their keys. A query that may
 * attend to no key gives NaN.
 *
 * Shapes: query [..., L, E], key [..., S, E], value [..., S, Ev] to
 * [..., L, Ev]; the leading dims broadcast.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762;
 * torch.nn.functional.scaled_dot_product_attention. As in torch, dropout
 * applies whenever `dropoutP` is above 0.
 *
 * @throws {TypeError} If types or shapes do not fit each other, or `attnMask`
 * and `isCausal` are both set
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
  checkOptionNames("scaledDotProductAttention", options, OPTIONS);
  const shapes = [query, key, value].map(({ shape }) => formatShape(shape));
  const what = `Cannot attend with queries ${shapes[0]} to keys ${shapes[1]} ` +
    `and values ${shapes[2]}`;
  for (const each of [query, key, value]) {
    if (each.ndim >= 2 && isFloat(each.dtype)) continue;
    throw new TypeError(`${what}: expected floats with at least two dims`);
  }
  if (query.shape.at(-1) !== key.shape.at(-1)) {
    throw new TypeError(
      `${what}: expected queries and keys of equal last sizes`,
    );
  }
  if (key.shape.at(-2) !== value.shape.at(-2)) {
    throw new TypeError(`${what}: expected as many values as keys`);
  }
  if (options.isCausal && options.attnMask) {
    throw new TypeError(`${what}: expected attnMask or isCausal, got both`);
  }
  return attendInOne([query, key, value], options) ??
    inFloat32(
      [query, key, value],
      (q, k, v) => matmul(attentionWeights(q, k, options), v),
    );
}
