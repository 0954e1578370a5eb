/**
 * The optimizer: groups of parameters in flat buffers, and a step with one
 * dispatch for each run of parameters. The file of each optimizer has its
 * update rule.
 *
 * Nothing here waits for the GPU. Each step passes the hyperparameters to the
 * kernel, so a new `lr` of a group works at once.
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

/** Parameters with their hyperparameters, which may change between steps. */
export type ParamGroup<O> = O & {
  readonly params: readonly Tensor[];
  /** Learning rate from which schedulers start; the first scheduler sets it. */
  initialLr?: number;
};

/** Parameters of a group, and its own hyperparameters. */
export type GroupOptions<O> = Partial<O> & {
  readonly params: Iterable<Tensor> | Tensor;
};

/** Parameters to train, or groups of parameters. */
export type Trainable<O> = Iterable<Tensor> | Iterable<GroupOptions<O>>;

/** Options of `zeroGrad`. */
export interface ZeroGradOptions {
  /**
   * Whether gradients become undefined instead of zero. `step` skips parameters
   * without a gradient. Default: true.
   */
  readonly setToNone?: boolean;
}

/**
 * Base class of optimizers: `zeroGrad`, `step`, groups and their state.
 *
 * Parameters move into one flat buffer per group and dtype (NOTE [flat
 * parameters] in flat.ts). As in torch, `step` skips a parameter whose gradient
 * is undefined, and does not count the step for it.
 *
 * Source: torch.optim.Optimizer, with `set_to_none` true as since torch 2.0.
 */
export abstract class Optimizer<
  O extends OptimizerOptions = OptimizerOptions,
> {
  /** The groups, in the order of their addition. */
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly #defaults: O;
  readonly #known: readonly string[];
  readonly #flats: FlatParameters[][] = [];

  /**
   * Moves the parameters into flat buffers; they keep their values. `defaults`
   * has all hyperparameters, `options` those that differ.
   *
   * @throws {TypeError} If a parameter is not a float tensor or not a leaf
   * @throws {RangeError} If there are no parameters, a parameter occurs twice,
   * or a hyperparameter is out of range
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
    const items = [...trainable];
    if (items.length === 0) {
      throw new RangeError(
        `Cannot make ${this.constructor.name}: there are no parameters`,
      );
    }
    const groups: GroupOptions<O>[] = items.filter(isGroup<O>);
    const loose = items.filter((item) => !isGroup<O>(item));
    if (groups.length > 0 && loose.length > 0) {
      throw new TypeError(
        `Cannot make ${this.constructor.name} with both parameters and ` +
          `groups: put each parameter into a group`,
      );
    }
    if (groups.length > 0) groups.forEach((group) => this.addParamGroup(group));
    else this.#add(loose, this.#defaults);
    if (this.paramGroups.every(({ params }) => params.length === 0)) {
      throw new RangeError(`Cannot make ${name}: no group has parameters`);
    }
  }

  /** Returns the update rule for these hyperparameters. */
  protected abstract rule(options: O): Rule;

  /**
   * Returns the scalars of the rule for the `step`-th step, counted from 1.
   * They may also set `decay`, whose default is `weightDecay`.
   */
  protected abstract scalars(options: O, step: number): Scalars;

  /** Returns the initial value of a state. */
  protected initial(_state: string, _options: O): number {
    return 0;
  }

  /** Checks combinations of hyperparameters. */
  protected check(_options: O): void {}

  /**
   * Adds a group of parameters with its own hyperparameters. The optimizer's
   * apply to those left out.
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
      throw new RangeError(
        `Cannot make ${name} without lr: expected a learning rate`,
      );
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
            `those tensors, or its detach()`,
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
            `elements share memory; train its clone()`,
        );
      }
      if (seen.has(each)) {
        throw new RangeError(
          `Cannot train ${each.describe()} with ${name}: it occurs twice`,
        );
      }
      seen.add(each);
      return each;
    });
  }

  /**
   * Sets the gradients to undefined, without work for the GPU: the next
   * backward overwrites them. If `setToNone` is false, one clear per flat
   * buffer sets them to zero.
   */
  zeroGrad(options: ZeroGradOptions = {}): void {
    const { setToNone = true } = checkOptionNames("zeroGrad", options, [
      "setToNone",
    ]);
    for (const flat of this.#flats.flat()) flat.zeroGrad(setToNone);
  }

  /**
   * Updates every parameter that has a gradient, and submits all queued
   * commands to the GPU. A `closure` computes the loss and the gradients first;
   * its result is returned.
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
    flat.writeBack();
  }

  /**
   * Returns hyperparameters, step counts and the optimizer's states. The
   * tensors are not copies: save them, or load them into another optimizer,
   * before the next step.
   */
  stateDict(): OptimizerState {
    return makeState(this.constructor.name, this.paramGroups, this.#flats);
  }

  /**
   * Checks a state against this optimizer.
   *
   * @throws {TypeError} If the state is of another optimizer or other
   * parameters
   */
  checkStateDict(state: unknown): void {
    this.#parse(state);
  }

  /**
   * Restores a state, including hyperparameters. On an error the optimizer
   * stays unchanged.
   *
   * @throws {TypeError} If the state is of another optimizer or other
   * parameters
   * @throws {RangeError} If a hyperparameter is out of range
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
