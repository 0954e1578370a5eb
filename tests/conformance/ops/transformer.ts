/**
 * Layers of transformers.
 *
 * @module
 */

import {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "../../../src/nn/transformer.ts";
import type { Arguments } from "../arguments.ts";
import { loadParameters } from "../modules.ts";
import { Unsupported } from "../outcome.ts";
import type { Rows } from "../row.ts";

type Given = readonly [number, number, TransformerLayerOptions];

function givenTo(args: Arguments): Given {
  const options = args.options<TransformerLayerOptions>(
    "dimFeedforward",
    "dropout",
    "activation",
    "layerNormEps",
    "batchFirst",
    "normFirst",
  );
  if (args.option("mode") !== "eval" && options.dropout !== 0) {
    throw new Unsupported("a random result");
  }
  return [args.value("d_model"), args.value("nhead"), options];
}

/** Both layers, called in evaluation. */
export const TRANSFORMER: Rows = {
  "torch.nn.TransformerEncoderLayer": (args) => {
    const layer = new TransformerEncoderLayer(...givenTo(args));
    loadParameters(layer, args);
    return layer.eval().call(args.tensor("src"), {
      attnMask: args.maybe("src_mask"),
      keyPaddingMask: args.maybe("src_key_padding_mask"),
    });
  },
  "torch.nn.TransformerDecoderLayer": (args) => {
    const layer = new TransformerDecoderLayer(...givenTo(args));
    loadParameters(layer, args);
    return layer.eval().call(args.tensor("tgt"), args.tensor("memory"), {
      attnMask: args.maybe("tgt_mask"),
      keyPaddingMask: args.maybe("tgt_key_padding_mask"),
      memory: {
        attnMask: args.maybe("memory_mask"),
        keyPaddingMask: args.maybe("memory_key_padding_mask"),
      },
    });
  },
};
