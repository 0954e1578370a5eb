/**
 * The progress of a loader: the position of its next batch, and its seed.
 *
 * The order follows from (sampler, seed, epoch), so a position is two numbers.
 * An iteration moves its own position.
 *
 * @module
 */

import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import { certainLength, type ResolvedOptions } from "./resolve.ts";
import {
  checkSameBatches,
  type LoaderState,
  parseLoaderState,
} from "./state.ts";
import { describeSampler } from "../samplers/sampler.ts";

/** A position among the batches: in an epoch, after some batches. */
export interface LoaderPosition {
  epoch: number;
  batches: number;
}

/** The positions and the seed of a loader. */
export class Progress {
  /** The start of the next iteration. */
  next: LoaderPosition = { epoch: 0, batches: 0 };
  readonly #options: ResolvedOptions;
  readonly #dataset: { readonly length?: number | undefined };
  /** Whether the sampler takes the loader's seed. */
  readonly #lendsSeed: boolean;
  #seed: number;
  /** The position of the last iteration, or before it of the next one. */
  #current: LoaderPosition = { epoch: 0, batches: 0 };

  constructor(
    dataset: { readonly length?: number | undefined },
    options: ResolvedOptions,
    generator: Generator = defaultGenerator(),
  ) {
    this.#dataset = dataset;
    this.#options = options;
    this.#seed = options.seed ?? generator.drawSeed();
    const { order } = options;
    this.#lendsSeed = "seed" in order && order.seed === undefined;
    this.#lendSeed();
  }

  /** Seed of the order and of the samples' random numbers. */
  get seed(): number {
    return this.#seed;
  }

  /**
   * Returns the position of a new iteration; the next will start an epoch
   * later.
   */
  begin(): LoaderPosition {
    this.#current = this.next;
    this.next = { epoch: this.next.epoch + 1, batches: 0 };
    return this.#current;
  }

  /** Returns the position of the iteration that started last. */
  state(): LoaderState {
    return { version: 1, ...this.#batches(), ...this.#current };
  }

  /**
   * Moves the next iteration to a saved position.
   *
   * @throws {TypeError} If `state` is not of a loader with the same batches
   * @throws {RangeError} If the position is beyond the end of the epoch
   */
  resume(state: unknown): void {
    const saved = parseLoaderState(state);
    const before = this.#seed;
    if (this.#options.seed === undefined) this.#seed = saved.seed;
    this.#lendSeed();
    try {
      checkSameBatches(saved, {
        ...this.#batches(),
        length: certainLength(this.#options),
      });
    } catch (error) {
      this.#seed = before;
      this.#lendSeed();
      throw error;
    }
    const { epoch, batches } = saved;
    this.next = { epoch, batches };
    this.#current = { epoch, batches };
  }

  #lendSeed(): void {
    if (this.#lendsSeed) this.#options.order.seed = this.#seed;
  }

  #batches(): Pick<LoaderState, "datasetLength" | "sampler" | "seed"> {
    return {
      datasetLength: this.#dataset.length ?? 0,
      sampler: describeSampler(this.#options.batchSampler),
      seed: this.#seed,
    };
  }
}
