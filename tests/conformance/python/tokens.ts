/**
 * Tokens of Python, as far as programs of goldens need them: names, numbers,
 * strings, operators, line ends and the blocks that indentation makes.
 *
 * @module
 */

import { Unsupported } from "../outcome.ts";

/** A piece of a program; `at` counts characters. */
export interface Token {
  readonly kind:
    | "name"
    | "number"
    | "string"
    | "operator"
    | "line end"
    | "indent"
    | "dedent"
    | "end";
  /** As it is written; of a string, what it says. */
  readonly text: string;
  readonly at: number;
}

/** Longest first: the first that fits is meant. */
const OPERATORS = [
  ..."**= //= == != <= >= << >> ** // += -= *= /= %= @= &= |= ...".split(" "),
  ..."+-*/%@&|~^<>()[]{},:.;=",
].sort((a, b) => b.length - a.length);

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_]\w*/y;
const STRING = /'([^'\\\n]*)'|"([^"\\\n]*)"/y;
const BLANK = /(?:[ \t]|#[^\n]*|\\\n)+/y;

/**
 * The tokens of a program. Inside brackets, lines go on.
 *
 * @throws {Unsupported} If a character begins no token
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const indents = [0];
  let depth = 0;
  let at = 0;
  const push = (kind: Token["kind"], text: string): void => {
    tokens.push({ kind, text, at });
  };
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text) ?? undefined;
  };
  /** At the start of a line: opens or closes blocks. */
  const indentTo = (width: number): void => {
    if (width > indents.at(-1)!) {
      indents.push(width);
      push("indent", "");
    }
    while (width < indents.at(-1)!) {
      indents.pop();
      push("dedent", "");
    }
  };
  while (at < text.length) {
    const blank = match(BLANK);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    if (text[at] === "\n") {
      at++;
      const width = /^ */.exec(text.slice(at))![0].length; // matches always
      const isEmpty = /^ *(?:#.*)?(?:\n|$)/.test(text.slice(at));
      if (depth > 0 || isEmpty) continue;
      push("line end", "");
      indentTo(width);
      continue;
    }
    const number = match(NUMBER);
    const name = match(NAME);
    const string = match(STRING);
    const found = number ?? name ?? string;
    if (found) {
      const kind = number ? "number" : name ? "name" : "string";
      push(kind, string ? found[1] ?? found[2] ?? "" : found[0]);
      at += found[0].length;
      continue;
    }
    const operator = OPERATORS.find((each) => text.startsWith(each, at));
    if (!operator) throw new Unsupported(`"${text[at]}" in a program`);
    if ("([{".includes(operator)) depth++;
    if (")]}".includes(operator)) depth--;
    push("operator", operator);
    at += operator.length;
  }
  push("line end", "");
  indentTo(0);
  push("end", "");
  return tokens;
}
