/**
 * Calls of programs as calls of the table: positions become torch's names.
 *
 * @module
 */

import { Tensor } from "../../../src/tensor/tensor.ts";
import type { Call } from "../arguments.ts";
import { Unsupported } from "../outcome.ts";
import { type Signature, signaturesOf } from "../signatures.ts";
import { describe, type Given, type Value } from "./values.ts";

/** @throws {Unsupported} If no overload of `op` takes these arguments */
export function bind(op: string, given: Given): Call {
  for (const signature of signaturesOf(op)) {
    const named = fit(signature, given);
    if (named) return callOf(op, named);
  }
  const { positional, named } = given;
  const what = [...positional.map(describe), ...named.keys()].join(", ");
  throw new Unsupported(`${op} of (${what})`);
}

/** Parameters that are numbers in every overload. */
const NUMBERS = /^(dim|dims|keepdim|size|p|unbiased)$/;

/** Arguments by the names of this overload, if they fit. */
function fit(
  signature: Signature,
  { positional, named }: Given,
): Map<string, Value> | undefined {
  const found = new Map<string, Value>();
  let next = 0;
  for (const { name, kind } of signature) {
    if (kind === "rest") {
      const rest = positional.slice(next);
      next = positional.length;
      const [only] = rest;
      // torch takes x.view(2, 3) and x.view([2, 3])
      const isList = rest.length === 1 && Array.isArray(only);
      if (rest.length > 0) found.set(name, isList ? only : rest);
    } else if (kind === "positional" && next < positional.length) {
      const value = positional[next++];
      const isWrong = NUMBERS.test(name) && value instanceof Tensor ||
        name === "dim" && typeof value === "boolean";
      if (isWrong) return undefined;
      found.set(name, value);
    }
  }
  if (next < positional.length) return undefined;
  for (const [name, value] of named) {
    if (found.has(name)) return undefined;
    found.set(name, value);
  }
  const isWhole = signature.every(({ name, kind, hasDefault }) =>
    hasDefault || kind === "rest" || found.has(name) ||
    name === "running_mean" || name === "running_var"
  );
  // a name that the signature lacks is refused with its name when it is unread
  return isWhole ? found : undefined;
}

function callOf(op: string, named: ReadonlyMap<string, Value>): Call {
  const tensors = new Map<string, Tensor>();
  const kwargs: Record<string, unknown> = {};
  for (const [name, value] of named) {
    if (value instanceof Tensor) tensors.set(name, value);
    else if (isTensors(value)) {
      value.forEach((each, i) => tensors.set(`${name}.${i}`, each));
    } else kwargs[name] = plain(value);
  }
  return { op, kwargs, tensors };
}

function isTensors(value: Value): value is readonly Tensor[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((each) => each instanceof Tensor);
}

/** A value as JSON has it: None is null. */
function plain(value: Value): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object") {
    throw new Unsupported(`an argument that is ${describe(value)}`);
  }
  return value ?? null;
}
