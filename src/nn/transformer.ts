/**
 * Transformer layers: attention and a feedforward net, each with a residual
 * connection and a layer norm.
 *
 * @module
 */

import { gelu } from "../ops/elementwise/activation.ts";
import { dropout } from "../ops/random/dropout.ts";
import { checkChoice, checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes, formatOptions } from "./_shared.ts";
import {
  MultiheadAttention,
  type MultiheadAttentionCall,
} from "./attention.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { LayerNorm } from "./norm.ts";

/** Options of transformer layers. */
export interface TransformerLayerOptions {
  /** Size between the two linear layers. Default: 2048. */
  readonly dimFeedforward?: number;
  /** Probability that training drops an element. Default: 0.1. */
  readonly dropout?: number;
  /** Activation between the linear layers. Default: "relu". */
  readonly activation?: "relu" | "gelu";
  /** Added to variances. Default: 1e-5. */
  readonly layerNormEps?: number;
  /** Whether inputs are [N, L, E] instead of [L, N, E]. Default: false. */
  readonly batchFirst?: boolean;
  /** Whether norms come before attention and net. Default: false. */
  readonly normFirst?: boolean;
}

/** Masks of a self-attention, as `MultiheadAttention` takes them. */
export type SelfMasks = Pick<
  MultiheadAttentionCall,
  "attnMask" | "keyPaddingMask"
>;

/** Masks of a decoder layer. */
export interface DecoderMasks extends SelfMasks {
  /** Masks of the attention to the memory. */
  readonly memory?: SelfMasks;
}

/** Names of fields in the state dict, if they differ. */
const STATE_NAMES: Readonly<Record<string, string>> = {
  selfAttn: "self_attn",
  multiheadAttn: "multihead_attn",
};

/** Base class of encoder and decoder layers. */
export abstract class TransformerLayer<In extends readonly unknown[]>
  extends Module<In> {
  /** Self-attention. */
  selfAttn: MultiheadAttention;
  /** The first linear layer of the feedforward net. */
  linear1: Linear;
  /** The second linear layer. */
  linear2: Linear;
  /** The norm of the self-attention. */
  norm1: LayerNorm;
  /** The norm of the next part. */
  norm2: LayerNorm;
  /** Options with defaults filled in. */
  readonly options: Required<TransformerLayerOptions>;

  /** @throws {RangeError} If `nhead` does not divide `dModel` */
  constructor(
    dModel: number,
    nhead: number,
    options: TransformerLayerOptions,
  ) {
    super();
    const {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = "relu",
      layerNormEps = 1e-5,
      batchFirst = false,
      normFirst = false,
    } = checkOptionNames(this.constructor.name, options, [
      "dimFeedforward",
      "dropout",
      "activation",
      "layerNormEps",
      "batchFirst",
      "normFirst",
    ]);
    const what = `make ${this.constructor.name}`;
    checkChoice(what, "activation", activation, ["relu", "gelu"]);
    checkSizes(this.constructor.name, 1, { dModel, nhead, dimFeedforward });
    this.options = {
      dimFeedforward,
      dropout,
      activation,
      layerNormEps,
      batchFirst,
      normFirst,
    };
    this.selfAttn = new MultiheadAttention(dModel, nhead, {
      dropout,
      batchFirst,
    });
    this.linear1 = new Linear(dModel, dimFeedforward);
    this.linear2 = new Linear(dimFeedforward, dModel);
    this.norm1 = new LayerNorm(dModel, { eps: layerNormEps });
    this.norm2 = new LayerNorm(dModel, { eps: layerNormEps });
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this).map(([name, value]) =>
      [STATE_NAMES[name] ?? name, value] as const
    );
  }

  /** Returns x + part(x), with the norm before the part or after the sum. */
  protected residual(
    x: Tensor,
    norm: LayerNorm,
    part: (x: Tensor) => Tensor,
  ): Tensor {
    return this.options.normFirst
      ? x.add(this.#drop(part(norm.call(x))))
      : norm.call(x.add(this.#drop(part(x))));
  }

  /** Runs the feedforward net: two linear layers. */
  protected net(x: Tensor): Tensor {
    const inner = this.linear1.call(x);
    const { activation } = this.options;
    const active = activation === "gelu" ? gelu(inner) : inner.relu();
    return this.linear2.call(this.#drop(active));
  }

  #drop(x: Tensor): Tensor {
    return dropout(x, { p: this.options.dropout, training: this.training });
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}

/** Returns the output of an attention, without its weights. */
function attend(
  attention: MultiheadAttention,
  x: Tensor,
  memory: Tensor,
  masks: SelfMasks,
): Tensor {
  return attention.call(x, memory, memory, { ...masks, needWeights: false })[0];
}

/**
 * y = norm1(x + attention(x)), z = norm2(y + linear2(activation(linear1(y)))),
 * with dropout of each part. With `normFirst`, the norms come first.
 *
 * Shapes: x [L, N, dModel] (with `batchFirst` [N, L, dModel], or without N),
 * output the same.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762;
 * torch.nn.TransformerEncoderLayer.
 *
 * @example A sequence of 5 vectors
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.TransformerEncoderLayer(8, 2, { batchFirst: true });
 * assertEquals(layer.call(zeros([3, 5, 8])).shape, [3, 5, 8]);
 * ```
 */
export class TransformerEncoderLayer
  extends TransformerLayer<readonly [x: Tensor, masks?: SelfMasks]> {
  /** Initializes the parameters. */
  constructor(
    dModel: number,
    nhead: number,
    options: TransformerLayerOptions = {},
  ) {
    super(dModel, nhead, options);
  }

  override forward(x: Tensor, masks: SelfMasks = {}): Tensor {
    const y = this.residual(
      x,
      this.norm1,
      (each) => attend(this.selfAttn, each, each, masks),
    );
    return this.residual(y, this.norm2, (each) => this.net(each));
  }
}

/**
 * Decoder layer: `TransformerEncoderLayer` with an attention to `memory`, and
 * its norm, between self-attention and net.
 *
 * Shapes: x [L, N, dModel] and memory [S, N, dModel] (with `batchFirst` N
 * first, or without N) to [L, N, dModel].
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762;
 * torch.nn.TransformerDecoderLayer.
 */
export class TransformerDecoderLayer extends TransformerLayer<
  readonly [x: Tensor, memory: Tensor, masks?: DecoderMasks]
> {
  /** Attention to the memory. */
  multiheadAttn: MultiheadAttention;
  /** The norm of the net. */
  norm3: LayerNorm;

  /** Initializes the parameters. */
  constructor(
    dModel: number,
    nhead: number,
    options: TransformerLayerOptions = {},
  ) {
    super(dModel, nhead, options);
    const { dropout, batchFirst, layerNormEps } = this.options;
    const attention = { dropout, batchFirst };
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, attention);
    this.norm3 = new LayerNorm(dModel, { eps: layerNormEps });
  }

  /**
   * Returns members in torch's order, which numbers parameters in optimizers.
   */
  protected override members(): Iterable<readonly [string, unknown]> {
    const { selfAttn, multiheadAttn } = this;
    const rest = [...super.members()]
      .filter(([, value]) => value !== selfAttn && value !== multiheadAttn);
    return [
      [STATE_NAMES.selfAttn!, selfAttn],
      [STATE_NAMES.multiheadAttn!, multiheadAttn],
      ...rest,
    ];
  }

  override forward(
    x: Tensor,
    memory: Tensor,
    { memory: memoryMasks = {}, ...masks }: DecoderMasks = {},
  ): Tensor {
    const y = this.residual(
      x,
      this.norm1,
      (each) => attend(this.selfAttn, each, each, masks),
    );
    const z = this.residual(
      y,
      this.norm2,
      (each) => attend(this.multiheadAttn, each, memory, memoryMasks),
    );
    return this.residual(z, this.norm3, (each) => this.net(each));
  }
}
