/**
 * Scaling on the host, by the tables of resize_taps.ts. A crop of the source and
 * a crop of the result are done in the same pass.
 *
 * @module
 */

import { type Channels, Image } from "../image.ts";
import { resizeCrop } from "../resize_host.ts";
import { type Box, type Taps, tapsOf } from "../resize_taps.ts";
import type { ResizeAction } from "./action.ts";
import { emptyLike, type Pixels } from "./pixels.ts";

/** Scaling of the part `source`; the result is the part `window` of that. */
export interface Scaling {
  readonly resize: ResizeAction;
  readonly source: Box;
  readonly window: Box;
}

/** Returns the whole image, scaled. */
export function scaleWhole(pixels: Pixels, resize: ResizeAction): Pixels {
  const { height, width } = pixels;
  return scale(pixels, {
    resize,
    source: { top: 0, left: 0, height, width },
    window: { top: 0, left: 0, height: resize.size[0], width: resize.size[1] },
  });
}

/** Returns the scaled image; bytes are rounded, half to even. */
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
