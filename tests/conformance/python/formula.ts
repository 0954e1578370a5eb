/**
 * Formulas of one number, as cases describe the functions that schedulers take:
 * `0.9 ** epoch`, `f(x) = 1 / (1 + x)` or `lambda x: 0.5 ** (x // 10)`.
 *
 * @module
 */

import { Unsupported } from "../outcome.ts";
import { builtinOf, constantOf, dottedName, fullNames } from "./names.ts";
import { binary, unary } from "./operators.ts";
import { parseExpression } from "./parse.ts";
import type { Expression } from "./syntax.ts";
import { numberOf, type Value } from "./values.ts";

/**
 * The function of a formula. Its variable may have any name.
 *
 * @throws {Unsupported} If the text is no formula
 */
export function formulaOf(text: string): (x: number) => number {
  const body = text.replace(/^(?:lambda \w+:|\w+(?:\(\w+\))? =) */, "");
  const expression = parseExpression(body);
  return (x) => numberOf(valueOf(expression, x), "a formula");
}

function valueOf(expression: Expression, x: number): Value {
  const of = (each: Expression): Value => valueOf(each, x);
  switch (expression.kind) {
    case "constant":
      return expression.value;
    case "name":
      return x;
    case "unary":
      return unary(expression.operator, of(expression.operand), refuse);
    case "binary": {
      const { operator, left, right } = expression;
      return binary(operator, of(left), of(right), refuse);
    }
    case "choice":
      return of(expression.condition) ? of(expression.yes) : of(expression.no);
    case "comparison": {
      const [[operator, right] = [], more] = expression.rest;
      if (!operator || !right || more) break;
      return binary(operator, of(expression.first), of(right), refuse);
    }
    case "attribute":
      return constantOf(dottedName(expression) ?? "");
    case "call": {
      const name = dottedName(expression.callee) ?? "";
      const args = expression.args.map(({ value }) => of(value));
      const call = builtinOf(name, args) ??
        builtinOf(fullNames(name)[0]!, args);
      if (call) return call(args);
    }
  }
  throw new Unsupported(`${expression.kind} in a formula`);
}

function refuse(op: string): never {
  throw new Unsupported(`${op} in a formula`);
}
