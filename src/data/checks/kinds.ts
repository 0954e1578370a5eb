/**
 * Kinds of arguments, and the check that a value is of a kind. The check looks
 * at properties, never at classes: a class may be that of another copy of
 * Kindling.
 *
 * Counts and indices (check.ts) and seeds have checks of their own, which tell
 * their range.
 *
 * @module
 */

import { checkOptionNames, formatValue } from "../../tensor/arguments.ts";
import { isCallable } from "./callable.ts";
import { isPresent } from "./values.ts";

/** A requirement on an argument. */
export interface ArgumentKind {
  /** Whether a value meets it. */
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
} as const satisfies Record<string, ArgumentKind>;

/** Returns a kind whose words end in an example. */
export function withExample(kind: ArgumentKind, example: string): ArgumentKind {
  return { is: kind.is, expected: `${kind.expected}, as ${example}` };
}

/**
 * Returns `value`, which is of the kind.
 *
 * @param name The use of the value in messages: `the indices of a Subset`
 * @throws {TypeError} If the value is of another kind
 */
export function checkKind<T>(kind: ArgumentKind, name: string, value: T): T {
  if (kind.is(value)) return value;
  throw new TypeError(
    `Cannot use ${describe(value)} as ${name}: expected ${kind.expected}` +
      wayOut(kind, value),
  );
}

/**
 * Returns `options`, each of them known and of its kind, undefined or null.
 *
 * @param owner The class or function that takes the options
 * @throws {TypeError} If an option is unknown, or of another kind
 */
export function checkOptions<O extends object>(
  owner: string,
  options: O,
  kinds: Readonly<Record<string, ArgumentKind>>,
): O {
  checkOptionNames(owner, options, Object.keys(kinds));
  for (const [name, value] of Object.entries(options)) {
    // a known option has a kind
    if (isPresent(value)) checkKind(kinds[name]!, name, value);
  }
  return options;
}

/** Whether `value` is an object with properties of all these names. */
export function hasAll(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === "object" && value !== null &&
    names.every((name) => name in value);
}

/** Whether `value` is a tensor. Importing the class would load the GPU. */
export function isTensor(value: unknown): boolean {
  return hasAll(value, "requiresGrad", "dtype", "shape");
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null &&
    Symbol.iterator in value && typeof value[Symbol.iterator] === "function";
}

/** Whether `value` is its own iterator, so that one iteration uses it up. */
function isIterator(value: unknown): boolean {
  // without `next` the call would draw an epoch of a sampler
  return isIterable(value) && "next" in value &&
    value[Symbol.iterator]() === value;
}

function describe(value: unknown): string {
  return isIterator(value) ? "an iterator" : formatValue(value);
}

function wayOut(kind: ArgumentKind, value: unknown): string {
  if (!kind.is([])) return "";
  if (isTensor(value)) return "; read the tensor first, with await x.data()";
  return isIterator(value) ? "; [...iterator] makes a list" : "";
}
