/**
 * Arguments of a wrong type: checks that the compiler makes of programs too,
 * but `deno run` does not ask it.
 *
 * Only mistakes that would otherwise pass in silence, or fail far from their
 * place, are looked for. Nothing here touches the GPU.
 *
 * @module
 */

/** A value as errors write it: `3`, `"cuda"`, `an array`, `a Linear`. */
export function formatValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  const name = value.constructor?.name;
  if (!name || name === "Object") return "an object";
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

/**
 * Options, checked to be a record of known names: an unknown one would be
 * ignored, as would a value where the record belongs. It takes some
 * 10 ns, which ops can spare.
 *
 * @throws {TypeError} If they are not
 */
export function checkOptionNames<O>(
  what: string,
  options: O,
  known: readonly string[],
): O {
  if (
    typeof options !== "object" || options === null || Array.isArray(options)
  ) {
    throw new TypeError(
      `Cannot use ${formatValue(options)} as the options of ${what}: ` +
        `expected a record of ${known.join(", ")}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(
        `Cannot use "${name}" as an option of ${what}: ` +
          `expected ${known.join(", ")}`,
      );
    }
  }
  return options;
}

/**
 * `value`, if it is one of the words that an option takes.
 *
 * @param call The call in words: `pad`, `make CyclicLR`
 * @param choices The words, or a table whose keys they are
 * @throws {RangeError} If it is another; the message names all of them
 */
export function checkChoice<T extends string>(
  call: string,
  option: string,
  value: T,
  choices: readonly T[] | Readonly<Record<T, unknown>>,
): T {
  const known: readonly string[] = Array.isArray(choices)
    ? choices
    : Object.keys(choices);
  if (known.includes(value)) return value;
  throw new RangeError(
    `Cannot ${call} with ${option} ${formatValue(value)}: expected ` +
      formatChoices(known),
  );
}

/** Words as messages list them: `"a", "b" or "c"`. */
export function formatChoices(choices: readonly string[]): string {
  const quoted = choices.map((choice) => `"${choice}"`);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}
