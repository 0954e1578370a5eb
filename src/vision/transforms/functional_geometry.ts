/**
 * Functions that move the pixels of tensors: torchvision.transforms.functional
 * by its names, in camelCase.
 *
 * Images are [..., C, H, W] or [H, W], uint8 or floats; all images of a tensor
 * are treated alike. Nothing is random here, and no gradients flow through.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Fill, PaddingMode } from "../actions/action.ts";
import {
  checkArguments,
  checkBox,
  checkCenter,
  checkFill,
  checkMode,
  checkNumber,
  checkPadding,
  checkResize,
  checkSize,
  checkWarpInterpolation,
  type CropBox,
  type SizeArgument,
} from "./checks.ts";
import { extentOfTensor } from "../executors/atlas.ts";
import { runOnTensor } from "../executors/gpu.ts";
import {
  affineAction,
  centerCropAction,
  type Corners,
  fiveCropActions,
  perspectiveAction,
  RESIZE_OPTIONS,
  resizeAction,
  type ResizeOptions,
} from "./resolve.ts";

/**
 * Images scaled to `size` [height, width], or so that the shorter side is
 * `size`; the longer one is cut to a whole number.
 *
 * Bytes are rounded to the nearest, half to even. Where images shrink, filters
 * widen (`antialias`), as for torchvision's PIL images.
 *
 * Source: torchvision.transforms.functional.resize.
 *
 * @throws {TypeError} If `img` holds no images
 * @throws {RangeError} If a size is no positive integer
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
  /** What is put around in mode "constant". Default: 0. */
  readonly fill?: Fill;
  /** What lies around. Default: "constant". */
  readonly paddingMode?: PaddingMode;
}

/**
 * Images with pixels around them: as many on every side, [left and right, top
 * and bottom], or [left, top, right, bottom]. Negative ones cut away, in mode
 * "constant".
 *
 * Source: torchvision.transforms.functional.pad.
 *
 * @throws {RangeError} If a padding is no integer, or the mode has not as many
 * pixels to repeat
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
 * The part of images at row `top` and column `left`; zeros where it reaches
 * beyond them.
 *
 * Source: torchvision.transforms.functional.crop; the box is one record.
 *
 * @throws {TypeError} If it is no box
 * @throws {RangeError} If the box has no pixels
 */
export function crop(img: Tensor, box: CropBox): Tensor {
  checkArguments("crop", arguments, 2);
  return runOnTensor(img, [{ op: "crop", ...checkBox("crop", box) }]);
}

/**
 * The middle of images; where they are too small, zeros lie around them.
 *
 * Source: torchvision.transforms.functional.center_crop.
 *
 * @throws {RangeError} If a size is no positive integer
 */
export function centerCrop(img: Tensor, outputSize: SizeArgument): Tensor {
  checkArguments("centerCrop", arguments, 2);
  const size = checkSize("crop a part", outputSize);
  return runOnTensor(img, [centerCropAction(size, extentOfTensor(img))]);
}

/**
 * A part of images, scaled to `size`; no pixel outside of it has a say.
 *
 * Source: torchvision.transforms.functional.resized_crop.
 *
 * @throws {RangeError} If the box or a size has no pixels
 */
export function resizedCrop(
  img: Tensor,
  box: CropBox,
  given: Omit<ResizeOptions, "maxSize"> & {
    /** [height, width], or one number for both. */
    readonly size: SizeArgument;
  },
): Tensor {
  checkArguments("resizedCrop", arguments, 3);
  const { size, ...options } = checkOptionNames("resizedCrop", given, [
    "size",
    "interpolation",
    "antialias",
  ]);
  const list = checkSize("resize to an image", size);
  checkResize(list, options);
  const part = checkBox("resizedCrop", box);
  return runOnTensor(img, [
    { op: "crop", ...part },
    resizeAction(list, options, part),
  ]);
}

/** Images mirrored left to right. */
export function hflip(img: Tensor): Tensor {
  return runOnTensor(img, [{ op: "hflip" }]);
}

/** Images mirrored top to bottom. */
export function vflip(img: Tensor): Tensor {
  return runOnTensor(img, [{ op: "vflip" }]);
}

/**
 * Five crops of images: upper left, upper right, lower left, lower right and
 * middle.
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
 * Five crops of images, and five of their mirror images.
 *
 * Source: torchvision.transforms.functional.ten_crop.
 *
 * @throws {RangeError} If the images are smaller than the crops
 */
export function tenCrop(
  img: Tensor,
  size: SizeArgument,
  options: {
    /** Whether top and bottom change places. Default: left and right do. */
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

/** Options of maps that turn or bend images. */
export interface WarpOptions {
  /** How values between pixels are found. */
  readonly interpolation?: "nearest" | "bilinear";
  /**
   * What lies around the images. Without it zeros, which a border pixel is
   * mixed with once; a fill of 0 darkens it twice, as in torchvision.
   */
  readonly fill?: Fill | undefined;
}

/** Options of maps about a point. */
export interface CenteredWarpOptions extends WarpOptions {
  /** [x, y] from the upper left corner; the middle of the image by default. */
  readonly center?: readonly number[] | undefined;
}

const CENTERED_OPTIONS = ["center", "interpolation", "fill"];
const AFFINE_OPTIONS = [
  "angle",
  "translate",
  "scale",
  "shear",
  ...CENTERED_OPTIONS,
];
const PERSPECTIVE_OPTIONS = [
  "startpoints",
  "endpoints",
  "interpolation",
  "fill",
];

/** Options of `rotate`. */
export interface RotateOptions extends CenteredWarpOptions {
  /** Whether the result holds all of the turned image. Default: false. */
  readonly expand?: boolean;
}

/** Two numbers, [x, y]; one is for x, with 0 for y. */
export function pairOf(
  what: string,
  value: number | readonly number[],
): readonly [number, number] {
  const [x, y = typeof value === "number" ? 0 : x] = typeof value === "number"
    ? [value]
    : value;
  checkNumber(what, x!);
  return [x!, checkNumber(what, y!)];
}

/**
 * Images turned by `angle` degrees, counter-clockwise, about their middle.
 * Interpolation is "nearest" by default.
 *
 * Source: torchvision.transforms.functional.rotate.
 *
 * @throws {RangeError} If the angle or the centre is none
 */
export function rotate(
  img: Tensor,
  angle: number,
  options: RotateOptions = {},
): Tensor {
  checkArguments("rotate", arguments, 3);
  checkOptionNames("rotate", options, ["expand", ...CENTERED_OPTIONS]);
  const { interpolation = "nearest", fill, expand = false } = options;
  const action = affineAction({
    angle: -checkNumber("an angle", angle),
    translate: [0, 0],
    scale: 1,
    shear: [0, 0],
    center: checkCenter(options.center),
    interpolation: checkWarpInterpolation(interpolation),
    fill: fill === undefined ? fill : checkFill(fill),
    expand,
  }, extentOfTensor(img));
  return runOnTensor(img, [action]);
}

/** Numbers and options of `affine`. */
export interface AffineOptions extends CenteredWarpOptions {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** Pixels to the right and down. */
  readonly translate: readonly number[];
  /** How many times larger. */
  readonly scale: number;
  /** Degrees along x, or [x, y]. */
  readonly shear: number | readonly number[];
}

/**
 * Images turned (clockwise), sheared, scaled and shifted, about their middle.
 * Interpolation is "nearest" by default.
 *
 * Source: torchvision.transforms.functional.affine.
 *
 * @throws {RangeError} If the scale is not above 0, or another number is none
 */
export function affine(img: Tensor, options: AffineOptions): Tensor {
  checkArguments("affine", arguments, 2);
  checkOptionNames("affine", options, AFFINE_OPTIONS);
  const { angle, translate, scale, shear, center } = options;
  const { interpolation = "nearest", fill } = options;
  if (!(scale > 0)) {
    throw new RangeError(
      `Cannot scale an image ${scale} times: expected a number above 0`,
    );
  }
  if (translate.length !== 2) {
    throw new RangeError(
      `Cannot shift an image by [${translate.join(", ")}]: expected [x, y]`,
    );
  }
  const action = affineAction({
    angle: checkNumber("an angle", angle),
    translate: pairOf("a shift", translate),
    scale,
    shear: pairOf("a shear", shear),
    center: checkCenter(center),
    interpolation: checkWarpInterpolation(interpolation),
    fill: fill === undefined ? fill : checkFill(fill),
  }, extentOfTensor(img));
  return runOnTensor(img, [action]);
}

/** Points and options of `perspective`. */
export interface PerspectiveOptions extends WarpOptions {
  /** Four corners [x, y] of the image: upper left and on, clockwise. */
  readonly startpoints: Corners;
  /** Where they are moved. */
  readonly endpoints: Corners;
}

/**
 * Images seen from elsewhere: four corners are moved to four points.
 * Interpolation is "bilinear" by default.
 *
 * Source: torchvision.transforms.functional.perspective, which solves for the
 * map in float32.
 *
 * @throws {RangeError} If no map moves the points so
 */
export function perspective(img: Tensor, options: PerspectiveOptions): Tensor {
  checkArguments("perspective", arguments, 2);
  checkOptionNames("perspective", options, PERSPECTIVE_OPTIONS);
  const { startpoints, endpoints } = options;
  const { interpolation = "bilinear", fill } = options;
  const extent = extentOfTensor(img);
  const action = perspectiveAction({
    startpoints,
    endpoints,
    interpolation: checkWarpInterpolation(interpolation),
    fill: fill === undefined ? fill : checkFill(fill),
  }, extent);
  if (!action) {
    throw new RangeError(
      `Cannot move points ${JSON.stringify(startpoints)} to ${
        JSON.stringify(endpoints)
      }: expected four [x, y] each, no three of them on a line`,
    );
  }
  return runOnTensor(img, [action]);
}
