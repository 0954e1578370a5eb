/**
 * Learning rate schedulers by torch's names.
 *
 * @module
 */

import {
  ChainedScheduler,
  SequentialLR,
} from "../../src/optim/combined_schedules.ts";
import {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from "../../src/optim/cosine_schedules.ts";
import {
  CyclicLR,
  type CyclicLROptions,
  OneCycleLR,
  type OneCycleLROptions,
} from "../../src/optim/cyclic_schedules.ts";
import {
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
} from "../../src/optim/plateau.ts";
import {
  ConstantLR,
  type ConstantLROptions,
  LinearLR,
  type LinearLROptions,
  PolynomialLR,
  type PolynomialLROptions,
} from "../../src/optim/ramp_schedules.ts";
import type { Scheduled, Scheduler } from "../../src/optim/scheduler.ts";
import {
  ExponentialLR,
  type ExponentialLROptions,
  LambdaLR,
  MultiplicativeLR,
  MultiStepLR,
  type MultiStepLROptions,
  StepLR,
  type StepLROptions,
} from "../../src/optim/step_schedules.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import { asFields } from "./case.ts";
import { Unsupported } from "./outcome.ts";
import { formulaOf } from "./python/formula.ts";

/** What the runners do with a scheduler: some take an argument at each step. */
export interface Steppable {
  step(argument?: number): void;
}

/** What stands beside the arguments in a case. */
export interface SchedulerCase {
  /** The function that was given, in words. */
  readonly formula?: string | undefined;
}

type SchedulerRow = (
  optimizer: Scheduled,
  args: Arguments,
  golden: SchedulerCase,
) => Steppable;

const ROWS: Readonly<Record<string, SchedulerRow>> = {
  ChainedScheduler: (optimizer, args) =>
    new ChainedScheduler(optimizer, { schedulers: innerOf(optimizer, args) }),
  ConstantLR: (optimizer, args) =>
    new ConstantLR(
      optimizer,
      args.options<ConstantLROptions>("factor", "totalIters"),
    ),
  CosineAnnealingLR: (optimizer, args) =>
    new CosineAnnealingLR(
      optimizer,
      args.options<CosineAnnealingLROptions>("tMax", "etaMin"),
    ),
  CosineAnnealingWarmRestarts: (optimizer, args) =>
    new CosineAnnealingWarmRestarts(
      optimizer,
      args.options<CosineAnnealingWarmRestartsOptions>("t0", "tMult", "etaMin"),
    ),
  CyclicLR: (optimizer, args, golden) =>
    new CyclicLR(
      optimizer,
      {
        ...args.options<CyclicLROptions>(
          "baseLr",
          "maxLr",
          "stepSizeUp",
          "stepSizeDown",
          "mode",
          "gamma",
          "scaleMode",
          "cycleMomentum",
          "baseMomentum",
          "maxMomentum",
        ),
        ...scaleOf(golden),
      },
    ),
  ExponentialLR: (optimizer, args) =>
    new ExponentialLR(optimizer, args.options<ExponentialLROptions>("gamma")),
  LambdaLR: (optimizer, _args, golden) =>
    new LambdaLR(optimizer, { lrLambda: lambdaOf(golden) }),
  LinearLR: (optimizer, args) =>
    new LinearLR(
      optimizer,
      args.options<LinearLROptions>("startFactor", "endFactor", "totalIters"),
    ),
  MultiStepLR: (optimizer, args) =>
    new MultiStepLR(
      optimizer,
      args.options<MultiStepLROptions>("milestones", "gamma"),
    ),
  MultiplicativeLR: (optimizer, _args, golden) =>
    new MultiplicativeLR(optimizer, { lrLambda: lambdaOf(golden) }),
  OneCycleLR: (optimizer, args) =>
    new OneCycleLR(
      optimizer,
      args.options<OneCycleLROptions>(
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
      ),
    ),
  PolynomialLR: (optimizer, args) =>
    new PolynomialLR(
      optimizer,
      args.options<PolynomialLROptions>("totalIters", "power"),
    ),
  ReduceLROnPlateau: (optimizer, args) =>
    plateau(
      new ReduceLROnPlateau(
        optimizer,
        args.options<ReduceLROnPlateauOptions>(
          "mode",
          "factor",
          "patience",
          "threshold",
          "thresholdMode",
          "cooldown",
          "minLr",
          "eps",
        ),
      ),
    ),
  SequentialLR: (optimizer, args) =>
    new SequentialLR(optimizer, {
      schedulers: innerOf(optimizer, args),
      milestones: args.value("milestones"),
    }),
  StepLR: (optimizer, args) =>
    new StepLR(optimizer, args.options<StepLROptions>("stepSize", "gamma")),
};

/** A plateau steps by a metric, always. */
function plateau(scheduler: ReduceLROnPlateau): Steppable {
  return {
    step(metric = NaN) {
      scheduler.step(metric);
    },
  };
}

/** The schedulers that are part of another. */
function innerOf(optimizer: Scheduled, args: Arguments): Scheduler[] {
  return args.value<unknown[]>("schedulers").map((described) =>
    // none of those that are combined takes an argument
    schedulerOf(described, optimizer) as Steppable & Scheduler
  );
}

/** Functions in the goldens' own words, with their number. */
const WORDS: readonly (readonly [
  words: RegExp,
  meaning: (factor: number) => (epoch: number) => number,
])[] = [
  [
    /^(\S+) to the power of the epoch, times the initial rate$/,
    (factor) => (epoch) => factor ** epoch,
  ],
  [/^each step multiplies the rate by (\S+)$/, (factor) => () => factor],
];

/** The function that a case describes, in words or as a formula. */
function functionOf(
  { formula }: SchedulerCase,
): ((epoch: number) => number) | undefined {
  if (formula === undefined) return undefined;
  for (const [words, meaning] of WORDS) {
    const factor = words.exec(formula)?.[1];
    if (factor !== undefined) return meaning(Number(factor));
  }
  return formulaOf(formula);
}

function lambdaOf(golden: SchedulerCase): (epoch: number) => number {
  const given = functionOf(golden);
  if (!given) throw new Unsupported("without a formula");
  return given;
}

function scaleOf(golden: SchedulerCase): Partial<CyclicLROptions> {
  const scaleFn = functionOf(golden);
  return scaleFn ? { scaleFn } : {};
}

/** The scheduler of a call that is described as `{ op, kwargs }`. */
export function schedulerOf(
  described: unknown,
  optimizer: Scheduled,
  golden: SchedulerCase = {},
): Steppable {
  const { op, kwargs } = asFields(described, "a scheduler");
  const name = String(op).replace("torch.optim.lr_scheduler.", "");
  const make = ROWS[name];
  if (!make) throw new Unsupported(`no ${op}`);
  const call = { op: String(op), kwargs: asFields(kwargs ?? {}, "kwargs") };
  return withArguments(call, (args) => make(optimizer, args, golden));
}
