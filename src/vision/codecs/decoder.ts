/**
 * What every decoder of images keeps to, and the words of its refusals.
 *
 * A decoder is a WebAssembly module that runs on this thread, synchronously. It
 * refuses data that is empty, cut short or corrupt, and pictures of too many
 * pixels before it makes room for them.
 *
 * @module
 */

import type { HostArray } from "../../tensor/host_array.ts";
import type { Image } from "../image.ts";
import type { ImageMode } from "../image_mode.ts";

/** What is asked of whatever reads a file. */
export interface ReadRequest {
  /** The most pixels that are decoded. */
  readonly maxPixels: number;
  /** How a refusal begins: `Cannot read "cat.jpg"`. */
  readonly what: string;
}

/** What is asked of a decoder. */
export interface DecodeRequest extends ReadRequest {
  /** The channels that are wanted. */
  readonly mode: ImageMode;
}

/** Bytes of a file to an image. */
export interface Decoder {
  /**
   * Decodes a whole file.
   *
   * @throws {SyntaxError} If the data is cut short or corrupt
   * @throws {RangeError} If it has more pixels than asked for
   */
  decode(bytes: Uint8Array, request: DecodeRequest): Image;
  /** Decodes 16-bit grey, where the format has it, to int32 [1, H, W]. */
  decodeGray16?(bytes: Uint8Array, request: ReadRequest): HostArray;
}

/** Refuses a picture that would fill the memory. */
export function checkPixels(
  width: number,
  height: number,
  { maxPixels, what }: ReadRequest,
): void {
  if (width * height <= maxPixels) return;
  throw new RangeError(
    `${what}: it has ${width} x ${height} pixels, expected at most ` +
      `${maxPixels} (maxPixels)`,
  );
}

/** The error for data that stops too early. */
export function cutShort(
  format: string,
  bytes: Uint8Array,
  what: string,
): SyntaxError {
  const { length } = bytes;
  return new SyntaxError(
    `${what}: ${format} data ends after ${length} byte${
      length === 1 ? "" : "s"
    }`,
  );
}
