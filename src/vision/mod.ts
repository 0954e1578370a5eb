/**
 * The namespace `vision`: images, transforms and models of images.
 *
 * @module
 */

export { type Channels, Image } from "./image.ts";
export {
  decodeImage,
  decodeImageSync,
  type DecodeOptions,
  loadCodecs,
  readImage,
  readImageSync,
} from "./decode.ts";
export { convertImage, type ImageMode } from "./image_mode.ts";
export * as models from "./models/mod.ts";
export * as transforms from "./transforms.ts";
