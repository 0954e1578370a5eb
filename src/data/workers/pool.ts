/**
 * The pool of a loader's workers: it hands requests out to the workers, and
 * gives their batches in the order of the requests.
 *
 * Each worker has at most `prefetchFactor` batches under way or waiting, which
 * bounds the memory. Any free worker may make a batch; the batch is the same. A
 * batch that can't be made throws when its turn comes. A worker that dies or
 * hangs makes the next call throw. Times are milliseconds here, seconds in the
 * options.
 *
 * @module
 */

import { isInWorker } from "../../worker_flag.ts";
import { messageOf, nameOfType } from "../checks/values.ts";
import type { BatchSource, LoadedBatch } from "../fetchers/batch_source.ts";
import type { LoadRequest } from "../fetchers/request.ts";
import { reviveFailure } from "./failure.ts";
import { OWN_MODULE } from "./info.ts";
import { parseWorkerMessage, type WorkerSetup } from "./messages.ts";
import {
  currentWork,
  foreignMessage,
  makeSlot,
  type Slot,
  unpackFrom,
} from "./slot.ts";
import { startStallClock } from "./stall_clock.ts";
import type { WorkerListener } from "./thread.ts";

/** The options of a pool, and the setup that all its workers share. */
export interface PoolOptions
  extends
    Pick<WorkerSetup, "dataset" | "collate" | "transform" | "workerInit"> {
  readonly numWorkers: number;
  /** Batches that each worker makes ahead. */
  readonly prefetchFactor: number;
  /** Whether workers take turns, as each has samples of its own. */
  readonly takesTurns: boolean;
  /** Seconds that a worker may make no progress; 0 means any number. */
  readonly timeout: number;
}

type Outcome =
  | { readonly slot: Slot; readonly isEnd: true }
  | { readonly slot: Slot; readonly loaded: Promise<LoadedBatch> }
  | { readonly slot: Slot | undefined; readonly error: unknown };

/** Threads that make batches. */
export class WorkerPool implements BatchSource {
  readonly #options: PoolOptions;
  readonly #slots: Slot[];
  readonly #outcomes = new Map<number, Outcome>();
  #requests: Iterator<LoadRequest> | undefined;
  /** The worker whose turn it is. */
  #turn = 0;
  #dropped = 0;
  #requested = 0;
  #given = 0;
  #failure: Error | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;

  /**
   * Makes the workers, which `begin` starts.
   *
   * @throws {Error} If this thread is a DataLoader worker
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
    const { numWorkers, dataset, collate, transform, workerInit } = options;
    const setup = { numWorkers, dataset, collate, transform, workerInit };
    this.#slots = Array.from(
      { length: numWorkers },
      (_, worker) =>
        makeSlot({ ...setup, worker }, (slot) => this.#listenerOf(slot)),
    );
  }

  /** Starts on the batches of an iteration; the one before must be over. */
  begin(requests: Iterator<LoadRequest>): void {
    this.#requests = requests;
    this.#turn = 0;
    this.#dropped = 0;
    for (const slot of this.#slots) slot.isDone = false;
    this.#fill();
    for (const { thread } of this.#slots) {
      if (!thread.isStarted) thread.start();
    }
  }

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
      if (!this.#requests && this.#given === this.#requested) return undefined;
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

  #listenerOf(slot: Slot): WorkerListener {
    return {
      onMessage: (message) => {
        try {
          this.#receive(slot, message);
        } catch (cause) {
          this.#fail(foreignMessage(slot, cause));
        }
      },
      onEnd: (reason, cause) => {
        const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
        const message = `DataLoader worker ${slot.worker} ${reason} while it ` +
          currentWork(slot) + why;
        const options = cause === undefined ? undefined : { cause };
        this.#fail(new Error(message, options));
      },
    };
  }

  /** Takes a message in; throws if it is not one of worker.ts. */
  #receive(slot: Slot, posted: unknown): void {
    const message = parseWorkerMessage(posted);
    if (!message) throw new TypeError(`got ${nameOfType(posted)}`);
    const number = "number" in message ? message.number : undefined;
    if (number !== undefined && !slot.unanswered.delete(number)) {
      throw new TypeError(`got batch ${number}, which main did not request`);
    }
    switch (message.kind) {
      case "ready":
        slot.isReady = true;
        break;
      case "loaded": {
        const loaded = unpackFrom(slot, message.batch);
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

  /** Sends requests until every worker has as many as it may have. */
  #fill(): void {
    while (this.#requests && !this.#failure) {
      if (this.#slots.every(({ isDone }) => isDone)) {
        this.#requests.return?.();
        this.#requests = undefined;
        break;
      }
      const slot = this.#options.takesTurns
        ? this.#nextInTurn()
        : this.#leastLoaded();
      if (!slot) return;
      let request: IteratorResult<LoadRequest>;
      try {
        request = this.#requests.next();
      } catch (error) {
        // the user's sampler throws; the batches before are still good
        this.#requests = undefined;
        this.#outcomes.set(this.#requested++, { slot: undefined, error });
        break;
      }
      if (request.done) {
        this.#requests = undefined;
        break;
      }
      this.#send(slot, request.value);
    }
    if (!this.#requests) this.#wake?.();
  }

  #send(slot: Slot, request: LoadRequest): void {
    const { spare } = slot;
    slot.spare = [];
    slot.load++;
    const number = this.#requested++;
    slot.unanswered.add(number);
    slot.thread.post({ kind: "load", number, request, spare });
  }

  /** The worker whose turn it is, if it may have another request. */
  #nextInTurn(): Slot | undefined {
    // ends, as not all are done
    while (this.#slots[this.#turn]!.isDone) this.#passTurn();
    const slot = this.#slots[this.#turn]!;
    if (!this.#hasRoom(slot)) return undefined;
    this.#passTurn();
    return slot;
  }

  #passTurn(): void {
    this.#turn = (this.#turn + 1) % this.#slots.length;
  }

  #hasRoom({ isReady, thread, load }: Slot): boolean {
    const isListening = isReady || !thread.isStarted;
    return isListening && load < this.#options.prefetchFactor;
  }

  #leastLoaded(): Slot | undefined {
    let least: Slot | undefined;
    for (const slot of this.#slots) {
      if (!this.#hasRoom(slot)) continue;
      if (!least || slot.load < least.load) least = slot;
    }
    return least;
  }

  /** Waits until something changes, or a worker hangs for the timeout. */
  async #wait(): Promise<void> {
    for (const slot of this.#slots) {
      slot.thread.keepAlive(true);
      slot.stalledMs = 0;
    }
    const { timeout } = this.#options;
    const clock = timeout > 0
      ? startStallClock(this.#slots, timeout * 1000, (slot) => {
        this.#fail(
          new Error(
            `DataLoader worker ${slot.worker} made no progress for ` +
              `${timeout} s while it ${currentWork(slot)}; if that can take ` +
              `so long, raise the loader's timeout`,
          ),
        );
      })
      : undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    clearInterval(clock);
    for (const { thread } of this.#slots) thread.keepAlive(false);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

/** Adds a way out to Deno's error of a missing permission. */
function withWayOut(error: Error): Error {
  if (!/^.*Requires (read|import) access/.test(error.message)) return error;
  return new Error(`${error.message}, or use numWorkers: 0`, { cause: error });
}
