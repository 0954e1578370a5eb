/**
 * The worker in which code runs.
 *
 * @module
 */

/** The worker that runs the current code. */
export interface WorkerInfo {
  /** Number of this worker, from 0. */
  readonly id: number;
  /** The loader's number of workers. */
  readonly numWorkers: number;
}

/** The advice for a module that is meant for main but runs in a worker. */
export const OWN_MODULE =
  "keep datasets in a module of their own, or put the code for the main " +
  "thread under `if (import.meta.main)`";

let current: WorkerInfo | undefined;

/**
 * Returns the worker that runs the caller; undefined on the main thread. The
 * samples of a `Dataset` must not depend on it.
 *
 * Source: torch.utils.data.get_worker_info.
 */
export function workerInfo(): WorkerInfo | undefined {
  return current;
}

/** Sets the result of `workerInfo`, once per worker. */
export function setWorkerInfo(info: WorkerInfo): void {
  current = info;
}
