import { assert, assertEquals } from "@std/assert";

import { type Channels, Image } from "../../src/vision/image.ts";
import { scale } from "../../src/vision/resize_scalar.ts";
import { scaleBySimd } from "../../src/vision/resize_simd.ts";
import { resizeTaps, type Taps } from "../../src/vision/resize_taps.ts";
import { Generator } from "../../src/tensor/generator.ts";

const CHANNELS: readonly Channels[] = [1, 3, 4];

/** An image of random bytes, which is not at the beginning of its buffer. */
function randomImage(
  [height, width]: readonly [number, number],
  channels: Channels,
): Image {
  const generator = new Generator(height * width * channels);
  const data = new Uint8Array(7 + height * width * channels).subarray(7);
  for (let i = 0; i < data.length; i++) data[i] = generator.integer(256);
  return new Image(data, width, height, channels);
}

/** The tables of an axis: pixels `start` to `end` of `length` become `size`. */
function taps(
  length: number,
  size: number,
  { part = [0, length], window = [0, size], antialias = true }: {
    readonly part?: readonly [start: number, end: number];
    readonly window?: readonly [start: number, end: number];
    readonly antialias?: boolean;
  } = {},
): Taps {
  const axis = {
    start: part[0],
    length: part[1] - part[0],
    size,
    windowStart: window[0],
    windowLength: window[1] - window[0],
  };
  return resizeTaps(axis, "bilinear", antialias);
}

/** Sums of float32 stay as near to those of float64, for some 50 neighbours. */
const NEAR = 1e-4;

/** Refuses bytes that no value within `NEAR` of the exact ones rounds to. */
function compare(image: Image, rows: Taps, columns: Taps): void {
  const length = rows.first.length * columns.first.length * image.channels;
  const [low, high] = [-NEAR, NEAR].map((bias) => {
    const bytes = new Uint8Array(length);
    scale(image, rows, columns, bytes, bias);
    return bytes;
  });
  // what is beside the result must stay
  const slot = new Uint8Array(length + 32).fill(77);
  const got = slot.subarray(16, 16 + length);
  const name = `${image} to ${columns.first.length} x ${rows.first.length}`;
  assert(scaleBySimd(image, rows, columns, got), `${name}: it was not done`);
  const beside = [...slot.subarray(0, 16), ...slot.subarray(16 + length)];
  assertEquals(beside, Array(32).fill(77), name);
  const wrong = got.findIndex((byte, i) => byte < low![i]! || byte > high![i]!);
  assertEquals(wrong, -1, `${name}: byte ${wrong} is ${got[wrong]}`);
}

Deno.test("scaleBySimd() rounds as float64 does but within 1e-4 of a half", () => {
  const sizes: [[number, number], [number, number]][] = [
    [[375, 500], [256, 341]], // a photo
    [[97, 131], [256, 301]],
    [[211, 64], [13, 160]],
    [[64, 211], [160, 13]],
    [[300, 303], [299, 304]],
    [[49, 33], [1, 1]],
    [[17, 19], [17, 19]],
  ];
  for (const channels of CHANNELS) {
    for (const [from, to] of sizes) {
      const image = randomImage(from, channels);
      for (const antialias of [true, false]) {
        compare(
          image,
          taps(from[0], to[0], { antialias }),
          taps(from[1], to[1], { antialias }),
        );
      }
    }
  }
});

Deno.test("scaleBySimd() takes pictures of all small sizes to all others", () => {
  const sizes = [1, 2, 3, 5, 6, 17];
  for (const channels of CHANNELS) {
    for (const height of sizes) {
      for (const width of sizes) {
        const image = randomImage([height, width], channels);
        for (const tall of sizes) {
          for (const wide of sizes) {
            compare(image, taps(height, tall), taps(width, wide));
          }
        }
      }
    }
  }
});

Deno.test("scaleBySimd() makes crops at every border of parts at every border", () => {
  const [height, width] = [41, 57];
  const parts = (length: number) =>
    [[0, length], [0, 1], [length - 1, length], [0, 20], [9, length]] as const;
  for (const channels of CHANNELS) {
    const image = randomImage([height, width], channels);
    for (const size of [5, 64]) {
      for (const down of parts(height)) {
        for (const across of parts(width)) {
          for (const [start, end] of [[0, 5], [0, 1], [4, 5], [1, 4]]) {
            const [top, bottom] = [start!, end!];
            compare(
              image,
              taps(height, size, { part: down, window: [top, bottom] }),
              taps(width, size, {
                part: across,
                window: [size - bottom, size - top],
              }),
            );
          }
        }
      }
    }
  }
});

Deno.test("scaleBySimd() makes large pictures strip by strip", () => {
  for (
    const [from, to] of [[[2000, 1500], [900, 1100]], [[9, 3], [4000, 90]]]
  ) {
    const [height, width] = from!;
    const image = randomImage([height!, width!], 3);
    const [tall, wide] = to!;
    compare(image, taps(height!, tall!), taps(width!, wide!));
  }
});

Deno.test("scaleBySimd() leaves alone what one row makes of too many bytes", () => {
  const image = new Image(new Uint8Array(36 * 2 ** 20), 2 ** 20, 36, 1);
  const result = Uint8Array.of(7);
  const isDone = scaleBySimd(image, taps(36, 1), taps(2 ** 20, 1), result);
  assertEquals([isDone, ...result], [false, 7]);
});
