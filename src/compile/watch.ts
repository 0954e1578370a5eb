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
 * Everything in what `watch` gives, in a row: what arrays, Maps, Sets, buffers,
 * dates and plain objects hold; other objects themselves, too, with their fields
 * and what their getters return; which tensors and where they lie. Private
 * fields without a getter are out of sight.
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
  visit(given);
  return found;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null ||
    typeof value === "function";
}

/** Built-in types whose objects are what they hold. */
const PLAIN = [Object, Array, Map, Set, Date, ArrayBuffer, SharedArrayBuffer];

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || ArrayBuffer.isView(value) ||
    PLAIN.some((type) => type.prototype === prototype);
}

/** What an object holds, in order, with the names. */
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
  // the types know no common one of all other views, which have elements
  if (ArrayBuffer.isView(value)) {
    return Array.from(value as unknown as ArrayLike<unknown>);
  }
  return [...fieldsOf(value), ...gettersOf(value)].flat();
}

type Field = readonly [name: PropertyKey, value: unknown];

/** An object's own fields. A function's own are those that were put there. */
function fieldsOf(value: object): Field[] {
  const isShown = (key: PropertyKey): boolean =>
    typeof value !== "function" ||
    Object.prototype.propertyIsEnumerable.call(value, key);
  return Reflect.ownKeys(value).filter(isShown)
    .map((key) => [key, Reflect.get(value, key)]);
}

/**
 * What an object inherits: fields, and of getters what no object is, as those
 * may make another one each time.
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

/** Prototypes that hold nothing of their objects. */
const ROOTS: readonly object[] = [
  ...PLAIN.map((type) => type.prototype),
  Function.prototype,
];
