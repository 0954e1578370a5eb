/**
 * Helpers of layers: checks of sizes, and printing of options.
 *
 * @module
 */

/**
 * Checks that sizes are integers of at least `least`.
 *
 * @throws {RangeError} If a size is not
 */
export function checkSizes(
  layer: string,
  least: number,
  sizes: Readonly<Record<string, number>>,
): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < least) {
      throw new RangeError(
        `Cannot make ${layer} with ${name} ${size}: ` +
          `expected an integer of at least ${least}`,
      );
    }
  }
}

/** Formats options as layers print them: `kernelSize=3, stride=[2, 1]`. */
export function formatOptions(options: object): string {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      `${name}=${JSON.stringify(value).replaceAll(",", ", ")}`
    )
    .join(", ");
}
