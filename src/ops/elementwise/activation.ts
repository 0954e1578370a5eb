/**
 * Activations as functions of `F`. The elementwise ones call methods of `Tensor`,
 * whose rows are in activation_rows.ts; those of several elements are composed
 * here.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../../tensor/arguments.ts";
import { formatShape, normalizeDim } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** max(x, 0); NaN stays NaN. Source: torch.nn.functional.relu. */
export function relu(x: Tensor): Tensor {
  return x.relu();
}

/** x between 0 and 6. Source: torch.nn.functional.relu6. */
export function relu6(x: Tensor): Tensor {
  return x.relu6();
}

/** 1 / (1 + exp(-x)). Source: torch.sigmoid. */
export function sigmoid(x: Tensor): Tensor {
  return x.sigmoid();
}

/** Hyperbolic tangent. Source: torch.tanh. */
export function tanh(x: Tensor): Tensor {
  return x.tanh();
}

/**
 * x, times `negativeSlope` below 0.
 *
 * Source: torch.nn.functional.leaky_relu.
 */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  return x.leakyRelu(negativeSlope);
}

/** x, alpha * (exp(x) - 1) below 0. Source: torch.nn.functional.elu. */
export function elu(x: Tensor, alpha = 1): Tensor {
  return x.elu(alpha);
}

/** x, alpha * (exp(x / alpha) - 1) below 0. Source: torch.nn.functional.celu. */
export function celu(x: Tensor, alpha = 1): Tensor {
  return x.celu(alpha);
}

/** A scaled elu that keeps variances. Source: torch.nn.functional.selu. */
export function selu(x: Tensor): Tensor {
  return x.selu();
}

/** @throws {RangeError} If `approximate` is neither "none" nor "tanh" */
export function checkApproximate(
  call: string,
  approximate: "none" | "tanh",
): void {
  checkChoice(call, "approximate", approximate, ["none", "tanh"]);
}

/**
 * x * P(X <= x) for a standard normal X, or an approximation by tanh.
 *
 * Source: torch.nn.functional.gelu; Hendrycks & Gimpel 2016, arXiv:1606.08415.
 */
export function gelu(
  x: Tensor,
  options: { readonly approximate?: "none" | "tanh" } = {},
): Tensor {
  const { approximate = "none" } = checkOptionNames("gelu", options, [
    "approximate",
  ]);
  return x.gelu(approximate);
}

/** x * sigmoid(x). Source: torch.nn.functional.silu. */
export function silu(x: Tensor): Tensor {
  return x.silu();
}

/** x * tanh(softplus(x)). Source: torch.nn.functional.mish. */
export function mish(x: Tensor): Tensor {
  return x.mish();
}

/**
 * log(1 + exp(beta * x)) / beta, and x where beta * x exceeds `threshold`.
 *
 * Source: torch.nn.functional.softplus.
 */
export function softplus(x: Tensor, beta = 1, threshold = 20): Tensor {
  return x.softplus(beta, threshold);
}

/** log(sigmoid(x)). Source: torch.nn.functional.logsigmoid. */
export function logsigmoid(x: Tensor): Tensor {
  return x.logsigmoid();
}

/** x / (1 + |x|). Source: torch.nn.functional.softsign. */
export function softsign(x: Tensor): Tensor {
  return x.softsign();
}

/** x * relu6(x + 3) / 6. Source: torch.nn.functional.hardswish. */
export function hardswish(x: Tensor): Tensor {
  return x.hardswish();
}

/** relu6(x + 3) / 6. Source: torch.nn.functional.hardsigmoid. */
export function hardsigmoid(x: Tensor): Tensor {
  return x.hardsigmoid();
}

/** x between two bounds. Source: torch.nn.functional.hardtanh. */
export function hardtanh(x: Tensor, minVal = -1, maxVal = 1): Tensor {
  return x.hardtanh(minVal, maxVal);
}

/** x above `threshold`, else `value`. Source: torch.nn.functional.threshold. */
export function threshold(x: Tensor, threshold: number, value: number): Tensor {
  return x.maskedFill(x.le(threshold), value);
}

/**
 * x, times a learned slope below 0: one slope for all channels, or one per channel
 * (dim 1).
 *
 * Source: torch.nn.functional.prelu; He et al. 2015, arXiv:1502.01852.
 *
 * @throws {TypeError} If there is neither one slope nor one per channel
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const channels = x.ndim > 1 ? x.shape[1] : 1;
  if (weight.size !== 1 && weight.size !== channels) {
    throw new TypeError(
      `Cannot prelu ${formatShape(x.shape)} with ${weight.size} slopes: ` +
        `expected one, or one for each of ${channels} channels`,
    );
  }
  const slope = weight.size === 1
    ? weight.reshape([])
    : weight.reshape([weight.size, ...x.shape.slice(2).fill(1)]);
  const above = x.gt(0);
  // mask infinities above 0: in backward, 0 times infinity would be NaN
  return x.where(above, x.maskedFill(above, 0).mul(slope));
}

/**
 * The first half of dim `dim`, times the sigmoid of the second.
 *
 * Source: torch.nn.functional.glu; Dauphin et al. 2016, arXiv:1612.08083.
 *
 * @throws {RangeError} If there is no such dim, or its size is odd
 */
export function glu(x: Tensor, dim = -1): Tensor {
  const axis = normalizeDim("glu", dim, x.shape);
  const length = x.shape[axis] ?? 1;
  if (length % 2 !== 0) {
    throw new RangeError(
      `Cannot glu over dim ${dim} of ${formatShape(x.shape)}: ` +
        `expected a dim of even size`,
    );
  }
  const half = length / 2;
  return x.slice(axis, 0, half).mul(x.slice(axis, half).sigmoid());
}
