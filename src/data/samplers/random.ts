/**
 * Samplers that shuffle all samples, or some of them.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import { checkCount } from "../checks/check.ts";
import { checkKind, checkOptions, KINDS } from "../checks/kinds.ts";
import {
  lengthOf,
  ownSeed,
  RANDOM_OPTIONS,
  type RandomOptions,
  type Sampler,
  seedOf,
} from "./sampler.ts";

/** The draws of a `RandomSampler`. */
export interface RandomSamplerOptions extends RandomOptions {
  /** Whether indices are drawn with replacement. Default: false. */
  readonly replacement?: boolean;
  /** Indices in one epoch. Default: the number of samples. */
  readonly numSamples?: number;
}

/**
 * Indices in a random order that follows from (seed, epoch).
 *
 * Without replacement, every index comes once. If `numSamples` exceeds the
 * number of samples, several shuffles follow each other, the last one cut
 * short.
 *
 * Source: torch.utils.data.RandomSampler.
 *
 * @example Two epochs of four samples
 * ```ts
 * import { data } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = new data.RandomSampler(4, { seed: 1 });
 * const [first, second] = [[...sampler], [...sampler]];
 * assertEquals(first.sort(), second.sort());
 * ```
 */
export class RandomSampler implements Sampler {
  /** Indices in one epoch. */
  readonly length: number;
  /** Whether indices are drawn with replacement. */
  readonly replacement: boolean;
  /** Whether no index comes twice in an epoch. */
  readonly isDistinct: boolean;
  /** Epoch that the next iteration draws. */
  epoch = 0;
  /** Seed of the order; undefined means the loader's. */
  seed: number | undefined;
  readonly #sourceLength: number;

  /**
   * Orders the indices of a dataset, or those below a length.
   *
   * @throws {TypeError} If `source` has no length, or an option is of another
   * type
   * @throws {RangeError} If the dataset is empty, or `numSamples` is not a
   * positive integer
   */
  constructor(
    source: number | { readonly length: number },
    options: RandomSamplerOptions = {},
  ) {
    const { replacement = false, numSamples } = checkOptions(
      "RandomSampler",
      options,
      {
        replacement: KINDS.boolean,
        numSamples: KINDS.number,
        ...RANDOM_OPTIONS,
      },
    );
    this.#sourceLength = lengthOf(source);
    this.length = checkCount(
      "the number of samples to draw",
      numSamples ?? this.#sourceLength,
      1,
    );
    checkCount("the number of samples to draw from", this.#sourceLength, 1);
    this.replacement = replacement;
    this.isDistinct = !replacement && this.length <= this.#sourceLength;
    this.seed = seedOf(options);
  }

  /** Draws one epoch and moves on to the next. */
  [Symbol.iterator](): IterableIterator<number> {
    this.seed ??= ownSeed();
    const generator = Generator.ofEpoch(this.seed, this.epoch++);
    const [n, length] = [this.#sourceLength, this.length];
    if (!this.replacement && n === length) {
      return generator.permutation(n).values();
    }
    const indices = new Uint32Array(length);
    if (this.replacement) {
      for (let i = 0; i < length; i++) indices[i] = generator.integer(n);
    } else {
      for (let start = 0; start < length; start += n) {
        const shuffled = generator.permutation(n);
        indices.set(shuffled.subarray(0, length - start), start);
      }
    }
    return indices.values();
  }

  /** The class, and all that the order depends on. */
  toString(): string {
    const drawn = this.length === this.#sourceLength
      ? ""
      : ` of ${this.#sourceLength}`;
    const how = this.replacement ? ", with replacement" : "";
    return `RandomSampler(${this.length}${drawn}${how}, seed ${this.seed})`;
  }
}

/**
 * Chosen indices in a random order that follows from (seed, epoch).
 *
 * Source: torch.utils.data.SubsetRandomSampler.
 */
export class SubsetRandomSampler implements Sampler {
  /** The indices to order. */
  readonly indices: readonly number[];
  /** Epoch that the next iteration draws. */
  epoch = 0;
  /** Seed of the order; undefined means the loader's. */
  seed: number | undefined;

  /**
   * Orders `indices`.
   *
   * @throws {TypeError} If `indices` is not iterable, or an option is of
   * another type
   * @throws {RangeError} If the seed is outside its range
   */
  constructor(indices: Iterable<number>, options: RandomOptions = {}) {
    checkOptions("SubsetRandomSampler", options, RANDOM_OPTIONS);
    checkKind(
      KINDS.iterable,
      "the indices of a SubsetRandomSampler",
      indices,
    );
    this.indices = [...indices];
    this.seed = seedOf(options);
  }

  /** Indices in one epoch. */
  get length(): number {
    return this.indices.length;
  }

  /** Draws one epoch and moves on to the next. */
  [Symbol.iterator](): IterableIterator<number> {
    this.seed ??= ownSeed();
    const generator = Generator.ofEpoch(this.seed, this.epoch++);
    return generator.shuffle([...this.indices]).values();
  }

  /** The class, the length and the seed. */
  toString(): string {
    return `SubsetRandomSampler(${this.length}, seed ${this.seed})`;
  }
}
