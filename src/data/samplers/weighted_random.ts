/**
 * A sampler that draws some samples more often than others.
 *
 * @module
 */

import { formatValue } from "../../tensor/arguments.ts";
import { Generator } from "../../tensor/generator.ts";
import { checkCount } from "../checks/check.ts";
import { checkKind, checkOptions, KINDS } from "../checks/kinds.ts";
import {
  ownSeed,
  RANDOM_OPTIONS,
  type RandomOptions,
  type Sampler,
  seedOf,
} from "./sampler.ts";

/** The draws of a `WeightedRandomSampler`. */
export interface WeightedRandomSamplerOptions extends RandomOptions {
  /** Indices in one epoch. */
  readonly numSamples: number;
  /** Whether indices are drawn with replacement. Default: true. */
  readonly replacement?: boolean;
}

/**
 * Indices drawn in proportion to their weights, to balance classes for
 * instance.
 *
 * Without replacement, each index is drawn from the remaining ones. An index of
 * weight 0 never comes. Only the ratios of weights count, so weights may be of
 * any size.
 *
 * Source: torch.utils.data.WeightedRandomSampler; without replacement
 * Efraimidis and Spirakis 2006, the indices with the smallest -ln(u) / weight.
 */
export class WeightedRandomSampler implements Sampler {
  /** Indices in one epoch. */
  readonly length: number;
  /** Whether indices are drawn with replacement. */
  readonly replacement: boolean;
  /** Whether no index comes twice in an epoch. */
  readonly isDistinct: boolean;
  /** Epoch that the next iteration draws. */
  epoch = 0;
  /** Seed of the draws; undefined means the loader's. */
  seed: number | undefined;
  readonly #weights: Float64Array;

  /**
   * Draws from the indices of `weights`. Their sum may be other than 1.
   *
   * @throws {TypeError} If `weights` is no iterable of numbers, or an option is
   * of another type
   * @throws {RangeError} If a weight is negative or not finite, or all are 0;
   * if `numSamples` is not a positive integer, or, without replacement, exceeds
   * the number of positive weights
   */
  constructor(
    weights: Iterable<number>,
    options: WeightedRandomSamplerOptions,
  ) {
    const { numSamples, replacement = true } = checkOptions(
      "WeightedRandomSampler",
      options,
      {
        numSamples: KINDS.number,
        replacement: KINDS.boolean,
        ...RANDOM_OPTIONS,
      },
    );
    const name = "the weights of a WeightedRandomSampler";
    checkKind(KINDS.iterable, name, weights);
    const values: readonly unknown[] = Array.from(weights);
    this.#weights = Float64Array.from(values, (weight, index) => {
      const isNumber = typeof weight === "number";
      if (isNumber && weight >= 0 && weight < Infinity) return weight;
      throw new (isNumber ? RangeError : TypeError)(
        `Cannot draw with weight ${formatValue(weight)} of index ${index}: ` +
          `weights are finite numbers of 0 or more`,
      );
    });
    this.length = checkCount("the number of samples to draw", numSamples, 1);
    const available = this.#weights.reduce((n, w) => n + Number(w > 0), 0);
    if (available === 0 || (!replacement && available < numSamples)) {
      throw new RangeError(
        `Cannot draw ${numSamples} samples with${replacement ? "" : "out"} ` +
          `replacement: ${available} have a weight above 0`,
      );
    }
    this.replacement = replacement;
    this.isDistinct = !replacement;
    this.seed = seedOf(options);
  }

  /** Draws one epoch and moves on to the next. */
  [Symbol.iterator](): IterableIterator<number> {
    this.seed ??= ownSeed();
    const generator = Generator.ofEpoch(this.seed, this.epoch++);
    const indices = this.replacement
      ? drawWith(this.#weights, this.length, generator)
      : drawWithout(this.#weights, this.length, generator);
    return indices.values();
  }

  /** The class, the lengths and the seed. */
  toString(): string {
    const how = this.replacement ? "with" : "without";
    return `WeightedRandomSampler(${this.length} of ${this.#weights.length}, ` +
      `${how} replacement, seed ${this.seed})`;
  }
}

/** Draws from [0, 1) with 53 bits, as weights may differ by more than 2^24. */
function uniform(generator: Generator): number {
  return generator.drawSeed() * 2 ** -53;
}

function drawWith(
  weights: Float64Array,
  count: number,
  generator: Generator,
): Uint32Array<ArrayBuffer> {
  // divided by the largest weight, so that no sum is infinite or subnormal
  const largest = weights.reduce((a, b) => Math.max(a, b));
  // sums[i] adds up weights 0 to i: an index of weight 0 has an empty range
  let total = 0;
  const sums = weights.map((weight) => total += weight / largest);
  const last = weights.findLastIndex((weight) => weight > 0);
  return new Uint32Array(count).map(() => {
    const target = uniform(generator) * total;
    let low = 0;
    let high = last; // also if rounding makes `target` equal to `total`
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

function drawWithout(
  weights: Float64Array,
  count: number,
  generator: Generator,
): Uint32Array<ArrayBuffer> {
  // the logarithm of -ln(u) / weight, as the quotient itself may overflow
  const keys = weights.map((weight) =>
    weight > 0
      ? Math.log(-Math.log(1 - uniform(generator))) - Math.log(weight)
      : Infinity
  );
  const order = Uint32Array.from(keys.keys());
  order.sort((a, b) => keys[a]! - keys[b]!);
  return order.slice(0, count);
}
