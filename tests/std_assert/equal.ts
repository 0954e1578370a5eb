/**
 * Deep equality, and the first place where two values differ.
 *
 * NaN equals NaN and 0 equals -0. Objects are equal when their constructors and
 * own enumerable properties are; typed arrays, buffers, dates, regular
 * expressions, URLs and errors by what they hold; maps and sets whatever their
 * order. Nothing here throws an assertion.
 *
 * @module
 */

import { show } from "./assertion_error.ts";

/** Where two values first differ, and what stands there on each side. */
export interface Difference {
  /** Path from the compared values, as JavaScript writes it: `[3].name`. */
  readonly path: string;
  /** What differs there, both sides shown. */
  readonly what: string;
}

/** Pairs under comparison or found equal, so that cycles end. */
type Seen = Map<object, Set<object>>;

/** Whether `actual` and `expected` are deeply equal. */
export function equal(actual: unknown, expected: unknown): boolean {
  return firstDifference(actual, expected) === undefined;
}

/** The first difference between two values, `undefined` if they are equal. */
export function firstDifference(
  actual: unknown,
  expected: unknown,
): Difference | undefined {
  return compare(actual, expected, "", new Map());
}

function compare(
  a: unknown,
  b: unknown,
  path: string,
  seen: Seen,
): Difference | undefined {
  if (a === b || Object.is(a, b)) return undefined;
  if (!isObject(a) || !isObject(b)) return differ(path, a, b);
  if (constructorOf(a) !== constructorOf(b)) {
    return { path, what: `a ${nameOf(a)} is not a ${nameOf(b)}` };
  }
  if (seen.get(a)?.has(b)) return undefined;
  if (!seen.has(a)) seen.set(a, new Set());
  seen.get(a)?.add(b);

  const found = compareContents(a, b, path, seen) ??
    compareProperties(a, b, path, seen);
  if (found) seen.get(a)?.delete(b);
  return found;
}

/** What built-in types hold outside their enumerable properties. */
function compareContents(
  a: object,
  b: object,
  path: string,
  seen: Seen,
): Difference | undefined {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    return compareElements(elementsOf(a), elementsOf(b), path);
  }
  if (isBuffer(a) && isBuffer(b)) {
    return compareElements(new Uint8Array(a), new Uint8Array(b), path);
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) {
    return differ(`${path}.length`, a.length, b.length);
  }
  if (a instanceof Map && b instanceof Map) {
    return compareMaps(a, b, path, seen);
  }
  if (a instanceof Set && b instanceof Set) {
    return compareSets(a, b, path, seen);
  }
  if (a instanceof Error && b instanceof Error) {
    return compare(a.message, b.message, `${path}.message`, seen);
  }
  if (a instanceof Date && b instanceof Date) {
    return compare(a.getTime(), b.getTime(), `${path}.getTime()`, seen);
  }
  if (
    (a instanceof RegExp && b instanceof RegExp) ||
    (a instanceof URL && b instanceof URL)
  ) {
    return String(a) === String(b) ? undefined : differ(path, a, b);
  }
  if (a instanceof WeakRef && b instanceof WeakRef) {
    return compare(a.deref(), b.deref(), `${path}.deref()`, seen);
  }
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError(`Cannot compare two ${nameOf(a)}s: nothing lists them`);
  }
  return undefined;
}

function compareProperties(
  a: object,
  b: object,
  path: string,
  seen: Seen,
): Difference | undefined {
  if (ArrayBuffer.isView(a)) return undefined; // its keys are its elements
  const keysOfA = ownKeys(a);
  const keysOfB = new Set(ownKeys(b));
  for (const key of keysOfA) {
    const at = path + subscript(a, key);
    if (!keysOfB.delete(key)) return { path: at, what: "is not expected" };
    const found = compare(Reflect.get(a, key), Reflect.get(b, key), at, seen);
    if (found) return found;
  }
  for (const key of keysOfB) {
    return { path: path + subscript(b, key), what: "is missing" };
  }
  return undefined;
}

function compareElements(
  a: ArrayLike<number | bigint>,
  b: ArrayLike<number | bigint>,
  path: string,
): Difference | undefined {
  if (a.length !== b.length) {
    return differ(`${path}.length`, a.length, b.length);
  }
  let first = -1;
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || Object.is(a[i], b[i])) continue;
    if (first < 0) first = i;
    count++;
  }
  if (first < 0) return undefined;
  const { what } = differ(path, a[first], b[first]);
  const rest = count > 1 ? ` (${count} of ${a.length} elements differ)` : "";
  return { path: `${path}[${first}]`, what: what + rest };
}

function compareMaps(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  path: string,
  seen: Seen,
): Difference | undefined {
  if (a.size !== b.size) return differ(`${path}.size`, a.size, b.size);
  const unmatched = new Map(b);
  for (const [key, value] of a) {
    const at = `${path}.get(${show(key)})`;
    if (b.has(key)) {
      const found = compare(value, b.get(key), at, seen);
      if (found) return found;
      unmatched.delete(key);
      continue;
    }
    const twin = isObject(key)
      ? [...unmatched].find(([other, held]) =>
        equalWithin(key, other, seen) && equalWithin(value, held, seen)
      )
      : undefined;
    if (!twin) return { path: at, what: "is not expected" };
    unmatched.delete(twin[0]);
  }
  return undefined;
}

function compareSets(
  a: Set<unknown>,
  b: Set<unknown>,
  path: string,
  seen: Seen,
): Difference | undefined {
  if (a.size !== b.size) return differ(`${path}.size`, a.size, b.size);
  const unmatched = new Set(b);
  for (const value of a) {
    if (unmatched.delete(value)) continue;
    let twin: unknown;
    if (isObject(value)) {
      twin = [...unmatched].find((other) => equalWithin(value, other, seen));
    }
    if (twin === undefined) {
      return { path, what: `has ${show(value)}, which is not expected` };
    }
    unmatched.delete(twin);
  }
  return undefined;
}

/** Equality of two values met on the way, in the cycles met so far. */
function equalWithin(a: unknown, b: unknown, seen: Seen): boolean {
  return compare(a, b, "", seen) === undefined;
}

function differ(path: string, a: unknown, b: unknown): Difference {
  return { path, what: `${show(a)} is not ${show(b)}` };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/** A typed array's numbers; a DataView's bytes. */
function elementsOf(view: ArrayBufferView): ArrayLike<number | bigint> {
  if (isNumbers(view)) return view;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function isNumbers(
  view: ArrayBufferView,
): view is ArrayBufferView & ArrayLike<number | bigint> {
  return !(view instanceof DataView);
}

/** An object without a prototype counts as a plain one. */
function constructorOf(value: object): unknown {
  return value.constructor ?? Object;
}

function nameOf(value: object): string {
  return value.constructor?.name || "Object";
}

function ownKeys(value: object): (string | symbol)[] {
  return Reflect.ownKeys(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
}

function subscript(owner: object, key: string | symbol): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  if (Array.isArray(owner)) return `[${key}]`;
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
