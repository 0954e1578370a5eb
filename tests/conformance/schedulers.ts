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
import { Arguments } from "./arguments.ts";
import { asFields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

/** What the runners do with a scheduler: some take an argument at each step. */
export interface Steppable {
  step(argument?: number): void;
}

/** What stands beside the arguments in a case. */
export interface SchedulerCase {
  /** The function that was given, in words. */
  readonly formula?: string;
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
  CyclicLR: (optimizer, args) =>
    new CyclicLR(
      optimizer,
      args.options<CyclicLROptions>(
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
    ),
  ExponentialLR: (optimizer, args) =>
    new ExponentialLR(optimizer, args.options<ExponentialLROptions>("gamma")),
  LambdaLR: (optimizer, _args, golden) =>
    new LambdaLR(optimizer, { lrLambda: formulaOf(golden) }),
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
    new MultiplicativeLR(optimizer, { lrLambda: formulaOf(golden) }),
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

/** The factor at an epoch that the words of a case mean. */
function formulaOf({ formula }: SchedulerCase): (epoch: number) => number {
  switch (formula) {
    case "0.95 to the power of the epoch, times the initial rate":
      return (epoch) => 0.95 ** epoch;
    case "each step multiplies the rate by 0.95":
      return () => 0.95;
    default:
      throw new Unsupported(`formula "${formula}"`);
  }
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
  const args = new Arguments(asFields(kwargs ?? {}, "kwargs"));
  try {
    return make(optimizer, args, golden);
  } finally {
    args.check();
  }
}
