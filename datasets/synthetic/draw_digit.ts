/**
 * Drawing one digit: a skeleton, bent, slanted, scaled and drawn with a pen of
 * some width, as grey bytes.
 *
 * What varies is drawn from Philox in a counter of its own, beside those of
 * NOTE [random counter] (src/tensor/philox.ts), so that image `index` of a seed
 * is the same on every machine and in every worker:
 *
 *     counter = (block, index, split, 3)     split: 0 training, 1 test
 *
 * Blocks 0 to 3 shape the digit, those from 16 on are the grain of its ink.
 * Lengths are pixels, angles radians.
 *
 * @module
 */

import { philox4x32, toUniform } from "../../src/tensor/philox.ts";
import { DIGIT_STROKES, type Stroke } from "./strokes.ts";

/** Pixels along an edge of an image. */
export const EDGE = 28;

/** Bytes of one image. */
export const IMAGE_BYTES = EDGE * EDGE;

/** The last word of the counter: what tells these draws from all others. */
const DOMAIN = 3;

const SHAPE_BLOCKS = 4;
const GRAIN_BLOCK = 16;

/** Straight pieces between two points of a curve. */
const PIECES = 4;

/** Which random numbers a digit is drawn from. */
export interface DigitSeed {
  /** The key of the seed, from `keyOf`. */
  readonly key: Uint32Array;
  /** 0 for training images, 1 for test images. */
  readonly split: number;
}

const counter = new Uint32Array(4);
const words = new Uint32Array(4);
const shapeWords = new Uint32Array(4 * SHAPE_BLOCKS);

/** The class of image `index`: each of the ten as likely as the others. */
export function digitOf(seed: DigitSeed, index: number): number {
  draw(seed, index, 0);
  return Math.floor(10 * toUniform(words[0]!));
}

/** Writes image `index`, all of its 784 bytes, to `out`. */
export function drawDigit(
  seed: DigitSeed,
  index: number,
  out: Uint8Array,
): void {
  for (let block = 0; block < SHAPE_BLOCKS; block++) {
    draw(seed, index, block);
    shapeWords.set(words, 4 * block);
  }
  let next = 0;
  const uniform = () => toUniform(shapeWords[next++]!);
  const between = (low: number, high: number) => low + (high - low) * uniform();

  const ways = DIGIT_STROKES[Math.floor(10 * uniform())]!;
  const way = ways[Math.floor(ways.length * uniform())]!;
  const place = placing(between);
  const pen = between(0.9, 2); // half of the line's width
  const ink = between(220, 255);

  out.fill(0, 0, IMAGE_BYTES);
  for (const stroke of way) {
    const count = flatten(stroke, path);
    for (let i = 0; i < count; i++) place(path, 2 * i);
    for (let i = 0; i + 1 < count; i++) drawPiece(out, 2 * i, pen, ink);
  }
  addGrain(seed, index, out);
}

function draw({ key, split }: DigitSeed, index: number, block: number): void {
  counter[0] = block;
  counter[1] = index;
  counter[2] = split;
  counter[3] = DOMAIN;
  philox4x32(counter, key, words);
}

/**
 * A random map from percent of the box to pixels: the box is bent by a slow
 * wave, slanted, scaled, turned and shifted.
 */
function placing(
  between: (low: number, high: number) => number,
): (points: Float64Array, at: number) => void {
  const halfWidth = between(6.2, 9.2);
  const halfHeight = between(8.6, 10.4);
  const slant = between(-0.15, 0.4); // most writers lean to the right
  const turn = between(-0.2, 0.2);
  const middleX = EDGE / 2 + between(-1.5, 1.5);
  const middleY = EDGE / 2 + between(-1.5, 1.5);
  const bendX = between(-0.14, 0.14);
  const bendY = between(-0.1, 0.1);
  const phase = between(0, 2 * Math.PI);
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  return (points, at) => {
    const u = points[at]! / 50 - 1; // -1 to 1 over the box
    const v = points[at + 1]! / 50 - 1;
    const bentU = u + bendX * Math.sin(3 * v + phase);
    const bentV = v + bendY * Math.sin(3 * u + 2 * phase);
    const x = halfWidth * bentU - slant * halfHeight * bentV;
    const y = halfHeight * bentV;
    points[at] = middleX + cos * x - sin * y;
    points[at + 1] = middleY + sin * x + cos * y;
  };
}

/** The points of the stroke in hand: longer than any stroke becomes. */
const path = new Float64Array(256);

/** Writes a stroke as a line of straight pieces; how many points that gives. */
function flatten(stroke: Stroke, out: Float64Array): number {
  const points = stroke.length / 2;
  const pieces = points > 2 ? PIECES : 1;
  for (let i = 0; i < (points - 1) * pieces; i++) {
    const from = Math.floor(i / pieces);
    const t = (i % pieces) / pieces;
    out[2 * i] = curve(stroke, 0, from, t);
    out[2 * i + 1] = curve(stroke, 1, from, t);
  }
  const last = (points - 1) * pieces;
  out[2 * last] = stroke[2 * points - 2]!;
  out[2 * last + 1] = stroke[2 * points - 1]!;
  return last + 1;
}

/**
 * One coordinate of the Catmull-Rom curve, `t` of the way from point `from` to
 * the next. The end points count double.
 */
function curve(stroke: Stroke, axis: 0 | 1, from: number, t: number): number {
  const last = stroke.length / 2 - 1;
  const a = stroke[2 * Math.max(from - 1, 0) + axis]!;
  const b = stroke[2 * from + axis]!;
  const c = stroke[2 * (from + 1) + axis]!;
  const d = stroke[2 * Math.min(from + 2, last) + axis]!;
  return b + t / 2 * (c - a + t *
          (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/**
 * Draws the straight piece of `path` that begins at `at`: ink full within `pen`
 * of it, and fading over one pixel, whichever of the pieces so far is darker.
 */
function drawPiece(
  out: Uint8Array,
  at: number,
  pen: number,
  ink: number,
): void {
  const x0 = path[at]!;
  const y0 = path[at + 1]!;
  const dx = path[at + 2]! - x0;
  const dy = path[at + 3]! - y0;
  const reach = pen + 0.5;
  const squared = dx * dx + dy * dy;
  const left = Math.max(0, Math.ceil(Math.min(x0, x0 + dx) - reach));
  const right = Math.min(EDGE - 1, Math.floor(Math.max(x0, x0 + dx) + reach));
  const top = Math.max(0, Math.ceil(Math.min(y0, y0 + dy) - reach));
  const bottom = Math.min(EDGE - 1, Math.floor(Math.max(y0, y0 + dy) + reach));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = squared > 0 ? ((x - x0) * dx + (y - y0) * dy) / squared : 0;
      const t = Math.min(1, Math.max(0, along));
      const awayX = x - x0 - t * dx;
      const awayY = y - y0 - t * dy;
      const away = Math.sqrt(awayX * awayX + awayY * awayY);
      const level = ink * Math.min(1, reach - away);
      if (level > out[y * EDGE + x]!) out[y * EDGE + x] = level;
    }
  }
}

/** Takes up to an eighth of the ink away, by one random byte per pixel. */
function addGrain(seed: DigitSeed, index: number, out: Uint8Array): void {
  let drawn = -1;
  for (let pixel = 0; pixel < IMAGE_BYTES; pixel++) {
    const level = out[pixel]!;
    if (level === 0) continue;
    const block = pixel >>> 4; // 16 bytes in a block
    if (block !== drawn) {
      draw(seed, index, GRAIN_BLOCK + block);
      drawn = block;
    }
    const byte = words[(pixel >>> 2) & 3]! >>> (8 * (pixel & 3)) & 255;
    out[pixel] = level - (level * byte >>> 11);
  }
}
