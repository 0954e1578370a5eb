/**
 * Where the loader's host batches come from: the main thread, or workers
 * (worker_pool.ts).
 *
 * @module
 */

import type { Fetcher } from "./fetcher.ts";
import type { BatchRequest } from "./messages.ts";

/** A host batch, and what to do when it has been used. */
export interface LoadedBatch {
  readonly batch: unknown;
  /** Gives the batch's memory back; its arrays must not be used any more. */
  release(): void;
}

/** Host batches in the order in which they were asked for. */
export interface BatchSource {
  /** The next batch; undefined when all have been given. */
  next(): Promise<LoadedBatch | undefined>;
  /** Stops the work, finished or not. */
  close(): Promise<void>;
}

/** Makes each batch when it is asked for, on this thread. */
export class MainSource implements BatchSource {
  readonly #fetcher: Fetcher;
  readonly #requests: Iterator<BatchRequest>;

  constructor(fetcher: Fetcher, requests: Iterator<BatchRequest>) {
    this.#fetcher = fetcher;
    this.#requests = requests;
  }

  async next(): Promise<LoadedBatch | undefined> {
    const request = this.#requests.next();
    if (request.done) return undefined;
    const { arena } = this.#fetcher;
    const { batch, lent } = await this.#fetcher.fetch(request.value);
    return {
      batch,
      release: () => lent.forEach((buffer) => arena.give(buffer)),
    };
  }

  close(): Promise<void> {
    this.#requests.return?.();
    return Promise.resolve();
  }
}
