/**
 * A schedule that waits for a metric to stop getting better.
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
  /** Whether smaller or larger is better. Default: "min". */
  readonly mode?: "min" | "max";
  /** What the rate is multiplied by. Default: 0.1. */
  readonly factor?: number;
  /** Bad epochs that are put up with. Default: 10. */
  readonly patience?: number;
  /** How much better is better. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is a share of the best. Default: "rel". */
  readonly thresholdMode?: "rel" | "abs";
  /** Epochs after a fall in which nothing counts as bad. Default: 0. */
  readonly cooldown?: number;
  /** The lowest rate; one for all groups, or one for each. Default: 0. */
  readonly minLr?: number | readonly number[];
  /** A smaller fall than this is none. Default: 1e-8. */
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
 * Multiplies the rate by `factor` once a metric has not got better for more
 * than `patience` epochs.
 *
 * Source: torch.optim.lr_scheduler.ReduceLROnPlateau.
 *
 * @example A loss that stays
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
  /** The best metric so far. */
  best: number;
  /** Epochs since it was reached that count as bad. */
  numBadEpochs = 0;
  /** Calls of `step`. */
  lastEpoch = 0;
  /** Epochs in which nothing counts as bad. */
  cooldownCounter = 0;
  readonly #groups: readonly ScheduledGroup[];
  readonly #options: Required<Omit<ReduceLROnPlateauOptions, "minLr">>;
  readonly #minLrs: readonly number[];

  /**
   * Leaves the rates as they are until `step` is called.
   *
   * @throws {RangeError} If `factor` is 1 or more
   */
  constructor(optimizer: Scheduled, options: ReduceLROnPlateauOptions = {}) {
    const name = "ReduceLROnPlateau";
    checkOptionNames(name, options, [...Object.keys(DEFAULTS), "minLr"]);
    const { minLr = 0, ...given } = options;
    this.#options = { ...DEFAULTS, ...given };
    const { factor, mode, thresholdMode } = this.#options;
    checkChoice(`make ${name}`, "mode", mode, ["min", "max"]);
    checkChoice(`make ${name}`, "thresholdMode", thresholdMode, ["rel", "abs"]);
    checkArgument(name, "factor", factor, factor < 1, "a number below 1");
    this.#groups = groupsOf("ReduceLROnPlateau", optimizer);
    this.#minLrs = perGroup(name, "minLr", minLr, this.#groups);
    this.best = mode === "min" ? Infinity : -Infinity;
  }

  /**
   * Takes note of an epoch's metric.
   *
   * @throws {TypeError} If it is no number, as the loss's tensor
   */
  step(metric: number): void {
    if (typeof metric !== "number") {
      throw new TypeError(
        `Cannot step ReduceLROnPlateau by ${formatValue(metric)}: expected a ` +
          `number, as await loss.item() gives it`,
      );
    }
    recorder()?.refuse("step ReduceLROnPlateau, whose metric the host reads");
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

  /** The rate of each group. */
  getLastLr(): number[] {
    return this.#groups.map(({ lr }) => lr);
  }

  /** Where the scheduler stands. */
  stateDict(): SchedulerState {
    return {
      version: 1,
      scheduler: "ReduceLROnPlateau",
      position: this.#position(),
    };
  }

  /**
   * Compares a state with this scheduler.
   *
   * @throws {TypeError} If the state is of another scheduler
   */
  checkStateDict(state: unknown): void {
    parsePosition("ReduceLROnPlateau", this.#position(), state);
  }

  /**
   * Goes on where `stateDict` was taken.
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
