/**
 * Crops, pads and flips on the host: tables of the rows and columns that the
 * result takes from the source.
 *
 * @module
 */

import type { CropAction, Fill, PadAction, PaddingMode } from "./action.ts";
import { emptyLike, type Pixels, stepsOf } from "./pixels.ts";
import { valueAt } from "./values.ts";

/** Returns a part of an image; zeros stand beyond the image. */
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

/** Returns an image with pixels around it. */
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

/** Returns an image with its columns, or its rows, in reverse order. */
export function flip(pixels: Pixels, axis: "rows" | "columns"): Pixels {
  const { height, width } = pixels;
  const rows = Int32Array.from({ length: height }, (_, y) => y);
  const columns = Int32Array.from({ length: width }, (_, x) => x);
  (axis === "rows" ? rows : columns).reverse();
  return pick(pixels, rows, columns, 0);
}

/**
 * Returns which of `length` pixels stands at a place on or beside them; -1 if
 * none does.
 */
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

/** Returns the image of some rows and columns; -1 stands for `fill`. */
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
  // a row's values lie together in a plane, or with all channels of a pixel
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
