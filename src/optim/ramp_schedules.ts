/**
 * Schedulers that move from one factor of the learning rate to another, then
 * stop.
 *
 * @module
 */

import { checkOptionNames } from "../tensor/arguments.ts";
import { checkArgument, LRScheduler, type Scheduled } from "./scheduler.ts";

/** Options of `ConstantLR`. */
export interface ConstantLROptions {
  /** Factor of the learning rate at first. Default: 1/3. */
  readonly factor?: number;
  /** Epochs with the factor. Default: 5. */
  readonly totalIters?: number;
}

/**
 * Multiplies the learning rate by `factor` for the first `totalIters` epochs.
 *
 * Source: torch.optim.lr_scheduler.ConstantLR.
 */
export class ConstantLR extends LRScheduler {
  readonly #factor: number;
  readonly #totalIters: number;

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If `factor` is not in [0, 1]
   */
  constructor(
    optimizer: Scheduled,
    options: ConstantLROptions = {},
  ) {
    const { factor = 1 / 3, totalIters = 5 } = checkOptionNames(
      "ConstantLR",
      options,
      ["factor", "totalIters"],
    );
    super(optimizer);
    const fits = factor >= 0 && factor <= 1;
    checkArgument("ConstantLR", "factor", factor, fits, "a number in [0, 1]");
    this.#factor = factor;
    this.#totalIters = totalIters;
    this.step();
  }

  protected override rate(lr: number, epoch: number): number {
    if (epoch === 0) return lr * this.#factor;
    return epoch === this.#totalIters ? lr * (1 / this.#factor) : lr;
  }
}

/** Options of `LinearLR`. */
export interface LinearLROptions {
  /** Factor of the learning rate at first. Default: 1/3. */
  readonly startFactor?: number;
  /** Factor at the end. Default: 1. */
  readonly endFactor?: number;
  /** Epochs from the first factor to the last. Default: 5. */
  readonly totalIters?: number;
}

/**
 * Multiplies the learning rate by a factor that moves linearly from
 * `startFactor` to `endFactor`.
 *
 * Source: torch.optim.lr_scheduler.LinearLR.
 */
export class LinearLR extends LRScheduler {
  readonly #start: number;
  readonly #end: number;
  readonly #totalIters: number;

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If `startFactor` is not in (0, 1], or `endFactor` not
   * in [0, 1]
   */
  constructor(
    optimizer: Scheduled,
    options: LinearLROptions = {},
  ) {
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } =
      checkOptionNames("LinearLR", options, [
        "startFactor",
        "endFactor",
        "totalIters",
      ]);
    super(optimizer);
    const name = "LinearLR";
    const starts = startFactor > 0 && startFactor <= 1;
    const ends = endFactor >= 0 && endFactor <= 1;
    checkArgument(
      name,
      "startFactor",
      startFactor,
      starts,
      "a number in (0, 1]",
    );
    checkArgument(name, "endFactor", endFactor, ends, "a number in [0, 1]");
    this.#start = startFactor;
    this.#end = endFactor;
    this.#totalIters = totalIters;
    this.step();
  }

  protected override rate(lr: number, epoch: number): number {
    if (epoch === 0) return lr * this.#start;
    if (epoch > this.#totalIters) return lr;
    const rise = this.#end - this.#start;
    const before = this.#totalIters * this.#start + (epoch - 1) * rise;
    return lr * (1 + rise / before);
  }
}

/** Options of `PolynomialLR`. */
export interface PolynomialLROptions {
  /** Epochs until the learning rate is 0. Default: 5. */
  readonly totalIters?: number;
  /** Power of the decay; 1 is linear. Default: 1. */
  readonly power?: number;
}

/**
 * Multiplies the learning rate by (1 - epoch / totalIters)^power.
 *
 * Source: torch.optim.lr_scheduler.PolynomialLR.
 */
export class PolynomialLR extends LRScheduler {
  readonly #totalIters: number;
  readonly #power: number;

  /** Sets the learning rates of epoch 0. */
  constructor(
    optimizer: Scheduled,
    options: PolynomialLROptions = {},
  ) {
    const { totalIters = 5, power = 1 } = checkOptionNames(
      "PolynomialLR",
      options,
      ["totalIters", "power"],
    );
    super(optimizer);
    this.#totalIters = totalIters;
    this.#power = power;
    this.step();
  }

  protected override rate(lr: number, epoch: number): number {
    const total = this.#totalIters;
    if (epoch === 0 || epoch > total) return lr;
    const ratio = (1 - epoch / total) / (1 - (epoch - 1) / total);
    return lr * ratio ** this.#power;
  }
}
