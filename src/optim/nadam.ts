/**
 * NAdam: Adam with Nesterov momentum.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of NAdam. */
export interface NAdamOptions extends OptimizerOptions {
  /** Default: 0.002. */
  lr: number;
  /** Decay factors of both running means. Default: [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** Default: 0. */
  weightDecay: number;
  /** Speed at which the momentum approaches beta1. Default: 0.004. */
  momentumDecay: number;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: NAdamOptions = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  maximize: false,
};

const RULE: Rule = {
  name: "NAdam",
  states: ["m", "v"],
  scalars: [
    "ofGradient",
    "ofMean",
    "beta1",
    "gain1",
    "beta2",
    "gain2",
    "root",
    "eps",
  ],
  wgsl: `
    m = beta1 * m + gain1 * g;
    v = beta2 * v + gain2 * g * g;
    p -= (ofGradient * g + ofMean * m) / (sqrt(v) / root + eps);`,
};

/**
 * NAdam.
 *
 *     g = gradient + weightDecay * p
 *     mu(t) = beta1 * (1 - 0.96^(t * momentumDecay) / 2)
 *     m, v  as in Adam
 *     d = sqrt(v / (1 - beta2^t)) + eps
 *     p = p - lr * (1 - mu(t)) / (1 - mu(1) … mu(t)) * g / d
 *           - lr * mu(t + 1) / (1 - mu(1) … mu(t) * mu(t) * mu(t + 1)) * m / d
 *
 * Source: Dozat 2016, "Incorporating Nesterov Momentum into Adam";
 * torch.optim.NAdam. Difference from the paper: the last product has mu(t)
 * twice, as in torch 1.13. Difference from torch: after a change of beta1 or
 * momentumDecay, the product of mu uses the new values for all steps.
 */
export class NAdam extends Optimizer<NAdamOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<NAdamOptions>,
    options: Partial<NAdamOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule(): Rule {
    return RULE;
  }

  protected override scalars(options: NAdamOptions, step: number): Scalars {
    const { lr, eps, momentumDecay, betas: [beta1, beta2] } = options;
    const mu = (t: number): number =>
      beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    let product = 1;
    // the product underflows to 0 long before a million steps
    for (let t = 1; t <= step && product > 0; t++) product *= mu(t);
    const next = mu(step + 1);
    return {
      ofGradient: lr * (1 - mu(step)) / (1 - product),
      ofMean: lr * next / (1 - product * mu(step) * next),
      beta1,
      gain1: 1 - beta1,
      beta2,
      gain2: 1 - beta2,
      root: Math.sqrt(1 - beta2 ** step),
      eps,
    };
  }
}
