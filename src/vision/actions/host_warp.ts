/**
 * Warps on the host, pixel by pixel.
 *
 * @module
 */

import type { WarpAction } from "./action.ts";
import { emptyLike, type Pixels, stepsOf } from "./pixels.ts";
import { roundHalfEven, valueAt } from "./values.ts";

/** Returns the image through a matrix; `fill` stands around the source. */
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
