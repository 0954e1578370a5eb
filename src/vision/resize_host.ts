/**
 * Resizing of images on the host: scale and crop in one pass over the source,
 * for workers and for machines without a GPU. Bytes in, bytes out; beside the
 * result there is room for one row, or with PIL's rounding for a picture scaled
 * across alone.
 *
 * Sizes count pixels, sizes of a picture are [height, width].
 *
 * @module
 */

import { Image } from "./image.ts";
import { type Interpolation, resizeTaps, type Taps } from "./resize_taps.ts";

/** A part of a picture, in pixels. */
export interface Box {
  /** Rows above it. */
  readonly top: number;
  /** Columns left of it. */
  readonly left: number;
  /** Rows of it. */
  readonly height: number;
  /** Columns of it. */
  readonly width: number;
}

/** What `resizeCrop` does. */
export interface ResizeCropOptions {
  /** [height, width] that `source` is scaled to. */
  readonly size: readonly [number, number];
  /**
   * The part of the image that is scaled; no pixel outside of it has a say.
   * All of it by default.
   */
  readonly source?: Box;
  /** The part of the scaled picture that is made; all of it by default. */
  readonly window?: Box;
  /** How values between pixels are found, "bilinear" by default. */
  readonly interpolation?: Interpolation;
  /**
   * Whether filters widen where the picture shrinks, as PIL's always do; true
   * by default. Nearest pixels are what they are.
   */
  readonly antialias?: boolean;
  /**
   * Whose bytes come out: "torch" (default) rounds once, half to even, as
   * torchvision does with uint8 tensors; "pil" rounds rows scaled across, then
   * columns scaled down, half up, with weights of 22 bits. "bilinear" differs
   * by one at most, "bicubic" by more where it overshoots.
   */
  readonly rounding?: "torch" | "pil";
}

/**
 * Scales `source` of an image to `size` and gives `window` of that: Resize and
 * CenterCrop, or a crop and its Resize, in one pass. Rows and columns outside of
 * the window are never computed.
 *
 * The bytes are torchvision's or PIL's, by `rounding`. They go to `out`, of
 * height * width * channels bytes of the window: a slot of a batch, for
 * instance. By default that is a new array.
 *
 * Source: torchvision.transforms.functional.resize, resized_crop and
 * center_crop; "nearest-exact" is PIL's nearest.
 *
 * @throws {RangeError} If a size is no positive integer, a box reaches beyond
 * its picture, or `out` has another length
 */
export function resizeCrop(
  image: Image,
  options: ResizeCropOptions,
  out?: Uint8Array,
): Image {
  const { channels } = image;
  const { size: [height, width], source, window } = checked(image, options);
  const { interpolation = "bilinear", antialias = true } = options;
  const bytes = window.height * window.width * channels;
  if (out && out.length !== bytes) {
    throw new RangeError(
      `Cannot resize ${image} into ${out.length} bytes: expected ${bytes}`,
    );
  }
  const result = out ?? new Uint8Array(bytes);
  const rows = resizeTaps(
    {
      start: source.top,
      length: source.height,
      size: height,
      windowStart: window.top,
      windowLength: window.height,
    },
    interpolation,
    antialias,
  );
  const columns = resizeTaps(
    {
      start: source.left,
      length: source.width,
      size: width,
      windowStart: window.left,
      windowLength: window.width,
    },
    interpolation,
    antialias,
  );
  if (options.rounding === "pil") scaleTwice(image, rows, columns, result);
  else scale(image, rows, columns, result, 0);
  return new Image(result, window.width, window.height, channels);
}

/** PIL's weights are whole numbers of this. */
const QUANTUM = 2 ** -22;

/** Added to sums of such weights, it moves ties up and nothing else. */
const HALF_UP = QUANTUM / 2;

/** Weights as PIL has them: its sums are exact. */
function fixed({ count, first, weights }: Taps): Taps {
  const rounded = weights.map((weight) =>
    Math.sign(weight) * Math.floor(Math.abs(weight) / QUANTUM + 0.5) * QUANTUM
  );
  return { count, first, weights: rounded };
}

/** `length` pixels of an axis from `start` on, as they are. */
function same(start: number, length: number): Taps {
  const first = Int32Array.from({ length }, (_, i) => start + i);
  return { count: 1, first, weights: new Float64Array(length).fill(1) };
}

/** The first pixel of the source that is a neighbour, and how many follow. */
function reach({ first, count }: Taps): [start: number, length: number] {
  const start = first.reduce((a, b) => Math.min(a, b));
  const last = first.reduce((a, b) => Math.max(a, b));
  return [start, last + count - start];
}

// Across first, rounded, then down, as PIL does.
function scaleTwice(
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

function checked(
  image: Image,
  { size, source, window }: ResizeCropOptions,
): Required<Pick<ResizeCropOptions, "size" | "source" | "window">> {
  const [height, width] = size;
  if (![height, width].every((n) => Number.isInteger(n) && n > 0)) {
    throw new RangeError(
      `Cannot resize ${image} to [${size.join(", ")}]: ` +
        `expected [height, width], positive integers`,
    );
  }
  const whole = { top: 0, left: 0 };
  return {
    size,
    source: boxWithin("source", image, source ?? { ...whole, ...sides(image) }),
    window: boxWithin(
      "window",
      { height, width },
      window ?? { ...whole, height, width },
    ),
  };
}

function sides({ height, width }: Image): { height: number; width: number } {
  return { height, width };
}

function boxWithin(
  name: string,
  picture: { readonly height: number; readonly width: number },
  box: Box,
): Box {
  const { top, left, height, width } = box;
  const fits = [top, left, height, width].every(Number.isInteger) &&
    top >= 0 && left >= 0 && height > 0 && width > 0 &&
    top + height <= picture.height && left + width <= picture.width;
  if (!fits) {
    throw new RangeError(
      `Cannot resize with ${name} ${width} x ${height} at column ${left}, ` +
        `row ${top}: expected a part of ${picture.width} x ` +
        `${picture.height} pixels`,
    );
  }
  return box;
}

// Each wanted row is first blended from rows of the source, over the columns
// that the window needs, and then resampled along itself: the intermediate
// picture is one row, which stays in the processor's first cache.
function scale(
  { data, width, channels }: Image,
  rows: Taps,
  columns: Taps,
  result: Uint8Array,
  bias: number,
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

// into[i] = sum over k of weights[y, k] * data[from + k * stride + i]. The
// loops are written out for few rows: another pass over `into` costs as much as
// a row does.
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
