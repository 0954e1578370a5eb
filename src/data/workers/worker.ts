/**
 * The program of a DataLoader worker: it rebuilds the dataset, then loads the
 * batches that main asks for, one after another.
 *
 * It imports nothing that touches the GPU. Nothing may escape: whatever is
 * thrown, now or by a promise that nobody awaits, is sent to main as data.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { parentPort, workerData } from "node:worker_threads";
import { type Callable, invoke } from "../checks/callable.ts";
import { Dataset } from "../datasets/dataset.ts";
import { messageOf } from "../checks/values.ts";
import { recordFailure } from "./failure.ts";
import type { AnyCollate } from "../collate/batch.ts";
import { type BatchMaker, Fetcher } from "../fetchers/fetcher.ts";
import { IterableDataset } from "../datasets/iterable.ts";
import {
  type LoadMessage,
  PROGRESS,
  type WorkerMessage,
  type WorkerSetup,
} from "./messages.ts";
import { fromPortable } from "./rebuild.ts";
import type { SampleTransform } from "../images/transform.ts";
import { StreamFetcher } from "../fetchers/stream_fetcher.ts";
import { packBatch } from "./transport.ts";
import { OWN_MODULE, setWorkerInfo } from "./info.ts";
import { markAsWorker } from "../../worker_flag.ts";

// Before any module of the user's is imported: it may import the device, which
// then leaves the GPU to main.
markAsWorker();

// pool.ts starts this module, with these data and no other
const setup = workerData as WorkerSetup;
const progress = new Int32Array(setup.progress);
const where = ` in DataLoader worker ${setup.worker}`;

function say(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function fail(number: number | undefined, thrown: unknown): void {
  say({ kind: "failed", number, failure: recordFailure(thrown) });
}

function workOn(index: number): void {
  Atomics.store(progress, PROGRESS.index, index);
  Atomics.add(progress, PROGRESS.beat, 1);
}

/** Errors that nobody caught, with the sample that was being loaded. */
function failAstray(thrown: unknown): void {
  const index = Atomics.load(progress, PROGRESS.index);
  const what = index < 0 ? "go on" : `load sample ${index}`;
  fail(
    undefined,
    new Error(`Cannot ${what}${where}: ${messageOf(thrown)}`, {
      cause: thrown,
    }),
  );
}

globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  failAstray(event.error ?? event.message);
});
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  failAstray(event.reason);
});

async function start(): Promise<BatchMaker> {
  const { worker: id, numWorkers } = setup;
  setWorkerInfo({ id, numWorkers });
  const dataset = await fromPortable(setup.dataset);
  const isStream = dataset instanceof IterableDataset;
  if (!isStream && !(dataset instanceof Dataset)) {
    throw new TypeError(
      "the dataset belongs to another copy of this library than the loader",
    );
  }
  const collate = setup.collate && await fromPortable(setup.collate);
  const transform = setup.transform && await fromPortable(setup.transform);
  const workerInit = setup.workerInit && await fromPortable(setup.workerInit);
  if (workerInit !== undefined) {
    // the loader's options say what these three are called with
    await invoke(workerInit as Callable<[number], unknown>, id);
  }
  const options = {
    collate: collate as AnyCollate | undefined,
    transform: transform as SampleTransform | undefined,
    where,
    onSample: workOn,
  };
  return isStream
    ? new StreamFetcher(dataset, { ...options, worker: { id, numWorkers } })
    : new Fetcher({ dataset, ...options });
}

async function load(fetcher: BatchMaker, message: LoadMessage): Promise<void> {
  for (const buffer of message.spare) fetcher.arena.give(buffer);
  try {
    const fetched = await fetcher.fetch(message.request);
    if (fetched) {
      const { packed, transfer } = packBatch(fetched.batch, fetcher.arena);
      say({ kind: "loaded", number: message.number, batch: packed }, transfer);
    } else {
      const { dropped = 0 } = fetcher;
      say({ kind: "ended", number: message.number, dropped });
    }
  } catch (error) {
    fail(message.number, error);
  }
  workOn(-1);
}

try {
  const fetcher = await start();
  let last = Promise.resolve();
  const hear = (message: LoadMessage): void => {
    // From a task of its own: Deno 2.9.6 tells nobody of a worker that runs out
    // of memory in a message's handler or behind an `await`; there the loader's
    // timeout has to find out.
    last = last.then(() =>
      new Promise((resolve) => {
        setImmediate(() => resolve(load(fetcher, message)));
      })
    );
  };
  parentPort?.on("message", hear);
  workOn(-1);
  say({ kind: "ready" });
  setup.first.forEach(hear);
} catch (cause) {
  const why = messageOf(cause);
  const wayOut = why.startsWith("Cannot use a tensor") ? `; ${OWN_MODULE}` : "";
  const message = `Cannot start DataLoader worker ${setup.worker}: ${why}` +
    wayOut;
  fail(undefined, new Error(message, { cause }));
}
