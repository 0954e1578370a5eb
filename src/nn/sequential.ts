/**
 * Sequential: modules one after the other.
 *
 * @module
 */

import { formatValue } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * Hands its input to the first module, that one's output to the second, and so
 * on. Modules are called "0", "1", … or as the keys of the record that they are
 * given in.
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
   * Modules by name, or numbered from 0.
   *
   * @throws {TypeError} If one is no module, for instance a function of `F`
   */
  constructor(named: Readonly<Record<string, Module>>);
  constructor(...modules: readonly Module[]);
  constructor(
    ...given: readonly Module[] | readonly [Readonly<Record<string, Module>>]
  ) {
    super();
    const [first] = given;
    const isNamed = given.length === 1 && !(first instanceof Module) &&
      typeof first === "object" && !Array.isArray(first);
    this.#modules = new Map(Object.entries(isNamed ? first : given));
    for (const [name, module] of this.#modules) checkModule(name, module);
  }

  /** How many modules there are. */
  get length(): number {
    return this.#modules.size;
  }

  /** The module at a place; -1 is the last. */
  at(index: number): Module | undefined {
    return [...this.#modules.values()].at(index);
  }

  /** Adds a module at the end, by its place as its name. */
  append(module: Module): this {
    const name = `${this.length}`;
    checkModule(name, module);
    this.#modules.set(name, module);
    return this;
  }

  /** The modules in order. */
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
