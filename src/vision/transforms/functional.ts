/**
 * The namespace `vision.transforms.functional`, `TF` for short: functions on
 * tensors of images by torchvision's names, in camelCase. Arguments that torch
 * puts after the first few are one record.
 *
 * @module
 */

export {
  centerCrop,
  crop,
  fiveCrop,
  hflip,
  pad,
  type PadOptions,
  resize,
  resizedCrop,
  tenCrop,
  vflip,
} from "./functional_geometry.ts";
export {
  affine,
  type AffineOptions,
  type CenteredWarpOptions,
  perspective,
  type PerspectiveOptions,
  rotate,
  type RotateOptions,
  type WarpOptions,
} from "./functional_warps.ts";
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
export type { ResizeOptions } from "./resolve.ts";
export type { Corners } from "./resolve_warps.ts";
export type { CropBox, SizeArgument } from "./checks.ts";
