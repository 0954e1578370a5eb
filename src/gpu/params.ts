/**
 * Parameters of a kernel by name. The struct `Params` in the kernel's text defines
 * their order and types, so a plan cannot contradict its kernel.
 *
 * @module
 */

import { f32Bits } from "./plan.ts";

/**
 * Parameters by their names in camelCase (`x_offset` is `xOffset`). A vector, an
 * array or a struct is a list of numbers.
 */
export type Params = Readonly<Record<string, number | readonly number[]>>;

interface Field {
  readonly name: string;
  /** Start of the field, in words. */
  readonly at: number;
  readonly words: number;
  readonly isFloat: boolean;
}

/** Layout of a type in a uniform, in words. */
interface Layout {
  readonly words: number;
  readonly align: number;
  readonly isFloat: boolean;
}

const FIELD = /(\w+)\s*:\s*(array<[^>]*>|\w+)/g;

const known = new Map<string, readonly Field[]>();

/**
 * Returns the words of a kernel's uniform. Trailing parameters may be missing,
 * for kernels that share a struct.
 *
 * @throws {TypeError} If a name is not a parameter, or a parameter has no value
 */
export function pack(source: string, params: Params): number[] {
  let fields = known.get(source);
  if (!fields) known.set(source, fields = fieldsOf(source));
  const words: number[] = [];
  let left = Object.keys(params).length;
  for (const { name, at, words: length, isFloat } of fields) {
    if (left === 0) break;
    const value = params[name];
    if (value === undefined) {
      throw new TypeError(`Cannot pack parameters: ${name} is missing`);
    }
    left--;
    while (words.length < at) words.push(0);
    const list = typeof value === "number" ? [value] : value;
    if (list.length > length) {
      throw new TypeError(
        `Cannot pack parameters: ${name} has ${length} words, got ${list.length}`,
      );
    }
    // >>> makes an i32 a word
    for (const each of list) words.push(isFloat ? f32Bits(each) : each >>> 0);
  }
  if (left > 0) {
    const names = fields.map(({ name }) => name);
    const extra = Object.keys(params).filter((name) => !names.includes(name));
    throw new TypeError(`Cannot pack parameters: no ${extra} in ${names}`);
  }
  return words;
}

/** Returns the fields of `Params` without those that only fill a gap. */
function fieldsOf(source: string): Field[] {
  const { fields } = structOf(source, "Params");
  return fields.filter(({ name }) => !/^pad\d$/.test(name));
}

// Lays out a struct by WGSL's uniform address space: structs and arrays begin at
// multiples of 16 bytes. https://www.w3.org/TR/WGSL/#memory-layouts
function structOf(
  source: string,
  name: string,
): Layout & { readonly fields: Field[] } {
  const code = source.replaceAll(/\/\/[^\n]*/g, "");
  const [, body] = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(code) ?? [];
  if (body === undefined) {
    throw new TypeError(
      `Cannot pack parameters: no struct ${name} in a kernel`,
    );
  }
  const fields: Field[] = [];
  let end = 0;
  for (const [, name, type] of body.matchAll(FIELD)) {
    const { words, align, isFloat } = layoutOf(source, type!);
    const at = Math.ceil(end / align) * align;
    fields.push({ name: camelCase(name!), at, words, isFloat });
    end = at + words;
  }
  return { fields, words: Math.ceil(end / 4) * 4, align: 4, isFloat: false };
}

function layoutOf(source: string, type: string): Layout {
  if (type === "u32" || type === "i32" || type === "f32") {
    return { words: 1, align: 1, isFloat: type === "f32" };
  }
  const vector = /^vec([24])([uif])$/.exec(type);
  if (vector) {
    const size = Number(vector[1]);
    return { words: size, align: size, isFloat: vector[2] === "f" };
  }
  const array = /^array<vec4([uif]), (\d+)>$/.exec(type);
  if (array) {
    return { words: 4 * Number(array[2]), align: 4, isFloat: array[1] === "f" };
  }
  return structOf(source, type); // its values are words
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
