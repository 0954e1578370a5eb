/**
 * The error of a failed assertion, and how the values in its message print.
 *
 * @module
 */

/** What every failed assertion throws. */
export class AssertionError extends Error {
  /** @param message What was asserted and what came instead */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Throws `what`, with the caller's own `message` behind it when there is one. */
export function failWith(what: string, message: string | undefined): never {
  throw new AssertionError(message ? `${what}: ${message}` : what);
}

/** A value as assertion messages print it, on one line when it is short. */
export function show(value: unknown): string {
  return Deno.inspect(value, {
    depth: 10,
    sorted: true,
    iterableLimit: 60, // a longer array is told by its first difference
    strAbbreviateSize: 5000,
  });
}
