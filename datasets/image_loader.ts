/**
 * How datasets read image files: waiting for the disk on the main thread, where
 * other work goes on meanwhile, and at once in a worker, where nothing does.
 *
 * @module
 */

import { workerInfo } from "../src/data/worker_info.ts";
import {
  type DecodeOptions,
  loadCodecs,
  readImage,
  readImageSync,
} from "../src/vision/decode.ts";
import type { Image } from "../src/vision/image.ts";

/** Whether this thread's decoders are loaded. */
let isReady = false;

/**
 * The image in the file at `path`.
 *
 * @throws As `vision.readImage` does
 */
export function loadImage(
  path: string,
  options?: DecodeOptions,
): Image | Promise<Image> {
  if (workerInfo() === undefined) return readImage(path, options);
  if (isReady) return readImageSync(path, options);
  return loadCodecs().then(() => {
    isReady = true;
    return readImageSync(path, options);
  });
}

/** The usual loader of image folders, which reads images as RGB. */
export class ImageLoader {
  /** Where workers find this class. */
  static url: string = import.meta.url;

  /**
   * The image in the file at `path`, with three channels.
   *
   * @throws As `vision.readImage` does
   */
  call(path: string): Image | Promise<Image> {
    return loadImage(path);
  }
}
