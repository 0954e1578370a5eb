/**
 * The parser of programs: Python's expressions and its simplest statements.
 *
 * Three things are as the goldens write them and not as Python has them: `^` is
 * a power, an argument may be `padding 1` for `padding=1`, and after statements
 * come sentences (prose.ts). Everything else is refused by its name.
 *
 * @module
 */

import { Unsupported } from "../outcome.ts";
import type { Argument, Constant, Expression, Statement } from "./syntax.ts";
import { type Token, tokenize } from "./tokens.ts";

const CONSTANTS = new Map<string, Constant>([
  ["None", undefined],
  ["True", true],
  ["False", false],
]);

/** Binary operators from those that bind least to those that bind most. */
const LEVELS: readonly (readonly string[])[] = [
  ["|"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "//", "%", "@"],
];

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];

/** Words that can't be names of arguments. */
const KEYWORDS = ["if", "else", "and", "or", "not", "in", "is", "for"];

/** Words that begin statements which programs have no need of. */
const REFUSED =
  /^(def|class|while|return|yield|import|from|lambda|try|raise|del|assert|async|await|global|break|continue|pass)$/;

/** The statements of a text. */
export function parseProgram(text: string): Statement[] {
  const parser = new Parser(text);
  return parser.program();
}

/** The one expression of a text. */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const value = parser.expressions();
  parser.finish();
  return value;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  program(): Statement[] {
    const statements: Statement[] = [];
    while (!this.#is("end")) {
      if (this.#take("line end")) continue;
      statements.push(...this.#line());
    }
    return statements;
  }

  /** @throws {Unsupported} If something is left */
  finish(): void {
    this.#take("line end");
    if (!this.#is("end")) this.#refuse();
  }

  /** One expression, or a tuple without brackets. */
  expressions(): Expression {
    const first = this.#expression();
    if (!this.#isOperator(",")) return first;
    const items = [first];
    while (this.#operator(",")) {
      if (this.#endsList()) break;
      items.push(this.#expression());
    }
    return { kind: "tuple", items };
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#next + ahead] ?? this.#tokens.at(-1)!; // the end
  }

  #is(kind: Token["kind"]): boolean {
    return this.#peek().kind === kind;
  }

  #take(kind: Token["kind"]): Token | undefined {
    return this.#is(kind) ? this.#tokens[this.#next++] : undefined;
  }

  #isOperator(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === "operator" && token.text === text;
  }

  /** The first of these operators, if it comes next. */
  #operator(...texts: readonly string[]): string | undefined {
    const found = texts.find((text) => this.#isOperator(text));
    if (found) this.#next++;
    return found;
  }

  #word(text: string): boolean {
    const found = this.#is("name") && this.#peek().text === text;
    if (found) this.#next++;
    return found;
  }

  #expect(text: string): void {
    if (!this.#operator(text)) this.#refuse();
  }

  #name(): string {
    return this.#take("name")?.text ?? this.#refuse();
  }

  #refuse(): never {
    const { kind, text } = this.#peek();
    const what = text === "" ? kind : `"${text}"`;
    throw new Unsupported(`the syntax of a program at ${what}`);
  }

  /** Where a list of expressions may end after a comma. */
  #endsList(): boolean {
    return this.#is("line end") || this.#is("end") ||
      [")", "]", "=", ":", ";"].some((text) => this.#isOperator(text));
  }

  #line(): Statement[] {
    if (this.#is("name") && REFUSED.test(this.#peek().text)) this.#refuse();
    if (this.#word("with")) {
      const manager = this.#expression();
      return [{ kind: "with", manager, body: this.#block() }];
    }
    if (this.#word("for")) {
      const target = this.#targets();
      if (!this.#word("in")) this.#refuse();
      const over = this.#expression();
      return [{ kind: "for", target, over, body: this.#block() }];
    }
    if (this.#word("if")) return [this.#condition()];
    const statements = [this.#simple()];
    while (this.#operator(";")) {
      if (this.#is("line end") || this.#is("end")) break;
      statements.push(this.#simple());
    }
    if (!this.#take("line end") && !this.#is("end")) this.#refuse();
    return statements;
  }

  #condition(): Statement {
    const condition = this.#expression();
    const body = this.#block();
    let otherwise: Statement[] = [];
    if (this.#word("elif")) otherwise = [this.#condition()];
    else if (this.#word("else")) otherwise = this.#block();
    return { kind: "if", condition, body, otherwise };
  }

  /** What follows a colon: the rest of the line, or indented lines. */
  #block(): Statement[] {
    this.#expect(":");
    if (!this.#take("line end")) return this.#line();
    if (!this.#take("indent")) this.#refuse();
    const body: Statement[] = [];
    while (!this.#take("dedent")) body.push(...this.#line());
    return body;
  }

  /** The names of a loop: these can't contain `in`. */
  #targets(): Expression {
    const items: Expression[] = [];
    do items.push({ kind: "name", name: this.#name() }); while (
      this.#operator(",")
    );
    return items.length === 1 ? items[0]! : { kind: "tuple", items };
  }

  #simple(): Statement {
    const value = this.expressions();
    const augmented = this.#operator(
      ..."+= -= *= /= //= %= **= @= &= |=".split(" "),
    );
    if (augmented) {
      return {
        kind: "augmented",
        target: value,
        operator: augmented.slice(0, -1),
        value: this.expressions(),
      };
    }
    const values = [value];
    while (this.#operator("=")) values.push(this.expressions());
    if (values.length === 1) return { kind: "expression", value };
    return {
      kind: "assignment",
      targets: values.slice(0, -1),
      value: values.at(-1)!, // one at least
    };
  }

  #expression(): Expression {
    const yes = this.#either();
    if (!this.#word("if")) return yes;
    const condition = this.#either();
    if (!this.#word("else")) this.#refuse();
    return { kind: "choice", condition, yes, no: this.#expression() };
  }

  #either(): Expression {
    let left = this.#both();
    while (this.#word("or")) {
      left = { kind: "binary", operator: "or", left, right: this.#both() };
    }
    return left;
  }

  #both(): Expression {
    let left = this.#negation();
    while (this.#word("and")) {
      left = { kind: "binary", operator: "and", left, right: this.#negation() };
    }
    return left;
  }

  #negation(): Expression {
    if (!this.#word("not")) return this.#comparison();
    return { kind: "unary", operator: "not", operand: this.#negation() };
  }

  #comparison(): Expression {
    const first = this.#binary(0);
    const rest: [string, Expression][] = [];
    for (;;) {
      const operator = this.#operator(...COMPARISONS) ?? this.#identity();
      if (!operator) break;
      rest.push([operator, this.#binary(0)]);
    }
    return rest.length > 0 ? { kind: "comparison", first, rest } : first;
  }

  #identity(): string | undefined {
    if (!this.#word("is")) return undefined;
    return this.#word("not") ? "is not" : "is";
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#operator(...operators);
      if (!operator) return left;
      const right = this.#binary(level + 1);
      left = { kind: "binary", operator, left, right };
    }
  }

  #unary(): Expression {
    const operator = this.#operator("-", "+", "~");
    if (operator) {
      return { kind: "unary", operator, operand: this.#unary() };
    }
    const left = this.#trailed();
    const power = this.#operator("**", "^");
    if (!power) return left;
    // a power binds to the right, and a sign in its exponent binds more
    return { kind: "binary", operator: power, left, right: this.#unary() };
  }

  /** An atom with its attributes, indices and calls. */
  #trailed(): Expression {
    let value = this.#atom();
    for (;;) {
      if (this.#operator(".")) {
        value = { kind: "attribute", object: value, name: this.#name() };
      } else if (this.#operator("(")) {
        value = { kind: "call", callee: value, args: this.#arguments() };
      } else if (this.#operator("[")) {
        value = { kind: "index", object: value, index: this.#indices() };
      } else return value;
    }
  }

  #arguments(): Argument[] {
    const args: Argument[] = [];
    while (!this.#operator(")")) {
      args.push(this.#argument());
      if (!this.#operator(",") && !this.#isOperator(")")) this.#refuse();
    }
    return args;
  }

  #argument(): Argument {
    if (this.#operator("*")) return { star: true, value: this.#expression() };
    const next = this.#peek(1);
    const isWord = this.#is("name") && !KEYWORDS.includes(this.#peek().text);
    if (isWord && this.#isOperator("=", 1)) {
      const name = this.#name();
      this.#next++;
      return { name, value: this.#expression() };
    }
    const isProse = next.kind === "number" || next.kind === "string" ||
      (next.kind === "name" && !KEYWORDS.includes(next.text));
    if (isWord && isProse) {
      return { name: this.#name(), value: this.#expression() };
    }
    return { value: this.#expression() };
  }

  #indices(): Expression {
    const items: Expression[] = [];
    let isTuple = false;
    while (!this.#operator("]")) {
      items.push(this.#slice());
      if (this.#operator(",")) isTuple = true;
      else if (!this.#isOperator("]")) this.#refuse();
    }
    const [only] = items;
    if (!only) this.#refuse();
    return isTuple ? { kind: "tuple", items } : only;
  }

  #slice(): Expression {
    const none: Expression = { kind: "constant", value: undefined };
    const bounds: Expression[] = [];
    let isSlice = false;
    for (;;) {
      const ends = [":", ",", "]"].some((text) => this.#isOperator(text));
      bounds.push(ends ? none : this.#expression());
      if (!this.#operator(":")) break;
      isSlice = true;
    }
    if (bounds.length > 3) this.#refuse();
    return isSlice ? { kind: "slice", bounds } : bounds[0]!; // one at least
  }

  #atom(): Expression {
    const number = this.#take("number");
    if (number) return { kind: "constant", value: Number(number.text) };
    const string = this.#take("string");
    if (string) return { kind: "constant", value: string.text };
    if (this.#operator("...")) return { kind: "constant", value: "..." };
    if (this.#operator("(")) return this.#bracketed();
    if (this.#operator("[")) {
      return { kind: "list", items: this.#items("]") };
    }
    const name = this.#name();
    if (KEYWORDS.includes(name) || REFUSED.test(name)) {
      this.#next--;
      this.#refuse();
    }
    return CONSTANTS.has(name)
      ? { kind: "constant", value: CONSTANTS.get(name) }
      : { kind: "name", name };
  }

  #bracketed(): Expression {
    if (this.#operator(")")) return { kind: "tuple", items: [] };
    const value = this.expressions();
    this.#expect(")");
    return value;
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#operator(end)) {
      items.push(this.#expression());
      if (!this.#operator(",") && !this.#isOperator(end)) this.#refuse();
    }
    return items;
  }
}
