/**
 * The evaluator of programs: what a text computes, by the calls of the table.
 *
 * Everything is done eagerly and in order. Whatever a program names is a
 * variable, an argument of the case, a function of torch, or unsupported with
 * its name. Results are `out` as `output`, all variables by their names, and
 * the gradients that a sentence asks for as `grad.NAME`.
 *
 * @module
 */

import { noGrad } from "../../../src/autograd/mode.ts";
import type { IndexItem } from "../../../src/ops/index/at.ts";
import { onesLike } from "../../../src/tensor/create.ts";
import { isFloat } from "../../../src/tensor/dtype.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { type Arguments, withArguments } from "../arguments.ts";
import { Unsupported } from "../outcome.ts";
import { type Results, type Row, Through } from "../row.ts";
import { bind } from "./bind.ts";
import { differentiated } from "./gradients.ts";
import { indexItem, itemAt } from "./items.ts";
import { bindTo, gradientsOf, METHODS } from "./methods.ts";
import {
  attributeOf,
  builtinOf,
  constantOf,
  dottedName,
  fullNames,
} from "./names.ts";
import { binary, inPlace, type Invoke, truth, unary } from "./operators.ts";
import { parseProse } from "./prose.ts";
import type { Expression, Statement } from "./syntax.ts";
import {
  type Given,
  itemsOf,
  NamedTuple,
  operandOf,
  Slice,
  tensorOf,
  type Value,
  valueOf,
} from "./values.ts";

/** The row of a name, if the table has one. */
export type Lookup = (op: string) => Row | undefined;

/** What a program computes from the arguments of its case. */
export function runProgram(
  text: string,
  args: Arguments,
  lookup: Lookup,
): Results {
  const statements = parseProse(text);
  const evaluator = new Evaluator(args, lookup);
  evaluator.prepare(statements);
  evaluator.run(statements);
  return evaluator.results();
}

class Evaluator {
  readonly #args: Arguments;
  readonly #lookup: Lookup;
  readonly #variables = new Map<string, Value>();
  /** Gradients that sentences ask for. */
  readonly #gradients = new Map<string, Tensor>();
  /** The value of the last expression that stood alone. */
  #last: Value;
  #through: Through | undefined;

  constructor(args: Arguments, lookup: Lookup) {
    this.#args = args;
    this.#lookup = lookup;
  }

  /** Lets those arguments require gradients whose gradients are asked for. */
  prepare(statements: readonly Statement[]): void {
    for (const name of differentiated(statements)) {
      const tensor = this.#args.maybe(name);
      if (tensor && !tensor.requiresGrad && isFloat(tensor.dtype)) {
        tensor.requiresGrad_();
      }
    }
  }

  run(statements: readonly Statement[]): void {
    for (const statement of statements) this.#do(statement);
  }

  results(): Results {
    const found: Record<string, Tensor | Through> = {};
    const add = (name: string, value: Value): void => {
      if (value instanceof Tensor) found[name] = value;
      else if (value instanceof NamedTuple && name === "output") {
        value.names.forEach((each, i) => found[each] = value.values[i]!);
      } else if (Array.isArray(value)) {
        value.forEach((each, i) => add(`${name}.${i}`, each));
      }
    };
    for (const [name, value] of this.#variables) add(name, value);
    const output = this.#variables.has("out")
      ? this.#variables.get("out")
      : this.#last;
    add("output", output);
    if (this.#through) found.output = this.#through;
    for (const [name, gradient] of this.#gradients) {
      found[`grad.${name}`] = gradient;
    }
    return found;
  }

  #do(statement: Statement): void {
    switch (statement.kind) {
      case "expression":
        this.#last = this.#value(statement.value);
        break;
      case "assignment": {
        const value = this.#value(statement.value);
        for (const target of statement.targets) this.#assign(target, value);
        break;
      }
      case "augmented":
        this.#augment(statement.target, statement.operator, statement.value);
        break;
      case "with":
        this.#manage(statement.manager, statement.body);
        break;
      case "for":
        for (const item of itemsOf(this.#value(statement.over))) {
          this.#assign(statement.target, item);
          this.run(statement.body);
        }
        break;
      case "if": {
        const { body, otherwise } = statement;
        this.run(truth(this.#value(statement.condition)) ? body : otherwise);
        break;
      }
      case "backward":
        this.#backward(statement.root, statement.cotangent, statement.of);
        break;
      case "results":
        for (const name of statement.names) this.#variable(name);
        break;
      case "passes":
        this.#through = new Through(
          tensorOf(this.#value(statement.stored), "a result"),
          statement.roots.map((root) => tensorOf(this.#value(root), "a pass")),
        );
        break;
    }
  }

  #assign(target: Expression, value: Value): void {
    switch (target.kind) {
      case "name":
        this.#variables.set(target.name, value);
        break;
      case "tuple":
      case "list": {
        const items = itemsOf(value);
        if (items.length !== target.items.length) {
          throw new Unsupported(
            `${items.length} values for ${target.items.length} names`,
          );
        }
        target.items.forEach((each, i) => this.#assign(each, items[i]));
        break;
      }
      case "index": {
        const tensor = tensorOf(this.#value(target.object), "an assignment");
        const items = this.#indexItems(target.index);
        tensor.setAt(items, operandOf(value, "an assignment"));
        break;
      }
      default:
        throw new Unsupported(`an assignment to ${target.kind}`);
    }
  }

  #augment(target: Expression, operator: string, value: Expression): void {
    const before = this.#value(target);
    const operand = this.#value(value);
    if (before instanceof Tensor) {
      inPlace(operator, before, operand);
      // a part of a tensor is a view, and so is written already
    } else {
      this.#assign(target, binary(operator, before, operand, this.#invoke));
    }
  }

  #manage(manager: Expression, body: readonly Statement[]): void {
    const name = manager.kind === "call" && manager.args.length === 0
      ? dottedName(manager.callee)
      : undefined;
    if (name !== "torch.no_grad" && name !== "no_grad") {
      throw new Unsupported(`with ${name}`);
    }
    noGrad(() => this.run(body));
  }

  #backward(
    root: Expression,
    cotangent: Expression | undefined,
    of: readonly string[],
  ): void {
    const tensor = tensorOf(this.#value(root), "backward");
    const isThere = cotangent?.kind === "name" &&
      this.#isKnown(cotangent.name);
    const gradient = isThere
      ? tensorOf(this.#value(cotangent), "a cotangent")
      : onesLike(tensor); // as the goldens' notes say
    tensor.backward(gradient);
    for (const name of of) {
      const { grad } = tensorOf(this.#variable(name), "the gradient");
      if (!grad) throw new Error(`${name} got no gradient`);
      this.#gradients.set(name, grad);
    }
  }

  #isKnown(name: string): boolean {
    return this.#variables.has(name) || this.#args.has(name);
  }

  /** The variable or the argument of a name. */
  #variable(name: string): Value {
    if (this.#variables.has(name)) return this.#variables.get(name);
    if (this.#args.has(name)) {
      return this.#args.maybe(name) ?? this.#args.option<Value>(name);
    }
    const list = this.#args.list(name);
    if (list.length > 0) return list;
    if (name === "length") {
      // the goldens' word for how long the rows of x are
      const length = this.#args.maybe("x")?.shape.at(-1);
      if (length !== undefined) return length;
    }
    throw new Unsupported(`the name ${name}`);
  }

  #value(expression: Expression): Value {
    switch (expression.kind) {
      case "constant":
        return expression.value;
      case "name":
        return this.#variable(expression.name);
      case "unary": {
        const operand = this.#value(expression.operand);
        return unary(expression.operator, operand, this.#invoke);
      }
      case "binary":
        return this.#binary(
          expression.operator,
          expression.left,
          expression.right,
        );
      case "comparison":
        return this.#comparison(expression.first, expression.rest);
      case "choice":
        return truth(this.#value(expression.condition))
          ? this.#value(expression.yes)
          : this.#value(expression.no);
      case "attribute":
        return this.#attribute(expression);
      case "index": {
        const object = this.#value(expression.object);
        return this.#item(object, expression.index);
      }
      case "slice":
        return new Slice(expression.bounds.map((each) => this.#value(each)));
      case "call":
        return this.#call(expression);
      case "tuple":
      case "list":
        return expression.items.map((item) => this.#value(item));
    }
  }

  #binary(operator: string, left: Expression, right: Expression): Value {
    const a = this.#value(left);
    if (operator === "and") return truth(a) ? this.#value(right) : a;
    if (operator === "or") return truth(a) ? a : this.#value(right);
    return binary(operator, a, this.#value(right), this.#invoke);
  }

  #comparison(
    first: Expression,
    rest: readonly (readonly [string, Expression])[],
  ): Value {
    let left = this.#value(first);
    let result: Value = true;
    for (const [operator, expression] of rest) {
      const right = this.#value(expression);
      if (operator.startsWith("is")) {
        if (left !== undefined && right !== undefined) {
          throw new Unsupported("is, of anything but None");
        }
        result = (left === right) === (operator === "is");
      } else result = binary(operator, left, right, this.#invoke);
      if (rest.length > 1 && !truth(result)) return false;
      left = right;
    }
    return result;
  }

  #attribute(
    expression: Expression & { readonly kind: "attribute" },
  ): Value {
    const [name] = this.#names(expression) ?? [];
    if (name !== undefined) {
      const constant = constantOf(name);
      if (constant === undefined) throw new Unsupported(`the name ${name}`);
      return constant;
    }
    return attributeOf(this.#value(expression.object), expression.name);
  }

  /** What an expression is the name of, unless its root is a variable. */
  #names(expression: Expression): string[] | undefined {
    const dotted = dottedName(expression);
    const root = dotted?.split(".")[0];
    if (!dotted || !root || this.#isKnown(root)) return undefined;
    const names = fullNames(dotted);
    return names.length > 0 ? names : undefined;
  }

  #call(expression: Expression & { readonly kind: "call" }): Value {
    const { callee } = expression;
    const given = this.#given(expression);
    const names = this.#names(callee);
    if (names) return this.#function(dottedName(callee)!, names, given);
    if (callee.kind !== "attribute") throw new Unsupported("a computed call");
    return this.#method(this.#value(callee.object), callee.name, given);
  }

  #given({ args }: Expression & { readonly kind: "call" }): Given {
    const positional: Value[] = [];
    const named = new Map<string, Value>();
    for (const { name, star, value } of args) {
      const given = this.#value(value);
      if (star) positional.push(...itemsOf(given));
      else if (name === undefined) positional.push(given);
      else {
        named.set(name, given);
        // goldens repeat as arguments of the case what the text says as well
        const isRepeated = !(given instanceof Tensor) &&
          JSON.stringify(this.#peek(name)) === JSON.stringify(given);
        if (isRepeated) this.#args.ignore(name);
      }
    }
    return { positional, named };
  }

  /** An argument of the case that is no tensor. */
  #peek(name: string): unknown {
    const value = this.#args.everything().get(name);
    return value instanceof Tensor ? undefined : value;
  }

  #function(name: string, names: readonly string[], given: Given): Value {
    if (names.some((each) => each.endsWith(".autograd.grad"))) {
      return gradientsOf(given);
    }
    if (name === "grad") { // the goldens' own gives no tuple of one
      const gradients = gradientsOf(given);
      return gradients.length === 1 ? gradients[0] : gradients;
    }
    const builtin = builtinOf(name, given.positional);
    if (builtin && given.named.size === 0) return builtin(given.positional);
    const op = names.find((each) => this.#lookup(each));
    if (!op) throw new Unsupported(`no ${names.length > 1 ? name : names[0]}`);
    return this.#apply(op, given);
  }

  #method(object: Value, name: string, given: Given): Value {
    const tensor = tensorOf(object, `.${name}()`);
    const own = METHODS[name];
    if (own) return own.call(tensor, bindTo(name, own.parameters, given));
    if (name.endsWith("_")) throw new Unsupported(`.${name}() in a program`);
    const op = `torch.Tensor.${name}`;
    if (!this.#lookup(op)) throw new Unsupported(`no ${op}`);
    const positional = [tensor, ...given.positional];
    return this.#apply(op, { positional, named: given.named });
  }

  #apply(op: string, given: Given): Value {
    const row = this.#lookup(op);
    if (!row) throw new Unsupported(`no ${op}`);
    const results = withArguments(bind(op, given), row);
    if (results instanceof Promise) {
      throw new Unsupported(`${op} in a program: its size comes later`);
    }
    return valueOf(results);
  }

  readonly #invoke: Invoke = (op, ...positional) =>
    this.#apply(op, { positional, named: new Map() });

  #item(object: Value, index: Expression): Value {
    if (object instanceof Tensor) return object.at(...this.#indexItems(index));
    return itemAt(itemsOf(object), this.#value(index));
  }

  #indexItems(index: Expression): IndexItem[] {
    const items = index.kind === "tuple" ? index.items : [index];
    return items.map((item) => indexItem(this.#value(item)));
  }
}
