/**
 * Scaled dot-product attention in kernels that never write the matrix of
 * scores, for GPUs (see attention.ts). The gradients compute its parts again
 * from the logarithm of each row's sum.
 *
 * Tensors are float32 [batches, rows, width], row-major, the widths multiples of
 * four.
 *
 * @module
 */

import { isGradEnabled } from "../../autograd/mode.ts";
import { type Loop, loop, mostIterations, passesOf } from "../../gpu/loops.ts";
import { pack, type Params } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { composeAttentionGrads } from "./grads.ts";
import { defineOp, type Op } from "../define.ts";
import type { Tensors } from "../operands.ts";
import { stack } from "../movement/join.ts";
import type { Axis } from "../launch/launch.ts";
import { declareInput } from "../words.ts";

import forwardSource from "../../../shaders/attention/forward.wgsl" with {
  type: "text",
};
import keyGradsSource from "../../../shaders/attention/key_grads.wgsl" with {
  type: "text",
};
import queryGradSource from "../../../shaders/attention/query_grad.wgsl" with {
  type: "text",
};
import attentionLib from "../../../shaders/lib/attention.wgsl" with {
  type: "text",
};
import gradsLib from "../../../shaders/lib/attention_grads.wgsl" with {
  type: "text",
};
import keysLib from "../../../shaders/lib/attention_keys.wgsl" with {
  type: "text",
};
import floatLib from "../../../shaders/lib/float.wgsl" with { type: "text" };

const LIB = attentionLib + floatLib;
const FORWARD = LIB + keysLib + forwardSource;
const QUERY_GRAD = LIB + keysLib + gradsLib + queryGradSource;
const KEY_GRADS = LIB + gradsLib + keyGradsSource;

/** Queries (or keys, for their gradients) of a workgroup, and of a tile. */
const GROUP = 64;
const TILE = 16;
/** Widest vector that fits the registers and a tile. */
export const MAX_WIDTH = 128;

/** Arguments of attention besides the tensors. */
export interface FusedParams {
  readonly scale: number;
  readonly isCausal: boolean;
}

interface Inputs {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** [images, heads, queries, keys], where images * heads = batches. */
  readonly mask: Tensor | undefined;
}

function biasText({ mask }: Inputs, { isCausal }: FusedParams): string {
  const lines = [];
  let value = "0.0";
  if (mask) {
    lines.push(
      `alias T = ${mask.dtype === "bool" ? "u32" : "f32"};`,
      declareInput("mask", 3, mask.dtype, false),
    );
    const at =
      "params.mask_offset + (b / params.heads) * params.mask_image + " +
      "(b % params.heads) * params.mask_head + i * params.mask_query + " +
      "j * params.mask_key";
    value = mask.dtype === "bool"
      ? `select(-infinity(), 0.0, load_mask(${at}) != 0u)`
      : `load_mask(${at})`;
  } else if (isCausal) value = "select(0.0, -infinity(), j > i)";
  lines.push(
    `fn bias(b: u32, i: u32, j: u32) -> f32 { return ${value}; }`,
    "fn is_hidden(x: f32) -> bool { return bitcast<u32>(x) == 0xff800000u; }\n",
  );
  return lines.join("\n");
}

interface Loops {
  /** Loops of each tile of keys or queries. */
  readonly tile: readonly Loop[];
  /** Loops before and after the tiles. */
  readonly others: readonly Loop[];
}

// A query or a key has `e` vec4s, a value has `v`.
const LOOPS = {
  forward: (e: number, v: number): Loops => ({
    tile: [
      ...broughtBy(e, v),
      loop(TILE, loop(e)),
      loop(v),
      loop(TILE, loop(v)),
    ],
    others: [e, v, v, v].map((count) => loop(count)),
  }),
  queryGrad: (e: number, v: number): Loops => ({
    tile: [...broughtBy(e, v), loop(TILE, loop(e), loop(v), loop(e))],
    others: [e, v, e].map((count) => loop(count)),
  }),
  keyGrads: (e: number, v: number): Loops => ({
    tile: [
      ...broughtBy(e, v),
      loop(1),
      loop(TILE, loop(e), loop(v), loop(v), loop(e)),
    ],
    others: [e, v, e, v].map((count) => loop(count)),
  }),
};

// Returns the loops in which 64 invocations load a tile.
function broughtBy(e: number, v: number): Loop[] {
  return [e, v].map((count) => loop(Math.ceil(TILE * count / GROUP)));
}

/**
 * Plans the fields that the three kernels share. Each block of `rows` reads all
 * of `others`, in as many dispatches as the limit on loops needs.
 */
function plansOf(
  inputs: Inputs,
  params: FusedParams,
  kernel: keyof typeof LOOPS,
  [rows, others]: readonly [rows: number, others: number],
): Pick<Plan, "consts" | "header" | "params" | "groups" | "loops">[] {
  const { q, k, v, mask } = inputs;
  const [batches, queries, width] = q.shape;
  const blocks = Math.ceil(rows / GROUP);
  const [e4, v4] = [width! / 4, v.shape[2]! / 4];
  const { tile, others: rest } = LOOPS[kernel](e4, v4);
  const part = mostIterations(tile, passesOf(...rest)) * TILE;
  return Array.from({ length: Math.ceil(others / part) }, (_, i) => {
    const first = i * part;
    const end = Math.min(first + part, others);
    return {
      consts: {
        GROUP,
        KEYS: TILE,
        E4: e4,
        V4: v4,
        CAUSAL: params.isCausal,
      },
      header: biasText(inputs, params),
      // all three kernels have the struct of lib/attention.wgsl
      params: pack(FORWARD, {
        batches: batches!,
        queries: queries!,
        keys: k.shape[1]!,
        blocks,
        first,
        end,
        scale: params.scale,
        maskOffset: mask?.layout.offset ?? 0,
        heads: mask?.shape[1] ?? 1,
        ...maskStrides(mask),
      }),
      groups: foldGroups(batches! * blocks),
      loops: passesOf(loop(Math.ceil((end - first) / TILE), ...tile), ...rest),
    };
  });
}

function maskStrides(mask: Tensor | undefined): Params {
  if (!mask) return {};
  const [image, head, query, key] = mask.layout.strides;
  return {
    maskImage: image!,
    maskHead: head!,
    maskQuery: query!,
    maskKey: key!,
  };
}

/** Returns the numbers of queries and keys: the rows and others of plansOf. */
function pairsOf({ q, k }: Inputs): readonly [queries: number, keys: number] {
  return [q.shape[1]!, k.shape[1]!];
}

// Returns buffers in the order of the bindings; q stands for a missing mask.
function buffersOf(
  { q, k, v, mask }: Inputs,
  ...others: Tensor[]
): Plan["buffers"] {
  return [q, k, v, mask ?? q, ...others].map((each) => each.storage);
}

// With a mask, batches cannot be cut: its index splits them into images and heads.
function batchAxis(
  { length }: Tensors,
  dims: readonly number[],
): Axis<FusedParams>[] {
  return length === 3 || length === 5 ? [{ dims }] : [];
}

// (q, k, v, dy, rows, mask?) -> dq
const queryGradOp: Op<FusedParams> = defineOp<FusedParams>({
  name: "attentionQueryGrad",
  shape: ([q]) => q,
  kernel: ([q, k, v, dy, rows, mask], [dq], params) => {
    const inputs = { q, k, v, mask };
    return plansOf(inputs, params, "queryGrad", pairsOf(inputs)).map((
      plan,
    ) => ({
      ...plan,
      name: "attention_query_grad",
      source: QUERY_GRAD,
      buffers: buffersOf(inputs, dy, rows!, dq),
    }));
  },
  axes: (inputs) => batchAxis(inputs, [0, 0, 0, 0, 1, 0]),
});

// (q, k, v, dy, rows, mask?) -> (dk, dv)
const keyGradsOp: Op<FusedParams> = defineOp<FusedParams>({
  name: "attentionKeyGrads",
  shape: ([, k, v]) => [k, v],
  kernel: ([q, k, v, dy, rows, mask], [dk, dv], params) => {
    const inputs = { q, k, v, mask };
    const [queries, keys] = pairsOf(inputs);
    return plansOf(inputs, params, "keyGrads", [keys, queries]).map((plan) => ({
      ...plan,
      name: "attention_key_grads",
      source: KEY_GRADS,
      buffers: buffersOf(inputs, dy, rows!, dk, dv),
    }));
  },
  axes: (inputs) => batchAxis(inputs, [0, 0, 0, 0, 1, 0, 0]),
});

// (q, k, v, mask?) -> (y, the logarithm of each row's sum)
const fusedOp: Op<FusedParams> = defineOp<FusedParams>({
  name: "scaledDotProductAttention",
  shape: ([q, , v]) => {
    const [batches, queries] = q.shape;
    return [
      { shape: [batches!, queries!, v.shape[2]!], dtype: "float32" },
      { shape: [batches!, queries!], dtype: "float32" },
    ];
  },
  kernel: ([q, k, v, mask], [y, lse], params) => {
    const inputs = { q, k, v, mask };
    return plansOf(inputs, params, "forward", pairsOf(inputs)).map((plan) => ({
      ...plan,
      name: "attention",
      source: FORWARD,
      buffers: buffersOf(inputs, y, lse),
    }));
  },
  axes: (inputs) => batchAxis(inputs, [0, 0, 0, 0, 0]),
  save: ([q, k, v, mask], [y, lse]) => [q, k, v, y, lse, mask],
  grad: (yGrad, { saved: [q, k, v, y, lse, mask], needs, params }) => {
    if (isGradEnabled()) {
      return composeAttentionGrads(yGrad, { q, k, v, mask }, params);
    }
    const dy = dense(yGrad);
    const rows = stack([lse!, dy.mul(y).sum(-1)]);
    const inputs = [q, k, v, dy, rows, ...(mask ? [mask] : [])];
    const dq = needs[0] ? queryGradOp(inputs, params)[0] : undefined;
    const [dk, dv] = needs[1] || needs[2] ? keyGradsOp(inputs, params) : [];
    return [dq, needs[1] ? dk : undefined, needs[2] ? dv : undefined];
  },
});

/** Returns `x` row-major and at the start of its buffer, as kernels bind it. */
function dense(x: Tensor): Tensor {
  const made = x.contiguous();
  return made.layout.offset === 0 ? made : made.clone();
}

/**
 * Returns softmax(q k^T * scale + mask) v of each batch.
 *
 * Shapes: q [batches, L, E], k [batches, S, E], v [batches, S, V], mask
 * [images, heads, L, S], to [batches, L, V].
 */
export function fusedAttention(
  { q, k, v, mask }: Inputs,
  params: FusedParams,
): Tensor {
  const inputs = [dense(q), dense(k), dense(v), ...(mask ? [mask] : [])];
  return fusedOp(inputs, params)[0];
}
