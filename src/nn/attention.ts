/**
 * Multi-head attention.
 *
 * @module
 */

import {
  attentionWeights,
  scaledDotProductAttention,
} from "../ops/attention/attention.ts";
import { linear, matmul } from "../ops/matmul/matmul.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import { zeros } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes, formatOptions } from "./_shared.ts";
import { xavierUniform_, zeros_ } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `MultiheadAttention`. */
export interface MultiheadAttentionOptions {
  /** Probability that training drops an attention weight. Default: 0. */
  readonly dropout?: number;
  /** Whether projections have a learned bias. Default: true. */
  readonly bias?: boolean;
  /** Whether inputs are [N, L, E] instead of [L, N, E]. Default: false. */
  readonly batchFirst?: boolean;
}

/** Options of a call of `MultiheadAttention`. */
export interface MultiheadAttentionCall {
  /**
   * [N, S], or [S] without a batch: bool (true hides a key, as padding), or
   * floats to add to the scores.
   */
  readonly keyPaddingMask?: Tensor | undefined;
  /**
   * [L, S] or [N * numHeads, L, S]: bool (true hides a key from a query), or
   * floats to add to the scores. As in torch, bool means the opposite in
   * `F.scaledDotProductAttention`.
   */
  readonly attnMask?: Tensor | undefined;
  /** Whether to return the attention weights, too. Default: true. */
  readonly needWeights?: boolean;
  /** Whether to average the weights over the heads. Default: true. */
  readonly averageAttnWeights?: boolean;
}

const CALL_OPTIONS = [
  "keyPaddingMask",
  "attnMask",
  "needWeights",
  "averageAttnWeights",
];

/** Queries, keys, values and options of a call. */
export type MultiheadAttentionInputs = readonly [
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: MultiheadAttentionCall,
];

/** The output, and the attention weights unless `needWeights` is false. */
export type MultiheadAttentionOutput = readonly [
  output: Tensor,
  weights: Tensor | undefined,
];

/** Names of fields in the state dict, if they differ. */
const STATE_NAMES: Readonly<Record<string, string>> = {
  inProjWeight: "in_proj_weight",
  inProjBias: "in_proj_bias",
  outProj: "out_proj",
};

/**
 * Multi-head attention. Each head attends with its own projections of queries,
 * keys and values; one more projection joins the outputs of the heads.
 *
 * Shapes: query [L, N, embedDim], key and value [S, N, embedDim], to output
 * [L, N, embedDim] and weights [N, L, S] ([N, numHeads, L, S] if not averaged);
 * with `batchFirst` N comes first everywhere, and all may lack N.
 * Parameters: `in_proj_weight` [3 * embedDim, embedDim], the projections of
 * queries, keys and values one below the other, by `xavierUniform_`;
 * `in_proj_bias`, zeros; `out_proj`, a `Linear` whose bias begins as zeros.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762; torch.nn.MultiheadAttention
 * without kdim, vdim, add_bias_kv and add_zero_attn.
 *
 * @example Self-attention of a sequence
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = zeros([3, 5, 8]);
 * const [y, weights] = attention.call(x, x, x);
 * assertEquals(y.shape, [3, 5, 8]);
 * assertEquals(weights?.shape, [3, 5, 5]);
 * ```
 */
export class MultiheadAttention
  extends Module<MultiheadAttentionInputs, MultiheadAttentionOutput> {
  /** Size of the last dim of inputs and output. */
  readonly embedDim: number;
  /** Number of heads, which divide the last dim. */
  readonly numHeads: number;
  /** Probability that training drops an attention weight. */
  readonly dropout: number;
  /** Whether inputs are [N, L, E]. */
  readonly batchFirst: boolean;
  /** [3 * embedDim, embedDim]. */
  inProjWeight: Parameter;
  /** [3 * embedDim]. */
  inProjBias: Parameter | undefined;
  /** The projection of the heads' outputs. */
  outProj: Linear;

  /**
   * Initializes the parameters.
   *
   * @throws {RangeError} If `numHeads` does not divide `embedDim`, or `dropout`
   * is not in [0, 1]
   */
  constructor(
    embedDim: number,
    numHeads: number,
    options: MultiheadAttentionOptions = {},
  ) {
    super();
    const { dropout = 0, bias = true, batchFirst = false } = checkOptionNames(
      "MultiheadAttention",
      options,
      ["dropout", "bias", "batchFirst"],
    );
    checkSizes("MultiheadAttention", 1, { embedDim, numHeads });
    if (embedDim % numHeads !== 0) {
      throw new RangeError(
        `Cannot make MultiheadAttention with embedDim ${embedDim} and ` +
          `numHeads ${numHeads}: numHeads must divide embedDim`,
      );
    }
    if (!(dropout >= 0 && dropout <= 1)) {
      throw new RangeError(
        `Cannot make MultiheadAttention with dropout ${dropout}: ` +
          `expected 0 to 1`,
      );
    }
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.inProjWeight = emptyParameter([3 * embedDim, embedDim]);
    this.inProjBias = bias ? emptyParameter([3 * embedDim]) : undefined;
    this.outProj = new Linear(embedDim, embedDim, { bias });
    this.resetParameters();
  }

  /** Initializes the parameters anew. */
  resetParameters(): void {
    xavierUniform_(this.inProjWeight);
    this.outProj.resetParameters();
    if (this.inProjBias) zeros_(this.inProjBias);
    if (this.outProj.bias) zeros_(this.outProj.bias);
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this).map(([name, value]) =>
      [STATE_NAMES[name] ?? name, value] as const
    );
  }

  override forward(
    ...[query, key, value, options = {}]: MultiheadAttentionInputs
  ): MultiheadAttentionOutput {
    checkOptionNames("MultiheadAttention's call", options, CALL_OPTIONS);
    this.#check(query, key, value);
    const isBatch = query.ndim === 3;
    const { needWeights = true, averageAttnWeights = true } = options;
    const [q, k, v] = this.#project(query, key, value, isBatch);
    const attnMask = this.#mask(q, k, options);
    const dropoutP = this.training ? this.dropout : 0;
    const settings = { attnMask, dropoutP };
    const weights = needWeights ? attentionWeights(q, k, settings) : undefined;
    const heads = weights
      ? matmul(weights, v)
      : scaledDotProductAttention(q, k, v, settings);
    const [N, , L] = heads.shape;
    const side = heads.transpose(1, 2).reshape([N!, L!, this.embedDim]);
    const y = this.outProj.call(side);
    const seen = averageAttnWeights ? weights?.mean(1) : weights;
    if (!isBatch) return [y.squeeze(0), seen?.squeeze(0)];
    return [this.batchFirst ? y : y.transpose(0, 1), seen];
  }

  #check(query: Tensor, key: Tensor, value: Tensor): void {
    const all = [query, key, value];
    const rank = query.ndim;
    const fits = all.every(({ shape }) =>
      shape.length === rank && shape.at(-1) === this.embedDim
    );
    if (fits && (rank === 2 || rank === 3)) return;
    const shapes = all.map(({ shape }) => formatShape(shape)).join(", ");
    throw new TypeError(
      `Cannot call MultiheadAttention with ${shapes}: expected two or three ` +
        `dims each, the last of size ${this.embedDim}`,
    );
  }

  // [N, numHeads, length, embedDim / numHeads] of each
  #project(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    isBatch: boolean,
  ): readonly [Tensor, Tensor, Tensor] {
    const { embedDim: E, numHeads: H, inProjWeight, inProjBias } = this;
    const first = (x: Tensor): Tensor =>
      !isBatch ? x.unsqueeze(0) : this.batchFirst ? x : x.transpose(0, 1);
    if (query === key && key === value) {
      const x = first(query);
      const all = linear(x, inProjWeight, inProjBias)
        .reshape([x.shape[0]!, x.shape[1]!, 3, H, E / H])
        .permute([2, 0, 3, 1, 4]);
      return [all.select(0, 0), all.select(0, 1), all.select(0, 2)];
    }
    const [q, k, v] = [query, key, value].map((input, i) => {
      const x = first(input);
      const rows = [i * E, (i + 1) * E] as const;
      const weight = inProjWeight.slice(0, ...rows);
      const projected = linear(x, weight, inProjBias?.slice(0, ...rows));
      return projected.reshape([x.shape[0]!, x.shape[1]!, H, E / H])
        .transpose(1, 2);
    });
    return [q!, k!, v!]; // of three inputs
  }

  // the sum of all masks, to add to the scores [N, numHeads, L, S]
  #mask(
    q: Tensor,
    k: Tensor,
    { keyPaddingMask, attnMask }: MultiheadAttentionCall,
  ): Tensor | undefined {
    const [N, H, L] = q.shape as [number, number, number]; // made by #project
    const S = k.shape[2]!;
    const parts: Tensor[] = [];
    if (attnMask) {
      const perHead = attnMask.ndim === 3;
      checkMask("attnMask", attnMask, perHead ? [N * H, L, S] : [L, S]);
      const added = addend(attnMask);
      parts.push(perHead ? added.reshape([N, H, L, S]) : added);
    }
    if (keyPaddingMask) {
      const isRow = keyPaddingMask.ndim === 1 && N === 1;
      checkMask("keyPaddingMask", keyPaddingMask, isRow ? [S] : [N, S]);
      parts.push(addend(keyPaddingMask).reshape([N, 1, 1, S]));
    }
    const [first, second] = parts;
    return second ? first!.add(second) : first;
  }

  protected override describe(): string {
    const { dropout, batchFirst } = this;
    const bias = this.inProjBias !== undefined;
    const options = formatOptions({ dropout, bias, batchFirst });
    return `${this.embedDim}, ${this.numHeads}, ${options}`;
  }
}

function checkMask(
  name: string,
  mask: Tensor,
  expected: readonly number[],
): void {
  if (formatShape(mask.shape) === formatShape(expected)) return;
  throw new TypeError(
    `Cannot call MultiheadAttention with ${name} of shape ` +
      `${formatShape(mask.shape)}: expected ${formatShape(expected)}`,
  );
}

// a bool mask as floats: -infinity for true
function addend(mask: Tensor): Tensor {
  if (mask.dtype !== "bool") return mask;
  return zeros(mask.shape).maskedFill(mask, -Infinity);
}
