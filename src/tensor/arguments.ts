/**
 * Checks of argument types at run time, as `deno run` does not check types.
 *
 * The checks find mistakes that would otherwise go unnoticed, or cause an error
 * elsewhere. Nothing here touches the GPU.
 *
 * @module
 */

/** Formats a value for messages: `3`, `"cuda"`, `an array`, `a Linear`. */
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
 * Returns options after a check that they are a record of known names. It takes
 * about 10 ns.
 *
 * @throws {TypeError} If options are not a record, or a name is unknown
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
 * Returns `value` after a check that it is one of the words that an option
 * takes.
 *
 * @param call The call in words: `pad`, `make CyclicLR`
 * @param choices The valid words, or a table with these keys
 * @throws {RangeError} If the word is not valid; the message lists the valid
 * ones
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

/** Formats words for messages: `"a", "b" or "c"`. */
export function formatChoices(choices: readonly string[]): string {
  const quoted = choices.map((choice) => `"${choice}"`);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}
