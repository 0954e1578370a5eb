/**
 * Search in the properties of modules: NOTE [module members] in module.ts.
 *
 * @module
 */

import { type DType, isFloat } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { castMember, isBuffer, isParameter } from "./parameter.ts";

/** Returns the wanted members with their names, also those in arrays. */
export function ownOf<T>(
  members: Iterable<readonly [string, unknown]>,
  isWanted: (value: unknown) => value is T,
): [string, T][] {
  const found: [string, T][] = [];
  const visit = (name: string, value: unknown): void => {
    if (isWanted(value)) found.push([name, value]);
    else if (Array.isArray(value)) {
      value.forEach((item, i) => visit(`${name}.${i}`, item));
    }
  };
  for (const [name, value] of members) visit(name, value);
  return found;
}

/** Replaces each property and array element by `convert` of it. */
function replaceIn(
  owner: object,
  convert: (value: unknown) => unknown,
): void {
  for (const [key, value] of Object.entries(owner)) {
    if (Array.isArray(value)) {
      replaceIn(value, convert);
      continue;
    }
    const replaced = convert(value);
    if (replaced !== value) Reflect.set(owner, key, replaced);
  }
}

/**
 * Converts parameters and buffers of float types to another one. A shared
 * tensor stays shared.
 */
export function convertFloats(owners: readonly object[], dtype: DType): void {
  const made = new Map<Tensor, Tensor>();
  const convert = (value: unknown): unknown => {
    if (!isParameter(value) && !isBuffer(value)) return value;
    if (!isFloat(value.dtype) || value.dtype === dtype) return value;
    let cast = made.get(value);
    if (!cast) made.set(value, cast = castMember(value, dtype));
    return cast;
  };
  for (const owner of owners) replaceIn(owner, convert);
}

/** Prints a module: its own description, then its children, indented. */
export function drawTree(
  name: string,
  own: string,
  children: readonly (readonly [string, { toString(): string }])[],
): string {
  if (children.length === 0) return `${name}(${own})`;
  const lines = children.map(([key, child]) =>
    `(${key}): ${child}`.replaceAll("\n", "\n  ")
  );
  if (own !== "") lines.unshift(own);
  return `${name}(\n${lines.map((line) => `  ${line}\n`).join("")})`;
}
