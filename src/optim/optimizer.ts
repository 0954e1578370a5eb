/**
 * The optimizer: groups of parameters in flat buffers, and a step that is one
 * dispatch for each run of parameters. What a step does to an element is the
 * rule of the optimizer's own file.
 *
 * Nothing here waits for the GPU. Hyperparameters go to it as numbers with each
 * step, so changing a group's `lr` works at once.
 *
 * @module
 */

import { noteChange } from "../outside.ts";
import { onReplay, recorder } from "../gpu/recorder.ts";
import { dispatch, submit } from "../gpu/stream.ts";
import { checkOptionNames, formatValue } from "../tensor/arguments.ts";
import { isFloat } from "../tensor/dtype.ts";
import { spanOf } from "../tensor/layout.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type FlatParameters, flatten } from "./flat.ts";
import { checkOptions, type OptimizerOptions } from "./options.ts";
import { planUpdate, type Rule, type Scalars } from "./rule.ts";
import {
  applyState,
  makeState,
  type OptimizerState,
  parseState,
} from "./state.ts";

/** Parameters and their hyperparameters, which may be changed between steps. */
export type ParamGroup<O> = O & {
  readonly params: readonly Tensor[];
  /** The rate that schedulers start from, once there is one. */
  initialLr?: number;
};

/** Parameters for a group, and the hyperparameters that differ from the rest. */
export type GroupOptions<O> = Partial<O> & {
  readonly params: Iterable<Tensor> | Tensor;
};

/** What optimizers train: parameters, or groups of them. */
export type Trainable<O> = Iterable<Tensor> | Iterable<GroupOptions<O>>;

/** Options of `zeroGrad`. */
export interface ZeroGradOptions {
  /**
   * Forget gradients instead of making them zero. A parameter without a
   * gradient is passed over by `step`. Default: true.
   */
  readonly setToNone?: boolean;
}

/**
 * What all optimizers are: `zeroGrad`, `step`, groups and their state.
 *
 * Parameters move into one flat buffer per group and type (NOTE [flat
 * parameters] in flat.ts). A parameter whose gradient is undefined is passed
 * over, and its count of steps stands still, as in torch.
 *
 * Source: torch.optim.Optimizer, with `set_to_none` true as from torch 2.0 on.
 */
export abstract class Optimizer<
  O extends OptimizerOptions = OptimizerOptions,
> {
  /** The groups, in the order in which they were added. */
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly #defaults: O;
  readonly #known: readonly string[];
  readonly #flats: FlatParameters[][] = [];

  /**
   * Lays the parameters into flat buffers, with their values. `defaults` has
   * every hyperparameter there is, `options` those that differ from it.
   *
   * @throws {TypeError} If something to train is no tensor of floats and leaf
   * @throws {RangeError} If there is nothing to train, a parameter comes twice
   * or a hyperparameter is outside of its range
   */
  constructor(
    trainable: Trainable<O>,
    defaults: O,
    options: Partial<O> = {},
  ) {
    const { name } = this.constructor;
    this.#known = Object.keys(defaults);
    checkOptionNames(name, options, this.#known);
    checkIterable(name, trainable);
    this.#defaults = { ...defaults, ...options };
    const given = [...trainable];
    if (given.length === 0) {
      throw new RangeError(
        `Cannot make ${this.constructor.name}: there are no parameters`,
      );
    }
    const groups: GroupOptions<O>[] = given.filter(isGroup<O>);
    const loose = given.filter((item) => !isGroup<O>(item));
    if (groups.length > 0 && loose.length > 0) {
      throw new TypeError(
        `Cannot make ${this.constructor.name} of parameters and groups mixed`,
      );
    }
    if (groups.length > 0) groups.forEach((group) => this.addParamGroup(group));
    else this.#add(loose, this.#defaults);
    if (this.paramGroups.every(({ params }) => params.length === 0)) {
      throw new RangeError(`Cannot make ${name}: no group has parameters`);
    }
  }

  /** What a step does to an element, under these hyperparameters. */
  protected abstract rule(options: O): Rule;

  /**
   * The numbers of the rule for the `step`-th step, counted from 1. They may
   * also set `decay`, which is `weightDecay` otherwise.
   */
  protected abstract scalars(options: O, step: number): Scalars;

  /** What a state is filled with at first. */
  protected initial(_state: string, _options: O): number {
    return 0;
  }

  /** Checks what no single hyperparameter shows. */
  protected check(_options: O): void {}

  /**
   * Adds parameters with hyperparameters of their own; those that are not given
   * are the optimizer's.
   *
   * @throws As the constructor
   */
  addParamGroup({ params, ...options }: GroupOptions<O>): void {
    if (!(params instanceof Tensor)) {
      checkIterable(this.constructor.name, params);
    }
    const list = params instanceof Tensor ? [params] : [...params];
    this.#add(list, { ...this.#defaults, ...options });
  }

  #add(params: readonly unknown[], options: O): void {
    const name = this.constructor.name;
    if (Number.isNaN(options.lr)) {
      throw new RangeError(`Cannot make ${name} without a learning rate "lr"`);
    }
    checkOptions(name, options, this.#known);
    this.check(options);
    const checked = this.#checkParameters(params);
    this.paramGroups.push({ ...options, params: checked });
    this.#flats.push(flatten(checked));
  }

  #checkParameters(params: readonly unknown[]): Tensor[] {
    const name = this.constructor.name;
    const seen = new Set(this.paramGroups.flatMap(({ params }) => params));
    return params.map((each, i) => {
      if (!(each instanceof Tensor)) {
        throw new TypeError(
          `Cannot train item ${i} with ${name}: expected a tensor, ` +
            `got ${formatValue(each)}`,
        );
      }
      if (!each.isLeaf) {
        throw new TypeError(
          `Cannot train ${each.describe()} with ${name}: expected a leaf, got ` +
            `the result of an op on tensors that require gradients; train ` +
            `those, or its detach()`,
        );
      }
      if (!isFloat(each.dtype)) {
        throw new TypeError(
          `Cannot train ${each.describe()} with ${name}: expected a float type`,
        );
      }
      if (spanOf(each.layout) < each.size) {
        throw new TypeError(
          `Cannot train ${each.describe()} with ${name}: several of its ` +
            `elements are one in memory, train its clone()`,
        );
      }
      if (seen.has(each)) {
        throw new RangeError(
          `Cannot train ${each.describe()} with ${name}: it comes twice`,
        );
      }
      seen.add(each);
      return each;
    });
  }

  /**
   * Forgets the gradients, which costs the GPU nothing: the next backward
   * writes over them. With `setToNone` false they become zero, by one clear per
   * flat buffer.
   */
  zeroGrad(options: ZeroGradOptions = {}): void {
    const { setToNone = true } = checkOptionNames("zeroGrad", options, [
      "setToNone",
    ]);
    for (const flat of this.#flats.flat()) flat.zeroGrad(setToNone);
  }

  /**
   * Updates every parameter that has a gradient, and sends all that is recorded
   * to the GPU. `closure` computes the loss and its gradients first, and its
   * result is returned.
   */
  step(): void;
  step(closure: () => Tensor): Tensor;
  step(closure?: () => Tensor): Tensor | void {
    const loss = closure?.();
    this.paramGroups.forEach((group, i) => {
      recorder()?.follows(() => group.lr);
      for (const flat of this.#flats[i]!) this.#update(flat, group);
    });
    noteChange();
    submit();
    return loss;
  }

  #update(flat: FlatParameters, group: ParamGroup<O>): void {
    flat.settle();
    const runs = flat.runs();
    if (runs.length === 0) return;
    const rule = this.rule(group);
    recorder()?.guard(flat, () => this.rule(group) === rule);
    const states = rule.states.map((name) =>
      flat.state(name, this.initial(name, group))
    );
    for (const run of runs) {
      onReplay([flat, ...run.members], () => flat.count(run));
      const scalars = (): Scalars => ({
        ascent: group.maximize ? -1 : 1,
        decay: group.weightDecay ?? 0,
        ...this.scalars(group, flat.steps[run.members[0]!]!),
      });
      for (const { run: part, buffers } of flat.parts(run, states)) {
        dispatch(planUpdate(rule, part, buffers, scalars));
      }
    }
    flat.values.storage.version++;
    flat.giveBack();
  }

  /**
   * Hyperparameters, counts of steps and all that the optimizer remembers. The
   * tensors are the optimizer's own: save them, or write them to another
   * optimizer, before the next step.
   */
  stateDict(): OptimizerState {
    return makeState(this.constructor.name, this.paramGroups, this.#flats);
  }

  /**
   * Compares a state with this optimizer.
   *
   * @throws {TypeError} If it is of another optimizer or of other parameters
   */
  checkStateDict(state: unknown): void {
    this.#parse(state);
  }

  /**
   * Goes on where `stateDict` was taken: hyperparameters, too, are those of the
   * state. Nothing changes if something does not fit.
   *
   * @throws {TypeError} If the state is of another optimizer or of other
   * parameters
   * @throws {RangeError} If a hyperparameter is outside of its range
   */
  loadStateDict(state: unknown): void {
    applyState(this.#parse(state), this.paramGroups, this.#flats);
    noteChange();
  }

  #parse(state: unknown): OptimizerState {
    const name = this.constructor.name;
    const parsed = parseState(name, state, this.#flats);
    for (const { options } of parsed.groups) {
      checkOptions(name, options, this.#known);
    }
    return parsed;
  }
}

function isGroup<O>(item: Tensor | GroupOptions<O>): item is GroupOptions<O> {
  return typeof item === "object" && item !== null &&
    !(item instanceof Tensor) && "params" in item;
}

function checkIterable(optimizer: string, trainable: unknown): void {
  const isList = typeof trainable === "object" && trainable !== null &&
    Symbol.iterator in trainable;
  if (!isList) {
    throw new TypeError(
      `Cannot train ${formatValue(trainable)} with ${optimizer}: expected ` +
        `parameters, as model.parameters() returns them, or groups`,
    );
  }
}
