/**
 * Objects on their way to a worker: what they consist of, as data.
 *
 * NOTE [sending]: a dataset reaches a worker the way Python pickles one: by
 * reference to its class and by value for its fields. Sent are
 *
 *     instances of a class with `static url = import.meta.url`, as (url, export
 *         name, own fields); the worker imports the url and sets the fields of
 *         an object with the class's prototype, without calling a constructor
 *     the same with `toWorker()` and `static fromWorker(data)`, which may be
 *         async, for classes with #private fields, which can't be seen or set
 *         from outside
 *     HostArrays, arrays, plain objects, Maps, Sets, typed arrays, buffers,
 *         dates, regular expressions, URLs, bigints and what JSON knows
 *
 * Shared memory stays shared, other memory is copied. Two references to one
 * object stay so. What can't be sent is refused by name before a worker runs:
 * functions first of all, because a closure's variables stay behind.
 *
 * @module
 */

import type { DType } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Shape } from "../../tensor/shape.ts";
import { isPlainObject, nameOfType } from "../checks/values.ts";
import { cutOut, type PortableView, sameView, takeApart } from "./views.ts";

/** An object in a form that `postMessage` takes. */
export type Portable =
  /** A value that is cloned, or shared, as it is. */
  | { readonly kind: "value"; readonly value: unknown }
  /** A composite that came before: the number counts them in order. */
  | { readonly kind: "again"; readonly number: number }
  | { readonly kind: "list"; readonly items: readonly Portable[] }
  | { readonly kind: "set"; readonly items: readonly Portable[] }
  | {
    readonly kind: "map";
    readonly entries: readonly (readonly [Portable, Portable])[];
  }
  | { readonly kind: "record"; readonly fields: Fields }
  | { readonly kind: "url"; readonly href: string }
  | { readonly kind: "view"; readonly view: PortableView }
  | {
    readonly kind: "host";
    readonly data: PortableView;
    readonly shape: Shape;
    readonly dtype: DType;
  }
  | ClassReference & { readonly kind: "instance"; readonly fields: Fields }
  | ClassReference & { readonly kind: "own"; readonly data: Portable };

/** Names and values of an object's own fields. */
export type Fields = readonly (readonly [name: string, value: Portable])[];

/** Where a class is found. */
export interface ClassReference {
  /** URL of the module. */
  readonly url: string;
  /** Name under which the module exports it. */
  readonly name: string;
}

/** How something is made portable. */
export interface PortableOptions {
  /** Whether it goes to a worker or comes from one. Default: "to". */
  readonly way?: "to" | "from";
  /**
   * Whether what may change is copied, but for shared memory. Otherwise the form
   * is for now, to compare it. Default: true.
   */
  readonly isCopied?: boolean;
}

/**
 * The portable form of `root`, which messages call `name`.
 *
 * @throws {TypeError} If something in it can't be sent; the message names it
 */
export function toPortable(
  root: unknown,
  name: string,
  { way = "to", isCopied = true }: PortableOptions = {},
): Portable {
  const seen = new Map<object, number>();
  const viewOf = isCopied ? cutOut : takeApart;

  function refuse(path: string, why: string, instead: string): TypeError {
    return new TypeError(
      `Cannot send ${path} ${way} a worker: ${why}; ${instead}, or use ` +
        `numWorkers: 0`,
    );
  }

  function visit(value: unknown, path: string): Portable {
    if (typeof value === "function") {
      throw refuse(path, "a function can't be sent", CLASS_WAY);
    }
    if (typeof value === "symbol") {
      throw refuse(path, "a symbol can't be sent", "leave it out");
    }
    if (typeof value !== "object" || value === null || isCloned(value)) {
      return { kind: "value", value: isCopied ? copyOf(value) : value };
    }
    if (ArrayBuffer.isView(value)) return { kind: "view", view: viewOf(value) };
    const number = seen.get(value);
    if (number !== undefined) return { kind: "again", number };
    seen.set(value, seen.size);

    if (Array.isArray(value)) {
      // a million file names are one value, not a million records
      if (value.every(isPrimitive)) {
        return { kind: "value", value: isCopied ? value.slice() : value };
      }
      const items = value.map((item, i) => visit(item, `${path}[${i}]`));
      return { kind: "list", items };
    }
    if (value instanceof Map) {
      const entries = [...value].map(([key, item], i) =>
        [
          visit(key, `${path} (key ${i})`),
          visit(item, `${path} (${isPrimitive(key) ? String(key) : i})`),
        ] as const
      );
      return { kind: "map", entries };
    }
    if (value instanceof Set) {
      const items = [...value].map((item, i) => visit(item, `${path} (${i})`));
      return { kind: "set", items };
    }
    if (value instanceof URL) return { kind: "url", href: value.href };
    if (value instanceof HostArray) {
      const { data, shape, dtype } = value;
      return { kind: "host", data: viewOf(data), shape, dtype };
    }
    const fields = () =>
      Object.entries(value).map(([key, item]) =>
        [key, visit(item, `${path}.${key}`)] as const
      );
    if (isPlainObject(value)) return { kind: "record", fields: fields() };

    const reference = classReference(value, path);
    if ("toWorker" in value && typeof value.toWorker === "function") {
      const data = visit(value.toWorker(), `${path}.toWorker()`);
      return { kind: "own", ...reference, data };
    }
    return { kind: "instance", ...reference, fields: fields() };
  }

  function classReference(value: object, path: string): ClassReference {
    const type: unknown = value.constructor;
    const name = nameOfType(value);
    if (typeof type !== "function") {
      throw refuse(path, "an object of no class can't be sent", CLASS_WAY);
    }
    if (name === "Tensor") {
      throw refuse(path, "a Tensor is on the GPU", "use a HostArray");
    }
    // An inherited url is that of the parent's module, which may not have `type`.
    const url: unknown = Object.hasOwn(type, "url") && Reflect.get(type, "url");
    if (typeof url !== "string") {
      throw refuse(
        path,
        `a worker can't find the class ${name}`,
        "give it `static url = import.meta.url` and export it",
      );
    }
    return { url, name };
  }

  return visit(root, name);
}

const CLASS_WAY = "make it a class with `static url`";

/** Values that structured clone keeps as they are. */
function isCloned(value: object): boolean {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer ||
    value instanceof Date || value instanceof RegExp || value instanceof Blob;
}

/** A copy of such a value, if it can change. */
function copyOf(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return value.slice();
  return value instanceof Date ? new Date(value) : value;
}

/** Whether two portable forms, or records of them, stand for the same. */
export function samePortable(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (
    typeof a !== "object" || a === null || typeof b !== "object" || b === null
  ) return false;
  if (a instanceof Date) return b instanceof Date && +a === +b;
  if (a instanceof RegExp) {
    return b instanceof RegExp && `${a}` === `${b}` &&
      a.lastIndex === b.lastIndex;
  }
  if (a instanceof ArrayBuffer) {
    return b instanceof ArrayBuffer &&
      sameView(takeApart(new Uint8Array(a)), takeApart(new Uint8Array(b)));
  }
  if (a instanceof SharedArrayBuffer || a instanceof Blob) return false;
  if (isView(a)) return isView(b) && sameView(a, b);
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) =>
      Object.hasOwn(b, name) &&
      samePortable(Reflect.get(a, name), Reflect.get(b, name))
    );
}

function isView(part: object): part is PortableView {
  return "buffer" in part && "offset" in part;
}

function isPrimitive(value: unknown): boolean {
  return value === null ||
    !["object", "function", "symbol"].includes(typeof value);
}
