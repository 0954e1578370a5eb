/**
 * In which worker a piece of code runs.
 *
 * @module
 */

/** A worker, as the code in it sees itself. */
export interface WorkerInfo {
  /** Number of this worker, from 0. */
  readonly id: number;
  /** Number of workers of the loader. */
  readonly numWorkers: number;
}

/** What to do about a module that is meant for main and runs in a worker. */
export const OWN_MODULE =
  "keep datasets in a module of their own, or put what is to run only on main " +
  "under `if (import.meta.main)`";

let current: WorkerInfo | undefined;

/**
 * The worker that this code runs in; undefined on the main thread. A dataset's
 * samples must not depend on it.
 *
 * Source: torch.utils.data.get_worker_info.
 */
export function workerInfo(): WorkerInfo | undefined {
  return current;
}

/** Says once, when a worker starts, which it is. */
export function setWorkerInfo(info: WorkerInfo): void {
  current = info;
}
