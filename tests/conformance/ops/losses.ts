/**
 * Losses.
 *
 * @module
 */

import * as F from "../../../src/nn/functional.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { Row, Rows } from "../row.ts";

type Loss<Options> = (
  input: Tensor,
  target: Tensor,
  options?: Options,
) => Tensor;

/** A loss of `input` and `target`, with the options of these names. */
function loss<Options>(
  call: Loss<Options>,
  ...names: readonly (keyof Options & string)[]
): Row {
  return (args) =>
    call(
      args.tensor("input"),
      args.tensor("target"),
      args.options<Options>(...names),
    );
}

/** A loss of two inputs and a target that says how they belong together. */
function pairLoss(
  call: (a: Tensor, b: Tensor, y: Tensor, options?: F.MarginOptions) => Tensor,
): Row {
  return (args) =>
    call(
      args.tensor("input1"),
      args.tensor("input2"),
      args.tensor("target"),
      args.options<F.MarginOptions>("margin", "reduction"),
    );
}

/** Every loss. */
export const LOSSES: Rows = {
  "torch.nn.functional.binary_cross_entropy": loss<F.BinaryCrossEntropyOptions>(
    F.binaryCrossEntropy,
    "weight",
    "reduction",
  ),
  "torch.nn.functional.binary_cross_entropy_with_logits": loss<
    F.BinaryCrossEntropyWithLogitsOptions
  >(
    F.binaryCrossEntropyWithLogits,
    "weight",
    "posWeight",
    "reduction",
  ),
  "torch.nn.functional.cosine_embedding_loss": pairLoss(F.cosineEmbeddingLoss),
  "torch.nn.functional.cross_entropy": loss<F.CrossEntropyOptions>(
    F.crossEntropy,
    "weight",
    "ignoreIndex",
    "reduction",
    "labelSmoothing",
  ),
  "torch.nn.functional.gaussian_nll_loss": (args) =>
    F.gaussianNllLoss(
      args.tensor("input"),
      args.tensor("target"),
      args.tensor("var"),
      args.options<F.GaussianNllLossOptions>("full", "eps", "reduction"),
    ),
  "torch.nn.functional.hinge_embedding_loss": loss<F.MarginOptions>(
    F.hingeEmbeddingLoss,
    "margin",
    "reduction",
  ),
  "torch.nn.functional.huber_loss": loss<F.HuberLossOptions>(
    F.huberLoss,
    "delta",
    "reduction",
  ),
  "torch.nn.functional.kl_div": loss<F.KlDivOptions>(
    F.klDiv,
    "logTarget",
    "reduction",
  ),
  "torch.nn.functional.l1_loss": loss<F.LossOptions>(F.l1Loss, "reduction"),
  "torch.nn.functional.margin_ranking_loss": pairLoss(F.marginRankingLoss),
  "torch.nn.functional.mse_loss": loss<F.LossOptions>(F.mseLoss, "reduction"),
  "torch.nn.functional.multilabel_soft_margin_loss": loss<
    F.MultilabelSoftMarginLossOptions
  >(
    F.multilabelSoftMarginLoss,
    "weight",
    "reduction",
  ),
  "torch.nn.functional.nll_loss": loss<F.NllLossOptions>(
    F.nllLoss,
    "weight",
    "ignoreIndex",
    "reduction",
  ),
  "torch.nn.functional.poisson_nll_loss": loss<F.PoissonNllLossOptions>(
    F.poissonNllLoss,
    "logInput",
    "full",
    "eps",
    "reduction",
  ),
  "torch.nn.functional.smooth_l1_loss": loss<F.SmoothL1LossOptions>(
    F.smoothL1Loss,
    "beta",
    "reduction",
  ),
  "torch.nn.functional.soft_margin_loss": loss<F.LossOptions>(
    F.softMarginLoss,
    "reduction",
  ),
  "torch.nn.functional.triplet_margin_loss": (args) =>
    F.tripletMarginLoss(
      args.tensor("anchor"),
      args.tensor("positive"),
      args.tensor("negative"),
      args.options<F.TripletMarginLossOptions>(
        "margin",
        "p",
        "eps",
        "swap",
        "reduction",
      ),
    ),
};
