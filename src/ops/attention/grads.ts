/**
 * Weights and gradients of attention in ops, which can be differentiated again.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { arange } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { causalSoftmax } from "../softmax/causal.ts";
import { matmul } from "../matmul/matmul.ts";
import { softmax } from "../softmax/softmax.ts";

/** Arguments of the scores besides queries, keys and mask. */
export interface Scores {
  readonly scale: number;
  readonly isCausal: boolean;
}

/** Returns softmax(q k^T * scale + mask), 0 for hidden keys: [..., L, S]. */
export function composeWeights(
  q: Tensor,
  k: Tensor,
  mask: Tensor | undefined,
  { scale, isCausal }: Scores,
): Tensor {
  let scores = matmul(q.mul(scale), k.transpose(-2, -1));
  if (
    isCausal && !mask && scores.dtype === "float32" && adapterClass() === "cpu"
  ) {
    return causalSoftmax(scores);
  }
  if (isCausal) {
    const [L, S] = [q.shape.at(-2)!, k.shape.at(-2)!];
    const hidden = arange(L).unsqueeze(1).lt(arange(S));
    scores = scores.maskedFill(hidden, -Infinity);
  }
  if (mask) {
    scores = mask.dtype === "bool"
      ? scores.maskedFill(mask.logicalNot(), -Infinity)
      : scores.add(mask);
  }
  return softmax(scores, -1);
}

/** Returns the gradients of q, k and v from `dy`, each [batches, rows, width]. */
export function composeAttentionGrads(
  dy: Tensor,
  { q, k, v, mask }: {
    readonly q: Tensor;
    readonly k: Tensor;
    readonly v: Tensor;
    readonly mask?: Tensor | undefined;
  },
  scores: Scores,
): [dq: Tensor, dk: Tensor, dv: Tensor] {
  const flat = mask?.reshape([-1, ...mask.shape.slice(-2)]);
  const p = composeWeights(q, k, flat, scores);
  const along = matmul(dy, v.transpose(-2, -1)).mul(p);
  const ds = along.sub(p.mul(along.sum(-1, { keepdim: true })))
    .mul(scores.scale);
  return [
    matmul(ds, k),
    matmul(ds.transpose(-2, -1), q),
    matmul(p.transpose(-2, -1), dy),
  ];
}
