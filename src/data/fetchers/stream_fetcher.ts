/**
 * The fetcher of an IterableDataset, which makes batches of consecutive
 * samples.
 *
 * NOTE [streams]: a pass over such a dataset can't start in its middle. Each
 * thread keeps its pass from batch to batch, and starts another for the next
 * iteration. The loader asks the workers in turn, so the order of their batches
 * does not depend on their speed. A resumed epoch starts again: the batches
 * given before are made once more and thrown away.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import { isNullSample } from "../checks/values.ts";
import { Arena } from "../collate/arena.ts";
import {
  type BatchMaker,
  type BatchMakerOptions,
  collateSamplesOf,
  type FetchedBatch,
  lendingContext,
} from "./batch_maker.ts";
import { loadError } from "./load_error.ts";
import type { IterableDataset } from "../datasets/iterable.ts";
import type { StreamRequest } from "./request.ts";
import { transformSample } from "../images/transform.ts";

/** A pass over the samples in this thread. */
interface StreamPass {
  readonly iteration: number;
  readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
  /** Samples taken so far. */
  taken: number;
  isOver: boolean;
}

/** The thread and the options of a StreamFetcher. */
export interface StreamFetcherOptions extends BatchMakerOptions {
  /** The worker that runs the fetcher; undefined on the main thread. */
  readonly worker?:
    | { readonly id: number; readonly numWorkers: number }
    | undefined;
}

/** Makes batches of the samples of an IterableDataset in this thread. */
export class StreamFetcher implements BatchMaker {
  readonly arena: Arena = new Arena();
  readonly #dataset: IterableDataset<unknown>;
  readonly #options: StreamFetcherOptions;
  #pass: StreamPass | undefined;
  /** Samples at the end of the pass that were too few for a batch. */
  dropped = 0;
  #isWaiting = false;

  constructor(
    dataset: IterableDataset<unknown>,
    options: StreamFetcherOptions,
  ) {
    this.#dataset = dataset;
    this.#options = options;
  }

  /**
   * Makes the next batch; undefined after the last.
   *
   * @throws {Error} If the dataset or the collate throws
   */
  async fetch(request: StreamRequest): Promise<FetchedBatch | undefined> {
    const pass = await this.#passOf(request);
    const start = pass.taken;
    const samples = await this.#take(pass, request);
    const isFull = samples.length === request.batchSize;
    if (samples.length === 0 || (request.dropLast && !isFull)) {
      this.dropped += samples.length;
      return undefined;
    }
    const indices = samples.map((_, position) => start + position);
    const { context, lent } = lendingContext(this.arena, {
      indices,
      generator: (position) => this.#generatorOf(request, start + position),
      draw: () => {
        throw new TypeError(
          "Cannot draw another sample of an IterableDataset: its samples " +
            "have no index",
        );
      },
    });
    return {
      batch: await collateSamplesOf(context, samples, this.#options),
      lent,
    };
  }

  /** Ends the pass. */
  async close(): Promise<void> {
    const pass = this.#pass;
    this.#pass = undefined;
    if (!pass || pass.isOver) return;
    const ended = Promise.resolve(pass.iterator.return?.());
    // while `next` is pending, `return` may never settle
    if (this.#isWaiting) ended.catch(() => {});
    else await ended;
  }

  async #passOf(
    { seed, epoch, iteration }: StreamRequest,
  ): Promise<StreamPass> {
    if (this.#pass?.iteration === iteration) return this.#pass;
    await this.close();
    const worker = this.#options.worker?.id ?? 0;
    const samples = this.#dataset.iterate({
      epoch,
      // repeat 1: the generators of samples have repeat 0
      generator: Generator.ofSample(seed, epoch, worker, 1),
      order: Generator.ofEpoch(seed, epoch),
    });
    const iterator = Symbol.asyncIterator in samples
      ? samples[Symbol.asyncIterator]()
      : samples[Symbol.iterator]();
    this.#pass = { iteration, iterator, taken: 0, isOver: false };
    this.dropped = 0;
    return this.#pass;
  }

  #transformed(
    sample: unknown,
    { taken }: StreamPass,
    { seed, epoch, place }: StreamRequest,
  ): unknown {
    const { transform } = this.#options;
    if (!transform || isNullSample(sample)) return sample;
    const generator = this.#generatorOf({ seed, epoch }, taken);
    return transformSample(sample, transform, generator, place);
  }

  async #take(pass: StreamPass, request: StreamRequest): Promise<unknown[]> {
    const samples: unknown[] = [];
    while (samples.length < request.batchSize && !pass.isOver) {
      this.#options.onSample?.(pass.taken);
      this.#isWaiting = true;
      try {
        const item = await pass.iterator.next();
        if (item.done) {
          pass.isOver = true;
        } else {
          samples.push(await this.#transformed(item.value, pass, request));
          pass.taken++;
        }
      } catch (cause) {
        pass.isOver = true;
        const action = `load sample ${pass.taken} of ` +
          this.#dataset.constructor.name;
        throw loadError({ action, where: this.#options.where }, cause);
      } finally {
        this.#isWaiting = false;
      }
    }
    return samples;
  }

  /** The generator of a sample, different for every sample of all workers. */
  #generatorOf(
    { seed, epoch }: Pick<StreamRequest, "seed" | "epoch">,
    taken: number,
  ): Generator {
    const { id, numWorkers } = this.#options.worker ?? { id: 0, numWorkers: 1 };
    return Generator.ofSample(seed, epoch, taken * numWorkers + id);
  }
}
