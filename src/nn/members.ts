/**
 * Looking through the properties of a module: NOTE [module members].
 *
 * @module
 */

/** The values that are wanted, with their names; arrays are looked into. */
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

/** Puts `convert(value)` in the place of every property and array element. */
export function replaceIn(
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
