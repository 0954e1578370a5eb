/**
 * The executor on the host: it carries out actions on images in memory, in
 * workers and without a GPU. It is also the reference for tests of gpu.ts.
 *
 * Sources stay as they are; results are new. A crop, the scaling after it and
 * the crop after that are one pass. On bytes, consecutive actions on single
 * values are one table.
 *
 * @module
 */

import type { Action, Extent } from "../actions/action.ts";
import { meanGrey } from "../actions/host_colours.ts";
import { scale, type Scaling } from "../actions/host_scaling.ts";
import { extentOf, type Pixels, stepsOf } from "../actions/pixels.ts";
import type { ValueFunction } from "../actions/row.ts";
import { ACTIONS, after } from "../actions/rows.ts";
import type { Box } from "../resize_taps.ts";

/**
 * Returns the image after all actions.
 *
 * @throws {TypeError} If an action does not take such an image
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
    const action = actions[at]!;
    const row = ACTIONS[action.op];
    if (row.host) {
      result = row.host(result, action);
      at++;
      continue;
    }
    const first = at++;
    while (at < actions.length && joinsTable(actions[at]!)) at++;
    result = mapValues(result, actions.slice(first, at));
  }
  return result;
}

// The mean grey is that of the image which the table before would make.
function joinsTable({ op }: Action): boolean {
  const { value, usesMean = false } = ACTIONS[op];
  return value !== undefined && !usesMean;
}

/** Returns a crop, a resize and a crop from `at` on as one scaling. */
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

/** Returns the image after actions on single values, in order. */
function mapValues(pixels: Pixels, actions: readonly Action[]): Pixels {
  const { data, channels, height, width } = pixels;
  const mean = ACTIONS[actions[0]!.op].usesMean ? meanGrey(pixels) : 0;
  let extent = extentOf(pixels);
  const changes: ValueFunction[][] = []; // of each action, for each channel
  for (const action of actions) {
    const row = ACTIONS[action.op];
    const { dtype } = extent;
    if (!row.value) continue; // never, by joinsTable
    changes.push(Array.from(
      { length: channels },
      (_, channel) => row.value(action, { dtype, channel, mean }),
    ));
    extent = row.result?.(action, extent) ?? extent;
  }
  const { dtype } = extent;
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
