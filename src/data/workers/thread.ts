/**
 * One DataLoader worker, as main sees it.
 *
 * NOTE [worker threads]: why these are node:worker_threads, and how they start.
 * A web worker that ends by `close` or `Deno.exit` ends without an event, and
 * one that hangs can't be stopped: it keeps a program that is done from exiting.
 * node:worker_threads, which Deno has built in, tells every end by an "exit"
 * event, and a program exits whatever its threads do. They cost 20 ms more to
 * start and move batches as fast.
 *
 * They take only file: and data: URLs, and this library may come from https:.
 * So a thread begins with a few lines in a data: URL, which import worker.ts by
 * its URL; what that import throws (no permission to read the file, say) is sent
 * as any other failure. The import needs no permission where the library comes
 * from the network, read permission where it comes from files; the module of
 * the dataset needs what importing it needs. The setup goes in as `workerData`:
 * messages sent before the worker listens are lost.
 *
 * @module
 */

import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import type { LoadMessage, WorkerSetup } from "./messages.ts";

/** Where a worker begins; plain JavaScript, as data: URLs hold. */
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
 * The heap of a worker: as large as main's may get. It is said because only
 * workers with a limit of their own end alone when they reach it; others take
 * the process with them. (V8 may still give up, and end all, when it has to
 * move many large young objects at that very moment.)
 */
const HEAP_MB = Math.ceil(getHeapStatistics().heap_size_limit / 2 ** 20);

/**
 * How long a thread that is ended may take to say its first word. One that is
 * ended while it evaluates a module leaves its memory behind, some 2 MB.
 */
const START_MS = 1000;

/** What becomes of a worker. */
export interface WorkerListener {
  /** The worker says something. */
  readonly onMessage: (message: unknown) => void;
  /** The worker is dead, by its own doing; `reason` says how it ended. */
  readonly onEnd: (reason: string, cause?: unknown) => void;
}

/** A thread that runs worker.ts, once it is started. */
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
   * Starts the thread, which does not keep the process alive, with what was
   * posted so far: it need not wait until this thread has started the others,
   * which takes 20 ms each.
   */
  start(): void {
    const worker = new Worker(BOOTSTRAP, {
      workerData: { ...this.#setup, first: this.#first },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    this.#worker = worker;
    const { onMessage, onEnd } = this.#listener;
    const hear = <What>(tell: (what: What) => void) => (what: What): void => {
      this.#up.resolve();
      if (!this.#isTerminated) tell(what);
    };
    worker.unref();
    worker.on("message", hear(onMessage));
    worker.on("error", hear((error) => onEnd("died of an error", error)));
    worker.on(
      "exit",
      hear((code: number) => onEnd(`ended with exit code ${code}`)),
    );
  }

  /** Sends a message and the buffers that it holds. */
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
   * Ends the thread, whatever it is doing once it has started; from now on
   * nothing is heard.
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
