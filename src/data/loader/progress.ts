/**
 * How far a loader is: which batch comes next, of which order.
 *
 * An order follows from (sampler, seed, epoch), so a place is two numbers; an
 * iteration moves the one that it was given.
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

/** A place among the batches. */
export interface Position {
  epoch: number;
  batches: number;
}

/** The places and the seed of a loader. */
export class Progress {
  /** Where the next iteration begins. */
  next: Position = { epoch: 0, batches: 0 };
  readonly #options: ResolvedOptions;
  readonly #dataset: { readonly length?: number | undefined };
  /** Whether the sampler's seed is the loader's. */
  readonly #lendsSeed: boolean;
  #seed: number;
  /** Where the iteration is that began last, or else where the next begins. */
  #current: Position = { epoch: 0, batches: 0 };

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

  /** What the order and the random numbers of samples depend on. */
  get seed(): number {
    return this.#seed;
  }

  /** The place of a new iteration, which moves it; the next has an epoch more. */
  begin(): Position {
    this.#current = this.next;
    this.next = { epoch: this.next.epoch + 1, batches: 0 };
    return this.#current;
  }

  /** Where the iteration is that began last. */
  state(): LoaderState {
    return { version: 1, ...this.#batches(), ...this.#current };
  }

  /**
   * Goes to where `state` was taken.
   *
   * @throws {TypeError} If `state` is not that of a loader of the same batches
   * @throws {RangeError} If it lies beyond the epoch
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
