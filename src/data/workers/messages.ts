/**
 * The messages between main and its workers. All are plain data; buffers are
 * transferred, never copied.
 *
 * A worker starts with a `WorkerSetup` and posts "ready". From then on it
 * answers each "load" with "loaded", "ended" or "failed", in order. A message
 * sent before "ready" would be lost, so the setup holds the first ones.
 *
 * @module
 */

import type { FailureRecord } from "./failure.ts";
import type { Portable } from "./portable.ts";
import type { LoadRequest } from "../fetchers/request.ts";
import type { PackedBatch } from "./transport.ts";

/** The data that a worker starts with. */
export interface WorkerSetup {
  /** URL of worker.ts. */
  readonly url: string;
  /** Number of this worker, from 0. */
  readonly worker: number;
  /** Number of workers. */
  readonly numWorkers: number;
  readonly dataset: Portable;
  /** The user's collate; undefined means the default one. */
  readonly collate: Portable | undefined;
  /** The transform of the image of each sample. */
  readonly transform: Portable | undefined;
  /** Called in the worker before the first batch. */
  readonly workerInit: Portable | undefined;
  /** Shared words with the state of the worker: `PROGRESS`. */
  readonly progress: SharedArrayBuffer;
  /** The first requests. */
  readonly first: readonly LoadMessage[];
}

/** The positions of the words of `WorkerSetup.progress`. */
export const PROGRESS = {
  /** Grows with every step of the worker. */
  beat: 0,
  /** The sample that the worker loads, or -1. */
  index: 1,
  words: 2,
} as const;

/** A message from main to a worker. */
export interface LoadMessage {
  readonly kind: "load";
  readonly request: LoadRequest;
  /** Number of the batch, in the order of the requests. */
  readonly number: number;
  /** Buffers of earlier batches, to use again. */
  readonly spare: readonly ArrayBuffer[];
}

/**
 * Returns a posted value if it looks like a worker's message, else undefined. A
 * dataset in the worker may post anything. The contents are not checked.
 */
export function parseWorkerMessage(value: unknown): WorkerMessage | undefined {
  const { kind, number } = Object(value);
  const isNumbered = Number.isInteger(number);
  const isMessage = kind === "ready" ||
    (isNumbered && (kind === "loaded" || kind === "ended")) ||
    (kind === "failed" && (isNumbered || number === undefined));
  return isMessage ? value as WorkerMessage : undefined; // by its kind
}

/** A message from a worker to main. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | {
    readonly kind: "loaded";
    readonly number: number;
    readonly batch: PackedBatch;
  }
  | {
    readonly kind: "ended";
    /** The batch that does not exist: the stream is over. */
    readonly number: number;
    /** Samples that were too few for a batch. */
    readonly dropped: number;
  }
  | {
    readonly kind: "failed";
    /** The batch that failed; undefined means the worker itself. */
    readonly number: number | undefined;
    readonly failure: FailureRecord;
  };
