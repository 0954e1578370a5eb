/**
 * Adadelta: steps scaled by running means of squared steps and gradients.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of Adadelta. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Factor of the step. Default: 1. */
  lr: number;
  /** Decay factor of both running means. Default: 0.9. */
  rho: number;
  /** Added under both square roots. Default: 1e-6. */
  eps: number;
  /** Default: 0. */
  weightDecay: number;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: AdadeltaOptions = {
  lr: 1,
  rho: 0.9,
  eps: 1e-6,
  weightDecay: 0,
  maximize: false,
};

const RULE: Rule = {
  name: "Adadelta",
  states: ["squares", "steps"],
  scalars: ["lr", "rho", "gain", "eps"],
  wgsl: `
    squares = rho * squares + gain * g * g;
    let delta = sqrt(steps + eps) / sqrt(squares + eps) * g;
    steps = rho * steps + gain * delta * delta;
    p -= lr * delta;`,
};

/**
 * Adadelta.
 *
 *     g = gradient + weightDecay * p
 *     E[g^2] = rho * E[g^2] + (1 - rho) * g^2
 *     d = sqrt(E[d^2] + eps) / sqrt(E[g^2] + eps) * g
 *     E[d^2] = rho * E[d^2] + (1 - rho) * d^2
 *     p = p - lr * d
 *
 * Source: Zeiler 2012, arXiv:1212.5701; torch.optim.Adadelta. Difference from
 * the paper, as in torch: lr.
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<AdadeltaOptions>,
    options: Partial<AdadeltaOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule(): Rule {
    return RULE;
  }

  protected override scalars({ lr, rho, eps }: AdadeltaOptions): Scalars {
    return { lr, rho, gain: 1 - rho, eps };
  }
}
