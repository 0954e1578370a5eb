/**
 * Adagrad: steps scaled by the sum of squared gradients.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of Adagrad. */
export interface AdagradOptions extends OptimizerOptions {
  /** Default: 0.01. */
  lr: number;
  /** Decay of the learning rate per step. Default: 0. */
  lrDecay: number;
  /** Default: 0. */
  weightDecay: number;
  /** Initial value of the sums. Default: 0. */
  initialAccumulatorValue: number;
  /** Added to the denominator. Default: 1e-10. */
  eps: number;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: AdagradOptions = {
  lr: 0.01,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  maximize: false,
};

const RULE: Rule = {
  name: "Adagrad",
  states: ["total"],
  scalars: ["rate", "eps"],
  wgsl: `
    total += g * g;
    p -= rate * g / (sqrt(total) + eps);`,
};

/**
 * Adagrad.
 *
 *     g = gradient + weightDecay * p
 *     s = s + g^2
 *     p = p - lr / (1 + (t - 1) * lrDecay) * g / (sqrt(s) + eps)
 *
 * Source: Duchi, Hazan & Singer 2011; torch.optim.Adagrad. Difference from the
 * paper, as in torch: lrDecay, and eps outside the square root.
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<AdagradOptions>,
    options: Partial<AdagradOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule(): Rule {
    return RULE;
  }

  protected override initial(_state: string, options: AdagradOptions): number {
    return options.initialAccumulatorValue;
  }

  protected override scalars(
    { lr, lrDecay, eps }: AdagradOptions,
    step: number,
  ): Scalars {
    return { rate: lr / (1 + (step - 1) * lrDecay), eps };
  }
}
