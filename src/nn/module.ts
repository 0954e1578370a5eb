/**
 * Modules: objects that own parameters and other modules, and compute.
 *
 * NOTE [module members]: a module has no registry. Its members are looked up
 * when they are asked for, among its own public properties, in the order in
 * which these were assigned: every `Parameter`, `Buffer` and `Module`, and
 * those in arrays, whose index is part of the name. So a field that is assigned
 * another module needs nothing more. `#private` fields are not seen.
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

/** A module, whatever it takes and gives. */
export type AnyModule = Module<readonly unknown[], unknown>;

/** Options of listing what a module owns. */
export interface WalkOptions {
  /** Whether to go into the modules inside. Default: true. */
  readonly recurse?: boolean;
}

/**
 * What all layers and models are: fields that hold parameters and modules, and
 * a `forward` that computes with them. Use it by `call`, which runs the hooks,
 * too.
 *
 * `In` are the types of the inputs of `forward`, `Out` that of its output; a
 * module of one tensor needs to name neither.
 *
 * Source: torch.nn.Module. Differences: NOTE [module members] in module.ts
 * says what a member is; `call(x)` is what calling the module is there.
 *
 * @example A network of one's own
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
  /** Whether dropout drops and statistics are gathered; see `train`, `eval`. */
  training = true;
  readonly #hooks: ModuleHooks<In, Out> = new ModuleHooks();
  /** Stands for `training` where a call is captured. */
  readonly #mode = {};

  constructor() {
    recorder()?.makes(this.#mode);
  }

  /** Computes the output. Layers and models write it; users use `call`. */
  abstract forward(...inputs: In): Out;

  /** Runs `forward`, with the hooks before and after it. */
  call(...inputs: In): Out {
    if (typeof this.forward !== "function") { // only untyped programs get here
      const { name } = this.constructor;
      throw new TypeError(`Cannot call ${name}: the class has no forward()`);
    }
    this.#watch();
    return this.#hooks.run(inputs, (given) => this.forward(...given));
  }

  // A captured call rests on what the module is now, and on its mode unless the
  // captured function itself has set that.
  #watch(): void {
    const watcher = recorder();
    if (!watcher) return;
    const { training } = this;
    watcher.guard(this, this.#stays());
    watcher.guard(this.#mode, () => this.training === training);
  }

  // Whether everything but the mode that a call looks at is what it is now;
  // tensors are watched by the ops that use them.
  #stays(): () => boolean {
    const hasOwn = this.members !== Module.prototype.members;
    const look = (): unknown[] => {
      const { training: _, ...fields } = this; // #mode stands for it
      const seen: unknown[] = Object.values(fields);
      if (hasOwn) {
        for (const [, member] of this.members()) {
          seen.push(member);
        }
      }
      for (const value of seen) { // and of those that are appended
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
   * What may be a member, by name. A module with other names in its state dict
   * than its fields have overrides this.
   */
  protected members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this);
  }

  /** The modules directly inside, with their names. */
  namedChildren(): [string, AnyModule][] {
    return ownOf(this.members(), isModule);
  }

  /** The modules directly inside, each once. */
  children(): AnyModule[] {
    return [...new Set(this.namedChildren().map(([, module]) => module))];
  }

  /** This module (named "") and all inside, each once, outer before inner. */
  namedModules(): [string, AnyModule][] {
    return modulesBelow<AnyModule>(this);
  }

  /** This module and all inside, each once, outer before inner. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** The parameters with their names, each once: a module's own come first. */
  namedParameters(options: WalkOptions = {}): [string, Parameter][] {
    const { recurse = true } = checkOptionNames("namedParameters", options, [
      "recurse",
    ]);
    return this.#namedTensors(isParameter, recurse);
  }

  /** The parameters, each once: what an optimizer takes. */
  parameters(options?: WalkOptions): Parameter[] {
    return this.namedParameters(options).map(([, parameter]) => parameter);
  }

  /** The buffers with their names, each once. */
  namedBuffers(options: WalkOptions = {}): [string, Buffer][] {
    const { recurse = true } = checkOptionNames("namedBuffers", options, [
      "recurse",
    ]);
    return this.#namedTensors(isBuffer, recurse);
  }

  /** The buffers, each once. */
  buffers(options?: WalkOptions): Buffer[] {
    return this.namedBuffers(options).map(([, buffer]) => buffer);
  }

  /**
   * Adds a tensor that belongs to the state, but is not trained, as the
   * property `name`. A field that holds `new nn.Buffer(…)` is the same.
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

  /** Adds a parameter as the property `name`, as a field does. */
  registerParameter(name: string, parameter: Parameter): Parameter {
    this.#define(name, parameter);
    return parameter;
  }

  /** Adds a module as the property `name`; a field is the same. */
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

  /** Puts this module and all inside into training mode, or out of it. */
  train(on = true): this {
    for (const module of this.modules()) {
      module.training = on;
      recorder()?.sets(module.#mode, on, () => module.training = on);
    }
    noteChange();
    return this;
  }

  /** Puts this module and all inside into evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `visit` with every module inside and this one, inner before outer. */
  apply(visit: (module: AnyModule) => void): this {
    for (const module of this.modules().reverse()) visit(module);
    return this;
  }

  /** Makes all parameters want gradients, or none. */
  requiresGrad_(on = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(on);
    return this;
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) {
      parameter.grad = undefined;
    }
  }

  /**
   * Puts parameters and buffers of float types into another float type. They
   * become other objects, so make the optimizer afterwards.
   *
   * @throws {TypeError} If `dtype` is no float type
   */
  to(dtype: DType): this {
    if (!isDType(dtype) || !isFloat(dtype)) {
      throw new TypeError(
        `Cannot put a module into ${formatValue(dtype)}: expected "float32" ` +
          `or "float16"`,
      );
    }
    convertFloats(this.modules(), dtype);
    return this;
  }

  // --- state ----------------------------------------------------------------

  /**
   * The parameters and persistent buffers by torch's names. They are the
   * module's own, not copies: what trains on changes them; see `clone`.
   */
  stateDict(): StateDict {
    return stateBelow<AnyModule>(this, (module) => module.members());
  }

  /**
   * Compares the names and shapes of a state with this module's.
   *
   * @throws {TypeError} If they do not fit; the message lists everything
   */
  checkStateDict(state: NamedTensors, options: LoadOptions = {}): LoadResult {
    checkOptionNames("loadStateDict", options, ["strict"]);
    const targets = this.stateDict();
    return checkNamed(this.constructor.name, targets, state, options);
  }

  /**
   * Writes the values of a state dict over the module's, in the module's types.
   * Nothing is written if something does not fit.
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
   * Has `hook` called before `forward`, with its inputs; an array that it
   * returns replaces them.
   */
  registerForwardPreHook(
    hook: (module: Module<In, Out>, inputs: In) => unknown,
  ): HookHandle {
    return this.#hooks.before((inputs) => hook(this, inputs));
  }

  /**
   * Has `hook` called after `forward`, with inputs and output; a tensor that it
   * returns replaces an output that is a tensor. Inside a scope, what the hook
   * wants to have later needs `keep()`.
   */
  registerForwardHook(
    hook: (module: Module<In, Out>, inputs: In, output: Out) => unknown,
  ): HookHandle {
    return this.#hooks.after((inputs, output) => hook(this, inputs, output));
  }

  /**
   * Has `hook` called when backward passes this module, with the gradients of
   * its inputs (`undefined` where none flows) and of its output. They are freed
   * afterwards unless kept by `keep()`. Where the module has one input, an
   * array that the hook returns replaces its gradient.
   *
   * Source: torch.nn.Module.register_full_backward_hook, of modules whose
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

  /** What stands between the parentheses, for layers without modules inside. */
  protected describe(): string {
    return "";
  }

  /** The tree of modules. */
  toString(): string {
    const children = this.namedChildren();
    return drawTree(this.constructor.name, this.describe(), children);
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

function isModule(value: unknown): value is AnyModule {
  return value instanceof Module;
}
