/**
 * Attention, and what its nets need besides: embeddings.
 *
 * @module
 */

import * as F from "../../../src/nn/functional.ts";
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
};
