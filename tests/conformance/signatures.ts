/**
 * Signatures of what cases call: torch's own parameters, in torch's order, with
 * torch's defaults, as Python writes them (signatures/*.txt).
 *
 * They say which argument a position means, what a missing argument stands for,
 * and which values mean nothing because they are the default. Several lines of
 * one name are overloads; the first that fits is meant. What only moves or
 * reuses memory in torch (`out`, `device`, `layout`, …) is left out: an argument
 * of that name is none that anything here has.
 *
 * @module
 */

import { ALIASES } from "./ops/aliases.ts";
import { parseExpression } from "./python/parse.ts";
import type { Expression } from "./python/syntax.ts";

import dataText from "./signatures/data.txt" with { type: "text" };
import functionalText from "./signatures/functional.txt" with { type: "text" };
import modulesText from "./signatures/modules.txt" with { type: "text" };
import optimText from "./signatures/optim.txt" with { type: "text" };
import tensorText from "./signatures/tensor.txt" with { type: "text" };
import visionText from "./signatures/vision.txt" with { type: "text" };

/** A parameter; its default is JSON, and null stands for None. */
export interface Parameter {
  readonly name: string;
  readonly kind: "positional" | "rest" | "keyword";
  readonly hasDefault: boolean;
  readonly default?: unknown;
}

/** The parameters of a call in their order. */
export type Signature = readonly Parameter[];

const TEXTS = [
  tensorText,
  functionalText,
  modulesText,
  optimText,
  dataText,
  visionText,
];

const SIGNATURES: ReadonlyMap<string, readonly Signature[]> = Map.groupBy(
  TEXTS.join("").split("\n").filter((line) => line !== "").map(parseLine),
  ({ op }) => op,
).entries().reduce(
  (map, [op, lines]) => map.set(op, lines.map(({ signature }) => signature)),
  new Map<string, Signature[]>(),
);

/** The signatures of a name: methods are functions, too. */
export function signaturesOf(op: string): readonly Signature[] {
  for (const name of spellings(op)) {
    const found = SIGNATURES.get(ALIASES[name] ?? name);
    if (found) return found;
  }
  return [];
}

/** The parameter of an overload of `op` that has this name. */
export function parameterOf(op: string, name: string): Parameter | undefined {
  return signaturesOf(op).flat().find((parameter) => parameter.name === name);
}

/** The names under which torch may have the same call. */
export function spellings(op: string): string[] {
  const name = op.replace(/^torch\.Tensor\./, "torch.");
  return [op, name, name.replace("torch.", "torch.Tensor.")];
}

/** A line such as `torch.add(input, other, *, alpha=1)`. */
function parseLine(
  line: string,
): { readonly op: string; readonly signature: Signature } {
  const at = line.indexOf("(");
  const rest = line.slice(at).replace(/([(,] ?)\*, /, "$1KEYWORDS, ");
  const call = parseExpression(`f${rest}`);
  if (call.kind !== "call") throw new Error(`No signature: ${line}`);
  const signature: Parameter[] = [];
  let kind: Parameter["kind"] = "positional";
  for (const { name, star, value } of call.args) {
    if (name === undefined && value.kind !== "name") {
      throw new Error(`No parameter: ${line}`);
    }
    const own = name ?? (value.kind === "name" ? value.name : "");
    if (own === "KEYWORDS") kind = "keyword";
    else if (star) {
      signature.push({ name: own, kind: "rest", hasDefault: false });
      kind = "keyword";
    } else if (name === undefined) {
      signature.push({ name: own, kind, hasDefault: false });
    } else {
      const given = literalOf(value) ?? null;
      signature.push({ name, kind, hasDefault: true, default: given });
    }
  }
  return { op: line.slice(0, at), signature };
}

/** The value of a literal as JSON has it. */
function literalOf(expression: Expression): unknown {
  switch (expression.kind) {
    case "constant":
      return expression.value;
    case "unary":
      return -Number(literalOf(expression.operand));
    case "tuple":
    case "list":
      return expression.items.map(literalOf);
    default:
      throw new Error(`No default: ${expression.kind}`);
  }
}
