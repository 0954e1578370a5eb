/**
 * RAdam: Adam whose first steps omit the denominator, while its variance is
 * high.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of RAdam. */
export interface RAdamOptions extends OptimizerOptions {
  /** Default: 0.001. */
  lr: number;
  /** Decay factors of both running means. Default: [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** Default: 0. */
  weightDecay: number;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: RAdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  maximize: false,
};

const RULE: Rule = {
  name: "RAdam",
  states: ["m", "v"],
  scalars: ["plain", "adapted", "beta1", "gain1", "beta2", "gain2", "eps"],
  wgsl: `
    m = beta1 * m + gain1 * g;
    v = beta2 * v + gain2 * g * g;
    let scale = select(vec4f(plain), adapted / (sqrt(v) + eps), adapted > 0.0);
    p -= select(scale * m, vec4f(0.0), m == vec4f(0.0)); // 0 in gaps`,
};

/** Degrees of freedom above which steps use the denominator. */
const CERTAIN = 5;

/**
 * RAdam.
 *
 *     g = gradient + weightDecay * p
 *     m, v  as in Adam
 *     R = 2 / (1 - beta2) - 1
 *     r = R - 2 * t * beta2^t / (1 - beta2^t)
 *     r > 5:   l = sqrt(1 - beta2^t) / (sqrt(v) + eps)
 *              c = sqrt((r - 4) * (r - 2) * R / ((R - 4) * (R - 2) * r))
 *              p = p - lr * m / (1 - beta1^t) * c * l
 *     else:    p = p - lr * m / (1 - beta1^t)
 *
 * Source: Liu et al. 2019, arXiv:1908.03265; torch.optim.RAdam. Difference from
 * the paper, as in torch: the threshold is 5 instead of 4, and eps.
 */
export class RAdam extends Optimizer<RAdamOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<RAdamOptions>,
    options: Partial<RAdamOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule(): Rule {
    return RULE;
  }

  protected override scalars(options: RAdamOptions, step: number): Scalars {
    const { lr, eps, betas: [beta1, beta2] } = options;
    const rate = lr / (1 - beta1 ** step);
    const left = 1 - beta2 ** step;
    const limit = 2 / (1 - beta2) - 1;
    const freedom = limit - 2 * step * beta2 ** step / left;
    const correction = Math.sqrt(
      (freedom - 4) * (freedom - 2) * limit /
        ((limit - 4) * (limit - 2) * freedom),
    );
    const isCertain = freedom > CERTAIN;
    return {
      plain: rate,
      adapted: isCertain ? rate * correction * Math.sqrt(left) : 0,
      beta1,
      gain1: 1 - beta1,
      beta2,
      gain2: 1 - beta2,
      eps,
    };
  }
}
