/**
 * Sources of the loader's host batches: the main thread, here, or workers
 * (workers/pool.ts).
 *
 * @module
 */

import type { BatchMaker } from "./batch_maker.ts";
import type { LoadRequest } from "./request.ts";

/** A host batch, and the release of its memory. */
export interface LoadedBatch {
  readonly batch: unknown;
  /** Gives the memory back; the batch's arrays must not be used any more. */
  release(): void;
}

/** Gives host batches in the order of their requests. */
export interface BatchSource {
  /** Returns the next batch; undefined after the last. */
  next(): Promise<LoadedBatch | undefined>;
  /** Stops the work, at any time. */
  close(): Promise<void>;
  /** Samples of a stream that were too few for a batch. */
  readonly dropped?: number;
}

/** Makes each batch on demand, on this thread. */
export class MainSource implements BatchSource {
  readonly #fetcher: BatchMaker;
  readonly #requests: Iterator<LoadRequest>;

  constructor(fetcher: BatchMaker, requests: Iterator<LoadRequest>) {
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
