/**
 * Samplers: the order in which an epoch takes the samples of a dataset.
 *
 * Any iterable of indices is a sampler. The order of those here follows from
 * (seed, epoch) alone: it is the same in a resumed run, and with any number of
 * workers. The random ones are in random.ts and weighted_random.ts.
 *
 * @module
 */

import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import { checkSeed } from "../../tensor/philox.ts";
import { checkCount } from "../checks/check.ts";
import { nameOfType } from "../checks/values.ts";
import { type ArgumentKind, checkKind, KINDS } from "../checks/kinds.ts";

/**
 * Indices of samples in the order of an epoch; with `Item = readonly number[]`
 * the indices of whole batches. Any iterable is one; the loader uses the other
 * members if a sampler has them.
 */
export interface Sampler<Item = number> extends Iterable<Item> {
  /** Items in one epoch. Without it the loader has no length. */
  readonly length?: number;
  /** Epoch that the next iteration draws; the loader sets it. */
  epoch?: number;
  /**
   * Seed of the order. If the field exists and is undefined, the loader sets it
   * to its own seed.
   */
  seed?: number | undefined;
  /**
   * Whether no index comes twice in an epoch. If false, the loader counts
   * repeats, and gives repeated samples other random numbers.
   */
  readonly isDistinct?: boolean;
}

/** The seed of a random sampler. */
export interface RandomOptions {
  /** Seed of the order. Default: the loader's seed. */
  readonly seed?: number;
  /** Draws the seed, if there is none. */
  readonly generator?: Generator;
}

/** The kinds of these options. */
export const RANDOM_OPTIONS: Readonly<Record<string, ArgumentKind>> = {
  seed: KINDS.number,
  generator: KINDS.generator,
};

/**
 * Returns the length of a dataset, or the given length.
 *
 * @throws {TypeError} If `source` is neither a number nor has a length
 * @throws {RangeError} If the length is not an integer of 0 or more
 */
export function lengthOf(source: number | { readonly length: number }): number {
  checkKind(KINDS.sized, "the dataset of a sampler", source);
  const length = typeof source === "number" ? source : source.length;
  return checkCount("the number of samples", length, 0);
}

/** The seed of a sampler's options; undefined means the loader's. */
export function seedOf(options: RandomOptions): number | undefined {
  const { seed, generator } = options;
  return seed === undefined ? generator?.drawSeed() : checkSeed(seed);
}

/** Draws a seed for a sampler that is iterated without a loader. */
export function ownSeed(): number {
  return defaultGenerator().drawSeed();
}

/**
 * Describes a sampler for states and messages: by `toString`, or by its class.
 */
export function describeSampler(
  sampler: { readonly length?: number | undefined },
): string {
  const hasOwnText = sampler.toString !== Object.prototype.toString &&
    !Array.isArray(sampler);
  if (hasOwnText) return sampler.toString();
  return `${nameOfType(sampler)}(${sampler.length ?? "no length"})`;
}

/** Every index once, in order. Source: torch.utils.data.SequentialSampler. */
export class SequentialSampler implements Sampler {
  /** Indices in one epoch. */
  readonly length: number;
  /** True: no index comes twice. */
  readonly isDistinct: boolean = true;

  /**
   * Orders the indices of a dataset, or those below a length.
   *
   * @throws {TypeError} If `source` has no length
   * @throws {RangeError} If the length is not an integer of 0 or more
   */
  constructor(source: number | { readonly length: number }) {
    this.length = lengthOf(source);
  }

  /** Iterates over the indices from 0. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let index = 0; index < this.length; index++) yield index;
  }

  /** The class and the length. */
  toString(): string {
    return `SequentialSampler(${this.length})`;
  }
}
