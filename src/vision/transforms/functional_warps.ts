/**
 * Functions that turn and bend the images of tensors:
 * torchvision.transforms.functional by its names, in camelCase.
 *
 * Images are [..., C, H, W] or [H, W], uint8 or floats; all images of a tensor
 * change alike. Angles are degrees, points [x, y] in pixels. Gradients do not
 * flow through these functions.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Fill } from "../actions/action.ts";
import { extentOfTensor } from "../executors/atlas.ts";
import { runOnTensor } from "../executors/gpu.ts";
import {
  checkArguments,
  checkCenter,
  checkFill,
  checkNumber,
  checkPair,
  checkWarpInterpolation,
} from "./checks.ts";
import {
  affineAction,
  type Corners,
  perspectiveAction,
} from "./resolve_warps.ts";

/** Options of functions that turn or bend images. */
export interface WarpOptions {
  /** Method that finds values between pixels. */
  readonly interpolation?: "nearest" | "bilinear";
  /**
   * Value around the images. By default zeros, which mix with a border pixel
   * once; a fill of 0 mixes with it twice, as in torchvision.
   */
  readonly fill?: Fill | undefined;
}

/** Options of functions that turn images about a point. */
export interface CenteredWarpOptions extends WarpOptions {
  /** The fixed point [x, y]; the middle of the image by default. */
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
  /** Whether the result holds the whole turned image. Default: false. */
  readonly expand?: boolean;
}

/** Returns the angles [x, y] of a shear; a number is that along x. */
function shearOf(
  shear: number | readonly number[],
): readonly [number, number] {
  const [x, y = x] = typeof shear === "number" ? [shear, 0] : shear;
  return checkPair("a shear", [x!, y!]);
}

/**
 * Turns images by `angle` degrees, counter-clockwise. Interpolation is "nearest"
 * by default.
 *
 * Source: torchvision.transforms.functional.rotate.
 *
 * @throws {RangeError} If the angle or the centre is not finite
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
  /** Factor by which images grow. */
  readonly scale: number;
  /** Degrees along x, or [x, y]. */
  readonly shear: number | readonly number[];
}

/**
 * Turns images clockwise, shears, scales and shifts them. Interpolation is
 * "nearest" by default.
 *
 * Source: torchvision.transforms.functional.affine.
 *
 * @throws {RangeError} If the scale is not above 0, or a number is not finite
 */
export function affine(img: Tensor, options: AffineOptions): Tensor {
  checkArguments("affine", arguments, 2);
  checkOptionNames("affine", options, AFFINE_OPTIONS);
  const { angle, translate, scale, shear, center } = options;
  const { interpolation = "nearest", fill } = options;
  if (!(scale > 0 && scale < Infinity)) {
    throw new RangeError(
      `Cannot scale an image ${scale} times: expected a number above 0`,
    );
  }
  const action = affineAction({
    angle: checkNumber("an angle", angle),
    translate: checkPair("a shift", translate),
    scale,
    shear: shearOf(shear),
    center: checkCenter(center),
    interpolation: checkWarpInterpolation(interpolation),
    fill: fill === undefined ? fill : checkFill(fill),
  }, extentOfTensor(img));
  return runOnTensor(img, [action]);
}

/** Points and options of `perspective`. */
export interface PerspectiveOptions extends WarpOptions {
  /** Four corners [x, y] of the image, clockwise from the upper left. */
  readonly startpoints: Corners;
  /** The points to which the corners move. */
  readonly endpoints: Corners;
}

/**
 * Changes the perspective of images: four points move to four others.
 * Interpolation is "bilinear" by default.
 *
 * Source: torchvision.transforms.functional.perspective, which solves for the
 * map in float32.
 *
 * @throws {RangeError} If three of the points lie on a line
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
