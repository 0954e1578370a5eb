/**
 * Values of programs: tensors, and the few things of Python beside them.
 *
 * @module
 */

import type { Operand } from "../../../src/ops/map/map.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import type { Results } from "../row.ts";

/** Whatever a name may stand for; tuples and lists are arrays. */
export type Value =
  | Tensor
  | number
  | string
  | boolean
  | undefined
  | readonly Value[]
  | NamedTuple
  | Slice
  | Callable;

/** Several results by their names, as torch.max(x, 0) gives. */
export class NamedTuple {
  readonly names: readonly string[];
  readonly values: readonly Tensor[];

  constructor(results: Readonly<Record<string, Tensor>>) {
    this.names = Object.keys(results);
    this.values = Object.values(results);
  }

  get(name: string): Tensor | undefined {
    return this.values[this.names.indexOf(name)];
  }
}

/** start:stop:step, with None as undefined. */
export class Slice {
  readonly bounds: readonly Value[];

  constructor(bounds: readonly Value[]) {
    this.bounds = bounds;
  }
}

/** Arguments of a call in a program. */
export interface Given {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** A function of programs. */
export class Callable {
  readonly call: (given: Given) => Value;

  constructor(call: (given: Given) => Value) {
    this.call = call;
  }
}

/** What a row gave, as programs have it: a tensor, a list, or named results. */
export function valueOf(results: Results): Value {
  if (results instanceof Tensor || Array.isArray(results)) {
    return results as Tensor | readonly Tensor[]; // as the line above says
  }
  const { output, indices, ...rest } = results as Record<string, Tensor>;
  if (!output) return new NamedTuple({ ...rest, ...(indices && { indices }) });
  // what a function writes into (running statistics) is no result in Python
  return indices ? new NamedTuple({ output, indices }) : output;
}

/** The items of a tuple, a list or a tensor's first dim. */
export function itemsOf(value: Value): readonly Value[] {
  if (value instanceof NamedTuple) return value.values;
  if (value instanceof Tensor) return value.unbind(0);
  if (Array.isArray(value)) return value;
  throw new Unsupported(`the items of ${describe(value)}`);
}

/** @throws {Unsupported} If it is no tensor */
export function tensorOf(value: Value, what: string): Tensor {
  if (value instanceof Tensor) return value;
  throw new Unsupported(`${what} of ${describe(value)}`);
}

/** @throws {Unsupported} If it is no number */
export function numberOf(value: Value, what: string): number {
  if (typeof value === "number" || typeof value === "boolean") {
    return Number(value);
  }
  throw new Unsupported(`${what} of ${describe(value)}`);
}

/** @throws {Unsupported} If it is neither tensor nor number */
export function operandOf(value: Value, what: string): Operand {
  const isOperand = value instanceof Tensor || typeof value === "boolean";
  return isOperand ? value : numberOf(value, what);
}

/** A kind of value, for messages. */
export function describe(value: Value): string {
  if (value === undefined) return "None";
  if (value instanceof Tensor) return "a tensor";
  if (value instanceof Callable) return "a function";
  if (value instanceof Slice) return "a slice";
  if (typeof value === "object") return "a tuple";
  return typeof value === "string" ? `"${value}"` : String(value);
}
