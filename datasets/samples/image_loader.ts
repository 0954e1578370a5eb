/**
 * How datasets read image files: at once, on the main thread as in a worker. A
 * read that is awaited costs a tenth of decoding the photo, and the loader has
 * nothing else to do meanwhile. Only the decoders are waited for, once.
 *
 * @module
 */

import {
  type DecodeOptions,
  loadCodecs,
  readImageSync,
} from "../../src/vision/decode.ts";
import type { Image } from "../../src/vision/image.ts";

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

  /**
   * There is nothing to send. But this thread loads the decoders, too: what is
   * compiled is shared by all threads and forgotten when none has it, so the
   * workers of the next epoch would compile it once more.
   */
  toWorker(): undefined {
    loadCodecs().catch(() => {}); // a worker that can't load them says so
  }

  /** The loader in a worker, and its decoders before the first sample. */
  static async fromWorker(): Promise<ImageLoader> {
    await loadCodecs();
    isReady = true;
    return new ImageLoader();
  }
}
