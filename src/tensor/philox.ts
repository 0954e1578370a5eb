/**
 * Philox 4x32-10: random words as a function of a counter and a key, and the
 * maps from words to floats, normals and bounded integers. There is no state
 * here; generator.ts counts.
 *
 * NOTE [random counter]: the origin of each random number, on the host and in
 * every kernel that draws.
 *
 *     key     = (seed low, seed high)          32 and 21 bits: seeds are < 2^53
 *     counter = (block low, block high, stream, 0)         a Generator's draws
 *     counter = (block, index, epoch, 1 + 4 r)   sample `index` in the data path
 *     counter = (block, 0, epoch, 2)           the order of an epoch's samples
 *
 * where r is the number of earlier occurrences of the sample in its epoch. The
 * last word separates the three, so that no two draws of one seed share a
 * block. Element i of a draw from block o uses word i % 4 of block o + floor(i
 * / 4):
 *
 *     uniform   (word >>> 8) * 2^-24, in [0, 1)
 *     normal    of each pair of words (a, b): r * cos(t) for the even element
 *               and r * sin(t) for the odd one, with t = 2 * pi * uniform(b)
 *               and r = sqrt(-2 * ln(((a >>> 8) + 1) * 2^-24))
 *
 * A draw of n elements uses ceil(n / 4) blocks. Uniform draws have the same
 * bits everywhere; normal draws depend on the device's log, sqrt, cos and sin.
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3" (Random123).
 *
 * @module
 */

/** Number of words in a block. */
export const WORDS_PER_BLOCK = 4;

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
/** Number of rounds that mix a block. */
export const ROUNDS = 10;

/**
 * Writes the four words of block `counter` under `key` to `out`.
 *
 * It allocates nothing; `out` may be `counter` itself.
 *
 * @param counter Four words
 * @param key Two words
 * @param out Receives four words
 */
export function philox4x32(
  counter: Uint32Array,
  key: Uint32Array,
  out: Uint32Array,
): void {
  // int32 throughout: V8 keeps int32 values in registers, but boxes uint32
  let c0 = counter[0]! | 0;
  let c1 = counter[1]! | 0;
  let c2 = counter[2]! | 0;
  let c3 = counter[3]! | 0;
  let k0 = key[0]! | 0;
  let k1 = key[1]! | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Returns the upper 32 bits of a product of two unsigned words, as int32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // (2^16 - 1)^2 + 2^16 - 1 < 2^32: no sum below loses a carry
  const middle = (Math.imul(aHigh, bLow) +
    (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/**
 * Returns the key of a seed: its lower 32 bits and the 21 above.
 *
 * @throws {RangeError} If `seed` is not an integer in [0, 2^53)
 */
export function keyOf(seed: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(checkSeed(seed) >>> 0, Math.floor(seed / 2 ** 32));
}

/**
 * Returns `seed` after a check.
 *
 * @throws {RangeError} If `seed` is not an integer in [0, 2^53)
 */
export function checkSeed(seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(
      `Cannot seed with ${seed}: expected an integer from 0 to 2^53 - 1`,
    );
  }
  return seed;
}

/**
 * Converts a word to a float in [0, 1) with 24 random bits, exact in float32.
 */
export function toUniform(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/**
 * Returns the first normal number of a pair of words: NOTE [random counter].
 */
export function toNormal(a: number, b: number): number {
  return normalRadius(a) * Math.cos(2 * Math.PI * toUniform(b));
}

/**
 * Returns the radius in the Box-Muller method, which is finite for each word.
 */
function normalRadius(word: number): number {
  return Math.sqrt(-2 * Math.log(((word >>> 8) + 1) * 2 ** -24));
}

/** A source of random words. */
export interface WordSource {
  /** Returns the next 32 random bits, as an integer from 0 to 2^32 - 1. */
  word(): number;
}

/**
 * Returns an unbiased integer in [0, n). It uses one word, or more if a word
 * would favour some results.
 *
 * Source: Lemire 2019, "Fast random integer generation in an interval".
 *
 * @param n From 1 to 2^32
 */
export function toInteger(n: number, source: WordSource): number {
  let word = source.word();
  if (n === 2 ** 32) return word;
  let low = Math.imul(word, n) >>> 0;
  if (low < n) {
    // 2^32 mod n of the 2^32 words are surplus: reject them and draw again
    const surplus = 2 ** 32 % n;
    while (low < surplus) {
      word = source.word();
      low = Math.imul(word, n) >>> 0;
    }
  }
  return multiplyHigh(word, n) >>> 0;
}

/**
 * Fills `out` with uniform floats in [0, 1). The kernel on the GPU computes the
 * same bits.
 *
 * @param offset Block at which the draw starts
 */
export function fillUniform(
  out: Float32Array,
  seed: number,
  offset: number,
  stream = 0,
): void {
  forEachBlock(out.length, { seed, offset, stream }, (words, at) => {
    const end = Math.min(out.length, at + WORDS_PER_BLOCK);
    for (let i = at; i < end; i++) out[i] = toUniform(words[i - at]!);
  });
}

/**
 * Fills `out` with normal floats of mean 0 and variance 1, in double precision:
 * the reference for the kernel on the GPU.
 *
 * @param offset Block at which the draw starts
 */
export function fillNormal(
  out: Float32Array,
  seed: number,
  offset: number,
  stream = 0,
): void {
  forEachBlock(out.length, { seed, offset, stream }, (words, at) => {
    const end = Math.min(out.length, at + WORDS_PER_BLOCK);
    for (let i = at; i < end; i++) {
      const pair = (i - at) & ~1;
      const angle = 2 * Math.PI * toUniform(words[pair + 1]!);
      const turned = i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
      out[i] = normalRadius(words[pair]!) * turned;
    }
  });
}

interface Draw {
  readonly seed: number;
  readonly offset: number;
  readonly stream: number;
}

/**
 * Calls `visit` with the words of each block of a draw of `length` elements.
 */
function forEachBlock(
  length: number,
  { seed, offset, stream }: Draw,
  visit: (words: Uint32Array, at: number) => void,
): void {
  const key = keyOf(seed);
  const counter = new Uint32Array(4);
  const words = new Uint32Array(4);
  counter[2] = stream;
  for (let at = 0; at < length; at += WORDS_PER_BLOCK) {
    const block = offset + at / WORDS_PER_BLOCK;
    counter[0] = block;
    counter[1] = Math.floor(block / 2 ** 32);
    philox4x32(counter, key, words);
    visit(words, at);
  }
}
