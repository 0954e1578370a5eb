/**
 * What is known of an image before its pixels: channels, sizes and type.
 *
 * @module
 */

/** Channels, sizes in pixels and type of an image. */
export interface Extent {
  /** Values of a pixel. */
  readonly channels: number;
  /** Rows. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** Bytes 0 to 255, or floats 0 to 1. */
  readonly dtype: "uint8" | "float32";
}
