/**
 * The table of actions: one row holds what the library knows of an action. A
 * new colour is a new row in colours.ts.
 *
 * @module
 */

import {
  type Action,
  type ActionName,
  type Extent,
  type Fill,
  formatExtent,
} from "./action.ts";
import { COLOURS } from "./colours.ts";
import { checkFit } from "./fills.ts";
import { FILTERS } from "./filters.ts";
import { GEOMETRY } from "./geometry.ts";
import type { ActionRows } from "./row.ts";

/** Every action. */
export const ACTIONS: ActionRows<ActionName> = {
  ...GEOMETRY,
  ...COLOURS,
  ...FILTERS,
};

/**
 * Whether kernels do a batch of the action, with numbers of its own for each
 * image. Other actions are done image by image, or on the host.
 */
export function isBatched(op: ActionName): boolean {
  const { moves = false, wgsl } = ACTIONS[op];
  return moves || wgsl !== undefined;
}

/**
 * Returns the extent of an image after an action.
 *
 * @throws {TypeError} If the action takes other channels or another type
 * @throws {RangeError} If a size or another number does not suit the image
 */
export function after(action: Action, extent: Extent): Extent {
  const row = ACTIONS[action.op];
  const { channels, dtype } = row;
  const what = refusal(action.op, extent);
  if (channels && !channels.includes(extent.channels)) {
    throw new TypeError(`${what}: expected ${channels.join(" or ")} channels`);
  }
  if (dtype && dtype !== extent.dtype) {
    throw new TypeError(
      `${what}: expected ${dtype}` +
        (dtype === "float32" ? "; put toFloat() before it" : ""),
    );
  }
  row.check?.(action, extent, what);
  return row.result?.(action, extent) ?? extent;
}

/** Returns the beginning of a message that refuses an image. */
function refusal(op: ActionName, extent: Extent): string {
  return `Cannot ${ACTIONS[op].verb} an image of ${formatExtent(extent)}`;
}

/**
 * Refuses a fill that an image of this extent cannot hold, though the action
 * may not be drawn.
 *
 * @throws {TypeError} If it has neither one value nor one for each channel
 * @throws {RangeError} If the image has bytes and a value is not a byte
 */
export function checkFillOf(
  op: "pad" | "warp" | "erase",
  fill: Fill,
  extent: Extent,
): void {
  const name = op === "erase" ? "values" : "fills";
  checkFit(refusal(op, extent), name, fill, extent);
}
