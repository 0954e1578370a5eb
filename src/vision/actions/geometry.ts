/**
 * Rows of the actions that move pixels. The planner folds them into passes over
 * the image (executors/fold.ts), so they have no WGSL of their own.
 *
 * @module
 */

import type { ActionName, ActionOf, Extent, PadAction } from "./action.ts";
import { valueAt } from "./values.ts";
import { checkFit } from "./fills.ts";
import { crop, flip, pad } from "./host_picks.ts";
import { scaleWhole } from "./host_scaling.ts";
import { warp } from "./host_warp.ts";
import type { ActionRows } from "./row.ts";

/** Actions that move pixels. */
export const GEOMETRY = {
  resize: {
    verb: "resize",
    moves: true,
    result: (action: ActionOf<"resize">, extent) => sized(extent, action.size),
    host: (pixels, action: ActionOf<"resize">) => scaleWhole(pixels, action),
  },
  crop: {
    verb: "crop",
    moves: true,
    result: ({ height, width }: ActionOf<"crop">, extent) => ({
      ...extent,
      height,
      width,
    }),
    host: (pixels, action: ActionOf<"crop">) => crop(pixels, action),
  },
  pad: {
    verb: "pad",
    moves: true,
    check: (action: PadAction, extent, what) => checkPad(what, action, extent),
    result: ({ padding: [left, top, right, bottom] }: PadAction, extent) => ({
      ...extent,
      height: extent.height + top + bottom,
      width: extent.width + left + right,
    }),
    ofChannel: (action: PadAction, channel) => ({
      ...action,
      fill: valueAt(action.fill, channel),
    }),
    host: (pixels, action: PadAction) => pad(pixels, action),
  },
  hflip: {
    verb: "flip",
    moves: true,
    host: (pixels) => flip(pixels, "columns"),
  },
  vflip: { verb: "flip", moves: true, host: (pixels) => flip(pixels, "rows") },
  warp: {
    verb: "warp",
    moves: true,
    check: ({ fill = 0 }: ActionOf<"warp">, extent, what) =>
      checkFit(what, "fills", fill, extent),
    result: (action: ActionOf<"warp">, extent) => sized(extent, action.size),
    ofChannel: (action: ActionOf<"warp">, channel) => ({
      ...action,
      fill: action.fill && valueAt(action.fill, channel),
    }),
    host: (pixels, action: ActionOf<"warp">) => warp(pixels, action),
  },
} satisfies Partial<ActionRows<ActionName>>;

function sized(
  extent: Extent,
  [height, width]: readonly [number, number],
): Extent {
  return { ...extent, height, width };
}

function checkPad(
  what: string,
  { padding: [left, top, right, bottom], fill, mode }: PadAction,
  extent: Extent,
): void {
  checkFit(what, "fills", fill, extent);
  const { height, width } = extent;
  const by = `${what} by [${[left, top, right, bottom].join(", ")}]`;
  if (height + top + bottom < 1 || width + left + right < 1) {
    throw new RangeError(`${by}: nothing would be left`);
  }
  // torch cuts where a padding is negative, except in the modes that look inside
  const least = mode === "constant" ? -Infinity : 0;
  const most = (length: number): number =>
    mode === "reflect" ? length - 1 : mode === "symmetric" ? length : Infinity;
  const fits = (amount: number, length: number): boolean =>
    amount >= least && amount <= most(length);
  if (
    ![left, right].every((amount) => fits(amount, width)) ||
    ![top, bottom].every((amount) => fits(amount, height))
  ) {
    throw new RangeError(
      `${by} in mode "${mode}": expected 0 or more, at most the number of ` +
        `pixels to repeat`,
    );
  }
}
