/**
 * Modules: objects that own parameters and other modules, and compute.
 *
 * NOTE [module members]: a module has no registry. Each lookup searches its own
 * public properties, in the order of their assignment, for `Parameter`s,
 * `Buffer`s and `Module`s. Arrays are searched, too; the index is part of the
 * name. A new value in a field therefore becomes a member by itself. `#private`
 * fields are invisible.
 *
 * @module
 */

import { noteChange } from "../outside.ts";
import { recorder } from "../gpu/recorder.ts";
import { checkOptionNames, formatValue } from "../tensor/arguments.ts";
import { type DType, isDType, isFloat } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { HookHandle } from "./hooks.ts";
import { convertFloats, drawTree, ownOf } from "./members.ts";
import { ModuleHooks } from "./module_hooks.ts";
import { modulesBelow, stateBelow, tensorsOf } from "./module_tree.ts";
import {
  Buffer,
  type BufferOptions,
  isBuffer,
  isParameter,
  type Parameter,
} from "./parameter.ts";
import {
  assignNamed,
  checkNamed,
  type LoadOptions,
  type LoadResult,
  type NamedTensors,
  type StateDict,
} from "./state_dict.ts";

/** A module with any inputs and output. */
export type AnyModule = Module<readonly unknown[], unknown>;

/** Options of methods that list members. */
export interface WalkOptions {
  /** Whether to include modules inside. Default: true. */
  readonly recurse?: boolean;
}

/**
 * Base class of layers and models: fields hold parameters and modules,
 * `forward` computes with them. Run a module by `call`, which also runs the
 * hooks.
 *
 * `In` are the types of the inputs of `forward`, and `Out` is the type of its
 * output. The defaults suit modules from one tensor to one tensor.
 *
 * Source: torch.nn.Module. Differences: members are public properties, also in
 * arrays; torch's `module(x)` is `module.call(x)`.
 *
 * @example A network
 * ```ts
 * import { nn, type Tensor, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * class Net extends nn.Module {
 *   fc1: nn.Linear = new nn.Linear(4, 8);
 *   fc2: nn.Linear = new nn.Linear(8, 2);
 *   forward(x: Tensor): Tensor {
 *     return this.fc2.call(this.fc1.call(x).relu());
 *   }
 * }
 * const net = new Net();
 * assertEquals(net.call(zeros([3, 4])).shape, [3, 2]);
 * assertEquals(net.parameters().length, 4);
 * ```
 */
export abstract class Module<
  In extends readonly unknown[] = [Tensor],
  Out = Tensor,
> {
  /** Whether the module is in training mode; `train` and `eval` set it. */
  training = true;
  readonly #hooks: ModuleHooks<In, Out> = new ModuleHooks();
  /** Owner of the guards on `training` in a compiled function. */
  readonly #mode = {};

  constructor() {
    recorder()?.makes(this.#mode);
  }

  /** Computes the output. Subclasses implement it; users run `call`. */
  abstract forward(...inputs: In): Out;

  /** Runs the hooks and `forward`, and returns the output. */
  call(...inputs: In): Out {
    if (typeof this.forward !== "function") { // possible in JavaScript
      const { name } = this.constructor;
      throw new TypeError(`Cannot call ${name}: the class has no forward()`);
    }
    this.#watch();
    return this.#hooks.run(inputs, (args) => this.forward(...args));
  }

  // A recording depends on the members and on the mode, unless the recorded
  // function itself sets the mode.
  #watch(): void {
    const watcher = recorder();
    if (!watcher) return;
    const { training } = this;
    watcher.guard(this, this.#stays());
    watcher.guard(this.#mode, () => this.training === training);
  }

  // Returns a guard on all fields, members and hooks but the mode. Ops guard
  // the tensors that they use.
  #stays(): () => boolean {
    const hasOwn = this.members !== Module.prototype.members;
    const look = (): unknown[] => {
      const { training: _, ...fields } = this; // #mode guards it
      const seen: unknown[] = Object.values(fields);
      if (hasOwn) {
        for (const [, member] of this.members()) {
          seen.push(member);
        }
      }
      for (const value of seen) { // grows while it runs: nested arrays
        if (Array.isArray(value)) seen.push(...value);
      }
      seen.push(...this.#hooks.entries());
      return seen;
    };
    const before = look();
    return () => {
      const now = look();
      return now.length === before.length &&
        now.every((value, i) => Object.is(value, before[i]));
    };
  }

  // --- members --------------------------------------------------------------

  /**
   * Returns the candidates for members, by name. Override this if names in the
   * state dict differ from those of the fields.
   */
  protected members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this);
  }

  /** Returns the modules directly inside, with their names. */
  namedChildren(): [string, AnyModule][] {
    return ownOf(this.members(), isModule);
  }

  /** Returns the modules directly inside, each once. */
  children(): AnyModule[] {
    return [...new Set(this.namedChildren().map(([, module]) => module))];
  }

  /** Returns this module (named "") and all inside, each once, outer first. */
  namedModules(): [string, AnyModule][] {
    return modulesBelow<AnyModule>(this);
  }

  /** Returns this module and all inside, each once, outer before inner. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * Returns the parameters with their names, each once; own ones come first.
   */
  namedParameters(options: WalkOptions = {}): [string, Parameter][] {
    const { recurse = true } = checkOptionNames("namedParameters", options, [
      "recurse",
    ]);
    return this.#namedTensors(isParameter, recurse);
  }

  /** Returns the parameters, each once, as optimizers take them. */
  parameters(options?: WalkOptions): Parameter[] {
    return this.namedParameters(options).map(([, parameter]) => parameter);
  }

  /** Returns the buffers with their names, each once. */
  namedBuffers(options: WalkOptions = {}): [string, Buffer][] {
    const { recurse = true } = checkOptionNames("namedBuffers", options, [
      "recurse",
    ]);
    return this.#namedTensors(isBuffer, recurse);
  }

  /** Returns the buffers, each once. */
  buffers(options?: WalkOptions): Buffer[] {
    return this.namedBuffers(options).map(([, buffer]) => buffer);
  }

  /**
   * Adds a buffer as the property `name`: a tensor of the state that is not
   * trained. A field with `new nn.Buffer(…)` does the same.
   */
  registerBuffer(
    name: string,
    values: Tensor,
    options?: BufferOptions,
  ): Buffer {
    const buffer = new Buffer(values, options);
    this.#define(name, buffer);
    return buffer;
  }

  /** Adds a parameter as the property `name`; a field does the same. */
  registerParameter(name: string, parameter: Parameter): Parameter {
    this.#define(name, parameter);
    return parameter;
  }

  /** Adds a module as the property `name`; a field does the same. */
  registerModule<M extends AnyModule>(name: string, module: M): M {
    this.#define(name, module);
    return module;
  }

  #define(name: string, value: unknown): void {
    if (name === "" || name.includes(".") || name in this) {
      throw new RangeError(
        `Cannot register "${name}" in ${this.constructor.name}: expected a ` +
          `name without dots that is not taken`,
      );
    }
    Reflect.set(this, name, value);
  }

  #namedTensors<T extends Tensor>(
    isWanted: (value: unknown) => value is T,
    recurse: boolean,
  ): [string, T][] {
    const own: [string, AnyModule][] = [["", this]];
    const modules = recurse ? this.namedModules() : own;
    return tensorsOf(modules, (module) => module.members(), isWanted);
  }

  // --- modes ----------------------------------------------------------------

  /** Sets training mode (or evaluation mode) in this module and all inside. */
  train(on = true): this {
    for (const module of this.modules()) {
      module.training = on;
      recorder()?.sets(module.#mode, on, () => module.training = on);
    }
    noteChange();
    return this;
  }

  /** Sets evaluation mode in this module and all inside. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `visit` with each module inside and this one, inner before outer. */
  apply(visit: (module: AnyModule) => void): this {
    for (const module of this.modules().reverse()) visit(module);
    return this;
  }

  /** Sets `requiresGrad` of all parameters. */
  requiresGrad_(on = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(on);
    return this;
  }

  /** Sets the gradients of all parameters to undefined. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) {
      parameter.grad = undefined;
    }
  }

  /**
   * Converts float parameters and buffers to another float type. They become
   * other objects, so create the optimizer afterwards.
   *
   * @throws {TypeError} If `dtype` is not a float type
   */
  to(dtype: DType): this {
    if (!isDType(dtype) || !isFloat(dtype)) {
      throw new TypeError(
        `Cannot convert a module to ${formatValue(dtype)}: ` +
          `expected "float32" or "float16"`,
      );
    }
    convertFloats(this.modules(), dtype);
    return this;
  }

  // --- state ----------------------------------------------------------------

  /**
   * Returns the parameters and persistent buffers by torch's names. They are
   * not copies, so training changes them; `clone()` copies.
   */
  stateDict(): StateDict {
    return stateBelow<AnyModule>(this, (module) => module.members());
  }

  /**
   * Checks the names and shapes of a state dict against this module's.
   *
   * @throws {TypeError} If some differ; the message lists all of them
   */
  checkStateDict(state: NamedTensors, options: LoadOptions = {}): LoadResult {
    checkOptionNames("loadStateDict", options, ["strict"]);
    const targets = this.stateDict();
    return checkNamed(this.constructor.name, targets, state, options);
  }

  /**
   * Copies the values of a state dict into the module, in the module's dtypes.
   * On an error the module stays unchanged.
   *
   * @throws {TypeError} If shapes differ, or (unless `strict` is false) names
   */
  loadStateDict(state: NamedTensors, options: LoadOptions = {}): LoadResult {
    const result = this.checkStateDict(state, options);
    assignNamed(this.stateDict(), state);
    noteChange();
    return result;
  }

  // --- hooks ----------------------------------------------------------------

  /**
   * Registers `hook` to run before `forward`, with its inputs. An array that
   * the hook returns replaces the inputs.
   */
  registerForwardPreHook(
    hook: (module: Module<In, Out>, inputs: In) => unknown,
  ): HookHandle {
    return this.#hooks.before((inputs) => hook(this, inputs));
  }

  /**
   * Registers `hook` to run after `forward`, with inputs and output. A tensor
   * that the hook returns replaces an output that is a tensor. Inside a scope,
   * `keep()` the tensors that the hook stores.
   */
  registerForwardHook(
    hook: (module: Module<In, Out>, inputs: In, output: Out) => unknown,
  ): HookHandle {
    return this.#hooks.after((inputs, output) => hook(this, inputs, output));
  }

  /**
   * Registers `hook` to run when backward passes this module, with the
   * gradients of its inputs (undefined for inputs without one) and of its
   * output. Unless the hook calls `keep()`, they are freed afterwards. If the
   * module has one input, an array that the hook returns replaces its gradient.
   *
   * Source: torch.nn.Module.register_full_backward_hook, for modules whose
   * output is one tensor.
   */
  registerBackwardHook(
    hook: (
      module: Module<In, Out>,
      gradInputs: readonly (Tensor | undefined)[],
      gradOutput: Tensor,
    ) => readonly (Tensor | undefined)[] | void,
  ): HookHandle {
    return this.#hooks.backward((gradInputs, gradOutput) =>
      hook(this, gradInputs, gradOutput)
    );
  }

  // --- printing -------------------------------------------------------------

  /** Returns the options that `toString` prints in parentheses. */
  protected describe(): string {
    return "";
  }

  /** Returns the tree of modules as text. */
  toString(): string {
    const children = this.namedChildren();
    return drawTree(this.constructor.name, this.describe(), children);
  }

  /** Returns the text that `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

function isModule(value: unknown): value is AnyModule {
  return value instanceof Module;
}
