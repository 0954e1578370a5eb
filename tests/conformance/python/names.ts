/**
 * What names mean in programs that are no variables: namespaces of torch, and
 * the few functions of Python itself.
 *
 * @module
 */

import { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import type { Expression } from "./syntax.ts";
import {
  describe,
  itemsOf,
  NamedTuple,
  numberOf,
  type Value,
} from "./values.ts";

/** Short names of namespaces, and what they are short for. */
const NAMESPACES: Readonly<Record<string, string>> = {
  F: "torch.nn.functional",
  autograd: "torch.autograd",
  linalg: "torch.linalg",
  math: "math",
  nn: "torch.nn",
  special: "torch.special",
  torch: "torch",
};

/** Where functions without a namespace are looked for, in this order. */
const HOMES = [
  "torch.nn.functional",
  "torch",
  "torch.linalg",
  "torch.special",
  "torchvision.transforms.functional",
];

/** `a.b.c` as it is written, if the expression is nothing else. */
export function dottedName(expression: Expression): string | undefined {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "attribute") return undefined;
  const object = dottedName(expression.object);
  return object && `${object}.${expression.name}`;
}

/** The full names that a dotted name may stand for; none if it is no name. */
export function fullNames(dotted: string): string[] {
  const [root = "", ...rest] = dotted.split(".");
  if (rest.length === 0) return HOMES.map((home) => `${home}.${dotted}`);
  const namespace = NAMESPACES[root];
  return namespace ? [[namespace, ...rest].join(".")] : [];
}

const CONSTANTS: Readonly<Record<string, number>> = {
  "math.e": Math.E,
  "math.inf": Infinity,
  "math.nan": NaN,
  "math.pi": Math.PI,
  "torch.inf": Infinity,
  "torch.nan": NaN,
  "torch.pi": Math.PI,
};

/** Types by torch's names of them. */
const DTYPES =
  /^torch\.(float16|float32|float64|int8|int16|int32|int64|uint8|bool)$/;

const SHORT_DTYPES: Readonly<Record<string, string>> = {
  "torch.float": "float32",
  "torch.half": "float16",
  "torch.double": "float64",
  "torch.int": "int32",
  "torch.long": "int64",
};

/** What a full name stands for that is no function. */
export function constantOf(name: string): Value {
  return CONSTANTS[name] ?? SHORT_DTYPES[name] ?? DTYPES.exec(name)?.[1];
}

/** A function of Python on numbers and lists. */
type Builtin = (args: readonly Value[]) => Value;

const numbers = (call: (...values: number[]) => number): Builtin => (args) => {
  const values = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
  return call(...values.map((each: Value) => numberOf(each, "a function")));
};

const BUILTINS: Readonly<Record<string, Builtin>> = {
  abs: numbers(Math.abs),
  bool: ([value]) => Boolean(value),
  float: ([value]) => {
    const text = typeof value === "string" ? value : "";
    const special = { inf: Infinity, "-inf": -Infinity, nan: NaN }[text];
    return special ?? numberOf(value, "float");
  },
  int: numbers(Math.trunc),
  len: ([value]) =>
    value instanceof Tensor ? value.shape[0] ?? 0 : itemsOf(value).length,
  list: ([value]) => itemsOf(value),
  max: numbers(Math.max),
  min: numbers(Math.min),
  pow: numbers((a, b) => a ** b),
  range: (args) => {
    const values = args.map((each) => numberOf(each, "range"));
    const [start, stop, step] = values.length === 1
      ? [0, values[0]!, 1]
      : [values[0]!, values[1]!, values[2] ?? 1];
    const length = Math.max(0, Math.ceil((stop - start) / step));
    return Array.from({ length }, (_, i) => start + i * step);
  },
  sum: numbers((...values) => values.reduce((a, b) => a + b, 0)),
  tuple: ([value]) => itemsOf(value),
};

const MATH: Readonly<Record<string, Builtin>> = {
  "math.exp": numbers(Math.exp),
  "math.log": numbers(Math.log),
  "math.sqrt": numbers(Math.sqrt),
};

/** A function of Python, unless it is called on a tensor as torch's. */
export function builtinOf(
  name: string,
  args: readonly Value[],
): Builtin | undefined {
  const isOfTensors = args.some((each) => each instanceof Tensor);
  if (isOfTensors && !["len", "list", "tuple"].includes(name)) return undefined;
  return BUILTINS[name] ?? MATH[name];
}

/** An attribute that is no method. */
export function attributeOf(value: Value, name: string): Value {
  if (value instanceof NamedTuple) {
    const found = value.get(name);
    if (found) return found;
  }
  if (value instanceof Tensor) {
    switch (name) {
      case "T":
        return value.permute(value.shape.map((_, dim) => dim).reverse());
      case "mT":
        return value.transpose(-2, -1);
      case "shape":
        return [...value.shape];
      case "ndim":
        return value.ndim;
      case "dtype":
        return value.dtype;
      case "grad":
        return value.grad;
      case "data":
        return value.detach();
      case "requires_grad":
        return value.requiresGrad;
      case "is_leaf":
        return value.isLeaf;
    }
  }
  throw new Unsupported(`.${name} of ${describe(value)}`);
}
