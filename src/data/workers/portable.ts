/**
 * Portable forms: objects as plain data, to send them to a worker.
 *
 * NOTE [sending]: a dataset reaches a worker as Python pickles it, by reference
 * to its class and by value for its fields. These values can be sent:
 *
 *     instances of a class with `static url = import.meta.url`, as (url, export
 *         name, own fields); the worker imports the module, makes an object with
 *         the class's prototype, and sets the fields without a constructor
 *     instances of such a class with `toWorker()` and `static fromWorker(data)`,
 *         which may be async; classes with #private fields need these
 *     HostArrays, arrays, plain objects, Maps, Sets, typed arrays, buffers,
 *         dates, regular expressions, URLs, bigints and JSON values
 *
 * Shared memory stays shared, other memory is copied. Two references to one
 * object stay references to one object. Other values are refused by name before
 * a worker runs. Functions are among them, as the variables around them stay
 * behind.
 *
 * @module
 */

import type { DType } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Shape } from "../../tensor/shape.ts";
import { isPlainObject, nameOfType } from "../checks/values.ts";
import {
  copyView,
  describeView,
  type PortableView,
  sameView,
} from "./views.ts";

/** A value as plain data, for `postMessage`. */
export type Portable =
  /** A value that structured clone keeps. */
  | { readonly kind: "value"; readonly value: unknown }
  /** An earlier composite, by its number in the order of visits. */
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

/** The own fields of an object, by name. */
export type Fields = readonly (readonly [name: string, value: Portable])[];

/** The module and the name of a class. */
export interface ClassReference {
  /** URL of the module. */
  readonly url: string;
  /** Name of the export. */
  readonly name: string;
}

/** The direction, and whether to copy. */
export interface PortableOptions {
  /** The direction, for messages: to a worker or from one. Default: "to". */
  readonly way?: "to" | "from";
  /**
   * Whether mutable values are copied, except shared memory. Without copies the
   * form is good only for a comparison now. Default: true.
   */
  readonly isCopied?: boolean;
}

/**
 * Makes the portable form of `root`.
 *
 * @param name The value in messages
 * @throws {TypeError} If a value in it can't be sent; the message has its path
 */
export function toPortable(
  root: unknown,
  name: string,
  { way = "to", isCopied = true }: PortableOptions = {},
): Portable {
  const seen = new Map<object, number>();
  const viewOf = isCopied ? copyView : describeView;

  function refusal(path: string, why: string, instead: string): TypeError {
    return new TypeError(
      `Cannot send ${path} ${way} a worker: ${why}; ${instead}, or use ` +
        `numWorkers: 0`,
    );
  }

  function visit(value: unknown, path: string): Portable {
    if (typeof value === "function") {
      throw refusal(path, "a function can't be sent", CLASS_WAY);
    }
    if (typeof value === "symbol") {
      throw refusal(path, "a symbol can't be sent", "leave it out");
    }
    if (typeof value !== "object" || value === null || isCloned(value)) {
      return { kind: "value", value: isCopied ? copyOf(value) : value };
    }
    if (ArrayBuffer.isView(value)) return { kind: "view", view: viewOf(value) };
    const number = seen.get(value);
    if (number !== undefined) return { kind: "again", number };
    seen.set(value, seen.size);

    if (Array.isArray(value)) {
      // primitives need no records: a list may have a million file names
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
      throw refusal(path, "an object of no class can't be sent", CLASS_WAY);
    }
    if (name === "Tensor") {
      throw refusal(path, "a Tensor is on the GPU", "use a HostArray");
    }
    // An inherited url names the module of the parent class.
    const url: unknown = Object.hasOwn(type, "url") && Reflect.get(type, "url");
    if (typeof url !== "string") {
      throw refusal(
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

/** Whether structured clone keeps the value. */
function isCloned(value: object): boolean {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer ||
    value instanceof Date || value instanceof RegExp || value instanceof Blob;
}

/** Copies such a value if it is mutable. */
function copyOf(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return value.slice();
  return value instanceof Date ? new Date(value) : value;
}

/** Whether two portable forms, or records of them, are equal. */
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
      sameView(
        describeView(new Uint8Array(a)),
        describeView(new Uint8Array(b)),
      );
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
