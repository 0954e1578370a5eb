/**
 * The workers of a loader between epochs: they end after an epoch, or, with
 * `persistentWorkers`, wait for the next.
 *
 * NOTE [kept workers]: a worker copies the dataset when it starts. Later
 * changes on main, a longer list of files for instance, would never reach kept
 * workers. So before each epoch the loader compares the portable forms, then
 * and now, byte by byte and without copies. If they differ, it replaces the
 * workers. Shared memory needs no comparison. Changes that a worker makes to
 * its copy do not count.
 *
 * @module
 */

import type { BatchSource } from "../fetchers/batch_source.ts";
import { isStream, type IterableDataset } from "../datasets/iterable.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { LoadRequest } from "../fetchers/request.ts";
import { type Portable, samePortable, toPortable } from "./portable.ts";
import { type PoolOptions, WorkerPool } from "./pool.ts";

/** The options of a loader that its workers need. */
export interface WorkerOptions
  extends Pick<PoolOptions, "numWorkers" | "timeout" | "prefetchFactor"> {
  readonly persistentWorkers: boolean;
  readonly collate: unknown;
}

/** The objects that a loader sends to its workers, besides its collate. */
export interface WorkerParts {
  readonly dataset: Dataset<unknown> | IterableDataset<unknown>;
  readonly transform: unknown;
  readonly workerInit: unknown;
}

/** The portable forms that workers have started with. */
type Sent =
  & Readonly<
    Record<"collate" | "transform" | "workerInit", Portable | undefined>
  >
  & { readonly dataset: Portable };

/** Keeps workers from one epoch to the next. */
export class KeptWorkers {
  readonly #options: WorkerOptions;
  readonly #parts: WorkerParts;
  /** Workers that wait for the next epoch. */
  #waiting: WorkerPool | undefined;
  readonly #sent = new WeakMap<WorkerPool, Sent>();

  /** Starts no worker before the first epoch. */
  constructor(options: WorkerOptions, parts: WorkerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * Returns workers that have started on the batches of an epoch.
   *
   * @throws {TypeError} If a value can't be sent to a worker
   */
  async begin(requests: () => Iterator<LoadRequest>): Promise<WorkerPool> {
    let pool = this.#waiting;
    this.#waiting = undefined; // a second iteration at a time starts others
    if (pool && !this.#isFresh(pool)) {
      await pool.close();
      pool = undefined;
    }
    pool ??= this.#start();
    pool.begin(requests());
    return pool;
  }

  /** Takes workers back after an epoch: to keep them, or to end them. */
  async leave(source: BatchSource): Promise<void> {
    const { persistentWorkers } = this.#options;
    const isKept = source instanceof WorkerPool && persistentWorkers &&
      !this.#waiting;
    if (isKept) this.#waiting = source;
    else await source.close();
  }

  /** Ends the waiting workers. */
  async close(): Promise<void> {
    const pool = this.#waiting;
    this.#waiting = undefined;
    await pool?.close();
  }

  /** Whether the workers have the values that main would send now. */
  #isFresh(pool: WorkerPool): boolean {
    try {
      return samePortable(this.#sent.get(pool), this.#toSend(false));
    } catch {
      return false; // `#start` will report the value that can't be sent
    }
  }

  #start(): WorkerPool {
    const { numWorkers, timeout, prefetchFactor } = this.#options;
    const sent = this.#toSend(true);
    const pool = new WorkerPool({
      numWorkers,
      timeout,
      prefetchFactor,
      takesTurns: isStream(this.#parts.dataset),
      ...sent,
    });
    this.#sent.set(pool, sent);
    return pool;
  }

  #toSend(isCopied: boolean): Sent {
    const { dataset, transform, workerInit } = this.#parts;
    const send = (value: unknown, name: string) =>
      toPortable(value, name, { isCopied });
    const sendIfSet = (value: unknown, name: string) =>
      value === undefined ? undefined : send(value, name);
    return {
      dataset: send(dataset, dataset.constructor.name),
      collate: sendIfSet(this.#options.collate, "collate"),
      transform: sendIfSet(transform, "transform"),
      workerInit: sendIfSet(workerInit, "workerInit"),
    };
  }
}
