/**
 * Modes of images, and the conversion of one mode to another.
 *
 * Values are bytes; rules and rounding are PIL's. Nothing here decodes.
 *
 * @module
 */

import { formatChoices } from "../tensor/arguments.ts";
import { type Channels, Image } from "./image.ts";

/**
 * Channels of a result: those of the file, grey, RGB, or RGB with opacity.
 */
export type ImageMode = "unchanged" | "gray" | "rgb" | "rgba";

/** Number of channels of each mode; "unchanged" keeps that of the file. */
const CHANNELS: Readonly<Record<ImageMode, Channels | undefined>> = {
  unchanged: undefined,
  gray: 1,
  rgb: 3,
  rgba: 4,
};

/**
 * Returns the image in another mode, or itself if it has those channels.
 *
 * Grey is (19595 R + 38470 G + 7471 B) / 65536, rounded. Opacity is dropped; new
 * opacity is full.
 *
 * Source: PIL.Image.convert.
 *
 * @throws {TypeError} If the mode is unknown
 *
 * @example Grey from colour
 * ```ts
 * import { vision } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const red = new vision.Image(Uint8Array.of(255, 0, 0), 1, 1);
 * assertEquals(vision.convertImage(red, "gray").data, Uint8Array.of(76));
 * ```
 */
export function convertImage(image: Image, mode: ImageMode): Image {
  checkMode(mode);
  const channels = CHANNELS[mode];
  if (channels === undefined || channels === image.channels) return image;
  const { width, height, channels: from } = image;
  const to = new Image(
    new Uint8Array(width * height * channels),
    width,
    height,
    channels,
  );
  if (channels === 1) fillGrey(image.data, from, to.data);
  else fillColours(image.data, from, to.data, channels);
  return to;
}

/** @throws {TypeError} If the mode is neither a known one nor in `others` */
export function checkMode(
  mode: ImageMode,
  others: readonly string[] = [],
): void {
  if (Object.hasOwn(CHANNELS, mode)) return;
  throw new TypeError(
    `Cannot convert an image to mode ${JSON.stringify(mode)}: expected ` +
      formatChoices([...Object.keys(CHANNELS), ...others]),
  );
}

function fillGrey(data: Uint8Array, from: Channels, to: Uint8Array): void {
  let at = 0;
  for (let i = 0; i < to.length; i++, at += from) {
    const sum = 19595 * data[at]! + 38470 * data[at + 1]! +
      7471 * data[at + 2]!;
    to[i] = (sum + 0x8000) >> 16;
  }
}

function fillColours(
  data: Uint8Array,
  from: Channels,
  to: Uint8Array,
  channels: Channels,
): void {
  const green = from === 1 ? 0 : 1; // grey is the value of each colour
  const blue = from === 1 ? 0 : 2;
  if (channels === 4) to.fill(255);
  let at = 0;
  for (let i = 0; i < to.length; i += channels, at += from) {
    to[i] = data[at]!;
    to[i + 1] = data[at + green]!;
    to[i + 2] = data[at + blue]!;
  }
}
