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
import { Arguments } from "./arguments.ts";
import { asFields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

/** Parameters, with options of their own where there are several groups. */
export interface Group {
  readonly params: readonly Tensor[];
  readonly options?: Arguments;
}

type OptimizerRow = (groups: readonly Group[], args: Arguments) => Optimizer;

function row<O extends OptimizerOptions>(
  make: (trainable: Trainable<O>, options: Partial<O>) => Optimizer<O>,
  ...names: readonly (keyof O & string)[]
): OptimizerRow {
  return (groups, args) => {
    const defaults = args.options<Partial<O>>(...names);
    const [first] = groups;
    if (groups.length === 1 && first && !first.options) {
      return made(make(first.params, defaults));
    }
    const trainable = groups.map(({ params, options }) => ({
      ...options?.options<Partial<O>>(...names),
      params,
    }));
    for (const { options } of groups) options?.check();
    return made(make(trainable as Trainable<O>, defaults)); // as was built
  };
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
  "torch.optim.ASGD": row<ASGDOptions>(
    (params, options) => new ASGD(params, options),
    ...["lr", "lambd", "alpha", "t0", "weightDecay", "maximize"] as const,
  ),
  "torch.optim.Adadelta": row<AdadeltaOptions>(
    (params, options) => new Adadelta(params, options),
    ...["lr", "rho", "eps", "weightDecay", "maximize"] as const,
  ),
  "torch.optim.Adagrad": row<AdagradOptions>(
    (params, options) => new Adagrad(params, options),
    "lr",
    "lrDecay",
    "weightDecay",
    "initialAccumulatorValue",
    "eps",
    "maximize",
  ),
  "torch.optim.Adam": row<AdamOptions>(
    (params, options) => new Adam(params, options),
    ...ADAM,
  ),
  "torch.optim.AdamW": row<AdamOptions>(
    (params, options) => new AdamW(params, options),
    ...ADAM,
  ),
  "torch.optim.Adamax": row<AdamaxOptions>(
    (params, options) => new Adamax(params, options),
    ...["lr", "betas", "eps", "weightDecay", "maximize"] as const,
  ),
  "torch.optim.NAdam": row<NAdamOptions>(
    (params, options) => new NAdam(params, options),
    ...["lr", "betas", "eps", "weightDecay", "momentumDecay"] as const,
  ),
  "torch.optim.RAdam": row<RAdamOptions>(
    (params, options) => new RAdam(params, options),
    ...["lr", "betas", "eps", "weightDecay"] as const,
  ),
  "torch.optim.RMSprop": row<RMSpropOptions>(
    (params, options) => new RMSprop(params, options),
    "lr",
    "alpha",
    "eps",
    "weightDecay",
    "momentum",
    "centered",
    "maximize",
  ),
  "torch.optim.Rprop": row<RpropOptions>(
    (params, options) => new Rprop(params, options),
    ...["lr", "etas", "stepSizes", "maximize"] as const,
  ),
  "torch.optim.SGD": row<SGDOptions>(
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
  args: Arguments,
): Optimizer {
  const make = ROWS[op];
  if (!make) throw new Unsupported(`no ${op}`);
  try {
    return make(groups, args);
  } finally {
    args.check();
  }
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
    return {
      params: params.map((name) => parameter(String(name))),
      options: new Arguments(options),
    };
  });
}
