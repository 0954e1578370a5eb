/**
 * The namespace `vision.transforms`, `T` for short: steps from the samples of a
 * dataset to the input of a model, by torchvision's names in camelCase.
 *
 * A transform takes and returns an `Image`, a HostArray [C, H, W] or a Tensor
 * [..., C, H, W]. `transforms.functional` has functions on tensors.
 *
 * This module registers the executor of tensors, which workers do without.
 *
 * @module
 */

import { setTensorExecutor } from "../executors/executor.ts";
import { tensorExecutor } from "../executors/gpu.ts";

setTensorExecutor(tensorExecutor);

export type {
  Action,
  ActionName,
  BlurAction,
  CropAction,
  EraseAction,
  Extent,
  Fill,
  ImageDType,
  Interpolation,
  PadAction,
  PaddingMode,
  ResizeAction,
  Size,
  WarpAction,
} from "../actions/action.ts";
export type { HostImage } from "../actions/pixels.ts";
export {
  ChanceTransform,
  FixedTransform,
  type Step,
  Transform,
} from "./transform.ts";
export {
  Compose,
  compose,
  Lambda,
  lambda,
  RandomApply,
  randomApply,
  RandomChoice,
  randomChoice,
  RandomOrder,
  randomOrder,
} from "./compose.ts";
export {
  type BoundingBox,
  Joint,
  joint,
  type JointOptions,
  type JointSample,
} from "./joint.ts";
export {
  CenterCrop,
  centerCrop,
  pad,
  RandomCrop,
  randomCrop,
  type RandomCropOptions,
  randomHorizontalFlip,
  randomVerticalFlip,
  Resize,
  resize,
} from "./scaling.ts";
export {
  RandomResizedCrop,
  randomResizedCrop,
  type RandomResizedCropOptions,
} from "./resized_crop.ts";
export { Letterbox, letterbox, type LetterboxOptions } from "./letterbox.ts";
export type { PadOptions } from "./functional_geometry.ts";
export { fiveCrop, SeveralCrops, tenCrop } from "./crops.ts";
export {
  RandomAffine,
  randomAffine,
  type RandomAffineOptions,
  RandomRotation,
  randomRotation,
  type RandomRotationOptions,
  type RandomWarpOptions,
} from "./warps.ts";
export {
  RandomPerspective,
  randomPerspective,
  type RandomPerspectiveOptions,
} from "./perspective.ts";
export {
  ColorJitter,
  colorJitter,
  type ColorJitterOptions,
  convertImageDtype,
  GaussianBlur,
  gaussianBlur,
  grayscale,
  IMAGENET,
  type Moments,
  normalize,
  randomAdjustSharpness,
  randomAutocontrast,
  randomEqualize,
  randomGrayscale,
  randomInvert,
  randomPosterize,
  randomSolarize,
  toFloat,
  toTensor,
} from "./colours.ts";
export {
  RandomErasing,
  randomErasing,
  type RandomErasingOptions,
} from "./erasing.ts";
export * as functional from "./functional.ts";
export type { ResizeOptions } from "./resolve.ts";
export type { Corners } from "./resolve_warps.ts";
export type { SizeArgument } from "./checks.ts";
