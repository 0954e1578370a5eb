/**
 * Programs as the goldens write them: statements of Python with sentences among
 * them that say what to do with gradients and what the results are.
 *
 * A sentence stands between semicolons or on a line of its own; some hang on a
 * statement. What is no sentence is Python, and refused if it is not.
 *
 * @module
 */

import { Unsupported } from "../outcome.ts";
import { parseExpression, parseProgram } from "./parse.ts";
import type { Statement } from "./syntax.ts";

/** The statements of a program, sentences among them. */
export function parseProse(text: string): Statement[] {
  const statements: Statement[] = [];
  let code = "";
  let passes: string | undefined;
  const flush = (): void => {
    statements.push(...parseProgram(code));
    code = "";
  };
  for (const { clause, separator } of clausesOf(text)) {
    const sentence = clause.trim();
    const accumulating = ACCUMULATING.exec(sentence);
    const stored = STORED.exec(sentence);
    if (accumulating) passes = accumulating[1];
    else if (stored) {
      flush();
      statements.push(passesOf(passes, stored[1]!));
      passes = undefined;
    } else {
      const meant = meaningOf(sentence);
      if (meant) {
        flush();
        statements.push(meant);
      } else code += withoutRemarks(clause) + separator;
    }
  }
  if (passes) throw new Unsupported("a program that stores nothing");
  flush();
  return statements;
}

const NAMES = String.raw`(\w+(?:(?:, | and |, and )\w+)*)`;
const GRADS = String.raw`(grad\.\w+(?:(?:, | and |, and )grad\.\w+)*)`;

const COTANGENT = new RegExp(
  `^(?:then )?backward(?: through (.+?))? with the cotangent (\\w+): ${GRADS}$`,
);
const GRADIENTS = new RegExp(`^(?:then )?${GRADS} of (.+)$`);
const RESULTS = new RegExp(`^results? ${NAMES}$`);
const ACCUMULATING = /^backward through (.+), grads? accumulating$/;
const STORED = /^stored as (.+)$/;

function meaningOf(sentence: string): Statement | undefined {
  const cotangent = COTANGENT.exec(sentence);
  if (cotangent) {
    const [, root = "out", name, grads] = cotangent;
    return {
      kind: "backward",
      root: parseExpression(root),
      cotangent: parseExpression(name!),
      of: listOf(grads!).map(withoutGrad),
    };
  }
  const gradients = GRADIENTS.exec(sentence);
  if (gradients) {
    const [, grads, root] = gradients;
    return {
      kind: "backward",
      root: parseExpression(root!),
      of: listOf(grads!).map(withoutGrad),
    };
  }
  const results = RESULTS.exec(sentence);
  return results ? { kind: "results", names: listOf(results[1]!) } : undefined;
}

function passesOf(passes: string | undefined, stored: string): Statement {
  if (!passes) throw new Unsupported("a program that stores without passes");
  const bare = (text: string): string => text.replace(/^\w+ = /, "");
  return {
    kind: "passes",
    roots: passes.split(/,? and then through /)
      .map((text) => parseExpression(bare(text))),
    stored: parseExpression(bare(stored)),
  };
}

/**
 * A statement without what is said about it. Graphs are kept in any case: the
 * runner goes backward once more.
 */
function withoutRemarks(clause: string): string {
  return clause
    .replace(/(?: with the graph kept|, (?:the )?graphs? kept)\s*$/, "")
    .replace(/\), reduction (\w+)\s*$/, ", reduction='$1')");
}

function listOf(names: string): string[] {
  return names.split(/, and |, | and /);
}

function withoutGrad(name: string): string {
  return name.slice("grad.".length);
}

interface Clause {
  readonly clause: string;
  readonly separator: string;
}

/** What stands between semicolons and line ends, outside of brackets. */
function clausesOf(text: string): Clause[] {
  const clauses: Clause[] = [];
  let [start, depth, quote] = [0, 0, ""];
  for (let at = 0; at <= text.length; at++) {
    const character = text[at] ?? "\n";
    if (quote) {
      if (character === quote) quote = "";
    } else if (`'"`.includes(character)) quote = character;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (depth === 0 && ";\n".includes(character)) {
      clauses.push({ clause: text.slice(start, at), separator: character });
      start = at + 1;
    }
  }
  if (start < text.length) throw new Unsupported("an open bracket or string");
  return clauses;
}
