/**
 * Losses.
 *
 * @module
 */

import * as F from "../../../src/nn/functional.ts";
import type { Rows } from "../row.ts";

/** Every loss. */
export const LOSSES: Rows = {
  "torch.nn.functional.cross_entropy": (args) =>
    F.crossEntropy(
      args.tensor("input"),
      args.tensor("target"),
      args.options<F.CrossEntropyOptions>(
        "weight",
        "ignoreIndex",
        "reduction",
        "labelSmoothing",
      ),
    ),
  "torch.nn.functional.nll_loss": (args) =>
    F.nllLoss(
      args.tensor("input"),
      args.tensor("target"),
      args.options<F.NllLossOptions>("weight", "ignoreIndex", "reduction"),
    ),
};
