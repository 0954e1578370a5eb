/**
 * Colours on the host that need all channels of a pixel, or the whole image.
 * Changes of single values are in the rows themselves.
 *
 * Formulas are torchvision's for tensors: bytes lose their fraction where they
 * do there.
 *
 * @module
 */

import { dtypeOf, emptyLike, type Pixels, stepsOf } from "./pixels.ts";
import { blend, boundOf, greyOf } from "./values.ts";

/** Calls `visit` with the position of each pixel's first value. */
function eachPixel(pixels: Pixels, visit: (at: number) => void): void {
  const { pixelStep } = stepsOf(pixels);
  const end = pixels.height * pixels.width * pixelStep;
  for (let at = 0; at < end; at += pixelStep) visit(at);
}

/** Returns the mean of an image's grey values, or of its only channel. */
export function meanGrey(pixels: Pixels): number {
  const { data, channels, height, width } = pixels;
  const { channelStep } = stepsOf(pixels);
  const dtype = dtypeOf(pixels);
  let sum = 0;
  eachPixel(pixels, (at) => {
    sum += channels === 1 ? data[at]! : greyOf(
      data[at]!,
      data[at + channelStep]!,
      data[at + 2 * channelStep]!,
      dtype,
    );
  });
  return Math.fround(sum / (height * width));
}

/** Returns each pixel mixed with its grey; one channel stays as it is. */
export function saturate(pixels: Pixels, factor: number): Pixels {
  if (pixels.channels === 1) return pixels;
  const { data } = pixels;
  const { channelStep: g } = stepsOf(pixels);
  const dtype = dtypeOf(pixels);
  const out = emptyLike(pixels);
  eachPixel(pixels, (at) => {
    const grey = greyOf(data[at]!, data[at + g]!, data[at + 2 * g]!, dtype);
    for (let i = at; i <= at + 2 * g; i += g) {
      out.data[i] = blend(data[i]!, grey, factor, dtype);
    }
  });
  return out;
}

/** Returns grey in one channel, or the same in three. */
export function grey(pixels: Pixels, channels: number): Pixels {
  const { data } = pixels;
  const dtype = dtypeOf(pixels);
  const out = emptyLike(pixels, { channels });
  const from = stepsOf(pixels);
  const to = stepsOf(out);
  const g = from.channelStep;
  const count = pixels.height * pixels.width;
  for (let p = 0; p < count; p++) {
    const at = p * from.pixelStep;
    const value = pixels.channels === 1
      ? data[at]!
      : greyOf(data[at]!, data[at + g]!, data[at + 2 * g]!, dtype);
    for (let c = 0; c < channels; c++) {
      out.data[p * to.pixelStep + c * to.channelStep] = value;
    }
  }
  return out;
}

// Bytes lose their fraction, and most results are integers but for an error in
// the last place. A thousandth of a level makes the executors agree. In torch the
// error decides, and some values are one level lower.
const SLACK = 1e-3;

/** Returns hues turned by `factor` of the circle; one channel stays. */
export function turnHue(pixels: Pixels, factor: number): Pixels {
  if (pixels.channels === 1) return pixels;
  const { data } = pixels;
  const { channelStep: g } = stepsOf(pixels);
  const isByte = data instanceof Uint8Array;
  const bound = boundOf(dtypeOf(pixels));
  const out = emptyLike(pixels);
  eachPixel(pixels, (at) => {
    const [red, green, blue] = turned(
      data[at]! / bound,
      data[at + g]! / bound,
      data[at + 2 * g]! / bound,
      factor,
    );
    const store = (i: number, value: number): void => {
      out.data[i] = isByte ? Math.trunc(value * 255 + SLACK) : value;
    };
    store(at, red);
    store(at + g, green);
    store(at + 2 * g, blue);
  });
  return out;
}

// Smith 1978, "Color gamut transform pairs": RGB to HSV, and back with another
// hue. Grey has no hue.
function turned(
  r: number,
  g: number,
  b: number,
  factor: number,
): [number, number, number] {
  const high = Math.max(r, g, b);
  const span = high - Math.min(r, g, b);
  const saturation = span === 0 ? 0 : span / high;
  const by = span === 0 ? 1 : span;
  const [rc, gc, bc] = [(high - r) / by, (high - g) / by, (high - b) / by];
  const sextant = r === high ? bc - gc : g === high ? 2 + rc - bc : 4 + gc - rc;
  let hue = (sextant / 6 + 1) % 1 + factor;
  hue -= Math.floor(hue);
  const sector = Math.floor(hue * 6);
  const part = hue * 6 - sector;
  const bound = (value: number): number => Math.min(Math.max(value, 0), 1);
  const p = bound(high * (1 - saturation));
  const q = bound(high * (1 - saturation * part));
  const t = bound(high * (1 - saturation * (1 - part)));
  const sectors: [number, number, number][] = [
    [high, t, p],
    [q, high, p],
    [p, high, t],
    [p, q, high],
    [t, p, high],
    [high, p, q],
  ];
  return sectors[sector % 6]!;
}
