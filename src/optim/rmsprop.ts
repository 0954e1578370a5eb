/**
 * RMSprop: steps scaled by a running mean of squared gradients.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of RMSprop. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Default: 0.01. */
  lr: number;
  /** Decay factor of the running means. Default: 0.99. */
  alpha: number;
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** Default: 0. */
  weightDecay: number;
  /** Momentum factor. Default: 0. */
  momentum: number;
  /** Whether to divide by the standard deviation. Default: false. */
  centered: boolean;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: RMSpropOptions = {
  lr: 0.01,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  maximize: false,
};

const RULES: readonly Rule[] = [
  makeRule(false, false),
  makeRule(false, true),
  makeRule(true, false),
  makeRule(true, true),
];

function makeRule(centered: boolean, hasMomentum: boolean): Rule {
  const states = ["squares"];
  if (centered) states.push("mean");
  if (hasMomentum) states.push("velocity");
  return {
    name: "RMSprop",
    states,
    scalars: ["lr", "alpha", "gain", "eps", "momentum"],
    wgsl: `
    squares = alpha * squares + gain * g * g;
    ${centered ? "mean = alpha * mean + gain * g;" : ""}
    let spread = ${centered ? "squares - mean * mean" : "squares"};
    let step = g / (sqrt(spread) + eps);
    ${hasMomentum ? "velocity = momentum * velocity + step;" : ""}
    p -= lr * ${hasMomentum ? "velocity" : "step"};`,
  };
}

/**
 * RMSprop.
 *
 *     g = gradient + weightDecay * p
 *     s = alpha * s + (1 - alpha) * g^2
 *     a = alpha * a + (1 - alpha) * g               centered; otherwise a = 0
 *     v = momentum * v + g / (sqrt(s - a^2) + eps)
 *     p = p - lr * v
 *
 * Source: Tieleman & Hinton 2012, lecture 6.5 of "Neural Networks for Machine
 * Learning"; Graves 2013, arXiv:1308.0850, for centered; torch.optim.RMSprop.
 * Difference from Graves, as in torch: eps is outside the square root.
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<RMSpropOptions>,
    options: Partial<RMSpropOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule({ centered, momentum }: RMSpropOptions): Rule {
    return RULES[(centered ? 2 : 0) + (momentum > 0 ? 1 : 0)]!;
  }

  protected override scalars(options: RMSpropOptions): Scalars {
    const { lr, alpha, eps, momentum } = options;
    return { lr, alpha, gain: 1 - alpha, eps, momentum };
  }
}
