/**
 * ASGD: gradient descent that also averages the parameters over the steps.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of ASGD. */
export interface ASGDOptions extends OptimizerOptions {
  /** Default: 0.01. */
  lr: number;
  /** Decay of parameters and learning rate. Default: 1e-4. */
  lambd: number;
  /** Power of the learning rate's decay. Default: 0.75. */
  alpha: number;
  /** The step at which averaging begins. Default: 1e6. */
  t0: number;
  /** Default: 0. */
  weightDecay: number;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: ASGDOptions = {
  lr: 0.01,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  maximize: false,
};

const RULE: Rule = {
  name: "ASGD",
  states: ["average"],
  scalars: ["eta", "shrink", "mu"],
  wgsl: `
    p = shrink * p - eta * g;
    average = select(average + mu * (p - average), p, mu == 1.0);`,
};

/**
 * Averaged stochastic gradient descent.
 *
 *     g = gradient + weightDecay * p
 *     eta = lr / (1 + lambd * lr * (t - 1))^alpha
 *     p = (1 - lambd * eta) * p - eta * g
 *     a = a + (p - a) / max(1, t - 1 - t0)
 *
 * Source: Polyak & Juditsky 1992; torch.optim.ASGD. Difference from torch: eta
 * follows a new lr at once, not one step later. The average a is the
 * state `average` of `stateDict()`.
 */
export class ASGD extends Optimizer<ASGDOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<ASGDOptions>,
    options: Partial<ASGDOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule(): Rule {
    return RULE;
  }

  protected override scalars(options: ASGDOptions, step: number): Scalars {
    const { lr, lambd, alpha, t0 } = options;
    const eta = lr / (1 + lambd * lr * (step - 1)) ** alpha;
    return {
      eta,
      shrink: 1 - lambd * eta,
      mu: 1 / Math.max(1, step - 1 - t0),
    };
  }
}
