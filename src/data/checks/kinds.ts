/**
 * Kinds of arguments, and the check that a value is of its kind: by what it has,
 * as types look at it, since its class may be that of another copy of Kindling.
 *
 * Counts, indices and seeds have checks of their own, which tell their range.
 *
 * @module
 */

import { checkOptionNames, formatValue } from "../../tensor/arguments.ts";
import { isCallable } from "./callable.ts";

/** What an argument has to be. */
export interface Kind {
  /** Whether a value is. */
  is(value: unknown): boolean;
  /** The kind in words, and an example of it if one helps. */
  readonly expected: string;
}

/** The kinds that several functions take. */
export const KINDS = {
  boolean: {
    is: (value) => typeof value === "boolean",
    expected: "true or false",
  },
  number: { is: (value) => typeof value === "number", expected: "a number" },
  list: { is: Array.isArray, expected: "an array" },
  function: {
    is: (value) => typeof value === "function",
    expected: "a function",
  },
  callable: {
    is: isCallable,
    expected: "a function, or an object with `call`",
  },
  iterable: { is: isIterable, expected: "a list, or another iterable" },
  sampler: {
    is: (value) => isIterable(value) && !isIterator(value),
    expected: "a Sampler, or another iterable that each epoch begins anew",
  },
  sized: {
    is: (value) => typeof value === "number" || hasAll(value, "length"),
    expected: "a Dataset, or the number of its samples",
  },
  dataset: {
    is: (value) => hasAll(value, "get", "length"),
    expected: "a Dataset, with get and length",
  },
  stream: {
    is: (value) => hasAll(value, "iterate"),
    expected: "an IterableDataset, with iterate",
  },
  array: {
    is: (value) => hasAll(value, "shape", "dtype"),
    expected:
      "a HostArray, as new HostArray(Float32Array.of(1, 2)), or a Tensor",
  },
  generator: {
    is: (value) => hasAll(value, "drawSeed", "permutation"),
    expected: "a Generator",
  },
  signal: {
    is: (value) => hasAll(value, "aborted", "addEventListener"),
    expected: "an AbortSignal",
  },
} as const satisfies Record<string, Kind>;

/** A kind whose words end in an example. */
export function withExample(kind: Kind, example: string): Kind {
  return { is: kind.is, expected: `${kind.expected}, as ${example}` };
}

/**
 * `value`, if it is of the kind.
 *
 * @param what What it is used as: `the indices of a Subset`
 * @throws {TypeError} If it is not
 */
export function checkKind<T>(kind: Kind, what: string, value: T): T {
  if (kind.is(value)) return value;
  throw new TypeError(
    `Cannot use ${describe(value)} as ${what}: expected ${kind.expected}` +
      wayOut(kind, value),
  );
}

/**
 * Options that are known, each of its kind; undefined and null are none.
 *
 * @throws {TypeError} If one is unknown, or of another kind
 */
export function checkOptions<O extends object>(
  what: string,
  options: O,
  kinds: Readonly<Record<string, Kind>>,
): O {
  checkOptionNames(what, options, Object.keys(kinds));
  for (const [name, value] of Object.entries(options)) {
    // it is known, so it has a kind
    if (isGiven(value)) checkKind(kinds[name]!, name, value);
  }
  return options;
}

/** Whether a value is there: neither undefined nor null. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Whether `value` is an object with properties of all these names. */
export function hasAll(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === "object" && value !== null &&
    names.every((name) => name in value);
}

/** Whether `value` is a tensor; the class itself would bring in the GPU. */
export function isTensor(value: unknown): boolean {
  return hasAll(value, "requiresGrad", "dtype", "shape");
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null &&
    Symbol.iterator in value && typeof value[Symbol.iterator] === "function";
}

/** Whether `value` is its own iterator, and so used up by one iteration. */
function isIterator(value: unknown): boolean {
  // one without `next` is not asked: a sampler would draw an epoch
  return isIterable(value) && "next" in value &&
    value[Symbol.iterator]() === value;
}

function describe(value: unknown): string {
  return isIterator(value) ? "an iterator" : formatValue(value);
}

function wayOut(kind: Kind, value: unknown): string {
  if (!kind.is([])) return "";
  if (isTensor(value)) return "; read the tensor first, with await x.data()";
  return isIterator(value) ? "; [...iterator] makes a list" : "";
}
