/**
 * Rprop: steps by the gradient's sign alone, for whole batches.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of Rprop. */
export interface RpropOptions extends OptimizerOptions {
  /** The first step. Default: 0.01. */
  lr: number;
  /** Factors of the step when the sign turns and when not. Default: [0.5, 1.2]. */
  etas: [number, number];
  /** The smallest and the largest step. Default: [1e-6, 50]. */
  stepSizes: [number, number];
  /** Default: false. */
  maximize: boolean;
}

const DEFAULTS: RpropOptions = {
  lr: 0.01,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  maximize: false,
};

const RULE: Rule = {
  name: "Rprop",
  states: ["last", "size"],
  scalars: ["shrink", "grow", "smallest", "largest"],
  wgsl: `
    let turn = sign(g) * sign(last);
    let factor = select(
      select(vec4f(1.0), vec4f(grow), turn > vec4f(0.0)),
      vec4f(shrink),
      turn < vec4f(0.0),
    );
    size = clamp(size * factor, vec4f(smallest), vec4f(largest));
    g = select(g, vec4f(0.0), turn < vec4f(0.0));
    p -= sign(g) * size;
    last = g;`,
};

/**
 * Resilient propagation.
 *
 *     turned = g * last g < 0, kept on = g * last g > 0
 *     size = size * etas[0] where turned, * etas[1] where kept on, in bounds
 *     g = 0 where turned
 *     p = p - sign(g) * size
 *
 * Source: Riedmiller & Braun 1993; torch.optim.Rprop, the variant iRprop- of
 * Igel & Huesken 2000: a turn is not taken back.
 */
export class Rprop extends Optimizer<RpropOptions> {
  /**
   * Lays the parameters into flat buffers, with their values.
   *
   * @throws As `Optimizer`
   */
  constructor(
    trainable: Trainable<RpropOptions>,
    options: Partial<RpropOptions> = {},
  ) {
    super(trainable, DEFAULTS, options);
  }

  protected override rule(): Rule {
    return RULE;
  }

  protected override initial(state: string, { lr }: RpropOptions): number {
    return state === "size" ? lr : 0;
  }

  protected override scalars(options: RpropOptions): Scalars {
    const { etas: [shrink, grow], stepSizes: [smallest, largest] } = options;
    return { shrink, grow, smallest, largest };
  }
}
