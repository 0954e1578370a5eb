/**
 * Rprop: steps from the sign of the gradient, for full-batch training.
 *
 * @module
 */

import { Optimizer, type Trainable } from "./optimizer.ts";
import type { OptimizerOptions } from "./options.ts";
import type { Rule, Scalars } from "./rule.ts";

/** Hyperparameters of Rprop. */
export interface RpropOptions extends OptimizerOptions {
  /** Initial step size. Default: 0.01. */
  lr: number;
  /**
   * Factors of the step size if the sign changes, and if not. Default: [0.5,
   * 1.2].
   */
  etas: [number, number];
  /** Minimum and maximum step size. Default: [1e-6, 50]. */
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
 *     changed = g * last g < 0, same = g * last g > 0
 *     size = size * etas[0] if changed, * etas[1] if same, clamped to stepSizes
 *     g = 0 if changed
 *     p = p - sign(g) * size
 *
 * Source: Riedmiller & Braun 1993; torch.optim.Rprop, the variant iRprop- of
 * Igel & Huesken 2000: a sign change does not undo the last step.
 */
export class Rprop extends Optimizer<RpropOptions> {
  /**
   * Moves the parameters into flat buffers; they keep their values.
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
