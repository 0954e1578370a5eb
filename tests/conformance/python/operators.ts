/**
 * Operators of programs: on numbers as Python has them, on tensors as the calls
 * of torch that they stand for.
 *
 * @module
 */

import type { Operand } from "../../../src/ops/map/map.ts";
import { isFloat } from "../../../src/tensor/dtype.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import { describe, numberOf, operandOf, type Value } from "./values.ts";

/** Makes a call of torch. */
export type Invoke = (op: string, ...positional: readonly Value[]) => Value;

/** A binary operator: of numbers, of a tensor, and with a number before it. */
interface Binary {
  readonly numbers?: (a: number, b: number) => number | boolean;
  readonly op: string;
  /** The call on (b, a) where `a` is a number; the same call if missing. */
  readonly reversed?: string;
}

const BINARY: Readonly<Record<string, Binary>> = {
  "+": { numbers: (a, b) => a + b, op: "torch.add", reversed: "torch.add" },
  "-": {
    numbers: (a, b) => a - b,
    op: "torch.sub",
    reversed: "torch.Tensor.__rsub__",
  },
  "*": { numbers: (a, b) => a * b, op: "torch.mul", reversed: "torch.mul" },
  "/": {
    numbers: (a, b) => a / b,
    op: "torch.div",
    reversed: "torch.Tensor.__rtruediv__",
  },
  "//": { numbers: (a, b) => Math.floor(a / b), op: "torch.floor_divide" },
  "%": {
    numbers: (a, b) => a - b * Math.floor(a / b),
    op: "torch.remainder",
  },
  "**": {
    numbers: (a, b) => a ** b,
    op: "torch.pow",
    reversed: "torch.Tensor.__rpow__",
  },
  "@": { op: "torch.matmul" },
  "&": { op: "torch.bitwise_and", reversed: "torch.bitwise_and" },
  "|": { op: "torch.bitwise_or", reversed: "torch.bitwise_or" },
  "<<": { op: "torch.bitwise_left_shift" },
  ">>": { op: "torch.bitwise_right_shift" },
  "==": { numbers: (a, b) => a === b, op: "torch.eq", reversed: "torch.eq" },
  "!=": { numbers: (a, b) => a !== b, op: "torch.ne", reversed: "torch.ne" },
  "<": { numbers: (a, b) => a < b, op: "torch.lt", reversed: "torch.gt" },
  "<=": { numbers: (a, b) => a <= b, op: "torch.le", reversed: "torch.ge" },
  ">": { numbers: (a, b) => a > b, op: "torch.gt", reversed: "torch.lt" },
  ">=": { numbers: (a, b) => a >= b, op: "torch.ge", reversed: "torch.le" },
};

/** The value of `a operator b`. */
export function binary(
  operator: string,
  a: Value,
  b: Value,
  invoke: Invoke,
): Value {
  if (operator === "^") {
    // the goldens write powers so; of integers it might be Python's xor
    if (isInteger(a) || isInteger(b)) throw new Unsupported("^ of integers");
    operator = "**";
  }
  const rule = BINARY[operator];
  if (!rule) throw new Unsupported(`the operator ${operator}`);
  if (a instanceof Tensor) return invoke(rule.op, a, b);
  if (b instanceof Tensor) {
    const value = numberOf(a, `the operator ${operator}`);
    if (!rule.reversed) throw new Unsupported(`${value} ${operator} a tensor`);
    return invoke(rule.reversed, b, typeof a === "boolean" ? a : value);
  }
  if (Array.isArray(a) && Array.isArray(b) && operator === "+") {
    return [...a, ...b];
  }
  if (typeof a === "string" && (operator === "==" || operator === "!=")) {
    return (a === b) === (operator === "==");
  }
  if (!rule.numbers) {
    throw new Unsupported(`${describe(a)} ${operator} ${describe(b)}`);
  }
  const what = `the operator ${operator}`;
  return rule.numbers(numberOf(a, what), numberOf(b, what));
}

/** The value of `operator a`. */
export function unary(operator: string, a: Value, invoke: Invoke): Value {
  if (operator === "not") return !truth(a);
  if (a instanceof Tensor) {
    switch (operator) {
      case "-":
        return invoke("torch.neg", a);
      case "~":
        return invoke("torch.bitwise_not", a);
      default:
        return a;
    }
  }
  const value = numberOf(a, `the operator ${operator}`);
  switch (operator) {
    case "-":
      return -value;
    case "~":
      return ~value;
    default:
      return value;
  }
}

/**
 * Writes `target operator= value` into a tensor.
 *
 * @throws {Unsupported} If the library can't do that in place
 */
export function inPlace(operator: string, target: Tensor, value: Value): void {
  const write = IN_PLACE[operator];
  if (!write) throw new Unsupported(`the operator ${operator}= of a tensor`);
  write(target, operandOf(value, `the operator ${operator}=`));
}

const IN_PLACE: Readonly<
  Record<string, (target: Tensor, value: Operand) => Tensor>
> = {
  "+": (target, value) => target.add_(value),
  "-": (target, value) => target.sub_(value),
  "*": (target, value) => target.mul_(value),
  "/": (target, value) => target.div_(value),
};

/** Whether Python takes a value for true; a tensor's is on the GPU. */
export function truth(value: Value): boolean {
  if (value instanceof Tensor) throw new Unsupported("the truth of a tensor");
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function isInteger(value: Value): boolean {
  return value instanceof Tensor && !isFloat(value.dtype);
}
