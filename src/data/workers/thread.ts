/**
 * One DataLoader worker, on the side of main.
 *
 * NOTE [worker threads]: workers are node:worker_threads, which Deno has built
 * in. A web worker that calls `close` or `Deno.exit` ends without an event, and
 * one that hangs can't be stopped and keeps the program from exiting. A node
 * worker always sends an "exit" event, and never keeps the program alive. It
 * takes 20 ms longer to start, and moves batches as fast.
 *
 * Node workers take only file: and data: URLs, but this library may come from
 * https:. So a thread starts with a few lines in a data: URL, which import
 * worker.ts and post an error of that import to main. From the network the
 * import needs no permission, from files the permission to read. The setup is
 * the `workerData`, as messages sent before the worker listens are lost.
 *
 * @module
 */

import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import type { LoadMessage, WorkerSetup } from "./messages.ts";

/** The first module of a worker; a data: URL holds plain JavaScript. */
const BOOTSTRAP = new URL(
  "data:text/javascript," + encodeURIComponent(`
    import { parentPort, workerData } from "node:worker_threads";
    try {
      await import(workerData.url);
    } catch (error) {
      const { name, message, stack } = error;
      const failure = {
        name,
        message: "Cannot start DataLoader worker " + workerData.worker + ": " +
          message,
        stack,
      };
      parentPort.postMessage({ kind: "failed", failure });
    }
  `),
);

/**
 * The heap limit of a worker, that of main. Only a worker with a limit of its
 * own ends alone when it runs out of memory; others end the process. V8 may
 * still end the process if it has to move many large young objects at that
 * moment.
 */
const HEAP_MB = Math.ceil(getHeapStatistics().heap_size_limit / 2 ** 20);

/**
 * The time that `terminate` waits for a first message of a thread. A thread
 * that ends while it evaluates a module leaks some 2 MB.
 */
const START_MS = 1000;

/** The events of a worker. */
export interface WorkerListener {
  /** The worker has posted a message. */
  readonly onMessage: (message: unknown) => void;
  /** The worker has ended by itself; `reason` says how. */
  readonly onEnd: (reason: string, cause?: unknown) => void;
}

/** A thread that runs worker.ts after `start`. */
export class WorkerThread {
  readonly #setup: Omit<WorkerSetup, "first">;
  readonly #listener: WorkerListener;
  readonly #first: LoadMessage[] = [];
  readonly #up = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #isTerminated = false;

  constructor(setup: Omit<WorkerSetup, "first">, listener: WorkerListener) {
    this.#setup = setup;
    this.#listener = listener;
  }

  /** Whether the thread runs, or has run. */
  get isStarted(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Starts the thread with the messages posted so far. So it need not wait
   * while main starts the other threads, 20 ms each. The thread does not keep
   * the process alive.
   */
  start(): void {
    const worker = new Worker(BOOTSTRAP, {
      workerData: { ...this.#setup, first: this.#first },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    this.#worker = worker;
    const { onMessage, onEnd } = this.#listener;
    const on = <Event>(tell: (event: Event) => void) => (event: Event) => {
      this.#up.resolve();
      if (!this.#isTerminated) tell(event);
    };
    worker.unref();
    worker.on("message", on(onMessage));
    worker.on("error", on((error) => onEnd("died of an error", error)));
    worker.on(
      "exit",
      on((code: number) => onEnd(`ended with exit code ${code}`)),
    );
  }

  /** Sends a message, and transfers its buffers. */
  post(message: LoadMessage): void {
    if (this.#worker) this.#worker.postMessage(message, [...message.spare]);
    else this.#first.push(message);
  }

  /** Whether the process waits for this thread. */
  keepAlive(isWaiting: boolean): void {
    if (isWaiting) this.#worker?.ref();
    else this.#worker?.unref();
  }

  /**
   * Ends the thread, after its start; the listener hears of no more events.
   */
  async terminate(): Promise<void> {
    this.#isTerminated = true;
    if (!this.#worker) return;
    const clock = setTimeout(this.#up.resolve, START_MS);
    await this.#up.promise;
    clearTimeout(clock);
    await this.#worker.terminate();
  }
}
