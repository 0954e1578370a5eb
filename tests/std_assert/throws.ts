/**
 * Assertions that a function throws, or that its promise rejects.
 *
 * With a class, the error must be an instance of it; with a text, its message
 * must contain the text. Both hand the error back for further assertions.
 *
 * @module
 */

import { AssertionError, failWith, show } from "./assertion_error.ts";

/** A class of errors. */
type ErrorType<E extends Error> = abstract new (...args: never[]) => E;

/** Asserts that `fn` throws, and returns what it threw. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Asserts that `fn` throws an error of a class, and returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorType: ErrorType<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  errorType?: ErrorType<Error> | string,
  includes?: string,
  message?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return checked(error, errorType, includes, message);
  }
  return nothingCame("throw", errorType, message);
}

/** Asserts that `fn`'s promise rejects, and resolves to the reason. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  message?: string,
): Promise<unknown>;
/** Asserts that `fn`'s promise rejects with an error of a class. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorType: ErrorType<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  errorType?: ErrorType<Error> | string,
  includes?: string,
  message?: string,
): Promise<unknown> {
  const promise = started(fn, message);
  try {
    await promise;
  } catch (error) {
    return checked(error, errorType, includes, message);
  }
  return nothingCame("reject", errorType, message);
}

/** A function that throws before it returns its promise does not reject. */
function started(
  fn: () => PromiseLike<unknown>,
  message?: string,
): PromiseLike<unknown> {
  try {
    return fn();
  } catch (error) {
    throw new AssertionError(
      `Expected the function to reject, it threw ${show(error)}` +
        (message ? `: ${message}` : ""),
      { cause: error },
    );
  }
}

function checked(
  error: unknown,
  errorType: ErrorType<Error> | string | undefined,
  includes: string | undefined,
  message: string | undefined,
): unknown {
  if (errorType === undefined || typeof errorType === "string") return error;
  const wanted = errorType.name +
    (includes === undefined ? "" : ` with ${show(includes)} in its message`);
  const right = error instanceof errorType &&
    (includes === undefined || error.message.includes(includes));
  if (right) return error;
  const came = error instanceof Error
    ? `${error.constructor.name} ${show(error.message)}`
    : show(error);
  const suffix = message ? `: ${message}` : "";
  throw new AssertionError(
    `Expected ${wanted}, got ${came}${suffix}`,
    { cause: error },
  );
}

function nothingCame(
  verb: string,
  errorType: ErrorType<Error> | string | undefined,
  message: string | undefined,
): never {
  const wanted = typeof errorType === "function" ? ` ${errorType.name}` : "";
  return failWith(
    `Expected the function to ${verb}${wanted}, it did not`,
    typeof errorType === "string" ? errorType : message,
  );
}
