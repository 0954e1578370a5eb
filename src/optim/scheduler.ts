/**
 * Base of learning rate schedulers. A scheduler sets the learning rates (some
 * also the momenta) of an optimizer's groups; the optimizer does not know it.
 *
 * An epoch here is one call of `step`: an epoch or a step of the training.
 *
 * @module
 */

import { noteChange } from "../outside.ts";
import { onReplay } from "../gpu/recorder.ts";

/** The part of a parameter group that schedulers use. */
export interface ScheduledGroup {
  /** Learning rate, which schedulers set. */
  lr: number;
  /** Learning rate before the first scheduler. */
  initialLr?: number;
  /** Momentum factor, if the optimizer has one. */
  momentum?: number;
  /** Decay factors of running means, if the optimizer has them. */
  betas?: [number, number];
}

/** An optimizer, as schedulers see it. */
export interface Scheduled {
  /** The optimizer's groups. */
  readonly paramGroups: readonly ScheduledGroup[];
}

/** State of a scheduler, as plain JSON. */
export interface SchedulerState {
  /** Version of this format. */
  readonly version: 1;
  /** Name of the scheduler's class. */
  readonly scheduler: string;
  /** Position in the schedule: numbers by name. */
  readonly position: Readonly<Record<string, number | readonly number[]>>;
  /** States of inner schedulers, if any. */
  readonly inner?: readonly SchedulerState[];
}

/** The interface of all schedulers. */
export interface Scheduler {
  /** Advances by one epoch and sets the learning rates. */
  step(): void;
  /** Returns the learning rate of each group. */
  getLastLr(): number[];
  /** Restarts at epoch 0, from the initial learning rates. */
  restart(): void;
  /** Restarts at epoch 0, from the current learning rates. */
  begin(): void;
  /** Returns the position of the scheduler, without its arguments. */
  stateDict(): SchedulerState;
  /**
   * Checks a state against this scheduler.
   *
   * @throws {TypeError} If the state is of another scheduler
   */
  checkStateDict(state: unknown): void;
  /**
   * Restores a state. The learning rates are in the optimizer's state.
   *
   * @throws {TypeError} If the state is of another scheduler
   */
  loadStateDict(state: unknown): void;
}

/**
 * Base class of schedulers that compute learning rates from the epoch and the
 * last learning rates. The constructor sets those of epoch 0.
 *
 * Groups that the optimizer gets later are not scheduled.
 *
 * Source: torch.optim.lr_scheduler. Difference: a state has the position only,
 * not the arguments of the constructor.
 */
export abstract class LRScheduler implements Scheduler {
  /** The current epoch. */
  lastEpoch: number = -1;
  /** Initial learning rate of each group. */
  baseLrs: number[];
  /** The scheduled groups. */
  protected readonly groups: readonly ScheduledGroup[];

  constructor(optimizer: Scheduled) {
    this.groups = groupsOf(this.constructor.name, optimizer);
    this.baseLrs = this.groups.map((group) => group.initialLr ??= group.lr);
  }

  /**
   * Returns a group's learning rate, from its last (`lr`) and initial
   * (`baseLr`).
   */
  protected abstract rate(
    lr: number,
    epoch: number,
    baseLr: number,
    group: number,
  ): number;

  step(): void {
    onReplay([this], () => {
      this.lastEpoch++;
      this.apply();
    });
    noteChange();
  }

  /** Sets the learning rates of the current epoch. */
  protected apply(): void {
    this.groups.forEach((group, i) => {
      group.lr = this.rate(group.lr, this.lastEpoch, this.baseLrs[i]!, i);
    });
  }

  restart(): void {
    this.groups.forEach((group, i) => group.lr = this.baseLrs[i]!);
    this.begin();
  }

  begin(): void {
    this.lastEpoch = -1;
    this.step();
  }

  getLastLr(): number[] {
    return this.groups.map(({ lr }) => lr);
  }

  stateDict(): SchedulerState {
    return {
      version: 1,
      scheduler: this.constructor.name,
      position: this.position(),
    };
  }

  checkStateDict(state: unknown): void {
    parsePosition(this.constructor.name, this.position(), state);
  }

  loadStateDict(state: unknown): void {
    const name = this.constructor.name;
    this.setPosition(parsePosition(name, this.position(), state));
    noteChange();
  }

  /** Returns the values that change from step to step. */
  protected position(): Position {
    return { lastEpoch: this.lastEpoch, baseLrs: this.baseLrs };
  }

  /** Sets a position, which has the keys of `position()`. */
  protected setPosition(position: Position): void {
    Object.assign(this, structuredClone(position));
  }
}

/** Numbers, and lists of numbers, by name. */
export type Position = Readonly<Record<string, number | readonly number[]>>;

/**
 * Returns the position in a state, with the names and lengths of `like`.
 *
 * @throws {TypeError} If the state is of another scheduler, or names or lengths
 * differ
 */
export function parsePosition(
  scheduler: string,
  like: Position,
  state: unknown,
): Position {
  const { version, scheduler: saved, position } = Object(state);
  if (version !== 1 || typeof position !== "object" || position === null) {
    throw new TypeError(
      `Cannot load a state into ${scheduler}: expected a result of stateDict()`,
    );
  }
  if (saved !== scheduler) {
    throw new TypeError(
      `Cannot load a state into ${scheduler}: it was saved by ${saved}`,
    );
  }
  const entries = Object.entries(like).map(([name, own]) => {
    const value: unknown = position[name];
    const fits = Array.isArray(own)
      ? Array.isArray(value) && value.length === own.length &&
        value.every((each) => typeof each === "number")
      : typeof value === "number";
    if (!fits) {
      throw new TypeError(
        `Cannot load a state into ${scheduler}: its ${name} is ` +
          `${JSON.stringify(value)}, expected a value like ` +
          JSON.stringify(own),
      );
    }
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** Sets the momentum of a group, or the first of its betas. */
export function setMomentum(group: ScheduledGroup, momentum: number): void {
  if (group.betas) group.betas = [momentum, group.betas[1]];
  else group.momentum = momentum;
}

/**
 * Returns one value for each group, from one for all or a list.
 *
 * @throws {RangeError} If the length of the list is not the number of groups
 */
export function perGroup<T>(
  scheduler: string,
  name: string,
  value: T | readonly T[],
  groups: readonly unknown[],
): T[] {
  if (!isList(value)) return groups.map(() => value);
  if (value.length !== groups.length) {
    throw new RangeError(
      `Cannot make ${scheduler} with ${value.length} values of ${name}: ` +
        `expected ${groups.length}, one for each group`,
    );
  }
  return [...value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** @throws {RangeError} If `fits` is false */
export function checkArgument(
  scheduler: string,
  name: string,
  value: unknown,
  fits: boolean,
  expected: string,
): void {
  if (fits) return;
  throw new RangeError(
    `Cannot make ${scheduler} with ${name} ${JSON.stringify(value)}: ` +
      `expected ${expected}`,
  );
}

/**
 * Returns the groups of an optimizer.
 *
 * @throws {TypeError} If `optimizer` is not an optimizer
 */
export function groupsOf(name: string, optimizer: Scheduled): ScheduledGroup[] {
  const groups: unknown = Object(optimizer).paramGroups;
  if (!Array.isArray(groups)) {
    throw new TypeError(
      `Cannot make ${name}: expected an optimizer, got ${
        Object(optimizer).constructor.name
      }`,
    );
  }
  return [...groups];
}
