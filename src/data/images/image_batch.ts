/**
 * Batches of images on the host: their bytes one after another, as decoders make
 * them, with the channels of a pixel side by side.
 *
 * Nobody transposes on the host: on the GPU a batch of one size is a uint8
 * tensor [N, C, H, W] that is a view of [N, H, W, C]. Sizes count pixels.
 *
 * @module
 */

import { HostArray } from "../../tensor/host_array.ts";
import type { Extent, PendingWork } from "./image.ts";

/** The pictures of a batch. */
export class ImageBatch {
  /** The bytes of all images, one image after another. */
  readonly data: Uint8Array;
  /** [height, width] of each image. */
  readonly sizes: readonly (readonly [height: number, width: number])[];
  /** Bytes of a pixel. */
  readonly channels: number;
  /** Whether an image's bytes are [C, H, W] and not [H, W, C]. */
  readonly isPlanar: boolean;
  /** What is left to be done to each, if anything. */
  readonly pending: readonly PendingWork[] | undefined;

  /** Wraps bytes, which are not copied. */
  constructor(
    data: Uint8Array,
    sizes: readonly (readonly [height: number, width: number])[],
    channels: number,
    { isPlanar = false, pending }: {
      readonly isPlanar?: boolean;
      readonly pending?: readonly PendingWork[] | undefined;
    } = {},
  ) {
    this.data = data;
    this.sizes = sizes;
    this.channels = channels;
    this.isPlanar = isPlanar;
    this.pending = pending;
  }

  /** [N, C, H, W]; undefined if sizes differ. */
  get shape(): readonly [number, number, number, number] | undefined {
    const [first] = this.sizes;
    const [height, width] = first ?? [0, 0];
    const isEven = this.sizes.every(([h, w]) => h === height && w === width);
    return isEven
      ? [this.sizes.length, this.channels, height, width]
      : undefined;
  }

  /**
   * The images as an array [N, C, H, W], copied.
   *
   * @throws {TypeError} If sizes differ
   */
  toHostArray(): HostArray {
    const { shape, data, channels, isPlanar } = this;
    if (!shape) {
      throw new TypeError(
        "Cannot make an array of images that differ in size",
      );
    }
    if (isPlanar) return new HostArray(data.slice(), shape);
    const [images, , height, width] = shape;
    const plane = height * width;
    const planes = new Uint8Array(data.length);
    for (let i = 0; i < images * plane; i++) {
      const n = Math.floor(i / plane);
      for (let c = 0; c < channels; c++) {
        planes[(n * channels + c) * plane + i % plane] =
          data[i * channels + c]!;
      }
    }
    return new HostArray(planes, shape);
  }
}

/** What each image of uint8 [N, C, H, W] is; undefined for other arrays. */
export function extentOfImages(
  { shape, dtype }: Pick<HostArray, "shape" | "dtype">,
): Extent | undefined {
  const [, channels, height, width] = shape;
  if (shape.length !== 4 || dtype !== "uint8" || shape.includes(0)) {
    return undefined;
  }
  // four sizes, as was checked
  return { channels: channels!, height: height!, width: width!, dtype };
}
