/**
 * The workers of a loader between its epochs: they end with an epoch, or
 * (`persistentWorkers`) wait for the next.
 *
 * NOTE [kept workers]: workers have a copy of the dataset, made when they start.
 * A field that changes on main afterwards (the epoch that a dataset is told, a
 * list of files that grows) would never reach those that are kept. So before
 * each epoch all that was sent is compared with what would be sent now, byte by
 * byte and without copies; workers that have another are replaced. Shared memory
 * needs no comparison. What a worker's copy does to itself is its own affair.
 *
 * @module
 */

import type { BatchSource } from "../fetchers/batch_source.ts";
import { isStream, type IterableDataset } from "../datasets/iterable.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { Request } from "../fetchers/request.ts";
import { type Portable, samePortable, toPortable } from "./portable.ts";
import { type PoolOptions, WorkerPool } from "./pool.ts";

/** Options of a loader that its workers go by. */
export interface WorkerOptions
  extends Pick<PoolOptions, "numWorkers" | "timeout" | "prefetchFactor"> {
  readonly persistentWorkers: boolean;
  readonly collate: unknown;
}

/** What a loader's workers work with, besides its collate. */
export interface WorkerParts {
  readonly dataset: Dataset<unknown> | IterableDataset<unknown>;
  readonly transform: unknown;
  readonly workerInit: unknown;
}

/** What workers were started with. */
type Sent =
  & Readonly<
    Record<"collate" | "transform" | "workerInit", Portable | undefined>
  >
  & { readonly dataset: Portable };

/** Workers, from one epoch to the next. */
export class KeptWorkers {
  readonly #options: WorkerOptions;
  readonly #parts: WorkerParts;
  /** Workers that wait for the next epoch. */
  #waiting: WorkerPool | undefined;
  readonly #sent = new WeakMap<WorkerPool, Sent>();

  /** Nothing is started before the first epoch. */
  constructor(options: WorkerOptions, parts: WorkerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /**
   * Workers that have begun with the batches of an epoch.
   *
   * @throws {TypeError} If something can't be sent to a worker
   */
  async begin(requests: () => Iterator<Request>): Promise<WorkerPool> {
    let pool = this.#waiting;
    this.#waiting = undefined; // another epoch at the same time has its own
    if (pool && !this.#isFresh(pool)) {
      await pool.close();
      pool = undefined;
    }
    pool ??= this.#start(); // says what can't be sent
    pool.begin(requests());
    return pool;
  }

  /** Keeps workers that finished an epoch, if they are to live on. */
  async leave(source: BatchSource): Promise<void> {
    const { persistentWorkers } = this.#options;
    const isKept = source instanceof WorkerPool && persistentWorkers &&
      !this.#waiting;
    if (isKept) this.#waiting = source;
    else await source.close();
  }

  /** Ends workers that wait. */
  async close(): Promise<void> {
    const pool = this.#waiting;
    this.#waiting = undefined;
    await pool?.close();
  }

  /** Whether workers have what would be sent now. */
  #isFresh(pool: WorkerPool): boolean {
    try {
      return samePortable(this.#sent.get(pool), this.#toSend(false));
    } catch {
      return false; // what has come to it can't be sent
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
    const given = (value: unknown, name: string) =>
      value === undefined ? undefined : send(value, name);
    return {
      dataset: send(dataset, dataset.constructor.name),
      collate: given(this.#options.collate, "collate"),
      transform: given(transform, "transform"),
      workerInit: given(workerInit, "workerInit"),
    };
  }
}
