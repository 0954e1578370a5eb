/**
 * The fetcher: indices become a batch, on main or in a worker, by the same
 * steps and so to the same bits.
 *
 * @module
 */

import { Generator } from "../tensor/generator.ts";
import { checkIndex } from "./_shared.ts";
import { Arena } from "./arena.ts";
import { type BatchContext, type Collate, invoke } from "./batch.ts";
import { collate } from "./collate.ts";
import type { Dataset } from "./dataset.ts";
import { messageOf } from "./failure.ts";
import type { BatchRequest } from "./messages.ts";

/** A collate of the user's, as the loader sees it. */
export type AnyCollate = Collate<unknown, unknown>;

/** What a fetcher is made of. */
export interface FetcherOptions {
  readonly dataset: Dataset<unknown>;
  readonly collate: AnyCollate | undefined;
  /** What errors add to what could not be loaded: ` in DataLoader worker 2`. */
  readonly where?: string;
  /** Told before each sample which it is. */
  readonly onSample?: (index: number) => void;
}

/** What V8's words for a missing #private field don't say. */
const PRIVATE_WAY = "; #private fields don't reach a worker: make them " +
  "public, or give the class toWorker() and static fromWorker()";

/** A batch, and the memory that was lent for it. */
export interface FetchedBatch {
  readonly batch: unknown;
  /** Buffers to give back to the arena when nothing uses the batch any more. */
  readonly lent: readonly ArrayBuffer[];
}

/** Makes batches of a dataset. */
export class Fetcher {
  /** Where the batches' memory comes from. */
  readonly arena = new Arena();
  readonly #options: FetcherOptions;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /**
   * The batch of a request.
   *
   * @throws {Error} If the dataset or the collate throws; the message names the
   * sample, the cause is what was thrown
   */
  async fetch(request: BatchRequest): Promise<FetchedBatch> {
    const { seed, epoch, indices, repeats } = request;
    const lent: ArrayBuffer[] = [];
    const generator = (position: number) =>
      Generator.ofSample(
        seed,
        epoch,
        indices[position]!, // a position is one of `indices`
        repeats?.[position],
      );
    const context: BatchContext = {
      indices,
      empty: (shape, dtype) => {
        const array = this.arena.empty(shape, dtype);
        const { buffer } = array.data;
        if (this.arena.isLent(buffer)) lent.push(buffer);
        return array;
      },
      generator,
      draw: (generator) => {
        const { dataset } = this.#options;
        return dataset.get(generator.integer(dataset.length), generator);
      },
    };
    return { batch: await this.#make(context), lent };
  }

  async #make(context: BatchContext): Promise<unknown> {
    const { dataset, collate: own, onSample } = this.#options;
    const { indices } = context;
    const isWhole = own === undefined && dataset.getBatch;
    if (isWhole) {
      onSample?.(indices[0] ?? -1);
      try {
        const batch = await dataset.getBatch?.(indices, context);
        if (batch !== undefined) return batch;
      } catch (cause) {
        throw this.#failure(`load ${samplesOf(indices)}`, cause);
      }
    }

    const samples: unknown[] = [];
    for (let position = 0; position < indices.length; position++) {
      const index = indices[position]!;
      onSample?.(index);
      try {
        const sample = dataset.get(
          checkIndex(index, dataset.length),
          context.generator(position),
        );
        samples.push(sample instanceof Promise ? await sample : sample);
      } catch (cause) {
        if (!own?.takesBroken) {
          throw this.#failure(`load ${this.#nameOf(index)}`, cause);
        }
        samples.push(null);
      }
    }
    try {
      return await this.#collate(samples, context);
    } catch (cause) {
      throw this.#failure(`make a batch of ${samplesOf(indices)}`, cause);
    }
  }

  #collate(samples: unknown[], context: BatchContext): unknown {
    const own = this.#options.collate;
    return own ? invoke(own, samples, context) : collate(samples, context);
  }

  #nameOf(index: number): string {
    const name = this.#options.dataset.sampleName?.(index);
    return `sample ${index}${name === undefined ? "" : ` ("${name}")`}`;
  }

  #failure(what: string, cause: unknown): Error {
    const { where = "" } = this.#options;
    const why = messageOf(cause);
    const isPrivate = where !== "" && /private (member|field|method)/.test(why);
    const wayOut = isPrivate ? PRIVATE_WAY : "";
    return new Error(`Cannot ${what}${where}: ${why}${wayOut}`, { cause });
  }
}

/** The samples of a batch in few words: the first ones, and how many. */
function samplesOf(indices: readonly number[]): string {
  const shown = indices.slice(0, 3).join(", ");
  if (indices.length === 1) return `sample ${shown}`;
  return indices.length <= 3
    ? `samples ${shown}`
    : `samples ${shown}, … (${indices.length} of them)`;
}
