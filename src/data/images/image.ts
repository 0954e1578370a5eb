/**
 * Images as the data room knows them: any object with bytes, sizes and
 * channels.
 *
 * `vision.Image` is one. Decoding and the transforms themselves are not here.
 * Sizes count pixels.
 *
 * @module
 */

/** Channels, sizes and element type of an image. */
export interface ImageExtent {
  /** Values of a pixel. */
  readonly channels: number;
  /** Rows. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** Bytes 0 to 255, or floats 0 to 1. */
  readonly dtype: "uint8" | "float32";
}

/** The properties that an image needs; `vision.Image` has them. */
export interface HostPicture {
  /** [height, width, channels], row-major. */
  readonly data: Uint8Array;
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bytes of a pixel. */
  readonly channels: number;
  /** The rest of the loader's transform, for the whole batch on the GPU. */
  readonly pending?: PendingWork;
}

/** The rest of a transform, for one image of a batch on the GPU. */
export interface PendingWork {
  /** The steps, as data that the transform itself reads. */
  readonly actions: unknown;
  /** The extent of the image after these steps. */
  readonly result: ImageExtent;
}

/** Whether `value` has the properties of an image, of any class. */
export function isPicture(value: unknown): value is HostPicture {
  if (typeof value !== "object" || value === null) return false;
  const { data, width, height, channels } = value as Partial<HostPicture>;
  return data instanceof Uint8Array && width !== undefined &&
    height !== undefined && channels !== undefined &&
    data.length === width * height * channels;
}
