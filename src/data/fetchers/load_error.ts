/**
 * Errors of samples and batches that can't be loaded: they name the sample, its
 * file and the worker, and keep the error underneath as their cause.
 *
 * @module
 */

import { MissingSampleError } from "../checks/check.ts";
import { messageOf } from "../checks/values.ts";

/** An attempt to load something. */
export interface LoadAttempt {
  /** The words after "Cannot": `load sample 17`. */
  readonly action: string;
  /** The sample, if the attempt was for a single one. */
  readonly index?: number | undefined;
  /** The dataset's name for that sample, often a file. */
  readonly sampleName?: string | undefined;
  /** The thread: ` in DataLoader worker 2`, or nothing on main. */
  readonly where?: string | undefined;
}

/** The way out that V8's message for a missing #private field lacks. */
const PRIVATE_WAY = "; #private fields don't reach a worker: make them " +
  "public, or give the class toWorker() and static fromWorker()";

/**
 * The error of an attempt that failed with `cause`. A missing sample gives a
 * RangeError; everything else gives an Error.
 */
export function loadError(attempt: LoadAttempt, cause: unknown): Error {
  const { action, index, sampleName, where = "" } = attempt;
  const sample = sampleName === undefined
    ? action
    : `${action} ("${sampleName}")`;
  const message = (reason: string) => `Cannot ${sample}${where}: ${reason}`;
  if (cause instanceof MissingSampleError && cause.index === index) {
    return new RangeError(message(cause.reason), { cause });
  }
  const reason = withoutFile(messageOf(cause), sampleName);
  const isPrivate = where !== "" &&
    /private (member|field|method)/.test(reason);
  return new Error(message(reason + (isPrivate ? PRIVATE_WAY : "")), { cause });
}

/** A message without its `Cannot read "FILE": `, if FILE is already named. */
function withoutFile(message: string, file: string | undefined): string {
  const [start, named] = /^Cannot read "([^"]*)": /.exec(message) ?? [];
  const isNamed = start && file !== undefined && named?.endsWith(file);
  return isNamed ? message.slice(start.length) : message;
}

/** The samples of a batch in few words: the first three, and their number. */
export function formatSamples(indices: readonly number[]): string {
  const shown = indices.slice(0, 3).join(", ");
  if (indices.length === 1) return `sample ${shown}`;
  return indices.length <= 3
    ? `samples ${shown}`
    : `samples ${shown}, … (${indices.length} of them)`;
}
