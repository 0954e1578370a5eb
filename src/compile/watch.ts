/**
 * Watching: values that a function reads from outside, named by its author.
 * Each list of values that they have had has programs of its own, so that one
 * that comes back is found again.
 *
 * @module
 */

import { Tensor } from "../tensor/tensor.ts";
import { releaseSignatures, type Signatures } from "./signature.ts";

/** Tells the values that a compiled function reads from outside. */
export type Watch = () => unknown;

/** What was recorded while the watched values were these. */
export interface Watched {
  readonly values: readonly unknown[];
  readonly signatures: Signatures;
}

/** Lists of values that are kept, those that were met last. */
const MAX_LISTS = 8;

/** What belongs to the values of now, made if need be; it becomes the first. */
export function watchedNow(all: Watched[], watch: Watch | undefined): Watched {
  const values = watch ? valuesOf(watch) : [];
  const at = all.findIndex((each) => isSame(each.values, values));
  if (at === 0) return all[0]!;
  const [found = { values, signatures: new Map() }] = at > 0
    ? all.splice(at, 1)
    : [];
  all.unshift(found);
  for (const { signatures } of all.splice(MAX_LISTS)) {
    releaseSignatures(signatures);
  }
  return found;
}

/** A guard that holds while the watched values are what they are now. */
export function watchGuard(watch: Watch): () => boolean {
  const before = valuesOf(watch);
  return () => isSame(valuesOf(watch), before);
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, i) => Object.is(each, b[i]));
}

/** Stands before what an object holds, and for one that came before. */
const OBJECT = Symbol("object");
const AGAIN = Symbol("again");

/**
 * Everything in what `watch` gives, in a row: what arrays, Maps, Sets and plain
 * objects hold; other objects themselves, too; which tensors and where they lie.
 */
function valuesOf(watch: Watch): unknown[] {
  const given = watch();
  if (given instanceof Promise) {
    throw new TypeError(
      "Cannot watch a Promise: the function `watch` may not be async",
    );
  }
  const found: unknown[] = [];
  const seen = new Map<object, number>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) {
      found.push(value);
    } else if (seen.has(value)) {
      found.push(AGAIN, seen.get(value));
    } else if (value instanceof Tensor) {
      found.push(value, value.isDisposed || value.storage);
    } else {
      seen.set(value, seen.size);
      const entries = value instanceof Map || value instanceof Set
        ? [...value.entries()]
        : Object.entries(value);
      found.push(OBJECT, isPlain(value) || value, entries.length);
      entries.flat().forEach(visit);
    }
  };
  visit(given);
  return found;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || ArrayBuffer.isView(value) ||
    [Object, Array, Map, Set].some((type) => type.prototype === prototype);
}
