/**
 * Watching: outside values of a function, named by its author. Each list of
 * values has programs of its own, which serve again when the values return.
 *
 * @module
 */

import { Tensor } from "../tensor/tensor.ts";
import { releaseSignatures, type Signatures } from "./signature.ts";

/** Returns the outside values that a compiled function reads. */
export type Watch = () => unknown;

/** The signatures of calls with one list of watched values. */
export interface Watched {
  readonly values: readonly unknown[];
  readonly signatures: Signatures;
}

/** Maximum of lists; the least recently used is dropped. */
const MAX_LISTS = 8;

/** Returns the entry of the current values, and moves it to the front. */
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

/** Returns a guard that holds while the watched values stay the same. */
export function watchGuard(watch: Watch): () => boolean {
  const before = valuesOf(watch);
  return () => isSame(valuesOf(watch), before);
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, i) => Object.is(each, b[i]));
}

/** Marks of an object's beginning, and of an object that was listed before. */
const OBJECT = Symbol("object");
const AGAIN = Symbol("again");

/**
 * Returns everything in the result of `watch` as one list. Arrays, Maps, Sets,
 * buffers, dates and plain objects are listed by content. Other objects are
 * listed themselves, with their fields and the results of their getters;
 * tensors with their storage. Private fields without a getter are invisible.
 */
function valuesOf(watch: Watch): unknown[] {
  const watched = watch();
  if (watched instanceof Promise) {
    throw new TypeError(
      "Cannot watch a Promise: the function `watch` must not be async",
    );
  }
  const found: unknown[] = [];
  const seen = new Map<object, number>();
  const visit = (value: unknown): void => {
    if (typeof value === "function") found.push(value);
    if (!isObject(value)) {
      found.push(value);
    } else if (seen.has(value)) {
      found.push(AGAIN, seen.get(value));
    } else if (value instanceof Tensor) {
      found.push(value, value.isDisposed || value.storage);
    } else {
      seen.set(value, seen.size);
      const prototype: unknown = Object.getPrototypeOf(value);
      found.push(OBJECT, isPlain(value) ? prototype : value);
      const held = heldBy(value);
      found.push(held.length);
      held.forEach(visit);
    }
  };
  visit(watched);
  return found;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null ||
    typeof value === "function";
}

/** Built-in types that are compared by content. */
const PLAIN = [Object, Array, Map, Set, Date, ArrayBuffer, SharedArrayBuffer];

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || ArrayBuffer.isView(value) ||
    PLAIN.some((type) => type.prototype === prototype);
}

/** Returns the content of an object, in order, with names. */
function heldBy(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set) return [...value];
  if (value instanceof Date) return [value.getTime()];
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return [...new Uint8Array(value)];
  }
  if (value instanceof DataView) {
    const { buffer, byteOffset, byteLength } = value;
    return [...new Uint8Array(buffer, byteOffset, byteLength)];
  }
  // typed arrays have no common type that tells of their elements
  if (ArrayBuffer.isView(value)) {
    return Array.from(value as unknown as ArrayLike<unknown>);
  }
  return [...fieldsOf(value), ...gettersOf(value)].flat();
}

type Field = readonly [name: PropertyKey, value: unknown];

/** Returns an object's own fields; of a function only enumerable ones. */
function fieldsOf(value: object): Field[] {
  const isShown = (key: PropertyKey): boolean =>
    typeof value !== "function" ||
    Object.prototype.propertyIsEnumerable.call(value, key);
  return Reflect.ownKeys(value).filter(isShown)
    .map((key) => [key, Reflect.get(value, key)]);
}

/**
 * Returns inherited fields, and results of getters. A result that is an object
 * counts as undefined, as a getter may make a new one each time; tensors count.
 */
function gettersOf(value: object): Field[] {
  const found = new Map<PropertyKey, unknown>();
  let at: unknown = Object.getPrototypeOf(value);
  while (isObject(at) && !ROOTS.includes(at)) {
    const all = Object.getOwnPropertyDescriptors(at);
    for (const key of Reflect.ownKeys(all)) {
      const { get, value: field } = Reflect.get(all, key);
      if (!get && typeof field === "function") continue; // a method
      const seen: unknown = Reflect.get(value, key);
      const isNew = get && isObject(seen) && !(seen instanceof Tensor);
      found.set(key, isNew ? undefined : seen);
    }
    at = Object.getPrototypeOf(at);
  }
  return [...found];
}

/** Prototypes without fields or getters of interest. */
const ROOTS: readonly object[] = [
  ...PLAIN.map((type) => type.prototype),
  Function.prototype,
];
