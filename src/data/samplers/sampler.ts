/**
 * Samplers: in which order an epoch takes the samples of a dataset.
 *
 * Any iterable of indices is a sampler. Those here draw each epoch from (seed,
 * epoch) alone, so that an epoch can be had again: by a resumed run, or with
 * another number of workers.
 *
 * @module
 */

import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import { checkSeed } from "../../tensor/philox.ts";
import { checkCount } from "../checks/check.ts";
import { nameOfType } from "../checks/values.ts";
import { checkKind, type Kind, KINDS } from "../checks/kinds.ts";

/**
 * Indices of samples, or (with `Item = readonly number[]`) of whole batches, in
 * the order of an epoch. Whatever is iterable will do; a loader also uses the
 * other members where a sampler has them.
 */
export interface Sampler<Item = number> extends Iterable<Item> {
  /** Items in one epoch; without it the loader has no length. */
  readonly length?: number;
  /** Epoch that the next iteration draws: a loader sets it. */
  epoch?: number;
  /**
   * What the order depends on. A loader gives its own to a sampler that has
   * the field and no value in it.
   */
  seed?: number | undefined;
  /**
   * Whether no index comes twice in an epoch. Samples that do come again get
   * other random numbers; where that can't happen, nothing has to be counted.
   */
  readonly isDistinct?: boolean;
}

/** Options of samplers that draw. */
export interface RandomOptions {
  /** What the order depends on. Default: the loader's seed. */
  readonly seed?: number;
  /** Draws the seed, where none is given. */
  readonly generator?: Generator;
}

/** What the options of random samplers have to be. */
export const RANDOM_OPTIONS: Readonly<Record<string, Kind>> = {
  seed: KINDS.number,
  generator: KINDS.generator,
};

/**
 * The number of samples of a dataset, or the number itself.
 *
 * @throws {TypeError} If it is neither
 * @throws {RangeError} If the number is no count
 */
export function lengthOf(source: number | { readonly length: number }): number {
  checkKind(KINDS.sized, "what a sampler orders", source);
  const length = typeof source === "number" ? source : source.length;
  return checkCount("the number of samples", length, 0);
}

/** The seed that options give, or undefined: the loader will lend one. */
export function seedOf(options: RandomOptions): number | undefined {
  const { seed, generator } = options;
  return seed === undefined ? generator?.drawSeed() : checkSeed(seed);
}

/** The seed of a sampler that is iterated without a loader. */
export function ownSeed(): number {
  return defaultGenerator().drawSeed();
}

/** What states and messages call a sampler: what it says itself, or its class. */
export function describeSampler(
  sampler: { readonly length?: number | undefined },
): string {
  const isSpoken = sampler.toString !== Object.prototype.toString &&
    !Array.isArray(sampler);
  if (isSpoken) return sampler.toString();
  return `${nameOfType(sampler)}(${sampler.length ?? "no length"})`;
}

/** Every index once, in order. Source: torch.utils.data.SequentialSampler. */
export class SequentialSampler implements Sampler {
  /** Indices in one epoch. */
  readonly length: number;
  /** No index comes twice. */
  readonly isDistinct: boolean = true;

  /**
   * The indices of a dataset, or those below a length.
   *
   * @throws {TypeError} If `source` has no length
   * @throws {RangeError} If the length is not an integer of 0 or more
   */
  constructor(source: number | { readonly length: number }) {
    this.length = lengthOf(source);
  }

  /** The indices from 0. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let index = 0; index < this.length; index++) yield index;
  }

  /** Class and length. */
  toString(): string {
    return `SequentialSampler(${this.length})`;
  }
}
