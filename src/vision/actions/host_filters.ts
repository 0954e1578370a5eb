/**
 * Filters on the host: blur and sharpness, histograms, and erased rectangles.
 *
 * Formulas are torchvision's for tensors: bytes lose their fraction where they
 * do there, and are rounded by filters.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import type { BlurAction, EraseAction, ImageDType } from "./action.ts";
import { inside } from "./host_picks.ts";
import { dtypeOf, emptyLike, type Pixels, stepsOf } from "./pixels.ts";
import { blend, boundOf, clamped, roundHalfEven, valueAt } from "./values.ts";

const { fround } = Math;

/** Returns each channel stretched to the whole range; a constant one stays. */
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

/** Returns bytes with the histogram of each channel made even. */
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

/** Returns a blend with a blurred image: 0 is blurred, 1 the source. */
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

/** Returns the weights of a Gaussian of `size` taps; their sum is 1. */
export function gaussian(size: number, sigma: number): Float64Array {
  const weights = Float64Array.from(
    { length: size },
    (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Returns the image after a Gaussian blur; its edges are mirrored. */
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

/** Returns the image with a rectangle of other values. */
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
 * Returns the value at a channel, row and column of an erased rectangle. Noise
 * is normal for floats, and uniform over all bytes.
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
