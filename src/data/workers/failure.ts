/**
 * Errors that cross threads: as plain data, with their stack and their causes.
 *
 * Structured clone would lose the class of most errors and fail on some thrown
 * values; a record goes through whatever was thrown.
 *
 * @module
 */

import { messageOf } from "../checks/values.ts";

/** What crosses of an error. */
export interface FailureRecord {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: FailureRecord | undefined;
}

/** Causes of causes that are kept. */
const MAX_DEPTH = 8;

/** The classes that come out as they went in; others become Error. */
const CLASSES: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** The record of anything that was thrown. */
export function recordFailure(thrown: unknown, depth = 0): FailureRecord {
  if (!(thrown instanceof Error)) {
    return {
      name: "Error",
      message: messageOf(thrown),
      stack: "", // what is no error has none, and main's would be misleading
      cause: undefined,
    };
  }
  const { name, message, stack, cause } = thrown;
  return {
    name: String(name),
    message: String(message),
    stack,
    cause: cause === undefined || depth === MAX_DEPTH
      ? undefined
      : recordFailure(cause, depth + 1),
  };
}

/** The error of a record, with the stack of the place where it was thrown. */
export function reviveFailure(record: FailureRecord): Error {
  const { name, message, stack } = record;
  const cause = record.cause && reviveFailure(record.cause);
  const type = CLASSES[name] ?? Error;
  const error = new type(message, cause && { cause });
  if (error.name !== name) hide(error, "name", name);
  if (stack !== undefined) hide(error, "stack", stack);
  return error;
}

/** Sets a property that is not listed, as an error's own are not. */
function hide(error: Error, key: "name" | "stack", value: string): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    configurable: true,
  });
}
