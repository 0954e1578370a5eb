/**
 * Adamax: Adam with the maximum of gradients instead of their squares.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of Adamax. */
export interface AdamaxOptions extends OptimizerOptions {
  /** Default: 0.002. */
  lr: number;
  /** Decay factors of the mean and the maximum. Default: [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the absolute gradient. Default: 1e-8. */
  eps: number;
  /** Default: 0. */
  weightDecay: number;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: AdamaxOptions = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  maximize: false,
};

const RULE: Rule = {
  name: "Adamax",
  states: ["m", "u"],
  scalars: ["rate", "beta1", "gain", "beta2", "eps"],
  wgsl: `
    m = beta1 * m + gain * g;
    u = max(beta2 * u, abs(g) + eps);
    // u is 0 in gaps of the flat buffer if eps is 0
    p -= select(rate * m / u, vec4f(0.0), m == vec4f(0.0));`,
};

/**
 * Adamax.
 *
 *     g = gradient + weightDecay * p
 *     m = beta1 * m + (1 - beta1) * g
 *     u = max(beta2 * u, |g| + eps)
 *     p = p - lr / (1 - beta1^t) * m / u
 *
 * Source: Kingma & Ba 2014, arXiv:1412.6980, section 7.1; torch.optim.Adamax.
 * Difference from the paper, as in torch: eps.
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<AdamaxOptions>,
    options: Partial<AdamaxOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule(): Rule {
    return RULE;
  }

  protected override scalars(options: AdamaxOptions, step: number): Scalars {
    const { lr, eps, betas: [beta1, beta2] } = options;
    return {
      rate: lr / (1 - beta1 ** step),
      beta1,
      gain: 1 - beta1,
      beta2,
      eps,
    };
  }
}
