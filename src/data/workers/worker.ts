/**
 * The program of a DataLoader worker: it rebuilds the dataset, then makes the
 * batches that main requests, one after another.
 *
 * This module imports nothing that touches the GPU. Every error reaches main as
 * data, also that of a promise that is never awaited.
 *
 * On main, pool.ts runs the workers and thread.ts starts each of them.
 * messages.ts has all that the two sides say to each other; portable.ts,
 * rebuild.ts and transport.ts turn datasets and batches into data and back.
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
import { Fetcher } from "../fetchers/fetcher.ts";
import type { BatchMaker } from "../fetchers/batch_maker.ts";
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

// Before the user's modules: they may import the device, which then leaves the
// GPU to main.
markAsWorker();

// pool.ts starts this module, with this data
const setup = workerData as WorkerSetup;
const progress = new Int32Array(setup.progress);
const where = ` in DataLoader worker ${setup.worker}`;

function post(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function fail(number: number | undefined, thrown: unknown): void {
  post({ kind: "failed", number, failure: recordFailure(thrown) });
}

function reportSample(index: number): void {
  Atomics.store(progress, PROGRESS.index, index);
  Atomics.add(progress, PROGRESS.beat, 1);
}

/** Reports an uncaught error, with the sample that was being loaded. */
function failUncaught(thrown: unknown): void {
  const index = Atomics.load(progress, PROGRESS.index);
  const action = index < 0 ? "go on" : `load sample ${index}`;
  const message = `Cannot ${action}${where}: ${messageOf(thrown)}`;
  fail(undefined, new Error(message, { cause: thrown }));
}

globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  failUncaught(event.error ?? event.message);
});
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  failUncaught(event.reason);
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
    // the types of these three are those of the loader's options
    await invoke(workerInit as Callable<[number], unknown>, id);
  }
  const options = {
    collate: collate as AnyCollate | undefined,
    transform: transform as SampleTransform | undefined,
    where,
    onSample: reportSample,
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
      post({ kind: "loaded", number: message.number, batch: packed }, transfer);
    } else {
      const { dropped = 0 } = fetcher;
      post({ kind: "ended", number: message.number, dropped });
    }
  } catch (error) {
    fail(message.number, error);
  }
  reportSample(-1);
}

try {
  const fetcher = await start();
  let last = Promise.resolve();
  const onLoad = (message: LoadMessage): void => {
    // In a task of its own: if a worker runs out of memory in a message handler
    // or after an `await`, Deno 2.9.6 sends no event, and only the loader's
    // timeout ends the wait.
    last = last.then(() =>
      new Promise((resolve) => {
        setImmediate(() => resolve(load(fetcher, message)));
      })
    );
  };
  parentPort?.on("message", onLoad);
  reportSample(-1);
  post({ kind: "ready" });
  setup.first.forEach(onLoad);
} catch (cause) {
  const why = messageOf(cause);
  const wayOut = why.startsWith("Cannot use a tensor") ? `; ${OWN_MODULE}` : "";
  const message = `Cannot start DataLoader worker ${setup.worker}: ${why}` +
    wayOut;
  fail(undefined, new Error(message, { cause }));
}
