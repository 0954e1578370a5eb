/**
 * Modes of images: which channels a picture is wanted in, and how it gets them.
 *
 * Nothing here decodes. Values are bytes; rules and rounding are PIL's.
 *
 * @module
 */

import { formatChoices } from "../tensor/arguments.ts";
import { type Channels, Image } from "./image.ts";

/**
 * The channels that an image is wanted in: as the file has them, grey, red,
 * green and blue, or those with opacity.
 */
export type ImageMode = "unchanged" | "gray" | "rgb" | "rgba";

/** How many channels each mode has; "unchanged" keeps them. */
const CHANNELS: Readonly<Record<ImageMode, Channels | undefined>> = {
  unchanged: undefined,
  gray: 1,
  rgb: 3,
  rgba: 4,
};

/**
 * The image in another mode; itself if it has the channels already.
 *
 * Grey is (19595 R + 38470 G + 7471 B) / 65536, rounded; opacity is dropped, or
 * full where there was none.
 *
 * Source: PIL.Image.convert.
 *
 * @throws {TypeError} If there is no such mode
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

/** @throws {TypeError} If there is no such mode, nor one of `others` */
export function checkMode(
  mode: ImageMode,
  others: readonly string[] = [],
): void {
  if (Object.hasOwn(CHANNELS, mode)) return;
  throw new TypeError(
    `Cannot give an image the mode ${JSON.stringify(mode)}: expected ` +
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
  const green = from === 1 ? 0 : 1; // grey is each of the colours
  const blue = from === 1 ? 0 : 2;
  if (channels === 4) to.fill(255);
  let at = 0;
  for (let i = 0; i < to.length; i += channels, at += from) {
    to[i] = data[at]!;
    to[i + 1] = data[at + green]!;
    to[i + 2] = data[at + blue]!;
  }
}
