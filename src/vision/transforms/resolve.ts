/**
 * The actions of functions and transforms on an image of known size: scaling by
 * the shorter side, crops of the middle, blurs.
 *
 * Sizes and places count pixels.
 *
 * @module
 */

import type {
  Action,
  BlurAction,
  CropAction,
  Extent,
  Interpolation,
  ResizeAction,
} from "../actions/action.ts";
import { checkSize, type SizeArgument } from "./checks.ts";
import { roundHalfEven } from "../actions/values.ts";

/** Options of functions and transforms that scale images. */
export interface ResizeOptions {
  /** Method that finds values between pixels. Default: "bilinear". */
  readonly interpolation?: Interpolation;
  /** Largest longer side, if `size` is one number. */
  readonly maxSize?: number | undefined;
  /**
   * Whether the filter widens where the image shrinks. Default: true. Up to
   * torchvision 0.16, its default for tensors is false.
   */
  readonly antialias?: boolean | undefined;
}

/** Names of the options of `resize`. */
export const RESIZE_OPTIONS = ["interpolation", "maxSize", "antialias"];

/** Returns the scaling to [height, width], or of the shorter side to a size. */
export function resizeAction(
  size: readonly number[],
  options: ResizeOptions,
  extent: Pick<Extent, "height" | "width">,
): ResizeAction {
  const { interpolation = "bilinear", maxSize, antialias = true } = options;
  const isFiltered = interpolation === "bilinear" ||
    interpolation === "bicubic";
  return {
    op: "resize",
    size: size.length === 2
      ? [size[0]!, size[1]!]
      : sizeByShorterSide(size[0]!, maxSize, extent),
    interpolation,
    antialias: antialias && isFiltered,
  };
}

function sizeByShorterSide(
  size: number,
  maxSize: number | undefined,
  { height, width }: Pick<Extent, "height" | "width">,
): [number, number] {
  const [short, long] = width <= height ? [width, height] : [height, width];
  let [newShort, newLong] = [size, Math.trunc(size * long / short)];
  if (maxSize !== undefined && newLong > maxSize) {
    newShort = Math.trunc(maxSize * newShort / newLong);
    newLong = maxSize;
  }
  if (newShort < 1) {
    throw new RangeError(
      `Cannot resize an image of ${height} x ${width} with maxSize ` +
        `${maxSize}: its shorter side would have no pixel`,
    );
  }
  return width <= height ? [newLong, newShort] : [newShort, newLong];
}

/** Returns the crop of the middle; zeros surround a smaller image. */
export function centerCropAction(
  [height, width]: readonly [number, number],
  extent: Pick<Extent, "height" | "width">,
): CropAction {
  return {
    op: "crop",
    top: middle(extent.height, height),
    left: middle(extent.width, width),
    height,
    width,
  };
}

function middle(length: number, size: number): number {
  return size > length
    ? -Math.floor((size - length) / 2)
    : roundHalfEven((length - size) / 2);
}

/**
 * Returns the crops of the four corners and of the middle.
 *
 * @throws {RangeError} If the image is smaller than the crops
 */
export function fiveCropActions(
  [height, width]: readonly [number, number],
  extent: Pick<Extent, "height" | "width">,
): readonly Action[] {
  if (height > extent.height || width > extent.width) {
    throw new RangeError(
      `Cannot take five crops of ${height} x ${width} of an image of ` +
        `${extent.height} x ${extent.width}: the image is too small`,
    );
  }
  const bottom = extent.height - height;
  const right = extent.width - width;
  const corners = [[0, 0], [0, right], [bottom, 0], [bottom, right]];
  return [
    ...corners.map(([top, left]): CropAction => ({
      op: "crop",
      top: top!,
      left: left!,
      height,
      width,
    })),
    centerCropAction([height, width], extent),
  ];
}

/**
 * Returns a blur; by default, `sigma` follows from the size of the filter.
 *
 * @throws {RangeError} If a size is even, or a deviation not above 0
 */
export function blurAction(
  size: SizeArgument,
  sigma?: number | readonly number[],
): BlurAction {
  const [x, y] = checkSize("blur with a filter", size);
  if (x % 2 === 0 || y % 2 === 0) {
    throw new RangeError(
      `Cannot blur with kernelSize [${x}, ${y}]: expected odd sizes`,
    );
  }
  const given = sigma ?? [x, y].map((each) => each * 0.15 + 0.35);
  const list = typeof given === "number" ? [given] : given;
  const [sigmaX, sigmaY = sigmaX] = list;
  if (list.length > 2 || !(sigmaX! > 0) || !(sigmaY! > 0)) {
    throw new RangeError(
      `Cannot blur with sigma [${list.join(", ")}]: expected one number ` +
        `above 0, or two`,
    );
  }
  return { op: "blur", kernelSize: [x, y], sigma: [sigmaX!, sigmaY!] };
}
