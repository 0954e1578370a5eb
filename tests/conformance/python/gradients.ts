/**
 * Whose gradients a program asks for: these have to be wanted before the first
 * statement runs.
 *
 * @module
 */

import { dottedName } from "./names.ts";
import type { Expression, Statement } from "./syntax.ts";

/** Names in `grad.x of …`, in `grad(y, x)` and before `.grad`. */
export function differentiated(statements: readonly Statement[]): Set<string> {
  const found = new Set<string>();
  const visit = (expression: Expression): void => {
    for (const name of namesIn(expression)) found.add(name);
    parts(expression).forEach(visit);
  };
  const walk = (statement: Statement): void => {
    if (statement.kind === "backward") {
      for (const name of statement.of) found.add(name);
    }
    expressionsOf(statement).forEach(visit);
    bodiesOf(statement).forEach(walk);
  };
  statements.forEach(walk);
  return found;
}

function namesIn(expression: Expression): string[] {
  if (expression.kind === "attribute" && expression.name === "grad") {
    return plainNames(expression.object);
  }
  if (expression.kind !== "call") return [];
  const { callee, args } = expression;
  if (!/(^|\.)grad$/.test(dottedName(callee) ?? "")) return [];
  const named = args.find(({ name }) => name === "inputs");
  return plainNames((named ?? args[1])?.value);
}

function plainNames(expression: Expression | undefined): string[] {
  switch (expression?.kind) {
    case "name":
      return [expression.name];
    case "tuple":
    case "list":
      return expression.items.flatMap(plainNames);
    default:
      return [];
  }
}

/** The expressions directly inside of one. */
function parts(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "constant":
    case "name":
      return [];
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "comparison":
      return [expression.first, ...expression.rest.map(([, each]) => each)];
    case "choice":
      return [expression.condition, expression.yes, expression.no];
    case "attribute":
      return [expression.object];
    case "index":
      return [expression.object, expression.index];
    case "slice":
      return expression.bounds;
    case "call":
      return [expression.callee, ...expression.args.map(({ value }) => value)];
    case "tuple":
    case "list":
      return expression.items;
  }
}

/** The expressions directly inside of a statement. */
function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case "expression":
      return [statement.value];
    case "assignment":
      return [...statement.targets, statement.value];
    case "augmented":
      return [statement.target, statement.value];
    case "with":
      return [statement.manager];
    case "for":
      return [statement.over];
    case "if":
      return [statement.condition];
    case "backward":
      return [statement.root];
    case "passes":
      return [...statement.roots, statement.stored];
    case "results":
      return [];
  }
}

/** The statements directly inside of one. */
function bodiesOf(statement: Statement): readonly Statement[] {
  switch (statement.kind) {
    case "with":
    case "for":
      return statement.body;
    case "if":
      return [...statement.body, ...statement.otherwise];
    default:
      return [];
  }
}
