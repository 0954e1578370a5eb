/**
 * NAdam: Adam with Nesterov's momentum.
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
  /** How much of both running means is kept. Default: [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** Default: 0. */
  weightDecay: number;
  /** How fast the momentum rises to beta1. Default: 0.004. */
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
 * torch.optim.NAdam. Difference from the paper: mu(t) stands twice in the last
 * product, as in torch 1.13. Difference from torch: the product of mu is that of
 * the present beta1 and momentumDecay, also for the steps before a change.
 */
export class NAdam extends Optimizer<NAdamOptions> {
  /**
   * Lays the parameters into flat buffers, with their values.
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
    // it falls below any double's precision long before a million steps
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
