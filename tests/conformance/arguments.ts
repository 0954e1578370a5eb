/**
 * The arguments of a case, as the rows of the table take them.
 *
 * What a row does not ask for is what the library does not have: an argument
 * that was given and never read makes the case unsupported. Names are torch's,
 * except in `options`, which takes ours and looks for torch's.
 *
 * @module
 */

import type { Operand } from "../../src/ops/map.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Fields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

/** Named tensors and other values, with a note of what was read. */
export class Arguments {
  readonly #kwargs: Fields;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #unread: Set<string>;
  readonly #arrivals = new Map<string, Tensor>();

  constructor(
    kwargs: Fields,
    tensors: ReadonlyMap<string, Tensor> = new Map(),
  ) {
    this.#kwargs = kwargs;
    this.#tensors = tensors;
    this.#unread = new Set([
      ...tensors.keys(),
      ...Object.keys(kwargs).filter((name) => kwargs[name] !== null),
    ]);
  }

  /** A tensor that the call needs. */
  tensor(name: string): Tensor {
    const tensor = this.maybe(name);
    if (!tensor) throw new Unsupported(`without ${name}`);
    return tensor;
  }

  /** A tensor that may be left out. */
  maybe(name: string): Tensor | undefined {
    this.#unread.delete(name);
    return this.#tensors.get(name);
  }

  /** The list `name.0`, `name.1`, … */
  list(name: string): Tensor[] {
    const found: Tensor[] = [];
    for (let i = 0; this.#tensors.has(`${name}.${i}`); i++) {
      found.push(this.tensor(`${name}.${i}`));
    }
    return found;
  }

  /** Every tensor whose name begins with `prefix`, by the rest of its name. */
  prefixed(prefix: string): [string, Tensor][] {
    return [...this.#tensors.keys()].filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), this.tensor(name)]);
  }

  /** Whether an argument is there, and not null. */
  has(name: string): boolean {
    return this.#tensors.has(name) || (this.#kwargs[name] ?? null) !== null;
  }

  /** An argument that is no tensor; null counts as left out. */
  option<T>(name: string): T | undefined {
    this.#unread.delete(name);
    // unchecked, as from JavaScript: refusing is the called function's affair
    return (parse(this.#kwargs[name]) ?? undefined) as T | undefined;
  }

  /** An argument that is no tensor, and that the call needs. */
  value<T>(name: string): T {
    const value = this.option<T>(name);
    if (value === undefined) throw new Unsupported(`without ${name}`);
    return value;
  }

  /** A tensor, a number or a boolean. */
  operand(name: string): Operand {
    return this.maybe(name) ?? this.value<Operand>(name);
  }

  /** Those of the options `T` that are there, by our names. */
  options<T>(...names: readonly (keyof T & string)[]): T {
    const found: Record<string, unknown> = {};
    for (const name of names) {
      const theirs = this.#theirName(name);
      const value = this.maybe(theirs) ?? this.option(theirs);
      if (value !== undefined) found[name] = value;
    }
    return found as T; // unchecked, as in `option`
  }

  /** All arguments that are no tensors, for someone else to read. */
  rest(): Fields {
    this.ignore(...Object.keys(this.#kwargs));
    return this.#kwargs;
  }

  /**
   * Says that the gradient of an input arrives at another tensor than the one
   * that was given: at the parameter of a module, for instance.
   */
  arrivesAt(name: string, tensor: Tensor): void {
    this.#arrivals.set(name, tensor);
  }

  /** Where the gradient of an input arrives, if elsewhere. */
  arrival(name: string): Tensor | undefined {
    return this.#arrivals.get(name);
  }

  /** An argument that only means something to torch. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#unread.delete(name);
  }

  /**
   * Refuses to go on with a value that the library does not have.
   *
   * @throws {Unsupported} If the argument is there and not one of `values`
   */
  only(name: string, ...values: readonly unknown[]): void {
    const value = this.option(name);
    if (value !== undefined && !values.includes(value)) {
      throw new Unsupported(`${name} = ${JSON.stringify(value)}`);
    }
  }

  /** @throws {Unsupported} If an argument was given and never read */
  check(): void {
    if (this.#unread.size > 0) {
      throw new Unsupported(`with ${[...this.#unread].join(", ")}`);
    }
  }

  #theirName(name: string): string {
    const snake = name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    const capital = snake.replace(/^t_?(?=[a-z0-9]+$)/, "T_"); // T_max, T_0
    return capital in this.#kwargs ? capital : snake;
  }
}

/** JSON has no infinities and no NaN: the goldens write them as strings. */
function parse(value: unknown): unknown {
  switch (value) {
    case "inf":
      return Infinity;
    case "-inf":
      return -Infinity;
    case "nan":
      return NaN;
    default:
      return value;
  }
}
