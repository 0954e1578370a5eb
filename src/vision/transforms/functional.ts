/**
 * `TF`: pure functions on tensors of images by the names of
 * torchvision.transforms.functional, in camelCase. What torch puts after the
 * first few arguments is one record. Nothing is computed here.
 *
 * @module
 */

export {
  affine,
  type AffineOptions,
  centerCrop,
  type CenteredWarpOptions,
  crop,
  fiveCrop,
  hflip,
  pad,
  type PadOptions,
  perspective,
  type PerspectiveOptions,
  resize,
  resizedCrop,
  rotate,
  type RotateOptions,
  tenCrop,
  vflip,
  type WarpOptions,
} from "./functional_geometry.ts";
export {
  adjustBrightness,
  adjustContrast,
  adjustGamma,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  convertImageDtype,
  equalize,
  erase,
  type EraseBox,
  gaussianBlur,
  invert,
  normalize,
  posterize,
  rgbToGrayscale,
  solarize,
  toImage,
  toTensor,
} from "./functional_colour.ts";
export type { Corners, ResizeOptions } from "./resolve.ts";
export type { CropBox, SizeArgument } from "./checks.ts";
