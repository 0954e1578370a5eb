/**
 * The workers of a loader: they are given batches to make, and what they make
 * is given out in order.
 *
 * Each worker has `prefetchFactor` batches at most that are not given out yet,
 * so memory is bounded. Which worker makes which batch depends on who is free;
 * the batch does not. A batch that can't be made fails when its turn comes; a
 * worker that dies or hangs fails whatever is asked for next. Times are in
 * milliseconds here, and in seconds in the user's options.
 *
 * @module
 */

import { messageOf, nameOfType } from "../checks/values.ts";
import type { BatchSource, LoadedBatch } from "../fetchers/batch_source.ts";
import { reviveFailure } from "./failure.ts";
import { parseWorkerMessage, PROGRESS, type WorkerSetup } from "./messages.ts";
import type { Request } from "../fetchers/request.ts";
import { type PackedBatch, unpackBatch } from "./transport.ts";
import { OWN_MODULE } from "./info.ts";
import { WorkerThread } from "./thread.ts";
import { isInWorker } from "../../worker_flag.ts";

/** What the workers are started with, but for what differs between them. */
export interface PoolOptions
  extends
    Pick<WorkerSetup, "dataset" | "collate" | "transform" | "workerInit"> {
  readonly numWorkers: number;
  /** Batches that each worker makes ahead. */
  readonly prefetchFactor: number;
  /**
   * Whether workers take turns: each has samples of its own. Otherwise any may
   * make a batch.
   */
  readonly takesTurns: boolean;
  /** Seconds that a worker may be busy with one thing; 0 for any number. */
  readonly timeout: number;
}

/** How often main looks whether workers get on. */
const TICK_MS = 50;

/** A worker and what main knows of it. */
interface Slot {
  readonly thread: WorkerThread;
  readonly progress: Int32Array<SharedArrayBuffer>;
  /** Buffers that go back with the next request. */
  spare: ArrayBuffer[];
  isReady: boolean;
  /** Whether it has no more samples in this iteration. */
  isDone: boolean;
  /** Batches that it makes, or that wait to be given out. */
  load: number;
  /** Numbers of the batches among them that it makes. */
  readonly unanswered: Set<number>;
  /** The beat that was seen last, and since how long it has been the same. */
  beat: number;
  stalledMs: number;
}

type Outcome =
  | { readonly slot: Slot; readonly isEnd: true }
  | { readonly slot: Slot; readonly loaded: Promise<LoadedBatch> }
  | { readonly slot: Slot | undefined; readonly error: unknown };

/** A number of threads that load batches. */
export class WorkerPool implements BatchSource {
  readonly #options: PoolOptions;
  readonly #slots: Slot[];
  readonly #outcomes = new Map<number, Outcome>();
  #requests: Iterator<Request> | undefined;
  /** The worker whose turn it is. */
  #turn = 0;
  #dropped = 0;
  #asked = 0;
  #given = 0;
  #failure: Error | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;

  /**
   * Workers that `begin` starts.
   *
   * @throws {Error} If this is a worker itself
   */
  constructor(options: PoolOptions) {
    if (isInWorker()) {
      throw new Error(
        "Cannot start DataLoader workers in a DataLoader worker: a module " +
          `that the dataset needs runs a loader when it is imported; ` +
          OWN_MODULE,
      );
    }
    this.#options = options;
    this.#slots = Array.from(
      { length: options.numWorkers },
      (_, worker) => this.#makeSlot(worker),
    );
  }

  /** Begins with the batches of an iteration; the one before must be over. */
  begin(requests: Iterator<Request>): void {
    this.#requests = requests;
    this.#turn = 0;
    this.#dropped = 0;
    for (const slot of this.#slots) slot.isDone = false;
    this.#fill();
    for (const { thread } of this.#slots) {
      if (!thread.isStarted) thread.start();
    }
  }

  /** Samples of the iteration that no worker has enough of for a batch. */
  get dropped(): number {
    return this.#dropped;
  }

  async next(): Promise<LoadedBatch | undefined> {
    for (;;) {
      const outcome = this.#outcomes.get(this.#given);
      if (outcome) {
        this.#outcomes.delete(this.#given++);
        if (outcome.slot) outcome.slot.load--;
        if ("error" in outcome) throw outcome.error;
        this.#fill();
        if ("isEnd" in outcome) continue;
        return await outcome.loaded;
      }
      if (this.#failure) throw this.#failure;
      if (this.#isClosed) return undefined;
      if (!this.#requests && this.#given === this.#asked) return undefined;
      await this.#wait();
    }
  }

  async close(): Promise<void> {
    this.#requests?.return?.();
    this.#requests = undefined;
    this.#outcomes.clear();
    this.#isClosed = true;
    this.#wake?.();
    await Promise.all(this.#slots.map(({ thread }) => thread.terminate()));
  }

  #makeSlot(worker: number): Slot {
    const { numWorkers, dataset, collate, transform, workerInit } =
      this.#options;
    const buffer = new SharedArrayBuffer(4 * PROGRESS.words);
    const progress = new Int32Array(buffer);
    progress[PROGRESS.index] = -1;
    const setup = {
      url: new URL("./worker.ts", import.meta.url).href,
      worker,
      numWorkers,
      dataset,
      collate,
      transform,
      workerInit,
      progress: buffer,
    };
    const thread = new WorkerThread(setup, {
      onMessage: (message) => {
        try {
          this.#hear(slot, message);
        } catch (cause) {
          this.#fail(garbage(worker, slot, cause));
        }
      },
      onEnd: (reason, cause) =>
        this.#fail(
          new Error(
            `DataLoader worker ${worker} ${reason} while it ${doing(slot)}` +
              (cause === undefined ? "" : `: ${messageOf(cause)}`),
            cause === undefined ? undefined : { cause },
          ),
        ),
    });
    const slot: Slot = {
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

  /** Takes a message in; throws if a worker can't have meant it. */
  #hear(slot: Slot, posted: unknown): void {
    const message = parseWorkerMessage(posted);
    if (!message) throw new TypeError(`got ${nameOfType(posted)}`);
    const number = "number" in message ? message.number : undefined;
    if (number !== undefined && !slot.unanswered.delete(number)) {
      throw new TypeError(`got batch ${number}, which was not asked for`);
    }
    switch (message.kind) {
      case "ready":
        slot.isReady = true;
        break;
      case "loaded": {
        const loaded = this.#unpack(slot, message.batch);
        loaded.catch((error) => this.#fail(error));
        this.#outcomes.set(message.number, { slot, loaded });
        break;
      }
      case "ended":
        if (!slot.isDone) this.#dropped += message.dropped;
        slot.isDone = true;
        this.#outcomes.set(message.number, { slot, isEnd: true });
        break;
      case "failed": {
        const error = reviveFailure(message.failure);
        if (message.number === undefined) this.#fail(withWayOut(error));
        else this.#outcomes.set(message.number, { slot, error });
        break;
      }
      default:
        message satisfies never;
    }
    this.#fill();
    if (this.#outcomes.has(this.#given)) this.#wake?.();
  }

  async #unpack(slot: Slot, packed: PackedBatch): Promise<LoadedBatch> {
    try {
      const { batch, buffers } = await unpackBatch(packed);
      return { batch, release: () => void slot.spare.push(...buffers) };
    } catch (cause) {
      throw garbage(this.#slots.indexOf(slot), slot, cause);
    }
  }

  /** Gives every worker as much to do as it may have. */
  #fill(): void {
    while (this.#requests && !this.#failure) {
      if (this.#slots.every(({ isDone }) => isDone)) {
        this.#requests.return?.();
        this.#requests = undefined;
        break;
      }
      const slot = this.#options.takesTurns
        ? this.#nextInTurn()
        : this.#freest();
      if (!slot) return;
      let request: IteratorResult<Request>;
      try {
        request = this.#requests.next();
      } catch (error) {
        // a sampler of the user's; batches that came before are still good
        this.#requests = undefined;
        this.#outcomes.set(this.#asked++, { slot: undefined, error });
        break;
      }
      if (request.done) {
        this.#requests = undefined;
        break;
      }
      const spare = slot.spare;
      slot.spare = [];
      slot.load++;
      const number = this.#asked++;
      slot.unanswered.add(number);
      slot.thread.post({ kind: "load", number, request: request.value, spare });
    }
    if (!this.#requests) this.#wake?.();
  }

  /** The worker whose turn it is, unless it has enough to do. */
  #nextInTurn(): Slot | undefined {
    while (this.#slots[this.#turn]!.isDone) this.#passOn(); // not all are
    const slot = this.#slots[this.#turn]!;
    if (!this.#hasTime(slot)) return undefined;
    this.#passOn();
    return slot;
  }

  #passOn(): void {
    this.#turn = (this.#turn + 1) % this.#slots.length;
  }

  #hasTime({ isReady, thread, load }: Slot): boolean {
    const isListening = isReady || !thread.isStarted;
    return isListening && load < this.#options.prefetchFactor;
  }

  #freest(): Slot | undefined {
    let freest: Slot | undefined;
    for (const slot of this.#slots) {
      if (!this.#hasTime(slot)) continue;
      if (!freest || slot.load < freest.load) freest = slot;
    }
    return freest;
  }

  /** Waits until something changes, with an eye on workers that hang. */
  async #wait(): Promise<void> {
    for (const slot of this.#slots) {
      slot.thread.keepAlive(true);
      slot.stalledMs = 0;
    }
    const clock = this.#options.timeout > 0 ? this.#startClock() : undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    clearInterval(clock);
    for (const { thread } of this.#slots) thread.keepAlive(false);
  }

  #startClock(): ReturnType<typeof setInterval> {
    const timeoutMs = this.#options.timeout * 1000;
    let last = performance.now();
    return setInterval(() => {
      const now = performance.now();
      // A tick that comes late was held up by main or by a sleeping machine:
      // the workers may have had no time either.
      const passedMs = Math.min(now - last, 2 * TICK_MS);
      last = now;
      for (const [worker, slot] of this.#slots.entries()) {
        const beat = Atomics.load(slot.progress, PROGRESS.beat);
        const isIdle = slot.isReady && slot.unanswered.size === 0;
        slot.stalledMs = isIdle || beat !== slot.beat
          ? 0
          : slot.stalledMs + passedMs;
        slot.beat = beat;
        if (slot.stalledMs >= timeoutMs) {
          this.#fail(
            new Error(
              `DataLoader worker ${worker} did not get on for ` +
                `${this.#options.timeout} s while it ${doing(slot)}; ` +
                `if that can take so long, raise the loader's timeout`,
            ),
          );
          return;
        }
      }
    }, Math.min(TICK_MS, timeoutMs));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

/** What a worker was doing, by its shared words. */
function doing({ isReady, progress }: Slot): string {
  const index = Atomics.load(progress, PROGRESS.index);
  if (index >= 0) return `loaded sample ${index}`;
  return isReady ? "had no sample to load" : "started";
}

/** The error of a worker that posts something else than answers. */
function garbage(worker: number, slot: Slot, cause: unknown): Error {
  return new Error(
    `DataLoader worker ${worker} posted what is no answer while it ` +
      `${doing(slot)}: ${messageOf(cause)}; parentPort is the loader's own`,
    { cause },
  );
}

/** A missing permission has a way out that Deno does not know. */
function withWayOut(error: Error): Error {
  if (!/^.*Requires (read|import) access/.test(error.message)) return error;
  return new Error(`${error.message}, or use numWorkers: 0`, { cause: error });
}
