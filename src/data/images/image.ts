/**
 * Images as the data room knows them: any object with bytes, sizes and channels.
 * `vision.Image` is one; decoding and transforms are not here.
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

/** Whether `value` is an image; by what it has, as types are. */
export function isPicture(value: unknown): value is HostPicture {
  if (typeof value !== "object" || value === null) return false;
  const { data, width, height, channels } = value as Partial<HostPicture>;
  return data instanceof Uint8Array && width !== undefined &&
    height !== undefined && channels !== undefined &&
    data.length === width * height * channels;
}
