/**
 * Losses of values and of probabilities: differences of a prediction and a target
 * of the same shape. cross_entropy.ts has class indices, margin.ts margins.
 *
 * Most are compositions of elementwise ops and a reduction. Where torch refuses
 * wrong values that only the GPU knows here, the loss is NaN.
 *
 * @module
 */

import { checkWritten } from "../../gpu/recorder.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { map } from "../elementwise/elementwise.ts";
import { checkReduction, reduceLoss, type Reduction } from "./reduction.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape, sameShape, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inFloat32, widened } from "../map/wide.ts";

/** Options of every loss. */
export interface LossOptions {
  /** Default: "mean". */
  readonly reduction?: Reduction;
}

/**
 * Returns the squared difference.
 *
 * Source: torch.nn.functional.mse_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function mseLoss(
  input: Tensor,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  const { reduction = "mean" } = checkOptionNames("mseLoss", options, [
    "reduction",
  ]);
  checkReduction("mseLoss", reduction);
  return inFloat32(
    [input, target],
    (x, t) => reduceLoss(x.sub(t).square(), reduction),
  );
}

/**
 * Returns the absolute difference; where it is 0, the gradient is 0.
 *
 * Source: torch.nn.functional.l1_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function l1Loss(
  input: Tensor,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  const { reduction = "mean" } = checkOptionNames("l1Loss", options, [
    "reduction",
  ]);
  checkReduction("l1Loss", reduction);
  return inFloat32(
    [input, target],
    (x, t) => reduceLoss(x.sub(t).abs(), reduction),
  );
}

/** Options of `huberLoss`. */
export interface HuberLossOptions extends LossOptions {
  /** Where the parabola becomes a line. Default: 1. */
  readonly delta?: number;
}

/**
 * With d = |input - target|: d^2 / 2 up to `delta`, delta * (d - delta / 2)
 * beyond.
 *
 * Source: torch.nn.functional.huber_loss; Huber 1964.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If `delta` is not positive, or the reduction is unknown
 */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  options: HuberLossOptions = {},
): Tensor {
  const { reduction = "mean", delta = 1 } = checkOptionNames(
    "huberLoss",
    options,
    ["reduction", "delta"],
  );
  checkReduction("huberLoss", reduction);
  if (!(delta > 0)) {
    throw new RangeError(
      `Cannot huberLoss with delta ${delta}: expected a positive number`,
    );
  }
  return inFloat32(
    [input, target],
    (x, t) => reduceLoss(map("huber", x.sub(t), delta), reduction),
  );
}

/** Options of `smoothL1Loss`. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Where the parabola becomes a line. Default: 1. */
  readonly beta?: number;
}

/**
 * With d = |input - target|: d^2 / (2 * beta) up to `beta`, d - beta / 2 beyond;
 * with beta 0 the l1 loss, but for gradients of -1 where d is 0, as in torch.
 *
 * Source: torch.nn.functional.smooth_l1_loss; Girshick 2015, arXiv:1504.08083.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If `beta` is negative, or the reduction is unknown
 */
export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  options: SmoothL1LossOptions = {},
): Tensor {
  const { reduction = "mean", beta = 1 } = checkOptionNames(
    "smoothL1Loss",
    options,
    ["reduction", "beta"],
  );
  checkReduction("smoothL1Loss", reduction);
  if (!(beta >= 0)) {
    throw new RangeError(
      `Cannot smoothL1Loss with beta ${beta}: expected at least 0`,
    );
  }
  return inFloat32(
    [input, target],
    (x, t) => reduceLoss(map("smoothL1", x, t, beta), reduction),
  );
}

/** Options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor for each element; it broadcasts. */
  readonly weight?: Tensor;
}

/**
 * -weight * (target * log(input) + (1 - target) * log(1 - input)) of
 * probabilities; logarithms are -100 at least. An input outside of [0, 1] is
 * refused if the host has written it, and makes the loss NaN if only the GPU
 * knows it.
 *
 * Source: torch.nn.functional.binary_cross_entropy.
 *
 * @throws {TypeError} If the shapes differ, or the types are not floats
 * @throws {RangeError} If the reduction is unknown, or the host wrote an input
 * outside of [0, 1]
 */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const { weight, reduction = "mean" } = checkOptionNames(
    "binaryCrossEntropy",
    options,
    ["weight", "reduction"],
  );
  checkReduction("binaryCrossEntropy", reduction);
  requireEqual("binaryCrossEntropy", input, target);
  checkWritten(input, (value) => {
    if (value >= 0 && value <= 1) return;
    throw new RangeError(
      `Cannot take the binary cross entropy of ${value}: expected ` +
        `probabilities, 0 to 1`,
    );
  });
  const each = map(
    "binaryCrossEntropy",
    input.to("float32"),
    target.to("float32"),
  );
  const weighted = weight ? each.mul(weight) : each;
  return reduceLoss(weighted, reduction).to(input.dtype);
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BinaryCrossEntropyWithLogitsOptions
  extends BinaryCrossEntropyOptions {
  /** A factor for targets of 1, so that rare ones count; it broadcasts. */
  readonly posWeight?: Tensor;
}

/**
 * Returns the binary cross entropy of sigmoid(input), accurate for logits of any size:
 * -weight * (posWeight * target * log(sigmoid(input)) + (1 - target) *
 * log(sigmoid(-input))).
 *
 * Source: torch.nn.functional.binary_cross_entropy_with_logits.
 *
 * @throws {TypeError} If the shapes differ, or the types are not floats
 * @throws {RangeError} If the reduction is unknown
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const { weight, posWeight, reduction = "mean" } = checkOptionNames(
    "binaryCrossEntropyWithLogits",
    options,
    ["weight", "posWeight", "reduction"],
  );
  checkReduction("binaryCrossEntropyWithLogits", reduction);
  requireEqual("binaryCrossEntropyWithLogits", input, target);
  return inFloat32([input, target], (x, t) => {
    // t log s(x) p + (1 - t) (log s(x) - x), s(-x) being s(x) exp(-x)
    const factor = posWeight && t.mul(widened(posWeight).sub(1)).add(1);
    const log = x.logsigmoid();
    const each = t.rsub(1).mul(x).sub(factor ? log.mul(factor) : log);
    const scaled = weight ? each.mul(widened(weight)) : each;
    return reduceLoss(scaled, reduction);
  });
}

function requireEqual(op: string, input: Tensor, target: Tensor): void {
  if (!sameShape(input.shape, target.shape) || !isFloat(input.dtype)) {
    throw new TypeError(
      `Cannot ${op} ${input.describe()} with targets of shape ` +
        `${formatShape(target.shape)}: expected floats of equal shapes`,
    );
  }
}

/** Options of `klDiv`. */
export interface KlDivOptions {
  /**
   * Default: "mean", over all elements; "batchmean", over the first dim of the
   * input alone, is the divergence by its definition.
   */
  readonly reduction?: Reduction | "batchmean";
  /** Whether targets are log-probabilities, too. Default: false. */
  readonly logTarget?: boolean;
}

/**
 * Returns target * (log(target) - input) of log-probabilities `input`; 0 where the
 * target is 0.
 *
 * Source: torch.nn.functional.kl_div.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function klDiv(
  input: Tensor,
  target: Tensor,
  options: KlDivOptions = {},
): Tensor {
  const { reduction = "mean", logTarget = false } = checkOptionNames(
    "klDiv",
    options,
    ["reduction", "logTarget"],
  );
  checkReduction("klDiv", reduction, "batchmean");
  return inFloat32([input, target], (x, t) => {
    const each = logTarget
      ? t.exp().mul(t.sub(x))
      : entropyTerm(t).sub(t.mul(x));
    if (reduction !== "batchmean") return reduceLoss(each, reduction);
    return each.sum().div(input.shape[0] || 1);
  });
}

// t * log(t), and 0 where t is 0; the gradient too stays finite there.
function entropyTerm(t: Tensor): Tensor {
  return t.mul(t.maskedFill(t.eq(0), 1).log());
}

/** Options of `poissonNllLoss`. */
export interface PoissonNllLossOptions extends LossOptions {
  /** Whether the input is the logarithm of the rate. Default: true. */
  readonly logInput?: boolean;
  /** Whether to add Stirling's term for targets above 1. Default: false. */
  readonly full?: boolean;
  /** Keeps log(input + eps) finite. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * Returns the negative log-likelihood of counts under a Poisson distribution:
 * exp(input) - target * input, or input - target * log(input + eps) for rates.
 *
 * Source: torch.nn.functional.poisson_nll_loss.
 *
 * @throws {TypeError} If the shapes do not broadcast
 * @throws {RangeError} If the reduction is unknown
 */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  options: PoissonNllLossOptions = {},
): Tensor {
  const { logInput = true, full = false, eps = 1e-8, reduction = "mean" } =
    checkOptionNames("poissonNllLoss", options, [
      "logInput",
      "full",
      "eps",
      "reduction",
    ]);
  checkReduction("poissonNllLoss", reduction);
  return inFloat32([input, target], (x, t) => {
    const each = logInput
      ? x.exp().sub(t.mul(x))
      : x.sub(t.mul(x.add(eps).log()));
    return reduceLoss(full ? each.add(stirling(t)) : each, reduction);
  });
}

// log(t!) as t * log(t) - t + log(2 * pi * t) / 2, for t above 1
function stirling(target: Tensor): Tensor {
  const counts = target.gt(1);
  const t = target.where(counts, 1);
  return t.mul(t.log()).sub(t).add(t.mul(2 * Math.PI).log().mul(0.5))
    .where(counts, 0);
}

/** Options of `gaussianNllLoss`. */
export interface GaussianNllLossOptions extends LossOptions {
  /** Whether to add log(2 * pi) / 2. Default: false. */
  readonly full?: boolean;
  /** Least variance. Default: 1e-6. */
  readonly eps?: number;
}

/**
 * Returns the negative log-likelihood of targets under normal distributions:
 * (log(var) + (input - target)^2 / var) / 2, where var >= eps.
 *
 * Shapes: `variance` has the input's, or a last dim of 1, or none. The bound
 * eps lets gradients through, as in torch. A negative variance counts as eps.
 *
 * Source: torch.nn.functional.gaussian_nll_loss, which raises for negative
 * variances.
 *
 * @throws {TypeError} If the shapes do not fit
 * @throws {RangeError} If `eps` is not positive, or the reduction is unknown
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNllLossOptions = {},
): Tensor {
  const { full = false, eps = 1e-6, reduction = "mean" } = checkOptionNames(
    "gaussianNllLoss",
    options,
    ["full", "eps", "reduction"],
  );
  checkReduction("gaussianNllLoss", reduction);
  if (!(eps > 0)) {
    throw new RangeError(
      `Cannot gaussianNllLoss with eps ${eps}: expected a positive number`,
    );
  }
  const fitted = fitVariance(variance, input.shape);
  return inFloat32([input, target, fitted], (x, t, spread) => {
    const raised = spread.detach().clamp(eps).sub(spread.detach());
    const bounded = spread.add(raised);
    const each = bounded.log().add(x.sub(t).square().div(bounded)).mul(0.5);
    const constant = 0.5 * Math.log(2 * Math.PI);
    return reduceLoss(full ? each.add(constant) : each, reduction);
  });
}

function fitVariance(variance: Tensor, shape: Shape): Tensor {
  const outer = shape.slice(0, -1);
  if (sameShape(variance.shape, shape)) return variance;
  if (sameShape(variance.shape, [...outer, 1])) return variance;
  if (sameShape(variance.shape, outer)) return variance.unsqueeze(-1);
  throw new TypeError(
    `Cannot gaussianNllLoss of ${formatShape(shape)} with variances of shape ` +
      `${formatShape(variance.shape)}: expected ${formatShape(shape)}, ` +
      `${formatShape([...outer, 1])} or ${formatShape(outer)}`,
  );
}
