/**
 * Functions that scale, cut, pad and mirror the images of tensors:
 * torchvision.transforms.functional by its names, in camelCase.
 *
 * Images are [..., C, H, W] or [H, W], uint8 or floats; all images of a tensor
 * change alike. Gradients do not flow through these functions.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Fill, PaddingMode } from "../actions/action.ts";
import { extentOfTensor } from "../executors/atlas.ts";
import { runOnTensor } from "../executors/gpu.ts";
import {
  checkArguments,
  checkBox,
  checkFill,
  checkMode,
  checkPadding,
  checkResize,
  checkSize,
  type CropBox,
  type SizeArgument,
} from "./checks.ts";
import {
  centerCropAction,
  fiveCropActions,
  RESIZE_OPTIONS,
  resizeAction,
  type ResizeOptions,
} from "./resolve.ts";

/**
 * Scales images to [height, width], or so that the shorter side is `size`. The
 * longer side then loses its fraction.
 *
 * Bytes are rounded, half to even. Where images shrink, filters widen
 * (`antialias`), as for torchvision's PIL images.
 *
 * Source: torchvision.transforms.functional.resize.
 *
 * @throws {TypeError} If `img` does not hold images
 * @throws {RangeError} If a size is not a positive integer
 *
 * @example Half the size
 * ```ts
 * import { tensor, vision } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const TF = vision.transforms.functional;
 * const img = tensor([[[0, 1], [2, 3]]]); // [1, 2, 2]
 * assertEquals(await TF.resize(img, [1, 1]).toArray(), [[[1.5]]]);
 * ```
 */
export function resize(
  img: Tensor,
  size: SizeArgument,
  options: ResizeOptions = {},
): Tensor {
  checkArguments("resize", arguments, 3);
  checkOptionNames("resize", options, RESIZE_OPTIONS);
  const list = checkResize(size, options);
  return runOnTensor(img, [resizeAction(list, options, extentOfTensor(img))]);
}

/** Options of `pad`. */
export interface PadOptions {
  /** Value of the new pixels in mode "constant". Default: 0. */
  readonly fill?: Fill;
  /** Rule for the new pixels. Default: "constant". */
  readonly paddingMode?: PaddingMode;
}

/**
 * Puts pixels around images: one number for every side, two for left and right
 * and for top and bottom, or [left, top, right, bottom]. In mode "constant",
 * negative numbers cut pixels away.
 *
 * Source: torchvision.transforms.functional.pad.
 *
 * @throws {RangeError} If a padding is not an integer, or larger than the number
 * of pixels that the mode can repeat
 */
export function pad(
  img: Tensor,
  padding: number | readonly number[],
  options: PadOptions = {},
): Tensor {
  checkArguments("pad", arguments, 3);
  const { fill = 0, paddingMode = "constant" } = checkOptionNames(
    "pad",
    options,
    ["fill", "paddingMode"],
  );
  return runOnTensor(img, [{
    op: "pad",
    padding: checkPadding(padding),
    fill: checkFill(fill),
    mode: checkMode(paddingMode),
  }]);
}

/**
 * Cuts a part out of images; zeros stand beyond the images.
 *
 * Source: torchvision.transforms.functional.crop; the box is one record.
 *
 * @throws {TypeError} If the box is not a record of its four numbers
 * @throws {RangeError} If the box has no pixels
 */
export function crop(img: Tensor, box: CropBox): Tensor {
  checkArguments("crop", arguments, 2);
  return runOnTensor(img, [{ op: "crop", ...checkBox("crop", box) }]);
}

/**
 * Cuts the middle out of images; zeros surround smaller images.
 *
 * Source: torchvision.transforms.functional.center_crop.
 *
 * @throws {RangeError} If a size is not a positive integer
 */
export function centerCrop(img: Tensor, outputSize: SizeArgument): Tensor {
  checkArguments("centerCrop", arguments, 2);
  const size = checkSize("crop a part", outputSize);
  return runOnTensor(img, [centerCropAction(size, extentOfTensor(img))]);
}

/**
 * Cuts a part out of images and scales it to [height, width], or so that its
 * shorter side is `size`. Pixels outside the part have no influence.
 *
 * Source: torchvision.transforms.functional.resized_crop.
 *
 * @throws {RangeError} If the box or a size has no pixels
 */
export function resizedCrop(
  img: Tensor,
  box: CropBox,
  given: Omit<ResizeOptions, "maxSize"> & {
    /** [height, width], or the shorter side. */
    readonly size: SizeArgument;
  },
): Tensor {
  checkArguments("resizedCrop", arguments, 3);
  const { size, ...options } = checkOptionNames("resizedCrop", given, [
    "size",
    "interpolation",
    "antialias",
  ]);
  const list = checkResize(size, options);
  const part = checkBox("resizedCrop", box);
  return runOnTensor(img, [
    { op: "crop", ...part },
    resizeAction(list, options, part),
  ]);
}

/** Mirrors images left to right. */
export function hflip(img: Tensor): Tensor {
  return runOnTensor(img, [{ op: "hflip" }]);
}

/** Mirrors images top to bottom. */
export function vflip(img: Tensor): Tensor {
  return runOnTensor(img, [{ op: "vflip" }]);
}

/**
 * Returns five crops of images: upper left, upper right, lower left, lower right
 * and middle.
 *
 * Source: torchvision.transforms.functional.five_crop.
 *
 * @throws {RangeError} If the images are smaller than the crops
 */
export function fiveCrop(img: Tensor, size: SizeArgument): Tensor[] {
  checkArguments("fiveCrop", arguments, 2);
  const list = checkSize("crop a part", size);
  return fiveCropActions(list, extentOfTensor(img)).map((action) =>
    runOnTensor(img, [action])
  );
}

/**
 * Returns five crops of images, and five of their mirror images.
 *
 * Source: torchvision.transforms.functional.ten_crop.
 *
 * @throws {RangeError} If the images are smaller than the crops
 */
export function tenCrop(
  img: Tensor,
  size: SizeArgument,
  options: {
    /** Whether to mirror top to bottom instead of left to right. */
    readonly verticalFlip?: boolean;
  } = {},
): Tensor[] {
  checkArguments("tenCrop", arguments, 3);
  const { verticalFlip = false } = checkOptionNames("tenCrop", options, [
    "verticalFlip",
  ]);
  const turned = verticalFlip ? vflip(img) : hflip(img);
  return [...fiveCrop(img, size), ...fiveCrop(turned, size)];
}
