/**
 * The executor on the host: it carries out actions on images in memory, in
 * workers and without a GPU. It is also the reference that gpu.ts is tested
 * against.
 *
 * Images stay as they are; what is made is new. A crop, its scaling and a crop
 * of that are one pass; neighbouring actions on the values of a byte image are
 * one table.
 *
 * @module
 */

import type { Box } from "../resize_taps.ts";
import { type Action, after, type Extent } from "./action.ts";
import {
  autocontrast,
  blur,
  equalize,
  erase,
  grey,
  meanGrey,
  saturate,
  sharpen,
  turnHue,
} from "./host_colour.ts";
import { crop, flip, pad, scale, type Scaling, warp } from "./host_geometry.ts";
import { dtypeOf, extentOf, type Pixels, stepsOf } from "./pixels.ts";
import { isPoint, pointFunction } from "./point.ts";

/**
 * The image after all actions.
 *
 * @throws {TypeError} If an action does not take such images
 * @throws {RangeError} If a size does not fit
 */
export function runOnHost(pixels: Pixels, actions: readonly Action[]): Pixels {
  let extent = extentOf(pixels);
  for (const action of actions) extent = after(action, extent); // checks
  let result = pixels;
  for (let at = 0; at < actions.length;) {
    const scaling = scalingAt(actions, at, extentOf(result));
    if (scaling) {
      result = scale(result, scaling);
      at += scaling.actions;
      continue;
    }
    let end = at;
    while (end < actions.length && isTabled(actions, at, end)) end++;
    if (end > at) {
      result = mapValues(result, actions.slice(at, end));
      at = end;
    } else result = apply(result, actions[at++]!);
  }
  return result;
}

// Contrast looks at the image that the table before it would make.
function isTabled(
  actions: readonly Action[],
  first: number,
  at: number,
): boolean {
  const action = actions[at]!;
  return isPoint(action) && (at === first || action.op !== "contrast");
}

/** What a crop, a resize and a crop beginning at `at` are together. */
function scalingAt(
  actions: readonly Action[],
  at: number,
  extent: Extent,
): Scaling & { readonly actions: number } | undefined {
  let next = at;
  let source: Box = { top: 0, left: 0, ...sides(extent) };
  const before = actions[next];
  if (before?.op === "crop") {
    if (!isWithin(before, extent)) return undefined;
    source = before;
    next++;
  }
  const resize = actions[next++];
  if (resize?.op !== "resize") return undefined;
  const [height, width] = resize.size;
  let window: Box = { top: 0, left: 0, height, width };
  const behind = actions[next];
  if (behind?.op === "crop" && isWithin(behind, { height, width })) {
    window = behind;
    next++;
  }
  return { resize, source, window, actions: next - at };
}

function sides({ height, width }: Extent): { height: number; width: number } {
  return { height, width };
}

function isWithin(
  { top, left, height, width }: Box,
  whole: { readonly height: number; readonly width: number },
): boolean {
  return top >= 0 && left >= 0 && top + height <= whole.height &&
    left + width <= whole.width;
}

/** Actions on values by themselves, one after the other. */
function mapValues(pixels: Pixels, actions: readonly Action[]): Pixels {
  const { data, channels, height, width } = pixels;
  const isContrast = actions[0]!.op === "contrast";
  const mean = isContrast ? meanGrey(pixels) : 0;
  let dtype = dtypeOf(pixels);
  const changes: ((value: number) => number)[][] = [];
  for (const action of actions) {
    if (!isPoint(action)) continue;
    const type = dtype;
    changes.push(
      Array.from(
        { length: channels },
        (_, c) => pointFunction(action, type, c, mean),
      ),
    );
    if (action.op === "convert") dtype = action.dtype;
  }
  // bytes side by side become floats plane by plane
  const planar = pixels.planar || dtype === "float32";
  const out: Pixels = {
    data: dtype === "float32"
      ? new Float32Array(data.length)
      : new Uint8Array(data.length),
    channels,
    height,
    width,
    planar,
  };
  const from = stepsOf(pixels);
  const to = stepsOf(out);
  const count = height * width;
  const table = new Float32Array(256);
  for (let c = 0; c < channels; c++) {
    const change = (value: number): number => {
      for (const each of changes) value = each[c]!(value);
      return value;
    };
    let source = c * from.channelStep;
    let target = c * to.channelStep;
    if (data instanceof Uint8Array) {
      for (let value = 0; value < 256; value++) table[value] = change(value);
      for (let p = 0; p < count; p++) {
        out.data[target] = table[data[source]!]!;
        source += from.pixelStep;
        target += to.pixelStep;
      }
    } else {
      for (let p = 0; p < count; p++) {
        out.data[target] = change(data[source]!);
        source += from.pixelStep;
        target += to.pixelStep;
      }
    }
  }
  return out;
}

function apply(pixels: Pixels, action: Action): Pixels {
  switch (action.op) {
    case "crop":
      return crop(pixels, action);
    case "pad":
      return pad(pixels, action);
    case "hflip":
      return flip(pixels, "columns");
    case "vflip":
      return flip(pixels, "rows");
    case "warp":
      return warp(pixels, action);
    case "erase":
      return erase(pixels, action);
    case "blur":
      return blur(pixels, action);
    case "saturation":
      return saturate(pixels, action.factor);
    case "sharpness":
      return sharpen(pixels, action.factor);
    case "hue":
      return turnHue(pixels, action.factor);
    case "grayscale":
      return grey(pixels, action.channels ?? pixels.channels);
    case "autocontrast":
      return autocontrast(pixels);
    case "equalize":
      return equalize(pixels);
    default:
      throw new Error(`No way to ${action.op} an image on the host`);
  }
}
