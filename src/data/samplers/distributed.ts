/**
 * A sampler for several processes: each takes a share of one order.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import { checkSeed } from "../../tensor/philox.ts";
import { checkCount } from "../checks/check.ts";
import { checkOptions, KINDS } from "../checks/kinds.ts";
import { lengthOf, type Sampler } from "./sampler.ts";

/** The share and the order of a `DistributedSampler`. */
export interface DistributedSamplerOptions {
  /** Number of processes. */
  readonly numReplicas: number;
  /** Number of this process, from 0. */
  readonly rank: number;
  /** Whether the common order is random. Default: true. */
  readonly shuffle?: boolean;
  /** Seed of the order, the same in all processes. Default: 0. */
  readonly seed?: number;
  /**
   * Whether to leave out the last indices, not to repeat the first. Default:
   * false.
   */
  readonly dropLast?: boolean;
}

const OPTIONS = {
  numReplicas: KINDS.number,
  rank: KINDS.number,
  shuffle: KINDS.boolean,
  seed: KINDS.number,
  dropLast: KINDS.boolean,
};

/**
 * Every `numReplicas`-th index of one order, from `rank` on. All processes get
 * the same number of indices: the first ones are repeated, or the last left
 * out.
 *
 * Source: torch.utils.data.distributed.DistributedSampler. Unlike there, each
 * iteration moves on to the next epoch.
 */
export class DistributedSampler implements Sampler {
  /** Indices of this process in one epoch. */
  readonly length: number;
  /** True: no index comes twice in one process. */
  readonly isDistinct: boolean = true;
  /** Epoch that the next iteration draws, the same in all processes. */
  epoch = 0;
  /** Seed of the order. */
  readonly seed: number;
  readonly #sourceLength: number;
  readonly #options: DistributedSamplerOptions;

  /**
   * Takes a share of the indices of a dataset, or of those below a length.
   *
   * @throws {TypeError} If `source` has no length, or an option is of another
   * type
   * @throws {RangeError} If `rank` is not from 0 to `numReplicas - 1`
   */
  constructor(
    source: number | { readonly length: number },
    options: DistributedSamplerOptions,
  ) {
    checkOptions("DistributedSampler", options, OPTIONS);
    const { numReplicas, rank, seed = 0, dropLast = false } = options;
    checkCount("the number of replicas", numReplicas, 1);
    if (!Number.isInteger(rank) || rank < 0 || rank >= numReplicas) {
      throw new RangeError(
        `Cannot sample for rank ${rank}: ${numReplicas} replicas have ranks ` +
          `0 to ${numReplicas - 1}`,
      );
    }
    this.#options = options;
    this.#sourceLength = lengthOf(source);
    this.seed = checkSeed(seed);
    const share = this.#sourceLength / numReplicas;
    this.length = dropLast ? Math.floor(share) : Math.ceil(share);
  }

  /** Sets the epoch that the next iteration draws. */
  setEpoch(epoch: number): void {
    this.epoch = checkCount("an epoch", epoch, 0);
  }

  /** Iterates over this process's share of one epoch; moves on to the next. */
  [Symbol.iterator](): IterableIterator<number> {
    const { numReplicas, rank, shuffle = true } = this.#options;
    const epoch = this.epoch++;
    const n = this.#sourceLength;
    const order = shuffle
      ? Generator.ofEpoch(this.seed, epoch).permutation(n)
      : undefined;
    const share = new Uint32Array(this.length).map((_, i) => {
      const position = (i * numReplicas + rank) % n;
      return order ? order[position]! : position;
    });
    return share.values();
  }

  /** The class, the share, the rank and the seed. */
  toString(): string {
    const { numReplicas, rank, shuffle = true } = this.#options;
    const order = shuffle ? `seed ${this.seed}` : "in order";
    return `DistributedSampler(${this.length} of ${this.#sourceLength}, ` +
      `rank ${rank} of ${numReplicas}, ${order})`;
  }
}
