/**
 * Errors that cross threads, as plain data with their stack and causes.
 *
 * Structured clone loses the class of most errors, and fails on some thrown
 * values. A record always passes.
 *
 * @module
 */

import { messageOf } from "../checks/values.ts";

/** An error as plain data. */
export interface FailureRecord {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: FailureRecord | undefined;
}

/** Length of the chain of causes to keep. */
const MAX_DEPTH = 8;

/** The error classes that survive; others become Error. */
const CLASSES: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Makes a record of a thrown value. */
export function recordFailure(thrown: unknown, depth = 0): FailureRecord {
  if (!(thrown instanceof Error)) {
    return {
      name: "Error",
      message: messageOf(thrown),
      stack: "", // the stack of a new Error on main would mislead
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

/** Makes the error of a record, with its original stack. */
export function reviveFailure(record: FailureRecord): Error {
  const { name, message, stack } = record;
  const cause = record.cause && reviveFailure(record.cause);
  const type = CLASSES[name] ?? Error;
  const error = new type(message, cause && { cause });
  if (error.name !== name) hide(error, "name", name);
  if (stack !== undefined) hide(error, "stack", stack);
  return error;
}

/** Sets a property that is not enumerable, like those of errors. */
function hide(error: Error, key: "name" | "stack", value: string): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    configurable: true,
  });
}
