/**
 * Slots: the workers of a pool, each with main's knowledge of its state.
 *
 * @module
 */

import { messageOf } from "../checks/values.ts";
import type { LoadedBatch } from "../fetchers/batch_source.ts";
import { PROGRESS, type WorkerSetup } from "./messages.ts";
import { type PackedBatch, unpackBatch } from "./transport.ts";
import { type WorkerListener, WorkerThread } from "./thread.ts";

/** A worker, and main's knowledge of its state. */
export interface Slot {
  /** Number of the worker, from 0. */
  readonly worker: number;
  readonly thread: WorkerThread;
  readonly progress: Int32Array<SharedArrayBuffer>;
  /** Buffers to send back with the next request. */
  spare: ArrayBuffer[];
  isReady: boolean;
  /** Whether its stream is over in this iteration. */
  isDone: boolean;
  /** Batches that it makes, or that wait for the consumer. */
  load: number;
  /** Numbers of the batches that it makes. */
  readonly unanswered: Set<number>;
  /** The last beat seen, and the time since it changed. */
  beat: number;
  stalledMs: number;
}

/** Makes the slot of a worker that does not run yet. */
export function makeSlot(
  setup: Omit<WorkerSetup, "url" | "progress" | "first">,
  listenerOf: (slot: Slot) => WorkerListener,
): Slot {
  const buffer = new SharedArrayBuffer(4 * PROGRESS.words);
  const progress = new Int32Array(buffer);
  progress[PROGRESS.index] = -1;
  const url = new URL("./worker.ts", import.meta.url).href;
  const thread = new WorkerThread({ ...setup, url, progress: buffer }, {
    onMessage: (message) => listenerOf(slot).onMessage(message),
    onEnd: (reason, cause) => listenerOf(slot).onEnd(reason, cause),
  });
  const slot: Slot = {
    worker: setup.worker,
    thread,
    progress,
    spare: [],
    isReady: false,
    isDone: false,
    load: 0,
    unanswered: new Set(),
    beat: 0,
    stalledMs: 0,
  };
  return slot;
}

/** Unpacks a batch of a worker; its buffers go back with a later request. */
export async function unpackFrom(
  slot: Slot,
  packed: PackedBatch,
): Promise<LoadedBatch> {
  try {
    const { batch, buffers } = await unpackBatch(packed);
    return { batch, release: () => void slot.spare.push(...buffers) };
  } catch (cause) {
    throw foreignMessage(slot, cause);
  }
}

/** The current work of a worker in words, by its shared memory. */
export function currentWork({ isReady, progress }: Slot): string {
  const index = Atomics.load(progress, PROGRESS.index);
  if (index >= 0) return `loaded sample ${index}`;
  return isReady ? "had no sample to load" : "started";
}

/** The error of a worker that posts a message of its own. */
export function foreignMessage(slot: Slot, cause: unknown): Error {
  return new Error(
    `DataLoader worker ${slot.worker} posted an unknown message while it ` +
      `${currentWork(slot)}: ${messageOf(cause)}; only the loader may use ` +
      `parentPort`,
    { cause },
  );
}
