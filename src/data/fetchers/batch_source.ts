/**
 * Where the loader's host batches come from: the main thread, or workers
 * (workers/pool.ts).
 *
 * @module
 */

import type { BatchMaker } from "./fetcher.ts";
import type { Request } from "./request.ts";

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
  /** Samples of a stream that were in no full batch, and so left out. */
  readonly dropped?: number;
}

/** Makes each batch when it is asked for, on this thread. */
export class MainSource implements BatchSource {
  readonly #fetcher: BatchMaker;
  readonly #requests: Iterator<Request>;

  constructor(fetcher: BatchMaker, requests: Iterator<Request>) {
    this.#fetcher = fetcher;
    this.#requests = requests;
  }

  async next(): Promise<LoadedBatch | undefined> {
    const request = this.#requests.next();
    if (request.done) return undefined;
    const { arena } = this.#fetcher;
    const fetched = await this.#fetcher.fetch(request.value);
    if (!fetched) return undefined;
    const { batch, lent } = fetched;
    return {
      batch,
      release: () => lent.forEach((buffer) => arena.give(buffer)),
    };
  }

  get dropped(): number {
    return this.#fetcher.dropped ?? 0;
  }

  async close(): Promise<void> {
    this.#requests.return?.();
    await this.#fetcher.close?.();
  }
}
