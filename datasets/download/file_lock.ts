/**
 * File locks: one writer of a file at a time, among processes and among calls
 * in one process.
 *
 * The lock is the operating system's own (flock, LockFileEx) on an empty file
 * beside the target. It ends with its process, however that ends, so a lock
 * file that lies around locks nothing and no lock has to be broken.
 *
 * @module
 */

import { delay } from "../_shared.ts";

/** What `lockFile` does while another holds the lock. */
export interface LockOptions {
  /** Stops the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Called once if there is something to wait for. */
  onWait?(): void;
}

/**
 * Opens and locks the file at `path`, creating it where it is missing; closing
 * it unlocks it.
 *
 * @throws The reason of `signal`, if it fires while waiting
 */
export async function lockFile(
  path: string,
  { signal, onWait }: LockOptions = {},
): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { write: true, create: true });
  try {
    let pauseMs = 10;
    while (!await tryLock(file)) {
      if (pauseMs === 10) onWait?.();
      await delay(pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, 500);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

async function tryLock(file: Deno.FsFile): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch (error) {
    // some network drives know no locks: there a user sees to it
    if (error instanceof Deno.errors.NotSupported) return true;
    throw error;
  }
}
