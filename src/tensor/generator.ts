/**
 * Random number generators: a seed and a position in its stream of words.
 *
 * A generator counts; philox.ts computes the words (NOTE [random counter]
 * there). The host takes words one by one. An op on the GPU reserves whole
 * blocks, which its kernel computes. Nothing here touches the GPU.
 *
 * @module
 */

import { noteChange } from "../outside.ts";
import { onReplay, recorder } from "../gpu/recorder.ts";
import {
  checkSeed,
  philox4x32,
  toInteger,
  toNormal,
  toUniform,
  WORDS_PER_BLOCK,
} from "./philox.ts";

/** State of a generator, as plain JSON. */
export interface GeneratorState {
  /** Version of this format. */
  readonly version: 1;
  /** Seed of the generator. */
  readonly seed: number;
  /** Block of the next word. */
  readonly offset: number;
  /** Index of the next word in its block, 0 to 3. */
  readonly word: number;
}

/** The kind of stream, in the last word of the counter (without repeats). */
const OWN_STREAM = 0;
const SAMPLE = 1;
const EPOCH = 2;
const BATCH = 3;

// Shared by all generators: each call of Philox is synchronous.
const counter = new Uint32Array(4);
const key = new Uint32Array(2);

/**
 * A stream of random numbers that depends on its seed alone.
 *
 * @example The same seed, the same numbers
 * ```ts
 * import { Generator } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new Generator(7).random(), new Generator(7).random());
 * ```
 */
export class Generator {
  #seed: number;
  /** The block to compute next. */
  #block = 0;
  /** Number of used words of the current block. */
  #used = WORDS_PER_BLOCK;
  /** The current block; allocated by the first draw. */
  #words: Uint32Array<ArrayBuffer> | undefined;
  // upper words of the counter; #index is unused in a stream of its own
  #index = 0;
  #epoch = 0;
  #domain = OWN_STREAM;

  /**
   * Makes a generator. The default seed is unpredictable; `seed` returns it.
   *
   * @throws {RangeError} If `seed` is not an integer in [0, 2^53)
   */
  constructor(seed: number = unpredictableSeed()) {
    this.#seed = checkSeed(seed);
    recorder()?.makes(this);
  }

  /**
   * Returns the generator of one sample. It is the same in every worker, and
   * another one in each epoch and for each repeat of the sample in an epoch.
   *
   * @param repeat Number of earlier occurrences of the sample in this epoch
   */
  static ofSample(
    seed: number,
    epoch: number,
    index: number,
    repeat: number = 0,
  ): Generator {
    return Generator.#of(seed, SAMPLE + 4 * repeat, epoch, index);
  }

  /** Returns the generator for random changes of a whole batch. */
  static ofBatch(seed: number, epoch: number, batch: number): Generator {
    return Generator.#of(seed, BATCH, epoch, batch);
  }

  /** Returns the generator that shuffles the samples of one epoch. */
  static ofEpoch(seed: number, epoch: number): Generator {
    return Generator.#of(seed, EPOCH, epoch);
  }

  static #of(
    seed: number,
    domain: number,
    epoch: number,
    index = 0,
  ): Generator {
    const made = new Generator(seed);
    made.#domain = domain;
    made.#epoch = epoch;
    made.#index = index;
    return made;
  }

  /** The seed, which determines all numbers. */
  get seed(): number {
    return this.#seed;
  }

  /**
   * Restarts with another seed.
   *
   * @throws {RangeError} If `seed` is not an integer in [0, 2^53)
   */
  manualSeed(seed: number): this {
    const checked = checkSeed(seed);
    onReplay([this, checked], () => {
      this.#seed = checked;
      this.#block = 0;
      this.#used = WORDS_PER_BLOCK;
    });
    noteChange();
    return this;
  }

  /**
   * Returns the state of the generator, for checkpoints.
   *
   * @throws {TypeError} If this is the generator of a sample or an epoch
   */
  state(): GeneratorState {
    this.#requireOwnStream("save");
    const isBetweenBlocks = this.#used === WORDS_PER_BLOCK;
    return {
      version: 1,
      seed: this.#seed,
      offset: isBetweenBlocks ? this.#block : this.#block - 1,
      word: isBetweenBlocks ? 0 : this.#used,
    };
  }

  /**
   * Restores a state, which may come from a file.
   *
   * @throws {TypeError} If `state` is not a result of `state()`
   */
  setState(state: unknown): void {
    this.#requireOwnStream("restore");
    const { seed, offset, word } = parseState(state);
    onReplay([this, seed, offset, word], () => {
      this.manualSeed(seed);
      this.#block = offset;
      if (word > 0) {
        this.#refill();
        this.#used = word;
      }
    });
  }

  /**
   * Reserves `blocks` blocks for a draw on the GPU, and returns the first. The
   * rest of the current block is skipped.
   *
   * @throws {TypeError} If this is the generator of a sample or an epoch
   */
  reserve(blocks: number): number {
    this.#requireOwnStream("reserve blocks of");
    const first = this.#block;
    this.#block += blocks;
    this.#used = WORDS_PER_BLOCK;
    return first;
  }

  /** Returns the next 32 random bits, as an integer from 0 to 2^32 - 1. */
  word(): number {
    if (this.#used === WORDS_PER_BLOCK) this.#refill();
    return this.#words![this.#used++]!; // #refill made them
  }

  /** Returns a number in [0, 1) with 24 random bits, exact in float32. */
  random(): number {
    return toUniform(this.word());
  }

  /** Returns a normal number of mean 0 and variance 1, from two words. */
  normal(): number {
    const first = this.word();
    return toNormal(first, this.word());
  }

  /**
   * Returns an integer in [0, n), each equally likely.
   *
   * @throws {RangeError} If `n` is not an integer from 1 to 2^32
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(
        `Cannot draw an integer below ${n}: ` +
          `expected an integer from 1 to 2^32`,
      );
    }
    return toInteger(n, this);
  }

  /** Returns a seed for another generator: 53 random bits. */
  drawSeed(): number {
    const high = this.word() >>> 11;
    return high * 2 ** 32 + this.word();
  }

  /**
   * Returns the integers from 0 to n - 1 in random order, each equally likely.
   *
   * Source: Durstenfeld 1964, the shuffle of Fisher and Yates.
   */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    return this.shuffle(order);
  }

  /** Shuffles the elements of `values` in place. */
  shuffle<T extends Uint32Array | unknown[]>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = toInteger(i + 1, this);
      const moved = values[i]!;
      values[i] = values[j]!;
      values[j] = moved;
    }
    return values;
  }

  #refill(): void {
    counter[0] = this.#block;
    counter[1] = this.#domain === OWN_STREAM
      ? Math.floor(this.#block / 2 ** 32)
      : this.#index;
    counter[2] = this.#epoch;
    counter[3] = this.#domain;
    key[0] = this.#seed;
    key[1] = Math.floor(this.#seed / 2 ** 32);
    this.#words ??= new Uint32Array(WORDS_PER_BLOCK);
    philox4x32(counter, key, this.#words);
    this.#block++;
    this.#used = 0;
  }

  #requireOwnStream(what: string): void {
    if (this.#domain !== OWN_STREAM) {
      throw new TypeError(
        `Cannot ${what} the generator of a sample or an epoch: ` +
          `its numbers follow from the loader's seed; make a new Generator`,
      );
    }
  }
}

function unpredictableSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high! >>> 11) * 2 ** 32 + low!;
}

function parseState(state: unknown): GeneratorState {
  const { version, seed, offset, word } = Object(state);
  if (
    version === 1 && Number.isSafeInteger(seed) && seed >= 0 &&
    Number.isSafeInteger(offset) && offset >= 0 &&
    Number.isInteger(word) && word >= 0 && word < WORDS_PER_BLOCK
  ) {
    return { version, seed, offset, word };
  }
  throw new TypeError(
    `Cannot restore a generator from ${JSON.stringify(state)}: ` +
      `expected {version: 1, seed, offset, word}`,
  );
}

const shared = new Generator();

/** Returns the default generator. */
export function defaultGenerator(): Generator {
  return shared;
}

/**
 * Seeds the default generator, so that every run draws the same numbers.
 *
 * @throws {RangeError} If `seed` is not an integer in [0, 2^53)
 */
export function manualSeed(seed: number): Generator {
  return shared.manualSeed(seed);
}
