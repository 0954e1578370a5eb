/**
 * Causal attention by blocks of queries, for CPU adapters (see attention.ts). A
 * block reads the keys up to its last query only, which saves about half of the
 * products of the whole matrix.
 *
 * Forward and backward are matrix products over parts of the operands. The
 * backward computes the weights again, so that the forward keeps none.
 *
 * @module
 */

import { isGradEnabled } from "../../autograd/mode.ts";
import { zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { composeAttentionGrads } from "./grads.ts";
import { causalSoftmax } from "../softmax/causal.ts";
import { defineOp, type Op } from "../define.ts";
import { matmul } from "../matmul/matmul.ts";
import { assign } from "../movement/movement.ts";
import { softmaxGrad } from "../softmax/softmax.ts";

/** Queries of a block. Smaller blocks save products and add dispatches. */
export const BLOCK = 128;

interface Block {
  readonly first: number;
  readonly rows: number;
  /** Keys that the block's last query sees. */
  readonly keys: number;
}

/** Returns the blocks of `queries` queries over `keys` keys, in order. */
export function causalBlocks(queries: number, keys: number): Block[] {
  const count = Math.ceil(queries / BLOCK);
  return Array.from({ length: count }, (_, i) => {
    const first = i * BLOCK;
    const rows = Math.min(BLOCK, queries - first);
    return { first, rows, keys: Math.min(first + rows, keys) };
  });
}

function rowsOf(x: Tensor, first: number, count: number): Tensor {
  return x.narrow(1, first, count);
}

// Returns the weights of a block's queries, which are already scaled.
function weights(queries: Tensor, k: Tensor, { first, keys }: Block): Tensor {
  const scores = matmul(queries, rowsOf(k, 0, keys).transpose(1, 2));
  return causalSoftmax(scores, first);
}

// (q, k, v) -> y, all [batches, rows, width]
const blocksOp: Op<{ scale: number }> = defineOp<{ scale: number }>({
  name: "causalAttention",
  shape: ([q, , v]) => ({
    shape: [...q.shape.slice(0, 2), v.shape[2]!],
    dtype: "float32",
  }),
  kernel: ([q, k, v], [y], { scale }) => {
    const scaled = q.mul(scale);
    for (const block of causalBlocks(q.shape[1]!, k.shape[1]!)) {
      const { first, rows, keys } = block;
      const p = weights(rowsOf(scaled, first, rows), k, block);
      assign(rowsOf(y, first, rows), matmul(p, rowsOf(v, 0, keys)));
    }
    return [];
  },
  composed: true,
  save: ([q, k, v]) => [q, k, v],
  grad: (dy, { saved: [q, k, v], params: { scale } }) => {
    if (isGradEnabled()) {
      return composeAttentionGrads(dy, { q, k, v }, { scale, isCausal: true });
    }
    const [dq, dk, dv] = [q, k, v].map((each) => zeros(each.shape));
    const scaled = q.mul(scale);
    for (const block of causalBlocks(q.shape[1]!, k.shape[1]!)) {
      const { first, rows, keys } = block;
      const [queries, blockDy] = [scaled, dy].map((each) =>
        rowsOf(each, first, rows)
      );
      const p = weights(queries!, k, block);
      const [seen, values] = [k, v].map((each) => rowsOf(each, 0, keys));
      const ds = softmaxGrad(matmul(blockDy!, values!.transpose(1, 2)), p);
      assign(rowsOf(dq!, first, rows), matmul(ds, seen!));
      rowsOf(dk!, 0, keys).add_(matmul(ds.transpose(1, 2), queries!));
      rowsOf(dv!, 0, keys).add_(matmul(p.transpose(1, 2), blockDy!));
    }
    return [dq!.mul(scale), dk, dv];
  },
});

/**
 * Returns causal softmax(q k^T * scale) v of q [batches, L, E] and of k and v
 * [batches, S, …].
 */
export function blockedAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  scale: number,
): Tensor {
  return blocksOp([q, k, v], { scale })[0];
}
