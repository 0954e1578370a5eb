/**
 * Schedulers that follow half a cosine, once or with restarts.
 *
 * @module
 */

import { noteChange } from "../outside.ts";
import { onReplay, recorder } from "../gpu/recorder.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import {
  checkArgument,
  LRScheduler,
  type Position,
  type Scheduled,
} from "./scheduler.ts";

/** Options of `CosineAnnealingLR`. */
export interface CosineAnnealingLROptions {
  /** Epochs from the highest learning rate to the lowest. */
  readonly tMax: number;
  /** Minimum learning rate. Default: 0. */
  readonly etaMin?: number;
}

/**
 * etaMin + (base - etaMin) * (1 + cos(pi * epoch / tMax)) / 2, computed from
 * the last learning rate, so that other schedulers may change it, too.
 *
 * Source: Loshchilov & Hutter 2016, arXiv:1608.03983, without the restarts;
 * torch.optim.lr_scheduler.CosineAnnealingLR.
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly #tMax: number;
  readonly #etaMin: number;

  /** Sets the learning rates of epoch 0. */
  constructor(
    optimizer: Scheduled,
    options: CosineAnnealingLROptions,
  ) {
    const { tMax, etaMin = 0 } = checkOptionNames(
      "CosineAnnealingLR",
      options,
      ["tMax", "etaMin"],
    );
    super(optimizer);
    this.#tMax = tMax;
    this.#etaMin = etaMin;
    this.step();
  }

  protected override rate(lr: number, epoch: number, baseLr: number): number {
    const [tMax, etaMin] = [this.#tMax, this.#etaMin];
    if (epoch === 0) return lr;
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) {
      // the factor of the epoch before is 0, and cannot be divided by
      return lr + (baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax)) / 2;
    }
    const now = 1 + Math.cos(Math.PI * epoch / tMax);
    const before = 1 + Math.cos(Math.PI * (epoch - 1) / tMax);
    return now / before * (lr - etaMin) + etaMin;
  }
}

/** Options of `CosineAnnealingWarmRestarts`. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Epochs until the first restart. */
  readonly t0: number;
  /** Growth of the epochs between restarts. Default: 1. */
  readonly tMult?: number;
  /** Minimum learning rate. Default: 0. */
  readonly etaMin?: number;
}

/**
 * A cosine from the initial learning rate to `etaMin`. It restarts after `t0`
 * epochs, after `t0 * tMult` more, and so on.
 *
 * Source: Loshchilov & Hutter 2016, arXiv:1608.03983;
 * torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly #t0: number;
  readonly #tMult: number;
  readonly #etaMin: number;
  /** Epochs since the last restart. */
  #since = -1;
  /** Epochs from the last restart to the next. */
  #length: number;

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If `t0` or `tMult` is not a positive integer
   */
  constructor(
    optimizer: Scheduled,
    options: CosineAnnealingWarmRestartsOptions,
  ) {
    const { t0, tMult = 1, etaMin = 0 } = checkOptionNames(
      "CosineAnnealingWarmRestarts",
      options,
      ["t0", "tMult", "etaMin"],
    );
    super(optimizer);
    for (const [name, value] of Object.entries({ t0, tMult })) {
      const fits = Number.isInteger(value) && value > 0;
      const kind = "CosineAnnealingWarmRestarts";
      checkArgument(kind, name, value, fits, "a positive integer");
    }
    this.#t0 = this.#length = t0;
    this.#tMult = tMult;
    this.#etaMin = etaMin;
    this.step();
  }

  /**
   * Advances by one epoch, or to `epoch`. A fraction of an epoch is the share
   * of its batches that are done.
   *
   * @throws {RangeError} If `epoch` is negative
   */
  override step(epoch?: number): void {
    if (epoch === undefined) onReplay([this], () => this.#advance());
    else {
      if (!(epoch >= 0)) {
        throw new RangeError(
          `Cannot step to epoch ${epoch}: expected 0 or more`,
        );
      }
      recorder()?.refuse("call step(epoch) of a scheduler", "call it outside");
      this.#jump(epoch);
      this.apply();
    }
    noteChange();
  }

  #advance(): void {
    this.lastEpoch++;
    this.#since++;
    if (this.#since >= this.#length) {
      this.#since -= this.#length;
      this.#length *= this.#tMult;
    }
    this.apply();
  }

  #jump(epoch: number): void {
    const [t0, tMult] = [this.#t0, this.#tMult];
    this.lastEpoch = Math.floor(epoch);
    this.#since = epoch;
    this.#length = t0;
    if (tMult === 1) this.#since %= t0;
    while (this.#since >= this.#length) {
      this.#since -= this.#length;
      this.#length *= tMult;
    }
  }

  override begin(): void {
    this.step(0);
  }

  protected override rate(
    _lr: number,
    _epoch: number,
    baseLr: number,
  ): number {
    const turn = Math.cos(Math.PI * this.#since / this.#length);
    return this.#etaMin + (baseLr - this.#etaMin) * (1 + turn) / 2;
  }

  protected override position(): Position {
    const [since, length] = [this.#since, this.#length];
    return { ...super.position(), since, length };
  }

  protected override setPosition(position: Position): void {
    const { since, length, ...rest } = position;
    super.setPosition(rest);
    this.#since = Number(since);
    this.#length = Number(length);
  }
}
