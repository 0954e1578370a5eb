/**
 * What main and its workers say to each other. Everything is data; buffers are
 * transferred, never copied.
 *
 * A worker begins with a `WorkerSetup` and says "ready"; from then on it answers
 * each "load" with "loaded", "ended" or "failed", in order. Words sent before
 * "ready" would be lost, because nobody listens yet: the first ones are in the
 * setup.
 *
 * @module
 */

import type { FailureRecord } from "./failure.ts";
import type { Portable } from "./portable.ts";
import type { Request } from "../fetchers/request.ts";
import type { PackedBatch } from "./transport.ts";

/** What a worker is started with. */
export interface WorkerSetup {
  /** URL of worker.ts, for the bootstrap. */
  readonly url: string;
  /** Number of this worker, from 0. */
  readonly worker: number;
  /** Number of workers. */
  readonly numWorkers: number;
  readonly dataset: Portable;
  /** The user's collate, if there is one. */
  readonly collate: Portable | undefined;
  /** What is done to the image of each sample, if there is something. */
  readonly transform: Portable | undefined;
  /** Called in the worker before the first batch, if there is one. */
  readonly workerInit: Portable | undefined;
  /** Shared words in which the worker says what it works on. */
  readonly progress: SharedArrayBuffer;
  /** The batches that it begins with. */
  readonly first: readonly LoadMessage[];
}

/** The words of `WorkerSetup.progress`, by their place. */
export const PROGRESS = {
  /** Grows whenever the worker gets on. */
  beat: 0,
  /** The sample that is being loaded, or -1. */
  index: 1,
  words: 2,
} as const;

/** What main says to a worker. */
export interface LoadMessage {
  readonly kind: "load";
  /** The batch that is asked for. */
  readonly request: Request;
  /** Number of the batch, in the order in which they are asked for. */
  readonly number: number;
  /** Buffers of earlier batches, to be used again. */
  readonly spare: readonly ArrayBuffer[];
}

/**
 * What came from a worker, if that can be one of its messages: a dataset may
 * post what it likes. What a message holds is not looked at.
 */
export function parseWorkerMessage(value: unknown): WorkerMessage | undefined {
  const { kind, number } = Object(value);
  const isNumbered = Number.isInteger(number);
  const isMessage = kind === "ready" ||
    (isNumbered && (kind === "loaded" || kind === "ended")) ||
    (kind === "failed" && (isNumbered || number === undefined));
  return isMessage ? value as WorkerMessage : undefined; // by its kind
}

/** What a worker says to main. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | {
    readonly kind: "loaded";
    readonly number: number;
    readonly batch: PackedBatch;
  }
  | {
    readonly kind: "ended";
    /** The batch that there is no more. */
    readonly number: number;
    /** Samples that were left out, as there were too few for a batch. */
    readonly dropped: number;
  }
  | {
    readonly kind: "failed";
    /** The batch that failed; undefined: the worker itself. */
    readonly number: number | undefined;
    readonly failure: FailureRecord;
  };
