/**
 * Call sites: the line of the user's program that a stack goes back to.
 *
 * @module
 */

// this file's own folder is two below that of the package
const HOME = new URL("../../", import.meta.url).href;
const OWN = ["src/", "mod.ts", "datasets/"].map((path) => HOME + path);

/**
 * The first line outside of this package that the error's stack names, as
 * " at FILE:LINE:COLUMN", or nothing where there is none.
 */
export function lineOf(error: Error): string {
  for (const line of error.stack?.split("\n").slice(1) ?? []) {
    const [, place] = /\(?((?:file|https?):\/\/[^)]+)\)?$/.exec(line) ?? [];
    if (place && !OWN.some((own) => place.startsWith(own))) {
      return ` at ${place}`;
    }
  }
  return "";
}
