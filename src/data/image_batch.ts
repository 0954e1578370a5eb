/**
 * Batches of images on the host: their bytes one after another, as decoders make
 * them, with the channels of a pixel side by side.
 *
 * Nobody transposes on the host: on the GPU a batch of one size is a uint8
 * tensor [N, C, H, W] that is a view of [N, H, W, C]. Sizes count pixels.
 *
 * @module
 */

import type { Extent } from "./image_extent.ts";
import { HostArray } from "../tensor/host_array.ts";
import type { BatchContext } from "./batch.ts";

/** What is asked of an image: `vision.Image` has it, and so may others. */
export interface HostPicture {
  /** [height, width, channels], row-major. */
  readonly data: Uint8Array;
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bytes of a pixel. */
  readonly channels: number;
  /** What the loader's transform has left to be done to the whole batch. */
  readonly pending?: PendingWork;
}

/** What is left to be done to an image of a batch, for the GPU. */
export interface PendingWork {
  /** What is left, as data; the transform knows what it means. */
  readonly actions: unknown;
  /** What the image will then be. */
  readonly result: Extent;
}

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

/** Whether `value` is an image; by what it has, as types are. */
export function isPicture(value: unknown): value is HostPicture {
  if (typeof value !== "object" || value === null) return false;
  const { data, width, height, channels } = value as Partial<HostPicture>;
  return data instanceof Uint8Array && width !== undefined &&
    height !== undefined && channels !== undefined &&
    data.length === width * height * channels;
}

/**
 * Images as one batch. They must have one number of channels, and one size
 * unless something is left to be done that gives them one.
 *
 * @param place Where in a sample they are, for messages
 * @throws {TypeError} If they differ; the message names two samples
 */
export function stackPictures(
  pictures: readonly HostPicture[],
  place: string,
  context: BatchContext,
): ImageBatch {
  const first = pictures[0]!; // a batch has samples
  for (const [i, other] of pictures.entries()) {
    const unequal = difference(first, other);
    if (!unequal) continue;
    const { indices } = context;
    throw new TypeError(
      `Cannot stack samples ${indices[0]} and ${
        indices[i]
      }${place}: ${unequal}`,
    );
  }
  const bytes = pictures.reduce((sum, { data }) => sum + data.length, 0);
  const { data } = context.empty([bytes], "uint8");
  let at = 0;
  for (const picture of pictures) {
    data.set(picture.data, at);
    at += picture.data.length;
  }
  const pending = pictures.map((picture) => picture.pending);
  return new ImageBatch(
    data as Uint8Array, // what an array of uint8 has
    pictures.map(({ height, width }) => [height, width]),
    first.channels,
    {
      pending: pending.every((each) => each !== undefined)
        ? pending
        : undefined,
    },
  );
}

/** How two images differ that should be alike, in words. */
function difference(a: HostPicture, b: HostPicture): string | undefined {
  const [one, other] = [a, b].map((picture) => {
    const { channels, height, width, pending } = picture;
    return { channels, height, width, ...pending?.result };
  });
  if (
    a.channels !== b.channels || one!.channels !== other!.channels
  ) {
    return `images of ${a.channels} and ${b.channels} channels must have as ` +
      `many; convert them where they are read`;
  }
  if (one!.height !== other!.height || one!.width !== other!.width) {
    return `images of ${one!.width} x ${one!.height} and ${other!.width} x ` +
      `${other!.height} pixels must have one size; resize or crop them, with ` +
      `T.resize([h, w]) or T.centerCrop(size) in a transform`;
  }
  return undefined;
}
