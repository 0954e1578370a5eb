/**
 * Losses of margins and rankings: 0 where a score or a distance is right by at
 * least a margin. All are compositions.
 *
 * Targets are 1 and -1 in the input's type, except in `multilabelSoftMarginLoss`.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { broadcastShapes, formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LossOptions } from "./loss.ts";
import { checkReduction, reduceLoss } from "./reduction.ts";
import { pairwiseDistance } from "../reduce/similarity.ts";
import { inFloat32, widened } from "../map/wide.ts";

/** Options of losses with a margin. */
export interface MarginOptions extends LossOptions {
  /** Least margin for a loss of 0; each loss documents its default. */
  readonly margin?: number;
}

/**
 * input where the target is 1, max(0, margin - input) where it is -1. Default
 * margin: 1.
 *
 * Source: torch.nn.functional.hinge_embedding_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function hingeEmbeddingLoss(
  input: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor {
  const { margin = 1, reduction = "mean" } = checkOptionNames(
    "hingeEmbeddingLoss",
    options,
    ["margin", "reduction"],
  );
  checkReduction("hingeEmbeddingLoss", reduction);
  return inFloat32([input, target], (x, t) => {
    const apart = x.rsub(margin).clamp(0).maskedFill(t.eq(1), 0);
    const alike = x.maskedFill(t.eq(-1), 0);
    return reduceLoss(apart.add(alike), reduction);
  });
}

/**
 * max(0, margin - target * (input1 - input2)): a target of 1 ranks the first
 * higher, -1 the second. Default margin: 0.
 *
 * Source: torch.nn.functional.margin_ranking_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor {
  const { margin = 0, reduction = "mean" } = checkOptionNames(
    "marginRankingLoss",
    options,
    ["margin", "reduction"],
  );
  checkReduction("marginRankingLoss", reduction);
  return inFloat32([input1, input2, target], (a, b, t) => {
    const lead = t.mul(a.sub(b));
    return reduceLoss(lead.rsub(margin).clamp(0), reduction);
  });
}

/**
 * log(1 + exp(-target * input)).
 *
 * Source: torch.nn.functional.soft_margin_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function softMarginLoss(
  input: Tensor,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  const { reduction = "mean" } = checkOptionNames("softMarginLoss", options, [
    "reduction",
  ]);
  checkReduction("softMarginLoss", reduction);
  return inFloat32(
    [input, target],
    (x, t) => reduceLoss(t.mul(x).logsigmoid().neg(), reduction),
  );
}

/** Options of `multilabelSoftMarginLoss`. */
export interface MultilabelSoftMarginLossOptions extends LossOptions {
  /** A factor for each class. */
  readonly weight?: Tensor;
}

/**
 * The mean over the classes (the last dim) of -weight * (target *
 * log(sigmoid(input)) + (1 - target) * log(sigmoid(-input))); targets are 0
 * and 1.
 *
 * Source: torch.nn.functional.multilabel_soft_margin_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  options: MultilabelSoftMarginLossOptions = {},
): Tensor {
  const { weight, reduction = "mean" } = checkOptionNames(
    "multilabelSoftMarginLoss",
    options,
    ["weight", "reduction"],
  );
  checkReduction("multilabelSoftMarginLoss", reduction);
  return inFloat32([input, target], (x, t) => {
    const yes = t.mul(x.logsigmoid());
    const no = t.rsub(1).mul(x.neg().logsigmoid());
    const each = yes.add(no).neg();
    const weighted = weight ? each.mul(widened(weight)) : each;
    return reduceLoss(weighted.mean(-1), reduction);
  });
}

/** Added to squared lengths, so that none is 0. */
const TINY = 1e-12;

/**
 * 1 - cos where the target is 1, max(0, cos - margin) where it is -1, with the
 * cosine of the angle between the vectors input1 and input2. Default margin: 0.
 *
 * Shapes: inputs [N, D] and target [N], or [D] and [].
 *
 * Source: torch.nn.functional.cosine_embedding_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor {
  const { margin = 0, reduction = "mean" } = checkOptionNames(
    "cosineEmbeddingLoss",
    options,
    ["margin", "reduction"],
  );
  checkReduction("cosineEmbeddingLoss", reduction);
  const shapes = [input1.shape, input2.shape];
  const shape = broadcastShapes("cosineEmbeddingLoss", shapes);
  if (shape.length > 2 || target.ndim !== shape.length - 1) {
    throw new TypeError(
      `Cannot cosineEmbeddingLoss ${shapes.map(formatShape).join(" and ")} ` +
        `with targets of shape ${formatShape(target.shape)}: expected inputs ` +
        `[N, D] and targets [N], or [D] and []`,
    );
  }
  return inFloat32(
    [input1.expand(shape), input2.expand(shape), target],
    (a, b, t) => {
      const squares = [a, b].map((x) => x.square().sum(-1).add(TINY));
      const lengths = squares[0]!.mul(squares[1]!).sqrt();
      const cosine = a.mul(b).sum(-1).div(lengths);
      const alike = cosine.rsub(1).where(t.eq(1), 0);
      const apart = cosine.sub(margin).clamp(0).where(t.eq(-1), 0);
      return reduceLoss(alike.add(apart), reduction);
    },
  );
}

/** Options of `tripletMarginLoss`. */
export interface TripletMarginLossOptions extends MarginOptions {
  /** The exponent of the norm. Default: 2. */
  readonly p?: number;
  /** Added to differences before the norm. Default: 1e-6. */
  readonly eps?: number;
  /** Whether the positive may stand in for the anchor. Default: false. */
  readonly swap?: boolean;
}

/**
 * max(0, margin + |anchor - positive| - |anchor - negative|), the norms over the
 * last dim; with `swap`, the distance to the negative is the smaller of the
 * anchor's and the positive's. Default margin: 1.
 *
 * Source: torch.nn.functional.triplet_margin_loss; Balntas et al. 2016.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = "mean" } =
    checkOptionNames("tripletMarginLoss", options, [
      "margin",
      "p",
      "eps",
      "swap",
      "reduction",
    ]);
  checkReduction("tripletMarginLoss", reduction);
  return inFloat32([anchor, positive, negative], (a, b, c) => {
    const near = pairwiseDistance(a, b, { p, eps });
    const direct = pairwiseDistance(a, c, { p, eps });
    const far = swap
      ? direct.minimum(pairwiseDistance(b, c, { p, eps }))
      : direct;
    return reduceLoss(near.sub(far).add(margin).clamp(0), reduction);
  });
}
