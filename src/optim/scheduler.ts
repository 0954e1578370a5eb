/**
 * Learning rate schedulers: what they share. A scheduler writes the rates (and
 * some the momenta) of an optimizer's groups; the optimizer knows nothing of it.
 *
 * Epochs are whatever the program calls `step` for: epochs or steps.
 *
 * @module
 */

import { noteChange } from "../outside.ts";
import { onReplay } from "../gpu/recorder.ts";

/** A group as schedulers see it. */
export interface ScheduledGroup {
  /** The rate, which schedulers write. */
  lr: number;
  /** The rate that the first scheduler found. */
  initialLr?: number;
  /** What is kept of the last step, by optimizers that have it. */
  momentum?: number;
  /** What is kept of running means, by optimizers that have them. */
  betas?: [number, number];
}

/** What has rates to schedule: any optimizer. */
export interface Scheduled {
  /** The optimizer's groups. */
  readonly paramGroups: readonly ScheduledGroup[];
}

/** Where a scheduler stands: plain JSON. */
export interface SchedulerState {
  /** The form of this record. */
  readonly version: 1;
  /** The scheduler's class. */
  readonly scheduler: string;
  /** Numbers by name. */
  readonly position: Readonly<Record<string, number | readonly number[]>>;
  /** The states of the schedulers inside, where there are some. */
  readonly inner?: readonly SchedulerState[];
}

/** What every scheduler can do. */
export interface Scheduler {
  /** Goes one epoch on and writes the rates. */
  step(): void;
  /** The rate of each group. */
  getLastLr(): number[];
  /** Begins again at epoch 0, from the initial rates. */
  restart(): void;
  /** Begins again at epoch 0, from the rates that are in force. */
  begin(): void;
  /** Where the scheduler stands. */
  stateDict(): SchedulerState;
  /**
   * Compares a state with this scheduler.
   *
   * @throws {TypeError} If the state is of another scheduler
   */
  checkStateDict(state: unknown): void;
  /**
   * Goes on where `stateDict` was taken. The rates themselves are in the
   * optimizer's state.
   *
   * @throws {TypeError} If the state is of another scheduler
   */
  loadStateDict(state: unknown): void;
}

/**
 * A scheduler whose rates follow from the epoch and the rates before. Making it
 * writes those of epoch 0.
 *
 * Groups that the optimizer gets later are not scheduled.
 *
 * Source: torch.optim.lr_scheduler. Difference: a state holds the position
 * only; arguments are those of the program that loads it.
 */
export abstract class LRScheduler implements Scheduler {
  /** The epoch whose rates are in force. */
  lastEpoch: number = -1;
  /** The rate of each group that the schedule starts from. */
  baseLrs: number[];
  /** The groups that are scheduled. */
  protected readonly groups: readonly ScheduledGroup[];

  constructor(optimizer: Scheduled) {
    this.groups = groupsOf(this.constructor.name, optimizer);
    this.baseLrs = this.groups.map((group) => group.initialLr ??= group.lr);
  }

  /** The rate of a group at an epoch, from the one before and the first. */
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

  /** Writes the rates of the epoch. */
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

  /** All that changes from step to step. */
  protected position(): Position {
    return { lastEpoch: this.lastEpoch, baseLrs: this.baseLrs };
  }

  /** Takes over a position, which has the keys of this one's. */
  protected setPosition(position: Position): void {
    Object.assign(this, structuredClone(position));
  }
}

/** Numbers, and lists of numbers, by name. */
export type Position = Readonly<Record<string, number | readonly number[]>>;

/**
 * The position in a state, which has the names and the lengths of `like`.
 *
 * @throws {TypeError} If it has not, or is of another scheduler
 */
export function parsePosition(
  scheduler: string,
  like: Position,
  state: unknown,
): Position {
  const { version, scheduler: saved, position } = Object(state);
  if (version !== 1 || typeof position !== "object" || position === null) {
    throw new TypeError(
      `Cannot load a state into ${scheduler}: it is not what stateDict() gives`,
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
          `${JSON.stringify(value)}, expected something like ` +
          JSON.stringify(own),
      );
    }
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** Writes the momentum of a group, or the first of its betas. */
export function setMomentum(group: ScheduledGroup, momentum: number): void {
  if (group.betas) group.betas = [momentum, group.betas[1]];
  else group.momentum = momentum;
}

/**
 * One value for each group, of one for all or a list.
 *
 * @throws {RangeError} If the list has another length
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
      `Cannot make ${scheduler} with ${value.length} of ${name}: ` +
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
 * The groups of what is scheduled.
 *
 * @throws {TypeError} If it has none, as a module has
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
