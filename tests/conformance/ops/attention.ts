/**
 * Attention, and what its nets need besides: embeddings.
 *
 * @module
 */

import {
  MultiheadAttention,
  type MultiheadAttentionCall,
  type MultiheadAttentionOptions,
} from "../../../src/nn/attention.ts";
import * as F from "../../../src/nn/functional.ts";
import { loadParameters } from "../modules.ts";
import { Unsupported } from "../outcome.ts";
import type { Rows } from "../row.ts";

/** Every row of attention. */
export const ATTENTION: Rows = {
  "torch.nn.functional.embedding": (args) =>
    F.embedding(
      args.tensor("input"),
      args.tensor("weight"),
      args.options<F.EmbeddingOptions>("paddingIdx"),
    ),
  "torch.nn.functional.scaled_dot_product_attention": (args) => {
    const options = args.options<F.AttentionOptions>(
      "attnMask",
      "dropoutP",
      "isCausal",
      "scale",
    );
    if (options.dropoutP) throw new Unsupported("a random result");
    return F.scaledDotProductAttention(
      args.tensor("query"),
      args.tensor("key"),
      args.tensor("value"),
      options,
    );
  },
  "torch.nn.MultiheadAttention": (args) => {
    const options = args.options<MultiheadAttentionOptions>(
      "dropout",
      "bias",
      "batchFirst",
    );
    if (options.dropout) throw new Unsupported("a random result");
    const module = new MultiheadAttention(
      args.value("embed_dim"),
      args.value("num_heads"),
      options,
    );
    const call = args.options<MultiheadAttentionCall>(
      "keyPaddingMask",
      "attnMask",
      "needWeights",
      "averageAttnWeights",
    );
    loadParameters(module, args);
    const query = args.tensor("query");
    const isSelf = args.option<boolean>("self_attention");
    const key = isSelf ? query : args.tensor("key");
    const value = isSelf ? query : args.tensor("value");
    const [output, weights] = module.call(query, key, value, call);
    return {
      ["attn_output"]: output,
      ...(weights && { ["attn_output_weights"]: weights }),
    };
  },
};
