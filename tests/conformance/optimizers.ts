/**
 * Optimizers by torch's names, as the categories optim, schedulers and training
 * make them.
 *
 * @module
 */

import { Adadelta, type AdadeltaOptions } from "../../src/optim/adadelta.ts";
import { Adagrad, type AdagradOptions } from "../../src/optim/adagrad.ts";
import { Adam, type AdamOptions, AdamW } from "../../src/optim/adam.ts";
import { Adamax, type AdamaxOptions } from "../../src/optim/adamax.ts";
import { ASGD, type ASGDOptions } from "../../src/optim/asgd.ts";
import { NAdam, type NAdamOptions } from "../../src/optim/nadam.ts";
import type { Optimizer, Trainable } from "../../src/optim/optimizer.ts";
import type { OptimizerOptions } from "../../src/optim/options.ts";
import { RAdam, type RAdamOptions } from "../../src/optim/radam.ts";
import { RMSprop, type RMSpropOptions } from "../../src/optim/rmsprop.ts";
import { Rprop, type RpropOptions } from "../../src/optim/rprop.ts";
import { SGD, type SGDOptions } from "../../src/optim/sgd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import { asFields, type Fields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

/** Parameters, with options of their own where there are several groups. */
export interface Group {
  readonly params: readonly Tensor[];
  /** By torch's names. */
  readonly options?: Fields;
}

type OptimizerRow = (groups: readonly Group[], args: Arguments) => Optimizer;

function row<O extends OptimizerOptions>(
  op: string,
  make: (trainable: Trainable<O>, options: Partial<O>) => Optimizer<O>,
  ...names: readonly (keyof O & string)[]
): Readonly<Record<string, OptimizerRow>> {
  const makeGroups: OptimizerRow = (groups, args) => {
    const defaults = args.options<Partial<O>>(...names);
    const [first] = groups;
    if (groups.length === 1 && first && !first.options) {
      return made(make(first.params, defaults));
    }
    const trainable = groups.map(({ params, options: kwargs = {} }) => ({
      ...withArguments(
        { op, kwargs },
        (own) => own.options<Partial<O>>(...names),
      ),
      params,
    }));
    return made(make(trainable as Trainable<O>, defaults)); // as was built
  };
  return { [op]: makeGroups };
}

// What an optimizer's own options are concerns only itself.
function made<O extends OptimizerOptions>(optimizer: Optimizer<O>): Optimizer {
  return optimizer as unknown as Optimizer;
}

const ADAM = [
  "lr",
  "betas",
  "eps",
  "weightDecay",
  "amsgrad",
  "maximize",
] as const;

const ROWS: Readonly<Record<string, OptimizerRow>> = {
  ...row<ASGDOptions>(
    "torch.optim.ASGD",
    (params, options) => new ASGD(params, options),
    ...["lr", "lambd", "alpha", "t0", "weightDecay", "maximize"] as const,
  ),
  ...row<AdadeltaOptions>(
    "torch.optim.Adadelta",
    (params, options) => new Adadelta(params, options),
    ...["lr", "rho", "eps", "weightDecay", "maximize"] as const,
  ),
  ...row<AdagradOptions>(
    "torch.optim.Adagrad",
    (params, options) => new Adagrad(params, options),
    "lr",
    "lrDecay",
    "weightDecay",
    "initialAccumulatorValue",
    "eps",
    "maximize",
  ),
  ...row<AdamOptions>(
    "torch.optim.Adam",
    (params, options) => new Adam(params, options),
    ...ADAM,
  ),
  ...row<AdamOptions>(
    "torch.optim.AdamW",
    (params, options) => new AdamW(params, options),
    ...ADAM,
  ),
  ...row<AdamaxOptions>(
    "torch.optim.Adamax",
    (params, options) => new Adamax(params, options),
    ...["lr", "betas", "eps", "weightDecay", "maximize"] as const,
  ),
  ...row<NAdamOptions>(
    "torch.optim.NAdam",
    (params, options) => new NAdam(params, options),
    ...["lr", "betas", "eps", "weightDecay", "momentumDecay"] as const,
  ),
  ...row<RAdamOptions>(
    "torch.optim.RAdam",
    (params, options) => new RAdam(params, options),
    ...["lr", "betas", "eps", "weightDecay"] as const,
  ),
  ...row<RMSpropOptions>(
    "torch.optim.RMSprop",
    (params, options) => new RMSprop(params, options),
    "lr",
    "alpha",
    "eps",
    "weightDecay",
    "momentum",
    "centered",
    "maximize",
  ),
  ...row<RpropOptions>(
    "torch.optim.Rprop",
    (params, options) => new Rprop(params, options),
    ...["lr", "etas", "stepSizes", "maximize"] as const,
  ),
  ...row<SGDOptions>(
    "torch.optim.SGD",
    (params, options) => new SGD(params, options),
    "lr",
    "momentum",
    "dampening",
    "weightDecay",
    "nesterov",
    "maximize",
  ),
};

/**
 * The optimizer of a name. Options that were given and that it does not have
 * make the case unsupported.
 */
export function optimizerOf(
  op: string,
  groups: readonly Group[],
  kwargs: Fields,
): Optimizer {
  const make = ROWS[op];
  if (!make) throw new Unsupported(`no ${op}`);
  return withArguments({ op, kwargs }, (args) => make(groups, args));
}

/**
 * The groups that a list describes: the numbers or names of their parameters,
 * alone or as `params` beside options.
 */
export function groupsOf(
  described: readonly unknown[],
  parameter: (name: string) => Tensor,
): Group[] {
  return described.map((each) => {
    const { params, ...options } = Array.isArray(each)
      ? { params: each }
      : asFields(each, "a group");
    if (!Array.isArray(params)) throw new Unsupported("a group without params");
    return { params: params.map((name) => parameter(String(name))), options };
  });
}
