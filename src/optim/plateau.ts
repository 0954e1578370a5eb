/**
 * A scheduler that reduces the learning rate if a metric stops improving.
 *
 * @module
 */

import { noteChange } from "../outside.ts";
import { recorder } from "../gpu/recorder.ts";
import {
  checkChoice,
  checkOptionNames,
  formatValue,
} from "../tensor/arguments.ts";
import {
  checkArgument,
  groupsOf,
  parsePosition,
  perGroup,
  type Position,
  type Scheduled,
  type ScheduledGroup,
  type SchedulerState,
} from "./scheduler.ts";

/** Options of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions {
  /** Whether a smaller or a larger metric is better. Default: "min". */
  readonly mode?: "min" | "max";
  /** Factor of the learning rate. Default: 0.1. */
  readonly factor?: number;
  /** Epochs without improvement before a reduction. Default: 10. */
  readonly patience?: number;
  /** Minimum change that counts as improvement. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is relative to the best metric. Default: "rel". */
  readonly thresholdMode?: "rel" | "abs";
  /** Epochs after a reduction that do not count as bad. Default: 0. */
  readonly cooldown?: number;
  /** Minimum learning rate; one for all groups, or one for each. Default: 0. */
  readonly minLr?: number | readonly number[];
  /** Smaller reductions than this are skipped. Default: 1e-8. */
  readonly eps?: number;
}

const DEFAULTS: Required<Omit<ReduceLROnPlateauOptions, "minLr">> = {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: "rel",
  cooldown: 0,
  eps: 1e-8,
};

/**
 * Multiplies the learning rate by `factor` if a metric has not improved for
 * more than `patience` epochs.
 *
 * Source: torch.optim.lr_scheduler.ReduceLROnPlateau.
 *
 * @example A loss that does not improve
 * ```ts
 * import { optim, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const p = zeros([1], { requiresGrad: true });
 * const optimizer = new optim.SGD([p], { lr: 1 });
 * const scheduler = new optim.ReduceLROnPlateau(optimizer, { patience: 1 });
 * for (const loss of [3, 3, 3]) scheduler.step(loss);
 * assertEquals(scheduler.getLastLr(), [0.1]);
 * ```
 */
export class ReduceLROnPlateau {
  /** Best metric of all epochs. */
  best: number;
  /** Bad epochs since the best one. */
  numBadEpochs = 0;
  /** Number of `step` calls. */
  lastEpoch = 0;
  /** Remaining epochs that do not count as bad. */
  cooldownCounter = 0;
  readonly #groups: readonly ScheduledGroup[];
  readonly #options: Required<Omit<ReduceLROnPlateauOptions, "minLr">>;
  readonly #minLrs: readonly number[];

  /**
   * Makes the scheduler; learning rates stay the same until `step`.
   *
   * @throws {RangeError} If `factor` is 1 or more
   */
  constructor(optimizer: Scheduled, options: ReduceLROnPlateauOptions = {}) {
    const name = "ReduceLROnPlateau";
    checkOptionNames(name, options, [...Object.keys(DEFAULTS), "minLr"]);
    const { minLr = 0, ...rest } = options;
    this.#options = { ...DEFAULTS, ...rest };
    const { factor, mode, thresholdMode } = this.#options;
    checkChoice(`make ${name}`, "mode", mode, ["min", "max"]);
    checkChoice(`make ${name}`, "thresholdMode", thresholdMode, ["rel", "abs"]);
    checkArgument(name, "factor", factor, factor < 1, "a number below 1");
    this.#groups = groupsOf("ReduceLROnPlateau", optimizer);
    this.#minLrs = perGroup(name, "minLr", minLr, this.#groups);
    this.best = mode === "min" ? Infinity : -Infinity;
  }

  /**
   * Counts an epoch with its metric, and reduces the learning rates if needed.
   *
   * @throws {TypeError} If the metric is not a number, but a tensor for
   * instance
   */
  step(metric: number): void {
    if (typeof metric !== "number") {
      throw new TypeError(
        `Cannot step ReduceLROnPlateau with ${formatValue(metric)}: ` +
          `expected a number, such as await loss.item()`,
      );
    }
    recorder()?.refuse(
      "step ReduceLROnPlateau",
      "return the metric and call step() outside",
    );
    noteChange();
    const { patience, cooldown } = this.#options;
    this.lastEpoch++;
    if (this.#isBetter(metric)) {
      this.best = metric;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs++;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > patience) {
      this.#reduce();
      this.cooldownCounter = cooldown;
      this.numBadEpochs = 0;
    }
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === "min" ? -1 : 1;
    const wanted = thresholdMode === "rel"
      ? this.best * (1 + sign * threshold)
      : this.best + sign * threshold;
    return mode === "min" ? metric < wanted : metric > wanted;
  }

  #reduce(): void {
    const { factor, eps } = this.#options;
    this.#groups.forEach((group, i) => {
      const lower = Math.max(group.lr * factor, this.#minLrs[i]!);
      if (group.lr - lower > eps) group.lr = lower;
    });
  }

  /** Returns the learning rate of each group. */
  getLastLr(): number[] {
    return this.#groups.map(({ lr }) => lr);
  }

  /** Returns the position of the scheduler, without its options. */
  stateDict(): SchedulerState {
    return {
      version: 1,
      scheduler: "ReduceLROnPlateau",
      position: this.#position(),
    };
  }

  /**
   * Checks a state against this scheduler.
   *
   * @throws {TypeError} If the state is of another scheduler
   */
  checkStateDict(state: unknown): void {
    parsePosition("ReduceLROnPlateau", this.#position(), state);
  }

  /**
   * Restores a state.
   *
   * @throws {TypeError} If the state is of another scheduler
   */
  loadStateDict(state: unknown): void {
    const position = this.#position();
    Object.assign(this, parsePosition("ReduceLROnPlateau", position, state));
    noteChange();
  }

  #position(): Position {
    const { best, numBadEpochs, lastEpoch, cooldownCounter } = this;
    return { best, numBadEpochs, lastEpoch, cooldownCounter };
  }
}
