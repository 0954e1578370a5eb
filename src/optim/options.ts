/**
 * Hyperparameters: the valid values of each, one row per name. A name means the
 * same in every optimizer.
 *
 * @module
 */

/** Hyperparameters that every optimizer has. */
export interface OptimizerOptions {
  /** The learning rate. */
  lr: number;
  /** L2 penalty: this factor times the parameter is added to its gradient. */
  weightDecay?: number;
  /** Whether to maximize the objective instead. Default: false. */
  maximize?: boolean;
}

/** The valid values of a hyperparameter. */
interface OptionRule {
  readonly expected: string;
  fits(value: unknown): boolean;
}

const isNumber = (value: unknown): value is number => typeof value === "number";

function numbers(
  expected: string,
  test: (value: number) => boolean,
): OptionRule {
  return { expected, fits: (value) => isNumber(value) && test(value) };
}

function pairs(
  expected: string,
  test: (a: number, b: number) => boolean,
): OptionRule {
  return {
    expected,
    fits: (value) => {
      if (!Array.isArray(value) || value.length !== 2) return false;
      const [a, b]: unknown[] = value;
      return isNumber(a) && isNumber(b) && test(a, b);
    },
  };
}

const atLeastZero = numbers("a number >= 0", (value) => value >= 0);
const anyNumber = numbers("a number", (value) => !Number.isNaN(value));
const flag: OptionRule = {
  expected: "true or false",
  fits: (value) => typeof value === "boolean",
};
const isShare = (value: number): boolean => value >= 0 && value < 1;

const OPTION_RULES: Readonly<Record<string, OptionRule>> = {
  lr: atLeastZero,
  weightDecay: atLeastZero,
  maximize: flag,
  momentum: atLeastZero,
  dampening: anyNumber,
  nesterov: flag,
  betas: pairs(
    "two numbers in [0, 1)",
    (beta1, beta2) => isShare(beta1) && isShare(beta2),
  ),
  eps: atLeastZero,
  amsgrad: flag,
  rho: numbers("a number in [0, 1]", (value) => value >= 0 && value <= 1),
  lrDecay: atLeastZero,
  initialAccumulatorValue: atLeastZero,
  alpha: atLeastZero,
  centered: flag,
  momentumDecay: atLeastZero,
  lambd: anyNumber,
  t0: anyNumber,
  etas: pairs(
    "two numbers, one in (0, 1) and one above 1",
    (minus, plus) => 0 < minus && minus < 1 && plus > 1,
  ),
  stepSizes: pairs("two numbers, the smaller first", (min, max) => min <= max),
  // set by learning rate schedulers
  initialLr: atLeastZero,
};

/**
 * Checks the hyperparameters of a group.
 *
 * @throws {RangeError} If a value is out of range
 * @throws {TypeError} If the optimizer has no hyperparameter of a name
 */
export function checkOptions(
  optimizer: string,
  options: object,
  known: readonly string[],
): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = known.includes(name) || name === "initialLr"
      ? OPTION_RULES[name]
      : undefined;
    if (!rule) {
      throw new TypeError(
        `Cannot make ${optimizer} with "${name}": expected ${known.join(", ")}`,
      );
    }
    if (!rule.fits(value)) {
      throw new RangeError(
        `Cannot make ${optimizer} with ${name} ${JSON.stringify(value)}: ` +
          `expected ${rule.expected}`,
      );
    }
  }
}
