/**
 * Call sites: the line of the user's program that led to a stack trace.
 *
 * @module
 */

// src/compile/ is two folders below the package
const HOME = new URL("../../", import.meta.url).href;
const OWN = ["src/", "mod.ts", "datasets/"].map((path) => HOME + path);

/**
 * Returns the first line of the error's stack that is outside of this package,
 * as " at FILE:LINE:COLUMN", or "" if there is none.
 */
export function lineOf(error: Error): string {
  for (const line of error.stack?.split("\n").slice(1) ?? []) {
    const [, url] = /\(?((?:file|https?):\/\/[^)]+)\)?$/.exec(line) ?? [];
    if (url && !OWN.some((own) => url.startsWith(own))) {
      return ` at ${url}`;
    }
  }
  return "";
}
