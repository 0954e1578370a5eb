/**
 * Batches of images on the host: the bytes of one image after another, with the
 * channels of a pixel side by side, as decoders make them.
 *
 * The host never transposes. On the GPU a batch of images of one size is a
 * uint8 tensor [N, C, H, W], a view of [N, H, W, C]. Sizes count pixels.
 *
 * @module
 */

import { HostArray } from "../../tensor/host_array.ts";
import type { ImageExtent, PendingWork } from "./image.ts";

/** The images of a batch. */
export class ImageBatch {
  /** The bytes of all images, one image after another. */
  readonly data: Uint8Array;
  /** [height, width] of each image. */
  readonly sizes: readonly (readonly [height: number, width: number])[];
  /** Bytes of a pixel. */
  readonly channels: number;
  /** Whether an image's bytes are [C, H, W] and not [H, W, C]. */
  readonly isPlanar: boolean;
  /** The rest of the transform for each image, if there is one. */
  readonly pending: readonly PendingWork[] | undefined;

  /** Wraps `data` without a copy. */
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
   * Copies the images to an array [N, C, H, W].
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

/**
 * The extent of each image of uint8 [N, C, H, W]; undefined for other arrays.
 */
export function extentOfImages(
  { shape, dtype }: Pick<HostArray, "shape" | "dtype">,
): ImageExtent | undefined {
  const [, channels, height, width] = shape;
  if (shape.length !== 4 || dtype !== "uint8" || shape.includes(0)) {
    return undefined;
  }
  // four sizes, by the check above
  return { channels: channels!, height: height!, width: width!, dtype };
}
