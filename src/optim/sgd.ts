/**
 * SGD: stochastic gradient descent, with momentum.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of SGD. */
export interface SGDOptions extends OptimizerOptions {
  /** Momentum factor. Default: 0. */
  momentum: number;
  /** Share of the gradient that does not enter the momentum. Default: 0. */
  dampening: number;
  /** Default: 0. */
  weightDecay: number;
  /** Whether to use Nesterov momentum. Default: false. */
  nesterov: boolean;
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: SGDOptions = {
  lr: NaN, // required
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

const PLAIN: Rule = {
  name: "SGD",
  states: [],
  scalars: ["lr"],
  wgsl: "p -= lr * g;",
};

const MOMENTUM: Rule = {
  name: "SGD",
  states: ["momentum"],
  scalars: ["lr", "keep", "gain", "ofGradient", "ofMomentum"],
  wgsl: `
    momentum = keep * momentum + gain * g;
    p -= lr * (ofGradient * g + ofMomentum * momentum);`,
};

/**
 * Stochastic gradient descent.
 *
 *     g = gradient + weightDecay * p
 *     v = momentum * v + (1 - dampening) * g        v = g at the first step
 *     p = p - lr * v                                or, with nesterov,
 *     p = p - lr * (g + momentum * v)
 *
 * Source: torch.optim.SGD; Nesterov momentum as in Sutskever et al. 2013.
 * Difference from the paper: the velocity does not contain the learning rate,
 * so a new learning rate scales all of it at once.
 *
 * @example One step
 * ```ts
 * import { optim, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const p = tensor([1, 2], { requiresGrad: true });
 * const optimizer = new optim.SGD([p], { lr: 0.5 });
 * p.square().sum().backward(); // the gradient is 2 p
 * optimizer.step();
 * assertEquals(await p.toArray(), [0, 0]);
 * ```
 */
export class SGD extends Optimizer<SGDOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
   *
   * @throws As `Optimizer`, and if `nesterov` is set without momentum or with
   * dampening
   */
  constructor(
    trainable: Trainable<SGDOptions>,
    options: Partial<SGDOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override check(options: SGDOptions): void {
    const { nesterov, momentum, dampening } = options;
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new RangeError(
        `Cannot make SGD with nesterov, momentum ${momentum} and dampening ` +
          `${dampening}: nesterov needs momentum > 0 and dampening 0`,
      );
    }
  }

  protected override rule({ momentum }: SGDOptions): Rule {
    return momentum === 0 ? PLAIN : MOMENTUM;
  }

  protected override scalars(options: SGDOptions, step: number): Scalars {
    const { lr, momentum, dampening, nesterov } = options;
    return {
      lr,
      keep: step === 1 ? 0 : momentum,
      gain: step === 1 ? 1 : 1 - dampening,
      ofGradient: nesterov ? 1 : 0,
      ofMomentum: nesterov ? momentum : 1,
    };
  }
}
