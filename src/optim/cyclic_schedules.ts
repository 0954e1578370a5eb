/**
 * Schedulers that raise and lower the learning rate, and the momentum in the
 * opposite direction.
 *
 * @module
 */

import { onReplay } from "../gpu/recorder.ts";
import { checkChoice, checkOptionNames } from "../tensor/arguments.ts";
import {
  checkArgument,
  groupsOf,
  LRScheduler,
  perGroup,
  type Scheduled,
  type ScheduledGroup,
  setMomentum,
} from "./scheduler.ts";

/** Options of `CyclicLR`. */
export interface CyclicLROptions {
  /** Minimum learning rate; one for all groups, or one for each. */
  readonly baseLr: number | readonly number[];
  /** Maximum learning rate; one for all groups, or one for each. */
  readonly maxLr: number | readonly number[];
  /** Steps from the minimum to the maximum. Default: 2000. */
  readonly stepSizeUp?: number;
  /** Steps from the maximum to the minimum. Default: `stepSizeUp`. */
  readonly stepSizeDown?: number;
  /** Change of the cycles' height. Default: "triangular", which is constant. */
  readonly mode?: "triangular" | "triangular2" | "exp_range";
  /** Factor of the height per step, for "exp_range". Default: 1. */
  readonly gamma?: number;
  /** The height as a function, instead of `mode`. */
  readonly scaleFn?: (x: number) => number;
  /** Argument of `scaleFn`: the cycle from 1, or the step. Default: "cycle". */
  readonly scaleMode?: "cycle" | "iterations";
  /** Whether momentum falls while the learning rate rises. Default: true. */
  readonly cycleMomentum?: boolean;
  /** Default: 0.8. */
  readonly baseMomentum?: number;
  /** Default: 0.9. */
  readonly maxMomentum?: number;
}

const CYCLIC_OPTIONS = [
  "baseLr",
  "maxLr",
  "stepSizeUp",
  "stepSizeDown",
  "mode",
  "gamma",
  "scaleFn",
  "scaleMode",
  "cycleMomentum",
  "baseMomentum",
  "maxMomentum",
];

/** The height of a cycle, as a function of the cycle or the step. */
interface Height {
  readonly of: "cycle" | "iterations";
  readonly factor: (x: number) => number;
}

/**
 * Moves the learning rate in triangles between `baseLr` and `maxLr`.
 *
 * Source: Smith 2015, arXiv:1506.01186; torch.optim.lr_scheduler.CyclicLR.
 */
export class CyclicLR extends LRScheduler {
  readonly #maxLrs: readonly number[];
  readonly #total: number;
  readonly #rise: number;
  readonly #height: Height;
  readonly #momentum: readonly [number, number] | undefined;

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If the number of learning rates is not that of groups,
   * or `cycleMomentum` is true and the optimizer has no momentum
   */
  constructor(optimizer: Scheduled, options: CyclicLROptions) {
    const name = "CyclicLR";
    checkOptionNames(name, options, CYCLIC_OPTIONS);
    const { baseLr, maxLr, mode = "triangular", gamma = 1 } = options;
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp } = options;
    const { baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    const groups = groupsOf(name, optimizer);
    const bases = perGroup(name, "baseLr", baseLr, groups);
    const modes: Readonly<Record<typeof mode, Height>> = {
      triangular: { of: "cycle", factor: () => 1 },
      "triangular2": { of: "cycle", factor: (x) => 1 / 2 ** (x - 1) },
      "exp_range": { of: "iterations", factor: (x) => gamma ** x },
    };
    const named = modes[checkChoice(`make ${name}`, "mode", mode, modes)];
    const { scaleMode = "cycle" } = options;
    checkChoice(`make ${name}`, "scaleMode", scaleMode, [
      "cycle",
      "iterations",
    ]);
    const cycles = checkMomentum(name, groups, options.cycleMomentum);
    groups.forEach((group, i) => {
      group.lr = group.initialLr = bases[i]!;
    });
    super(optimizer);
    this.#maxLrs = perGroup(name, "maxLr", maxLr, this.groups);
    this.#total = stepSizeUp + stepSizeDown;
    this.#rise = stepSizeUp / this.#total;
    this.#height = options.scaleFn
      ? { of: scaleMode, factor: options.scaleFn }
      : named;
    this.#momentum = cycles ? [baseMomentum, maxMomentum] : undefined;
    this.step();
  }

  #share(epoch: number): number {
    const cycle = Math.floor(1 + epoch / this.#total);
    const x = 1 + epoch / this.#total - cycle;
    const scale = x <= this.#rise ? x / this.#rise : (x - 1) / (this.#rise - 1);
    const { of, factor } = this.#height;
    return scale * factor(of === "cycle" ? cycle : epoch);
  }

  protected override rate(
    _lr: number,
    epoch: number,
    baseLr: number,
    group: number,
  ): number {
    return baseLr + (this.#maxLrs[group]! - baseLr) * this.#share(epoch);
  }

  protected override apply(): void {
    super.apply();
    if (!this.#momentum) return;
    const [base, max] = this.#momentum;
    const momentum = max - (max - base) * this.#share(this.lastEpoch);
    for (const group of this.groups) setMomentum(group, momentum);
  }
}

/** Options of `OneCycleLR`. `totalSteps` is `epochs` times `stepsPerEpoch`. */
export interface OneCycleLROptions {
  /** Maximum learning rate; one for all groups, or one for each. */
  readonly maxLr: number | readonly number[];
  /** Number of steps. */
  readonly totalSteps?: number;
  /** Number of epochs. */
  readonly epochs?: number;
  /** Number of steps per epoch. */
  readonly stepsPerEpoch?: number;
  /** Share of the steps in which the learning rate rises. Default: 0.3. */
  readonly pctStart?: number;
  /** Default: "cos". */
  readonly annealStrategy?: "cos" | "linear";
  /** Whether momentum falls while the learning rate rises. Default: true. */
  readonly cycleMomentum?: boolean;
  /** Default: 0.85. */
  readonly baseMomentum?: number;
  /** Default: 0.95. */
  readonly maxMomentum?: number;
  /** maxLr divided by the initial learning rate. Default: 25. */
  readonly divFactor?: number;
  /** The initial learning rate divided by the last. Default: 1e4. */
  readonly finalDivFactor?: number;
  /**
   * Whether a third phase leads from the initial to the last learning rate.
   * Default: false.
   */
  readonly threePhase?: boolean;
}

const ONE_CYCLE_OPTIONS = [
  "maxLr",
  "totalSteps",
  "epochs",
  "stepsPerEpoch",
  "pctStart",
  "annealStrategy",
  "cycleMomentum",
  "baseMomentum",
  "maxMomentum",
  "divFactor",
  "finalDivFactor",
  "threePhase",
];

/** Factors of the initial learning rate and momenta until step `end`. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [number, number];
  readonly momentum: readonly [number, number];
}

/**
 * Raises the learning rate from maxLr / divFactor to `maxLr`, then lowers it to
 * almost 0. The momentum moves in the opposite direction.
 *
 * Source: Smith & Topin 2017, arXiv:1708.07120;
 * torch.optim.lr_scheduler.OneCycleLR. Difference from the paper, as in torch:
 * two phases unless `threePhase`.
 */
export class OneCycleLR extends LRScheduler {
  readonly #total: number;
  readonly #phases: readonly Phase[];
  readonly #cosine: boolean;
  readonly #cycleMomentum: boolean;

  /**
   * Sets the learning rates of epoch 0.
   *
   * @throws {RangeError} If an option is out of range
   */
  constructor(optimizer: Scheduled, options: OneCycleLROptions) {
    const name = "OneCycleLR";
    checkOptionNames(name, options, ONE_CYCLE_OPTIONS);
    const { pctStart = 0.3, annealStrategy = "cos" } = options;
    const { divFactor = 25, finalDivFactor = 1e4 } = options;
    const total = totalSteps(options);
    const isShare = pctStart >= 0 && pctStart <= 1;
    checkArgument(name, "pctStart", pctStart, isShare, "a number in [0, 1]");
    checkChoice(`make ${name}`, "annealStrategy", annealStrategy, [
      "cos",
      "linear",
    ]);
    const groups = groupsOf(name, optimizer);
    const maxLrs = perGroup(name, "maxLr", options.maxLr, groups);
    const cycles = checkMomentum(name, groups, options.cycleMomentum);
    groups.forEach((group, i) => {
      group.initialLr = maxLrs[i]! / divFactor;
    });
    super(optimizer);
    this.#total = total;
    this.#cosine = annealStrategy === "cos";
    this.#cycleMomentum = cycles;
    const { baseMomentum: low = 0.85, maxMomentum: high = 0.95 } = options;
    const last = 1 / finalDivFactor;
    const top = pctStart * total - 1;
    this.#phases = options.threePhase
      ? [
        { end: top, lr: [1, divFactor], momentum: [high, low] },
        { end: 2 * top, lr: [divFactor, 1], momentum: [low, high] },
        { end: total - 1, lr: [1, last], momentum: [high, high] },
      ]
      : [
        { end: top, lr: [1, divFactor], momentum: [high, low] },
        { end: total - 1, lr: [divFactor, last], momentum: [low, high] },
      ];
    this.step();
  }

  /** @throws {RangeError} If all steps are done */
  override step(): void {
    onReplay([this], () => {
      if (this.lastEpoch >= this.#total) {
        throw new RangeError(
          `Cannot step OneCycleLR ${this.lastEpoch + 1} times: ` +
            `totalSteps is ${this.#total}`,
        );
      }
      super.step();
    });
  }

  // Returns the phase of an epoch, and the share of the phase that is done.
  #at(epoch: number): { phase: Phase; share: number } {
    const phases = this.#phases;
    const found = phases.findIndex(({ end }) => epoch <= end);
    const i = found < 0 ? phases.length - 1 : found;
    const start = phases[i - 1]?.end ?? 0;
    const phase = phases[i]!;
    return { phase, share: (epoch - start) / (phase.end - start) };
  }

  #between(from: number, to: number, share: number): number {
    return this.#cosine
      ? to + (from - to) / 2 * (1 + Math.cos(Math.PI * share))
      : (to - from) * share + from;
  }

  protected override rate(_lr: number, epoch: number, baseLr: number): number {
    const { phase: { lr: [from, to] }, share } = this.#at(epoch);
    return this.#between(baseLr * from, baseLr * to, share);
  }

  protected override apply(): void {
    super.apply();
    if (!this.#cycleMomentum) return;
    const { phase: { momentum: [from, to] }, share } = this.#at(this.lastEpoch);
    const momentum = this.#between(from, to, share);
    for (const group of this.groups) setMomentum(group, momentum);
  }
}

function totalSteps(options: OneCycleLROptions): number {
  const { epochs = NaN, stepsPerEpoch = NaN } = options;
  const { totalSteps: total = epochs * stepsPerEpoch } = options;
  const fits = Number.isInteger(total) && total > 0;
  checkArgument(
    "OneCycleLR",
    "totalSteps",
    total,
    fits,
    "a positive integer, or epochs and stepsPerEpoch",
  );
  return total;
}

function checkMomentum(
  name: string,
  groups: readonly ScheduledGroup[],
  cycleMomentum = true,
): boolean {
  const has = ({ momentum, betas }: ScheduledGroup): boolean =>
    momentum !== undefined || betas !== undefined;
  checkArgument(
    name,
    "cycleMomentum",
    cycleMomentum,
    !cycleMomentum || groups.every(has),
    "false, because the optimizer has no momentum",
  );
  return cycleMomentum;
}
