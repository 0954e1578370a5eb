/**
 * Adam and AdamW: steps from running means of the gradient and its square.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of Adam and AdamW. */
export interface AdamOptions extends OptimizerOptions {
  /** Default: 0.001. */
  lr: number;
  /** Decay factors of both running means. Default: [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps: number;
  /** Default: 0 for Adam, 0.01 for AdamW. */
  weightDecay: number;
  /**
   * Whether to divide by the maximum of all means of squares. Default: false.
   */
  amsgrad: boolean;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

const SCALARS = [
  "rate",
  "beta1",
  "beta2",
  "gain1",
  "gain2",
  "root",
  "eps",
  "shrink",
];

const MEANS = `
    p *= shrink;
    m = beta1 * m + gain1 * g;
    v = beta2 * v + gain2 * g * g;`;

const ADAM: Rule = {
  name: "Adam",
  states: ["m", "v"],
  scalars: SCALARS,
  wgsl: `${MEANS}
    p -= rate * m / (sqrt(v) / root + eps);`,
};

const AMSGRAD: Rule = {
  name: "Adam",
  states: ["m", "v", "vMax"],
  scalars: SCALARS,
  wgsl: `${MEANS}
    vMax = max(vMax, v);
    p -= rate * m / (sqrt(vMax) / root + eps);`,
};

function adamScalars(options: AdamOptions, step: number): Scalars {
  const { lr, eps, betas: [beta1, beta2] } = options;
  return {
    rate: lr / (1 - beta1 ** step),
    beta1,
    beta2,
    gain1: 1 - beta1,
    gain2: 1 - beta2,
    root: Math.sqrt(1 - beta2 ** step),
    eps,
    shrink: 1,
  };
}

/**
 * Adam.
 *
 *     g = gradient + weightDecay * p
 *     m = beta1 * m + (1 - beta1) * g
 *     v = beta2 * v + (1 - beta2) * g^2
 *     p = p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * where t is the number of the step. With amsgrad, the maximum of all v
 * replaces v.
 *
 * Source: Kingma & Ba 2014, arXiv:1412.6980; Reddi et al. 2018 for amsgrad;
 * torch.optim.Adam. Difference from Reddi et al., as in torch: the maximum is
 * taken before the bias correction.
 *
 * @example A few steps
 * ```ts
 * import { optim, tensor } from "@kindling/kindling";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const p = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.Adam([p], { lr: 0.1 });
 * optimizer.zeroGrad();
 * p.square().sum().backward();
 * optimizer.step();
 * assertAlmostEquals(await p.item(), 0.9, 1e-6); // the first step is lr long
 * ```
 */
export class Adam extends Optimizer<AdamOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<AdamOptions>,
    options: Partial<AdamOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule({ amsgrad }: AdamOptions): Rule {
    return amsgrad ? AMSGRAD : ADAM;
  }

  protected override scalars(options: AdamOptions, step: number): Scalars {
    return adamScalars(options, step);
  }
}

/**
 * Adam with decoupled weight decay, which does not enter the running means.
 *
 *     p = p * (1 - lr * weightDecay)
 *
 * followed by a step of Adam without weight decay.
 *
 * Source: Loshchilov & Hutter 2017, arXiv:1711.05101; torch.optim.AdamW.
 * Difference from the paper, as in torch: the decay is scaled by the learning
 * rate.
 */
export class AdamW extends Optimizer<AdamOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<AdamOptions>,
    options: Partial<AdamOptions> = {},
  ) {
    super(trainable, { ...DEFAULTS, weightDecay: 0.01 }, options);
  }

  protected override rule({ amsgrad }: AdamOptions): Rule {
    return amsgrad ? AMSGRAD : ADAM;
  }

  protected override scalars(options: AdamOptions, step: number): Scalars {
    const { lr, weightDecay } = options;
    return {
      ...adamScalars(options, step),
      decay: 0,
      shrink: 1 - lr * weightDecay,
    };
  }
}
