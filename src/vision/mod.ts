/**
 * The namespace `vision`: images, transforms and models of images.
 *
 * @module
 */

export {
  type Channels,
  type Colour,
  Image,
  type PaletteColour,
} from "./image.ts";
export {
  decodeImage,
  decodeImageSync,
  type DecodeOptions,
  type Gray16Options,
  loadCodecs,
  readImage,
  readImageSync,
} from "./decode.ts";
export { convertImage, type ImageMode } from "./image_mode.ts";
export { encodeImage, type EncodeOptions, type ImageFormat } from "./encode.ts";
export {
  imageFromTensor,
  saveImage,
  type SaveImageOptions,
} from "./save_image.ts";
export { makeGrid, type MakeGridOptions } from "./make_grid.ts";
export {
  colorPalette,
  drawSegmentationMasks,
  type DrawSegmentationMasksOptions,
  VOC_PALETTE,
} from "./segmentation_masks.ts";
export * as models from "./models/mod.ts";
export * as transforms from "./transforms/mod.ts";
