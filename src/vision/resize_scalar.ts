/**
 * Resizing by tables of neighbours, in TypeScript: every interpolation, and PIL's
 * rounding. It is also the reference for tests of resize_simd.ts.
 *
 * Sums are float64. Memory beside the result holds one row; with PIL's rounding,
 * it holds an image that is only scaled across.
 *
 * @module
 */

import { Image } from "./image.ts";
import { reach, type Taps } from "./resize_taps.ts";

/** Unit of PIL's weights. */
const QUANTUM = 2 ** -22;

/** Added to sums of such weights, it rounds ties up and changes nothing else. */
const HALF_UP = QUANTUM / 2;

/** Returns weights in PIL's units, whose sums are exact. */
function fixed({ count, first, weights }: Taps): Taps {
  const rounded = weights.map((weight) =>
    Math.sign(weight) * Math.floor(Math.abs(weight) / QUANTUM + 0.5) * QUANTUM
  );
  return { count, first, weights: rounded };
}

/** Returns the table that keeps `length` pixels of an axis from `start` on. */
function same(start: number, length: number): Taps {
  const first = Int32Array.from({ length }, (_, i) => start + i);
  return { count: 1, first, weights: new Float64Array(length).fill(1) };
}

/** Scales an image across, then down, and rounds each half up, as PIL does. */
export function scaleTwice(
  image: Image,
  rows: Taps,
  columns: Taps,
  result: Uint8Array,
): void {
  const [top, height] = reach(rows);
  const width = columns.first.length;
  const between = new Image(
    new Uint8Array(height * width * image.channels),
    width,
    height,
    image.channels,
  );
  scale(image, same(top, height), fixed(columns), between.data, HALF_UP);
  const { first, ...rest } = fixed(rows);
  const shifted = { ...rest, first: first.map((row) => row - top) };
  scale(between, shifted, same(0, width), result, HALF_UP);
}

/**
 * Writes the image of `rows` and `columns` to `result`. Values plus `bias` are
 * rounded half to even, as torchvision does for uint8 tensors.
 *
 * An output row is a blend of source rows, over the columns that the window
 * needs, which is then resampled along itself. So the intermediate image is one
 * row, which stays in the first cache.
 */
export function scale(
  { data, width, channels }: Image,
  rows: Taps,
  columns: Taps,
  result: Uint8Array,
  bias = 0,
): void {
  const [firstColumn, length] = reach(columns);
  const blended = new Float64Array(length * channels);
  const offsets = columns.first.map((at) => (at - firstColumn) * channels);
  // stores round half to even and saturate, as torch.round and clamp do
  const rounded = new Uint8ClampedArray(
    result.buffer,
    result.byteOffset,
    result.length,
  );
  const resample = channels === 3 ? resampleRgb : resampleAny;
  const stride = width * channels;
  const step = columns.first.length * channels;
  for (let y = 0; y < rows.first.length; y++) {
    const from = rows.first[y]! * stride + firstColumn * channels;
    blend(data, from, stride, rows, y, blended);
    resample(blended, offsets, columns, rounded, y * step, bias, channels);
  }
}

// into[i] = sum over k of weights[y, k] * data[from + k * stride + i]. The loops
// are unrolled for few rows: another pass over `into` costs as much as a row.
function blend(
  data: Uint8Array,
  from: number,
  stride: number,
  { count, weights }: Taps,
  y: number,
  into: Float64Array,
): void {
  const length = into.length;
  const base = y * count;
  const a = weights[base]!;
  if (count === 1) {
    for (let i = 0; i < length; i++) into[i] = data[from + i]! * a;
    return;
  }
  const b = weights[base + 1]!;
  const second = from + stride;
  if (count === 2) {
    for (let i = 0; i < length; i++) {
      into[i] = data[from + i]! * a + data[second + i]! * b;
    }
    return;
  }
  const c = weights[base + 2]!;
  const third = second + stride;
  for (let i = 0; i < length; i++) {
    into[i] = data[from + i]! * a + data[second + i]! * b +
      data[third + i]! * c;
  }
  for (let k = 3; k < count; k++) {
    const weight = weights[base + k]!;
    const at = from + k * stride;
    for (let i = 0; i < length; i++) into[i]! += data[at + i]! * weight;
  }
}

function resampleRgb(
  row: Float64Array,
  offsets: Int32Array,
  { count, weights }: Taps,
  into: Uint8ClampedArray,
  to: number,
  bias: number,
): void {
  let k = 0;
  for (let x = 0; x < offsets.length; x++, to += 3) {
    let at = offsets[x]!;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = k + count; k < end; k++, at += 3) {
      const weight = weights[k]!;
      red += row[at]! * weight;
      green += row[at + 1]! * weight;
      blue += row[at + 2]! * weight;
    }
    into[to] = red + bias;
    into[to + 1] = green + bias;
    into[to + 2] = blue + bias;
  }
}

function resampleAny(
  row: Float64Array,
  offsets: Int32Array,
  { count, weights }: Taps,
  into: Uint8ClampedArray,
  to: number,
  bias: number,
  channels: number,
): void {
  for (let channel = 0; channel < channels; channel++) {
    let k = 0;
    for (let x = 0; x < offsets.length; x++) {
      let at = offsets[x]! + channel;
      let sum = 0;
      for (const end = k + count; k < end; k++, at += channels) {
        sum += row[at]! * weights[k]!;
      }
      into[to + x * channels + channel] = sum + bias;
    }
  }
}
