/**
 * Matrix products of integers, in int32, without gradients. Products and sums
 * wrap around, so the low bits are exact. Results for uint32 and uint8 are
 * therefore exact, too, after a cast to int32 and back.
 *
 * @module
 */

import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups } from "../../gpu/plan.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinBy } from "../elementwise/join_parts.ts";
import { defineOp, type Op } from "../define.ts";
import { placeOf } from "./choice.ts";
import { stacks } from "./stacks.ts";

import source from "../../../shaders/matmul/integers.wgsl" with {
  type: "text",
};

/** Most terms that one invocation sums. */
const RUN = 1024;

// [..., m, k] and [..., k, n] to [parts, ..., m, n]
const partsOp: Op<number> = defineOp<number>({
  name: "matmul",

  shape([a, b], parts) {
    return {
      shape: [parts, ...a.shape.slice(0, -1), b.shape.at(-1)!],
      dtype: "int32",
    };
  },

  kernel([a, b], [y], parts) {
    const stacked = stacks(a, b);
    const k = a.shape.at(-1)!;
    const run = Math.ceil(k / parts);
    return {
      name: "matmul_integers",
      source,
      buffers: [stacked.a.tensor.storage, stacked.b.tensor.storage, y.storage],
      params: pack(source, {
        m: a.shape.at(-2)!,
        n: b.shape.at(-1)!,
        k,
        batches: sizeOf(a.shape.slice(0, -2)),
        run,
        count: y.size,
        ...placeOf("a", stacked.a.matrix),
        ...placeOf("b", stacked.b.matrix),
      }),
      groups: foldGroups(Math.ceil(y.size / 64)),
      loops: passesOf(loop(run)),
    };
  },

  // rows, columns and matrices; terms of the sums
  axes([{ ndim }]) {
    const [row, col] = [ndim - 2, ndim - 1];
    return [
      { dims: [row, undefined, row + 1] },
      { dims: [undefined, col, col + 1] },
      ...Array.from({ length: row }, (_, dim) => ({
        dims: [dim, dim, dim + 1],
      })),
      { dims: [col, row, undefined], join: joinBy("add") },
    ];
  },
});

/** Returns the products of equally shaped stacks of int32 matrices. */
export function integerProduct(a: Tensor, b: Tensor): Tensor {
  const parts = Math.max(1, Math.ceil(a.shape.at(-1)! / RUN));
  const [y] = partsOp([a, b], parts);
  return parts === 1 ? y.reshape(y.shape.slice(1)) : y.sum(0);
}
