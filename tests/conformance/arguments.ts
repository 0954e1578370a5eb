/**
 * The arguments of a case, as the rows of the table take them.
 *
 * What a row does not ask for is what the library does not have: an argument
 * that was given and never read makes the case unsupported, unless it is torch's
 * own default and so means nothing. There is no way to arguments but
 * `withArguments`, which looks at the end. Names are torch's, except in
 * `options`, which takes ours and looks for torch's.
 *
 * @module
 */

import type { Operand } from "../../src/ops/map/map.ts";
import { isFloat } from "../../src/tensor/dtype.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type Fields, isWholeFloat } from "./case.ts";
import { Unsupported } from "./outcome.ts";
import { type Parameter, parameterOf } from "./signatures.ts";

/** A call that a case describes. */
export interface Call {
  /** torch's name, whose signature gives the defaults. */
  readonly op: string;
  readonly kwargs: Fields;
  readonly tensors?: ReadonlyMap<string, Tensor>;
}

/** Arguments that change where results lie, or how fast they come, alone. */
const HINTS = new Set([
  "capturable",
  "copy",
  "foreach",
  "fused",
  "inplace",
  "memory_format",
  "non_blocking",
  "sparse",
  "sparse_grad",
  "verbose",
]);

/**
 * Runs `body` on the arguments of a call.
 *
 * @throws {Unsupported} If an argument was given that `body` never read: also
 * where it threw, as without what it lacks the call might have gone well
 */
export function withArguments<T>(call: Call, body: (args: Arguments) => T): T {
  const args = new Arguments(call);
  let result: T;
  try {
    result = body(args);
  } catch (error) {
    throw args.reasonFor(error);
  }
  if (result instanceof Promise) {
    // T is a promise: what is checked behind it is of the same type
    return result.then(
      (value) => {
        args.check();
        return value;
      },
      (error) => {
        throw args.reasonFor(error);
      },
    ) as T;
  }
  args.check();
  return result;
}

/** Named tensors and other values, with a note of what was read. */
class Arguments {
  readonly #op: string;
  readonly #kwargs: Fields;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #unread: Set<string>;
  readonly #floats: ReadonlySet<string>;
  readonly #arrivals = new Map<string, Tensor>();
  readonly #facts = new Map<string, unknown>();

  constructor({ op, kwargs, tensors = new Map() }: Call) {
    this.#op = op;
    this.#floats = new Set(
      Object.keys(kwargs).filter((name) => isWholeFloat(kwargs, name)),
    );
    this.#kwargs = byType(kwargs, tensors);
    this.#tensors = tensors;
    this.#unread = new Set([...tensors.keys(), ...Object.keys(kwargs)]);
  }

  /** A tensor that the call needs. */
  tensor(name: string): Tensor {
    const tensor = this.maybe(name);
    if (!tensor) throw new Unsupported(`without ${name}`);
    return tensor;
  }

  /** A tensor that may be left out. */
  maybe(name: string): Tensor | undefined {
    if (this.#tensors.has(name)) this.#unread.delete(name);
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

  /**
   * An argument that is no tensor. Null counts as left out where it is torch's
   * default, and as a value where torch's default is another.
   */
  option<T>(name: string): T | undefined {
    if (this.#tensors.has(name)) return undefined; // not what was asked for
    this.#unread.delete(name);
    const value = parse(this.#kwargs[name]);
    const isMeant = value !== null || (this.#default(name) ?? null) !== null;
    // unchecked, as from JavaScript: refusing is the called function's affair
    return (isMeant ? value : undefined) as T | undefined;
  }

  /** An argument that is no tensor, and that the call needs: torch's default. */
  value<T>(name: string): T {
    const value = this.option<T>(name) ?? this.#default(name) as T | undefined;
    if (value === undefined || value === null) {
      throw new Unsupported(`without ${name}`);
    }
    return value;
  }

  /**
   * A tensor, a number or a boolean.
   *
   * @throws {Unsupported} If it is a float like 2.0 beside integers: in
   * JavaScript it is none
   */
  operand(name: string): Operand {
    const operand = this.comparable(name);
    const isBesideIntegers = [...this.#tensors.values()]
      .every(({ dtype }) => !isFloat(dtype));
    if (this.isWholeFloat(name) && isBesideIntegers) {
      throw new Unsupported(`${name} = ${operand}.0 beside integers`);
    }
    return operand;
  }

  /** A tensor, a number or a boolean, where 2.0 is the same as 2. */
  comparable(name: string): Operand {
    return this.maybe(name) ?? this.value<Operand>(name);
  }

  /** Whether an argument is a float, though a whole number: 2.0. */
  isWholeFloat(name: string): boolean {
    return this.#floats.has(name);
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

  /** All tensors and other values by their names, for a program to read. */
  everything(): ReadonlyMap<string, unknown> {
    const values = Object.entries(this.#kwargs).map(([name, value]) =>
      [name, parse(value) ?? undefined] as const
    );
    return new Map<string, unknown>([...this.#tensors, ...values]);
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

  /** Says what was found besides tensors, by its name in `expect`. */
  found(name: string, value: unknown): void {
    this.#facts.set(name, value);
  }

  /** What was found besides tensors. */
  get facts(): ReadonlyMap<string, unknown> {
    return this.#facts;
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

  /** What the library does not have, if anything. */
  lacking(): Unsupported | undefined {
    const names = [...this.#unread].filter((name) => !this.#isDefault(name));
    return names.length > 0
      ? new Unsupported(`with ${names.join(", ")}`)
      : undefined;
  }

  /** Why a call failed: what the library lacks, or else the error. */
  reasonFor(error: unknown): unknown {
    return error instanceof Unsupported ? error : this.lacking() ?? error;
  }

  /** @throws {Unsupported} If an argument was given and never read */
  check(): void {
    const lacking = this.lacking();
    if (lacking) throw lacking;
  }

  #default(name: string): unknown {
    return parameterOf(this.#op, name)?.default;
  }

  #isDefault(name: string): boolean {
    if (this.#tensors.has(name)) return false;
    if (HINTS.has(name)) return true;
    const parameter: Parameter | undefined = parameterOf(this.#op, name);
    const value = this.#kwargs[name];
    // whoever has no signature has torch's usual default: None
    if (!parameter?.hasDefault) return value === null;
    return JSON.stringify(value) === JSON.stringify(parameter.default);
  }

  #theirName(name: string): string {
    const snake = name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    const capital = snake.replace(/^t_?(?=[a-z0-9]+$)/, "T_"); // T_max, T_0
    return capital in this.#kwargs ? capital : snake;
  }
}

export type { Arguments };

/** Takes of `{u8, f32}` the value for the kind of image that is given. */
function byType(kwargs: Fields, tensors: ReadonlyMap<string, Tensor>): Fields {
  const isBytes = [...tensors.values()].some(({ dtype }) => dtype === "uint8");
  return Object.fromEntries(
    Object.entries(kwargs).map(([name, value]) => {
      const isPair = typeof value === "object" && value !== null &&
        "u8" in value && "f32" in value;
      if (!isPair) return [name, value];
      return [name, isBytes ? value.u8 : value.f32];
    }),
  );
}

/** JSON has no infinities and no NaN: the goldens write them as strings. */
function parse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(parse);
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
