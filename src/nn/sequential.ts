/**
 * Sequential: modules one after the other.
 *
 * @module
 */

import { formatValue } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * Runs modules in order, each on the output of the one before. Their names are
 * "0", "1", …, or the keys of a record of modules.
 *
 * Source: torch.nn.Sequential.
 *
 * @example A small classifier
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Sequential(
 *   new nn.Linear(4, 8),
 *   new nn.ReLU(),
 *   new nn.Linear(8, 3),
 * );
 * assertEquals(model.call(zeros([2, 4])).shape, [2, 3]);
 * assertEquals([...model.stateDict().keys()][2], "2.weight");
 * ```
 */
export class Sequential extends Module implements Iterable<Module> {
  readonly #modules: Map<string, Module>;

  /**
   * Takes modules, or one record of modules by name.
   *
   * @throws {TypeError} If one is not a module, but a function of `F` for
   * instance
   */
  constructor(named: Readonly<Record<string, Module>>);
  constructor(...modules: readonly Module[]);
  constructor(
    ...args: readonly Module[] | readonly [Readonly<Record<string, Module>>]
  ) {
    super();
    const [first] = args;
    const isNamed = args.length === 1 && !(first instanceof Module) &&
      typeof first === "object" && !Array.isArray(first);
    this.#modules = new Map(Object.entries(isNamed ? first : args));
    for (const [name, module] of this.#modules) checkModule(name, module);
  }

  /** Number of modules. */
  get length(): number {
    return this.#modules.size;
  }

  /** Returns the module at an index; -1 is the last. */
  at(index: number): Module | undefined {
    return [...this.#modules.values()].at(index);
  }

  /** Adds a module at the end, with its index as its name. */
  append(module: Module): this {
    const name = `${this.length}`;
    checkModule(name, module);
    this.#modules.set(name, module);
    return this;
  }

  /** Iterates over the modules in order. */
  [Symbol.iterator](): Iterator<Module> {
    return this.#modules.values();
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return this.#modules;
  }

  override forward(x: Tensor): Tensor {
    let y = x;
    for (const module of this) y = module.call(y);
    return y;
  }
}

function checkModule(name: string, module: unknown): void {
  if (!(module instanceof Module)) {
    throw new TypeError(
      `Cannot make Sequential with ${formatValue(module)} as "${name}": ` +
        `expected modules, or one record of them`,
    );
  }
}
