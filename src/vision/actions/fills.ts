/**
 * Checks of values that an action puts into an image, or reads channel by
 * channel.
 *
 * @module
 */

import type { Extent, Fill } from "./action.ts";

/**
 * Refuses a list that has neither one value nor one for each channel.
 *
 * @param what Beginning of the message: `Cannot pad an image of …`
 * @param name Plural name of the values: `fills`
 * @throws {TypeError} If the list has another length
 */
export function checkCount(
  what: string,
  name: string,
  values: Fill,
  { channels }: Extent,
): void {
  const count = typeof values === "number" ? 1 : values.length;
  if (count === 1 || count === channels) return;
  throw new TypeError(
    `${what} with ${count} ${name}: expected one, or one for each channel`,
  );
}

/**
 * Refuses a fill that an image of this extent cannot hold.
 *
 * @throws {TypeError} If the list has another length
 * @throws {RangeError} If the image has bytes and a value is not a byte
 */
export function checkFit(
  what: string,
  name: string,
  fill: Fill,
  extent: Extent,
): void {
  checkCount(what, name, fill, extent);
  if (extent.dtype !== "uint8") return;
  const values = typeof fill === "number" ? [fill] : fill;
  const wrong = values.find((value) =>
    !(Number.isInteger(value) && value >= 0 && value <= 255)
  );
  if (wrong === undefined) return;
  throw new RangeError(
    `${what} with ${wrong}: expected bytes, integers from 0 to 255`,
  );
}
