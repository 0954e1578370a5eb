/**
 * Values as JSON and tensors: what states are made of (records, lists, maps by
 * strings, numbers, strings, booleans, null and tensors), written so that they
 * are read back as they were.
 *
 * What JSON has no words for is a record with one key that begins with "$".
 * Tensors lie elsewhere, under a name that says where in the value they were.
 *
 * @module
 */

import { HostArray } from "../tensor/host_array.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | Json[]
  | { [key: string]: Json };

/** Levels of records and lists; a value with more contains itself. */
const MAX_DEPTH = 64;

/** Collects the tensors of several values, each once. */
export class TensorNames {
  /** The tensors, by the names that stand for them. */
  readonly tensors = new Map<string, Tensor | HostArray>();
  readonly #names = new Map<Tensor | HostArray, string>();

  /** The name of a tensor, which is `wanted` where that is free. */
  nameOf(tensor: Tensor | HostArray, wanted: string): string {
    const known = this.#names.get(tensor);
    if (known !== undefined) return known;
    let name = wanted;
    for (let i = 2; this.tensors.has(name); i++) name = `${wanted}#${i}`;
    this.#names.set(tensor, name);
    this.tensors.set(name, tensor);
    return name;
  }
}

/**
 * A value as JSON; its tensors are added to `names`.
 *
 * @param path Where the value is, for messages and names
 * @throws {TypeError} If there is something in it that can't be stored
 */
export function toStored(
  value: unknown,
  path: string,
  names: TensorNames,
  depth = 0,
): Json {
  const refuse = (what: string): never => {
    throw new TypeError(`Cannot store "${path}": ${what} can't be saved`);
  };
  if (depth > MAX_DEPTH) return refuse("a value that contains itself");
  const inner = (each: unknown, key: string): Json =>
    toStored(each, `${path}.${key}`, names, depth + 1);
  if (value instanceof Tensor || value instanceof HostArray) {
    return { $tensor: names.nameOf(value, path) };
  }
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : `${value}` };
    case "object":
      break;
    default:
      return refuse(`a ${typeof value}`);
  }
  if (value === null) return null;
  if (Array.isArray(value)) {
    return value.map((each, i) => inner(each, `${i}`));
  }
  if (value instanceof Map) {
    const pairs = [...value].map(([key, each]): Json =>
      typeof key === "string"
        ? [key, inner(each, key)]
        : refuse(`a map with a ${typeof key} as key`)
    );
    return { $map: pairs };
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return refuse(`a ${prototype.constructor?.name ?? "strange object"}`);
  }
  const entries = Object.entries(value).filter(([, each]) =>
    each !== undefined
  );
  return Object.fromEntries(
    entries.map(([key, each]) =>
      key.startsWith("$")
        ? refuse(`a key that begins with "$" (${key})`)
        : [key, inner(each, key)]
    ),
  );
}

/**
 * The value that was stored.
 *
 * @throws {SyntaxError} If it names a tensor that is not there, or is nothing
 * that `toStored` makes
 */
export function fromStored(
  json: unknown,
  tensors: ReadonlyMap<string, HostArray>,
): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((each) => fromStored(each, tensors));
  const entries = Object.entries(json);
  const [only] = entries;
  if (entries.length === 1 && only && only[0].startsWith("$")) {
    return fromTagged(only[0], only[1], tensors);
  }
  return Object.fromEntries(
    entries.map(([key, each]) => [key, fromStored(each, tensors)]),
  );
}

function fromTagged(
  tag: string,
  content: unknown,
  tensors: ReadonlyMap<string, HostArray>,
): unknown {
  const isText = typeof content === "string";
  if (tag === "$number" && isText) return Number(content);
  if (tag === "$tensor" && isText) {
    const found = tensors.get(content);
    if (found) return found;
    throw new SyntaxError(`the tensor "${content}" is missing`);
  }
  if (tag === "$map" && Array.isArray(content)) {
    return new Map(content.map((pair: unknown) => {
      if (Array.isArray(pair) && typeof pair[0] === "string") {
        return [pair[0], fromStored(pair[1], tensors)];
      }
      throw new SyntaxError("a map has a broken entry");
    }));
  }
  throw new SyntaxError(`"${tag}" is not known`);
}
