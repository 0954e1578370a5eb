/**
 * Schedulers that combine others: one after the other, or all at each step.
 *
 * @module
 */

import { onReplay } from "../gpu/recorder.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import {
  checkArgument,
  groupsOf,
  parsePosition,
  type Scheduled,
  type ScheduledGroup,
  type Scheduler,
  type SchedulerState,
} from "./scheduler.ts";

/** Base class: a list of inner schedulers, and their states. */
abstract class Combined implements Scheduler {
  /** Number of `step` calls. */
  lastEpoch = 0;
  protected readonly inner: readonly Scheduler[];
  protected readonly groups: readonly ScheduledGroup[];

  constructor(optimizer: Scheduled, inner: readonly Scheduler[]) {
    const name = new.target.name;
    checkArgument(name, "schedulers", [], inner.length > 0, "at least one");
    this.groups = groupsOf(name, optimizer);
    this.inner = inner;
  }

  abstract step(): void;
  abstract begin(): void;

  restart(): void {
    for (const group of this.groups) group.lr = group.initialLr ?? group.lr;
    this.begin();
  }

  getLastLr(): number[] {
    return this.groups.map(({ lr }) => lr);
  }

  stateDict(): SchedulerState {
    return {
      version: 1,
      scheduler: this.constructor.name,
      position: { lastEpoch: this.lastEpoch },
      inner: this.inner.map((each) => each.stateDict()),
    };
  }

  checkStateDict(state: unknown): void {
    this.#parse(state).inner.forEach((each, i) =>
      this.inner[i]!.checkStateDict(each)
    );
  }

  loadStateDict(state: unknown): void {
    this.checkStateDict(state);
    const { lastEpoch, inner } = this.#parse(state);
    this.lastEpoch = lastEpoch;
    inner.forEach((each, i) => this.inner[i]!.loadStateDict(each));
  }

  #parse(state: unknown): { lastEpoch: number; inner: unknown[] } {
    const name = this.constructor.name;
    const { lastEpoch } = parsePosition(name, { lastEpoch: 0 }, state);
    const { inner } = Object(state);
    if (!Array.isArray(inner) || inner.length !== this.inner.length) {
      throw new TypeError(
        `Cannot load a state into ${name}: expected the states of ` +
          `${this.inner.length} schedulers`,
      );
    }
    return { lastEpoch: Number(lastEpoch), inner };
  }
}

/** Options of `SequentialLR`. */
export interface SequentialLROptions {
  /** Schedulers of one optimizer. */
  readonly schedulers: readonly Scheduler[];
  /** The epoch at which each scheduler after the first begins. */
  readonly milestones: readonly number[];
}

/**
 * Runs schedulers one after the other. At a milestone the next one begins at
 * its epoch 0, from the initial learning rates.
 *
 * Source: torch.optim.lr_scheduler.SequentialLR.
 */
export class SequentialLR extends Combined {
  readonly #milestones: readonly number[];

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If the number of milestones is not that of schedulers
   * minus 1
   */
  constructor(
    optimizer: Scheduled,
    options: SequentialLROptions,
  ) {
    const { schedulers, milestones } = checkOptionNames(
      "SequentialLR",
      options,
      ["schedulers", "milestones"],
    );
    super(optimizer, schedulers);
    checkArgument(
      "SequentialLR",
      "milestones",
      milestones,
      milestones.length === schedulers.length - 1,
      `${schedulers.length - 1} milestones for ${schedulers.length} schedulers`,
    );
    this.#milestones = milestones;
    this.restart();
  }

  override begin(): void {
    this.lastEpoch = 0;
    this.inner[0]!.begin();
  }

  override step(): void {
    onReplay([this], () => {
      this.lastEpoch++;
      const past = this.#milestones.filter((each) => each <= this.lastEpoch);
      const current = this.inner[past.length]!;
      if (past.at(-1) === this.lastEpoch) current.restart();
      else current.step();
    });
  }
}

/** Options of `ChainedScheduler`. */
export interface ChainedSchedulerOptions {
  /** Schedulers of one optimizer. */
  readonly schedulers: readonly Scheduler[];
}

/**
 * Runs all schedulers at each step, each on the learning rates of the one
 * before.
 *
 * Source: torch.optim.lr_scheduler.ChainedScheduler.
 */
export class ChainedScheduler extends Combined {
  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If there is no scheduler
   */
  constructor(
    optimizer: Scheduled,
    options: ChainedSchedulerOptions,
  ) {
    const { schedulers } = checkOptionNames("ChainedScheduler", options, [
      "schedulers",
    ]);
    super(optimizer, schedulers);
  }

  override begin(): void {
    this.lastEpoch = 0;
    for (const each of this.inner) each.begin();
  }

  override step(): void {
    onReplay([this], () => {
      this.lastEpoch++;
      for (const each of this.inner) each.step();
    });
  }
}
