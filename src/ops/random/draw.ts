/**
 * Draws: blocks of a generator's stream (NOTE [random counter] in
 * src/tensor/philox.ts) for one kernel. Each replay of a compiled function draws
 * new blocks. This module runs on the host alone.
 *
 * @module
 */

import type { LiveWords } from "../../gpu/plan.ts";
import { onReplay, recorder } from "../../gpu/recorder.ts";
import { defaultGenerator, Generator } from "../../tensor/generator.ts";
import { WORDS_PER_BLOCK } from "../../tensor/philox.ts";

/** Options that name the source of random numbers. */
export interface RandomSource {
  /** Seed of a new generator for this call. */
  readonly seed?: number;
  /** Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** Names of the options of a `RandomSource`. */
export const SOURCE_OPTIONS = ["seed", "generator"];

/** Blocks of a generator, reserved for one kernel. */
export interface Draw {
  seed: number;
  /** The first block. */
  block: number;
  /** Whether the generator outlives the call, so that each replay draws anew. */
  readonly isCounted: boolean;
}

/** Reserves the blocks for `size` elements. */
export function reserveDraw(
  size: number,
  { seed, generator = defaultGenerator() }: RandomSource = {},
): Draw {
  if (seed !== undefined) {
    return { seed: new Generator(seed).seed, block: 0, isCounted: false };
  }
  const isCounted = !recorder()?.isInside(generator);
  const draw: Draw = { seed: 0, block: 0, isCounted };
  const blocks = Math.ceil(size / WORDS_PER_BLOCK);
  onReplay([generator, blocks], () => {
    draw.block = generator.reserve(blocks);
    draw.seed = generator.seed;
  });
  return draw;
}

/** Returns the part of a draw that begins at element `start`, a multiple of 4. */
export function drawFrom(draw: Draw, start: number): Draw {
  return {
    get seed() {
      return draw.seed;
    },
    get block() {
      return draw.block + start / WORDS_PER_BLOCK;
    },
    isCounted: draw.isCounted,
  };
}

/** Returns the words of `Draw` in shaders/lib/philox.wgsl. */
export function drawWords({ seed, block }: Draw): number[] {
  const words = 2 ** 32;
  return [
    seed % words,
    Math.floor(seed / words),
    block % words,
    Math.floor(block / words),
  ];
}

/** Returns the words of a draw that differ in each replay, if any. */
export function liveDraw(draw: Draw): LiveWords | undefined {
  if (!draw.isCounted) return undefined;
  return { at: 0, words: () => drawWords(draw) };
}
