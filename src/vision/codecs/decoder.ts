/**
 * The interface of decoders, and their common error messages.
 *
 * A decoder is a WebAssembly module that runs synchronously on this thread. It
 * refuses data that is empty, cut short or corrupt. It refuses images of too many
 * pixels before it allocates memory for them.
 *
 * @module
 */

import type { HostArray } from "../../tensor/host_array.ts";
import type { Image } from "../image.ts";
import type { ImageMode } from "../image_mode.ts";

/** Request of a reader of files. */
export interface ReadRequest {
  /** Largest number of pixels. */
  readonly maxPixels: number;
  /** Beginning of messages: `Cannot read "cat.jpg"`. */
  readonly what: string;
}

/** Request of a decoder. */
export interface DecodeRequest extends ReadRequest {
  /** Channels of the result. */
  readonly mode: ImageMode;
}

/** Decoder of a file format. */
export interface Decoder {
  /**
   * Decodes a whole file.
   *
   * @throws {SyntaxError} If the data is cut short or corrupt
   * @throws {RangeError} If the image has more pixels than `maxPixels`
   */
  decode(bytes: Uint8Array, request: DecodeRequest): Image;
  /** Decodes 16-bit grey to int32 [1, H, W], if the format has it. */
  decodeGray16?(bytes: Uint8Array, request: ReadRequest): HostArray;
}

/**
 * Refuses an image that would fill the memory.
 *
 * @throws {RangeError} If the image has more pixels than `maxPixels`
 */
export function checkPixels(
  width: number,
  height: number,
  { maxPixels, what }: ReadRequest,
): void {
  if (width * height <= maxPixels) return;
  throw new RangeError(
    `${what}: the image has ${width} x ${height} pixels, expected at most ` +
      `${maxPixels} (maxPixels)`,
  );
}

/** Returns the error for data that ends too early. */
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
