/**
 * Colours on the host: actions that look at all channels of a pixel, at its
 * neighbours, or at the whole image. Actions on single values are in point.ts.
 *
 * Formulas are torchvision's for tensors: bytes are cut off, not rounded, where
 * it does so.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import {
  type BlurAction,
  type EraseAction,
  type ImageDType,
  valueAt,
} from "./action.ts";
import { inside, roundHalfEven } from "./host_geometry.ts";
import { dtypeOf, emptyLike, type Pixels, stepsOf } from "./pixels.ts";
import { blend, boundOf, clamped } from "./point.ts";

const { fround } = Math;

/** 0.2989 r + 0.587 g + 0.114 b, cut off for bytes. */
function greyOf(r: number, g: number, b: number, dtype: ImageDType): number {
  const grey = fround(
    fround(fround(fround(0.2989) * r) + fround(fround(0.587) * g)) +
      fround(fround(0.114) * b),
  );
  return dtype === "uint8" ? Math.trunc(grey) : grey;
}

/** Calls `visit` with the position of each pixel's first value. */
function eachPixel(pixels: Pixels, visit: (at: number) => void): void {
  const { pixelStep } = stepsOf(pixels);
  const end = pixels.height * pixels.width * pixelStep;
  for (let at = 0; at < end; at += pixelStep) visit(at);
}

/** The mean of an image's grey values, or of its only channel. */
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
  return fround(sum / (height * width));
}

/** Each pixel mixed with its grey; an image of one channel stays. */
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

/** Grey in one channel, or the same in three. */
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

// Bytes are cut off, and most come back as whole numbers but for an error in the
// last place. A thousandth of a level lets the executors agree on them; in torch
// the error decides, and values are one level lower by chance.
const SLACK = 1e-3;

/** Hues turned by `factor` of the circle; an image of one channel stays. */
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
// hue. A colour of equal values has none.
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

/** Each channel stretched to the whole range; a constant one stays. */
export function autocontrast(pixels: Pixels): Pixels {
  const dtype = dtypeOf(pixels);
  const bound = boundOf(dtype);
  return byChannel(pixels, (values) => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const factor = fround(bound / fround(high - low));
    return Number.isFinite(factor)
      ? (value) => clamped(fround(fround(value - low) * factor), dtype)
      : (value) => value;
  });
}

/** The histogram of each channel made even; bytes alone. */
export function equalize(pixels: Pixels): Pixels {
  return byChannel(pixels, (values) => {
    const counts = new Float64Array(256);
    for (const value of values) counts[value]!++;
    const last = counts.findLast((count) => count > 0) ?? 0;
    const step = Math.floor((values.length - last) / 255);
    if (step === 0) return (value) => value;
    const table = new Float64Array(256);
    let sum = Math.floor(step / 2);
    for (let value = 0; value < 256; value++) {
      table[value] = Math.min(Math.floor(sum / step), 255);
      sum += counts[value]!;
    }
    return (value) => table[value]!;
  });
}

function byChannel(
  pixels: Pixels,
  rule: (values: Float64Array) => (value: number) => number,
): Pixels {
  const out = emptyLike(pixels);
  const { pixelStep, channelStep } = stepsOf(pixels);
  const values = new Float64Array(pixels.height * pixels.width);
  for (let c = 0; c < pixels.channels; c++) {
    const start = c * channelStep;
    for (let p = 0; p < values.length; p++) {
      values[p] = pixels.data[start + p * pixelStep]!;
    }
    const change = rule(values);
    for (let p = 0; p < values.length; p++) {
      out.data[start + p * pixelStep] = change(values[p]!);
    }
  }
  return out;
}

/** Away from (or with `factor` below 1, towards) a blurred image. */
export function sharpen(pixels: Pixels, factor: number): Pixels {
  const { data, height, width, channels } = pixels;
  if (height <= 2 || width <= 2) return pixels;
  const dtype = dtypeOf(pixels);
  const { pixelStep, channelStep } = stepsOf(pixels);
  const out = emptyLike(pixels);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * pixelStep + c * channelStep;
        let smooth = data[at]!;
        if (y > 0 && y < height - 1 && x > 0 && x < width - 1) {
          let sum = 4 * smooth;
          for (let dy = -1; dy <= 1; dy++) {
            for (let dx = -1; dx <= 1; dx++) {
              sum += data[at + (dy * width + dx) * pixelStep]!;
            }
          }
          smooth = dtype === "uint8" ? roundHalfEven(sum / 13) : sum / 13;
        }
        out.data[at] = blend(data[at]!, smooth, factor, dtype);
      }
    }
  }
  return out;
}

/** The weights of a Gaussian of `size` taps, which add up to 1. */
export function gaussian(size: number, sigma: number): Float64Array {
  const weights = Float64Array.from(
    { length: size },
    (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Gaussian blur; beyond the edge the image is mirrored. */
export function blur(pixels: Pixels, action: BlurAction): Pixels {
  const { kernelSize: [kx, ky], sigma: [sx, sy] } = action;
  const across = gaussian(kx, sx);
  const down = gaussian(ky, sy);
  const { data, height, width, channels } = pixels;
  const { pixelStep, channelStep } = stepsOf(pixels);
  const out = emptyLike(pixels);
  const isByte = data instanceof Uint8Array;
  const rows = new Float64Array(height * width);
  for (let c = 0; c < channels; c++) {
    const start = c * channelStep;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < kx; k++) {
          const from = inside(x + k - (kx >> 1), width, "reflect");
          sum += across[k]! * data[start + (y * width + from) * pixelStep]!;
        }
        rows[y * width + x] = sum;
      }
    }
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < ky; k++) {
          const from = inside(y + k - (ky >> 1), height, "reflect");
          sum += down[k]! * rows[from * width + x]!;
        }
        out.data[start + (y * width + x) * pixelStep] = isByte
          ? roundHalfEven(sum)
          : sum;
      }
    }
  }
  return out;
}

/** A rectangle of other values; the part outside of the image is left out. */
export function erase(pixels: Pixels, action: EraseAction): Pixels {
  const { channels, height, width } = pixels;
  const { pixelStep, channelStep } = stepsOf(pixels);
  const out = { ...pixels, data: pixels.data.slice() };
  const values = eraser(action, channels, dtypeOf(pixels));
  const bottom = Math.min(action.top + action.height, height);
  const right = Math.min(action.left + action.width, width);
  for (let c = 0; c < channels; c++) {
    for (let y = action.top; y < bottom; y++) {
      for (let x = action.left; x < right; x++) {
        const at = (y * width + x) * pixelStep + c * channelStep;
        out.data[at] = values(c, y - action.top, x - action.left);
      }
    }
  }
  return out;
}

/**
 * The value at a channel, row and column of an erased rectangle. Noise is normal
 * of floats, and of bytes each as likely as the others.
 */
export function eraser(
  { value, height, width }: EraseAction,
  channels: number,
  dtype: ImageDType,
): (channel: number, y: number, x: number) => number {
  if (typeof value !== "object" || !("noise" in value)) {
    return (channel) => valueAt(value, channel);
  }
  const generator = new Generator(value.noise);
  const noise = Float32Array.from(
    { length: channels * height * width },
    () => dtype === "uint8" ? generator.integer(256) : generator.normal(),
  );
  return (channel, y, x) => noise[(channel * height + y) * width + x]!;
}
