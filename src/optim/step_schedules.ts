/**
 * Schedulers that multiply the learning rate: at milestones, in each epoch, or
 * by a function.
 *
 * @module
 */

import { checkOptionNames } from "../tensor/arguments.ts";
import {
  checkArgument,
  LRScheduler,
  perGroup,
  type Scheduled,
} from "./scheduler.ts";

/** Options of `StepLR`. */
export interface StepLROptions {
  /** Epochs between two changes. */
  readonly stepSize: number;
  /** Factor of the learning rate. Default: 0.1. */
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` epochs.
 *
 * Source: torch.optim.lr_scheduler.StepLR.
 *
 * @example Halves the learning rate after two epochs
 * ```ts
 * import { optim, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const p = zeros([1], { requiresGrad: true });
 * const optimizer = new optim.SGD([p], { lr: 1 });
 * const scheduler = new optim.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
 * scheduler.step();
 * assertEquals(scheduler.getLastLr(), [1]);
 * scheduler.step();
 * assertEquals(scheduler.getLastLr(), [0.5]);
 * ```
 */
export class StepLR extends LRScheduler {
  readonly #stepSize: number;
  readonly #gamma: number;

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If `stepSize` is not a positive integer
   */
  constructor(optimizer: Scheduled, options: StepLROptions) {
    const { stepSize, gamma = 0.1 } = checkOptionNames("StepLR", options, [
      "stepSize",
      "gamma",
    ]);
    super(optimizer);
    const fits = Number.isInteger(stepSize) && stepSize > 0;
    checkArgument("StepLR", "stepSize", stepSize, fits, "a positive integer");
    this.#stepSize = stepSize;
    this.#gamma = gamma;
    this.step();
  }

  protected override rate(lr: number, epoch: number): number {
    return epoch === 0 || epoch % this.#stepSize !== 0 ? lr : lr * this.#gamma;
  }
}

/** Options of `MultiStepLR`. */
export interface MultiStepLROptions {
  /** Epochs at which the learning rate changes. */
  readonly milestones: readonly number[];
  /** Factor of the learning rate. Default: 0.1. */
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` at each milestone.
 *
 * Source: torch.optim.lr_scheduler.MultiStepLR.
 */
export class MultiStepLR extends LRScheduler {
  readonly #milestones: readonly number[];
  readonly #gamma: number;

  /** Sets the learning rates of epoch 0. */
  constructor(
    optimizer: Scheduled,
    options: MultiStepLROptions,
  ) {
    const { milestones, gamma = 0.1 } = checkOptionNames(
      "MultiStepLR",
      options,
      ["milestones", "gamma"],
    );
    super(optimizer);
    this.#milestones = milestones;
    this.#gamma = gamma;
    this.step();
  }

  protected override rate(lr: number, epoch: number): number {
    const times = this.#milestones.filter((each) => each === epoch).length;
    return times === 0 ? lr : lr * this.#gamma ** times;
  }
}

/** Options of `ExponentialLR`. */
export interface ExponentialLROptions {
  /** Factor of the learning rate. */
  readonly gamma: number;
}

/**
 * Multiplies the learning rate by `gamma` every epoch.
 *
 * Source: torch.optim.lr_scheduler.ExponentialLR.
 */
export class ExponentialLR extends LRScheduler {
  readonly #gamma: number;

  /** Sets the learning rates of epoch 0. */
  constructor(optimizer: Scheduled, options: ExponentialLROptions) {
    const { gamma } = checkOptionNames("ExponentialLR", options, ["gamma"]);
    super(optimizer);
    this.#gamma = gamma;
    this.step();
  }

  protected override rate(lr: number, epoch: number): number {
    return epoch === 0 ? lr : lr * this.#gamma;
  }
}

/** Returns the factor for an epoch. */
export type EpochFactor = (epoch: number) => number;

/** Options of `LambdaLR` and `MultiplicativeLR`. */
export interface LambdaLROptions {
  /** The factor for an epoch; one function for all groups, or one for each. */
  readonly lrLambda: EpochFactor | readonly EpochFactor[];
}

/**
 * Sets the learning rate to the initial one times a function of the epoch.
 *
 * Source: torch.optim.lr_scheduler.LambdaLR.
 */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If the number of functions is not that of groups
   */
  constructor(optimizer: Scheduled, options: LambdaLROptions) {
    const { lrLambda } = checkOptionNames("LambdaLR", options, ["lrLambda"]);
    super(optimizer);
    this.#factors = perGroup("LambdaLR", "lrLambda", lrLambda, this.groups);
    this.step();
  }

  protected override rate(
    _lr: number,
    epoch: number,
    baseLr: number,
    group: number,
  ): number {
    return baseLr * this.#factors[group]!(epoch);
  }
}

/**
 * Multiplies the learning rate by a function of the epoch, from epoch 1 on.
 *
 * Source: torch.optim.lr_scheduler.MultiplicativeLR.
 */
export class MultiplicativeLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If the number of functions is not that of groups
   */
  constructor(optimizer: Scheduled, options: LambdaLROptions) {
    const { lrLambda } = checkOptionNames("MultiplicativeLR", options, [
      "lrLambda",
    ]);
    super(optimizer);
    const name = "MultiplicativeLR";
    this.#factors = perGroup(name, "lrLambda", lrLambda, this.groups);
    this.step();
  }

  protected override rate(
    lr: number,
    epoch: number,
    _baseLr: number,
    group: number,
  ): number {
    return epoch === 0 ? lr : lr * this.#factors[group]!(epoch);
  }
}
