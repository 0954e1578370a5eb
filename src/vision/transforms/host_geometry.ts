/**
 * Pixels that move, on the host: crops, pads and flips as tables of rows and
 * columns, scaling by the taps of resize_taps.ts, warps pixel by pixel.
 *
 * @module
 */

import { resizeCrop } from "../resize_host.ts";
import { type Box, type Taps, tapsOf } from "../resize_taps.ts";
import { type Channels, Image } from "../image.ts";
import {
  type CropAction,
  type Fill,
  type PadAction,
  type PaddingMode,
  type ResizeAction,
  valueAt,
  type WarpAction,
} from "./action.ts";
import { emptyLike, type Pixels, stepsOf } from "./pixels.ts";

/** The part of an image; zeros where it reaches beyond. */
export function crop(pixels: Pixels, action: CropAction): Pixels {
  const { top, left, height, width } = action;
  const rows = Int32Array.from(
    { length: height },
    (_, y) => inside(top + y, pixels.height, "constant"),
  );
  const columns = Int32Array.from(
    { length: width },
    (_, x) => inside(left + x, pixels.width, "constant"),
  );
  return pick(pixels, rows, columns, 0);
}

/** Pixels around an image. */
export function pad(pixels: Pixels, action: PadAction): Pixels {
  const { padding: [left, top, right, bottom], fill, mode } = action;
  const { height, width } = pixels;
  const rows = Int32Array.from(
    { length: height + top + bottom },
    (_, y) => inside(y - top, height, mode),
  );
  const columns = Int32Array.from(
    { length: width + left + right },
    (_, x) => inside(x - left, width, mode),
  );
  return pick(pixels, rows, columns, fill);
}

/** An image with its columns, or its rows, in reverse. */
export function flip(pixels: Pixels, axis: "rows" | "columns"): Pixels {
  const { height, width } = pixels;
  const rows = Int32Array.from({ length: height }, (_, y) => y);
  const columns = Int32Array.from({ length: width }, (_, x) => x);
  (axis === "rows" ? rows : columns).reverse();
  return pick(pixels, rows, columns, 0);
}

/** Which of `length` pixels stands at a place on or beside them; -1: none. */
export function inside(at: number, length: number, mode: PaddingMode): number {
  if (at >= 0 && at < length) return at;
  switch (mode) {
    case "constant":
      return -1;
    case "edge":
      return at < 0 ? 0 : length - 1;
    case "reflect":
      return at < 0 ? -at : 2 * (length - 1) - at;
    case "symmetric":
      return at < 0 ? -at - 1 : 2 * length - 1 - at;
    default:
      return mode satisfies never;
  }
}

/** The image made of some rows and columns; -1 stands for `fill`. */
function pick(
  pixels: Pixels,
  rows: Int32Array,
  columns: Int32Array,
  fill: Fill,
): Pixels {
  const height = rows.length;
  const width = columns.length;
  const out = emptyLike(pixels, { height, width });
  const from = stepsOf(pixels);
  const to = stepsOf(out);
  const isRun = columns.every((x, i) => x === columns[0]! + i) &&
    columns[0] !== -1;
  // values of a row that lie together: a plane's, or all channels'
  const groups = pixels.planar ? pixels.channels : 1;
  const wide = pixels.planar ? 1 : pixels.channels;
  for (let y = 0; y < height; y++) {
    const row = rows[y]!;
    for (let group = 0; group < groups; group++) {
      const source = row * pixels.width * from.pixelStep +
        group * from.channelStep;
      let at = y * width * to.pixelStep + group * to.channelStep;
      if (isRun && row !== -1) {
        const start = source + columns[0]! * wide;
        out.data.set(pixels.data.subarray(start, start + width * wide), at);
        continue;
      }
      for (let x = 0; x < width; x++) {
        const column = row === -1 ? -1 : columns[x]!;
        for (let c = 0; c < wide; c++) {
          out.data[at++] = column === -1
            ? valueAt(fill, group + c)
            : pixels.data[source + column * wide + c]!;
        }
      }
    }
  }
  return out;
}

/** A part of a source, scaled, and a part of that. */
export interface Scaling {
  readonly resize: ResizeAction;
  readonly source: Box;
  readonly window: Box;
}

/** The image scaled; bytes are rounded to the nearest, half to even. */
export function scale(pixels: Pixels, scaling: Scaling): Pixels {
  const { resize: { size, interpolation, antialias }, source, window } =
    scaling;
  const options = { size, source, window, interpolation, antialias };
  const { channels, height, width } = pixels;
  const { data, planar } = pixels;
  const out = emptyLike(pixels, {
    height: window.height,
    width: window.width,
  });
  if (data instanceof Uint8Array && out.data instanceof Uint8Array) {
    if (!planar) {
      const image = new Image(data, width, height, channels as Channels);
      resizeCrop(image, options, out.data);
      return out;
    }
    const plane = height * width;
    const outPlane = window.height * window.width;
    for (let c = 0; c < channels; c++) {
      const bytes = data.subarray(c * plane, (c + 1) * plane);
      const into = out.data.subarray(c * outPlane, (c + 1) * outPlane);
      resizeCrop(new Image(bytes, width, height, 1), options, into);
    }
    return out;
  }
  const { rows, columns } = tapsOf(options);
  scaleFloats(pixels, rows, columns, out);
  return out;
}

function scaleFloats(
  pixels: Pixels,
  rows: Taps,
  columns: Taps,
  out: Pixels,
): void {
  const { data, width, height, channels } = pixels;
  const blended = new Float64Array(width);
  for (let c = 0; c < channels; c++) { // floats lie plane by plane
    let to = c * out.height * out.width;
    for (let y = 0; y < out.height; y++) {
      blended.fill(0);
      for (let k = 0; k < rows.count; k++) {
        const weight = rows.weights[y * rows.count + k]!;
        const from = (c * height + rows.first[y]! + k) * width;
        for (let x = 0; x < width; x++) blended[x]! += weight * data[from + x]!;
      }
      for (let x = 0; x < out.width; x++) {
        let sum = 0;
        for (let k = 0; k < columns.count; k++) {
          sum += columns.weights[x * columns.count + k]! *
            blended[columns.first[x]! + k]!;
        }
        out.data[to++] = sum;
      }
    }
  }
}

/** The image through a matrix; what lies around the source is `fill`. */
export function warp(pixels: Pixels, action: WarpAction): Pixels {
  const { matrix: m, size: [height, width], interpolation, fill } = action;
  const out = emptyLike(pixels, { height, width });
  const { data, channels } = pixels;
  const from = stepsOf(pixels);
  const to = stepsOf(out);
  const isByte = data instanceof Uint8Array;
  const isNearest = interpolation === "nearest";
  const at = (x: number, y: number): number =>
    x >= 0 && x < pixels.width && y >= 0 && y < pixels.height
      ? (y * pixels.width + x) * from.pixelStep
      : -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [X, Y] = [x + 0.5, y + 0.5];
      const w = m[6]! * X + m[7]! * Y + m[8]!;
      const sx = (m[0]! * X + m[1]! * Y + m[2]!) / w - 0.5;
      const sy = (m[3]! * X + m[4]! * Y + m[5]!) / w - 0.5;
      const target = (y * width + x) * to.pixelStep;
      if (isNearest) {
        const source = at(roundHalfEven(sx), roundHalfEven(sy));
        for (let c = 0; c < channels; c++) {
          out.data[target + c * to.channelStep] = source < 0
            ? valueAt(fill ?? 0, c)
            : data[source + c * from.channelStep]!;
        }
        continue;
      }
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [tx, ty] = [sx - x0, sy - y0];
      const taps = [
        [at(x0, y0), (1 - tx) * (1 - ty)],
        [at(x0 + 1, y0), tx * (1 - ty)],
        [at(x0, y0 + 1), (1 - tx) * ty],
        [at(x0 + 1, y0 + 1), tx * ty],
      ] as const;
      const there = taps.reduce((m, [from, w]) => from < 0 ? m : m + w, 0);
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [source, weight] of taps) {
          if (source < 0) continue;
          sum += weight * data[source + c * from.channelStep]!;
        }
        if (fill !== undefined) {
          sum = sum * there + (1 - there) * valueAt(fill, c);
        }
        out.data[target + c * to.channelStep] = isByte
          ? roundHalfEven(sum)
          : sum;
      }
    }
  }
  return out;
}

/** The nearest whole number, of two the even one. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
