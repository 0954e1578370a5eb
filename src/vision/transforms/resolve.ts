/**
 * The actions that functions and transforms come to, once the image is known:
 * sizes by the shorter side, crops about the centre, angles as matrices.
 *
 * Sizes and places count pixels, angles are degrees.
 *
 * @module
 */

import type {
  Action,
  BlurAction,
  CropAction,
  Extent,
  Fill,
  Interpolation,
  ResizeAction,
  WarpAction,
} from "../actions/action.ts";
import { checkSize, type SizeArgument } from "./checks.ts";
import { roundHalfEven } from "../actions/values.ts";

/** Options of everything that scales. */
export interface ResizeOptions {
  /** How values between pixels are found. Default: "bilinear". */
  readonly interpolation?: Interpolation;
  /** What the longer side may have at most, where `size` is one number. */
  readonly maxSize?: number | undefined;
  /**
   * Whether the filter widens where the image shrinks. Default: true, as of
   * images in torchvision; of tensors it is false there up to 0.16.
   */
  readonly antialias?: boolean | undefined;
}

/** Names of the options of `resize`. */
export const RESIZE_OPTIONS = ["interpolation", "maxSize", "antialias"];

/** The scaling of an image so that it has `size`, or its shorter side has. */
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
      `Cannot resize an image of ${height} x ${width} to ${maxSize} at most: ` +
        `its shorter side would have no pixel`,
    );
  }
  return width <= height ? [newLong, newShort] : [newShort, newLong];
}

/** The middle of an image; zeros around where it is too small. */
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

/** Options of affine maps. */
export interface AffineNumbers {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** [right, down] */
  readonly translate: readonly [number, number];
  readonly scale: number;
  /** Degrees along x and y. */
  readonly shear: readonly [number, number];
  /** [x, y] from the upper left corner; the middle of the image by default. */
  readonly center?: readonly number[] | undefined;
  readonly interpolation: "nearest" | "bilinear";
  readonly fill: Fill | undefined;
  /** Whether the result is as large as the turned image. */
  readonly expand?: boolean;
}

/**
 * The warp of an affine map about a centre. By right angles, pixels change
 * places and are not mixed, as PIL does it: where the centres of source and
 * result lie half a pixel apart, the nearest is the one on the right or below.
 */
export function affineAction(
  numbers: AffineNumbers,
  { height, width }: Pick<Extent, "height" | "width">,
): WarpAction {
  const { fill, expand = false, center } = numbers;
  let { interpolation } = numbers;
  const about = center
    ? [center[0]! - width / 2, center[1]! - height / 2]
    : [0, 0];
  const [a, b, c, d, e, f] = inverseAffine(numbers, about);
  const [tall, broad] = expand
    ? turnedSize([a, b, c, d, e, f], height, width)
    : [height, width];
  // about the middles of both images, instead of their corners
  let shiftX = -a * broad / 2 - b * tall / 2 + c + width / 2;
  let shiftY = -d * broad / 2 - e * tall / 2 + f + height / 2;
  if (isTurn([a, b, d, e])) {
    // where the middle of the first pixel comes from: whole between two pixels
    const firstX = (a + b) / 2 + shiftX;
    const firstY = (d + e) / 2 + shiftY;
    const isExact = [firstX, firstY].every((at) => Number.isInteger(at - 0.5));
    if (isExact) interpolation = "nearest";
    if (interpolation === "nearest") {
      if (Number.isInteger(firstX)) shiftX += 0.5;
      if (Number.isInteger(firstY)) shiftY += 0.5;
    }
  }
  return {
    op: "warp",
    matrix: [a, b, shiftX, d, e, shiftY, 0, 0, 1],
    size: [tall, broad],
    interpolation,
    fill,
  };
}

type Affine = [number, number, number, number, number, number];

// The inverse of T(translate) C(about) R(angle) Shear S(scale) C^-1(about).
function inverseAffine(
  { angle, translate: [tx, ty], scale, shear }: AffineNumbers,
  [cx, cy]: readonly number[],
): Affine {
  const [sx, sy] = shear.map((degrees) => degrees * Math.PI / 180);
  const [sin, cos] = sineAndCosine(angle);
  const [sheared, along] = sineAndCosine(angle - shear[1]);
  const a = along / Math.cos(sy!);
  const b = -along * Math.tan(sx!) / Math.cos(sy!) - sin;
  const c = sheared / Math.cos(sy!);
  const d = -sheared * Math.tan(sx!) / Math.cos(sy!) + cos;
  const [m0, m1, m3, m4] = [d, -b, -c, a].map((value) => value / scale);
  return [
    m0!,
    m1!,
    m0! * (-cx! - tx) + m1! * (-cy! - ty) + cx!,
    m3!,
    m4!,
    m3! * (-cx! - tx) + m4! * (-cy! - ty) + cy!,
  ];
}

/** Whether a matrix turns by a right angle, and does nothing else. */
function isTurn([a, b, d, e]: readonly [number, number, number, number]) {
  return [a, b, d, e].every((part) => [0, 1].includes(Math.abs(part))) &&
    Math.abs(a * e - b * d) === 1;
}

const SINES = [0, 1, 0, -1] as const;

/** Of an angle in degrees; of right angles exactly. */
function sineAndCosine(degrees: number): readonly [number, number] {
  if (degrees % 90 !== 0) {
    const radians = degrees * Math.PI / 180;
    return [Math.sin(radians), Math.cos(radians)];
  }
  const turn = (degrees % 360 / 90 + 4) % 4;
  return [SINES[turn]!, SINES[(turn + 1) % 4]!];
}

/** The size of the box around an image that was turned. */
function turnedSize(
  [a, b, c, d, e, f]: Affine,
  height: number,
  width: number,
): [number, number] {
  if (isTurn([a, b, d, e])) {
    return a === 0 ? [width, height] : [height, width];
  }
  const corners = [[-1, -1], [-1, 1], [1, 1], [1, -1]].map(([x, y]) =>
    [x! * width / 2, y! * height / 2] as const
  );
  // a tenth of a thousandth of a pixel is none; in float32, as torch decides
  const { fround } = Math;
  const tiny = fround(1e-4);
  const whole = (value: number): number =>
    fround(Math.trunc(fround(fround(value) / tiny)) * tiny);
  const span = (values: readonly number[], middle: number): number =>
    Math.ceil(whole(Math.max(...values) + middle)) -
    Math.floor(whole(Math.min(...values) + middle));
  return [
    span(corners.map(([x, y]) => d * x + e * y + f), height / 2),
    span(corners.map(([x, y]) => a * x + b * y + c), width / 2),
  ];
}

/** Points [x, y]: upper left, upper right, lower right, lower left. */
export type Corners = readonly (readonly number[])[];

/** What moves four points to four others. */
export interface PerspectiveNumbers {
  readonly startpoints: Corners;
  readonly endpoints: Corners;
  readonly interpolation: "nearest" | "bilinear";
  readonly fill: Fill | undefined;
}

/**
 * The warp that moves four points to four others; undefined if none does, as
 * three of them are on a line.
 */
export function perspectiveAction(
  { startpoints, endpoints, interpolation, fill }: PerspectiveNumbers,
  { height, width }: Pick<Extent, "height" | "width">,
): WarpAction | undefined {
  const rows: number[][] = [];
  for (const [i, end] of endpoints.entries()) {
    const [x, y] = end;
    const [toX, toY] = startpoints[i] ?? [];
    rows.push([x!, y!, 1, 0, 0, 0, -toX! * x!, -toX! * y!, toX!]);
    rows.push([0, 0, 0, x!, y!, 1, -toY! * x!, -toY! * y!, toY!]);
  }
  const solution = rows.length === 8 ? solve(rows) : undefined;
  if (!solution?.every(Number.isFinite)) return undefined;
  return {
    op: "warp",
    matrix: [...solution, 1],
    size: [height, width],
    interpolation,
    fill,
  };
}

/** Solves [A | b] by elimination with row exchanges. */
function solve(rows: number[][]): number[] | undefined {
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const rest = rows.slice(column);
    const best = rest.reduce((a, b) =>
      Math.abs(b[column]!) > Math.abs(a[column]!) ? b : a
    );
    if (!(Math.abs(best[column]!) > 1e-12)) return undefined;
    const at = rows.indexOf(best);
    [rows[column], rows[at]] = [best, rows[column]!];
    for (const row of rows) {
      if (row === best) continue;
      const factor = row[column]! / best[column]!;
      for (let i = column; i <= size; i++) row[i]! -= factor * best[i]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

/** The five crops of an image: its corners and its middle. */
export function fiveCropActions(
  [height, width]: readonly [number, number],
  extent: Pick<Extent, "height" | "width">,
): readonly Action[] {
  if (height > extent.height || width > extent.width) {
    throw new RangeError(
      `Cannot take five crops of ${height} x ${width} of an image of ` +
        `${extent.height} x ${extent.width}: it is too small`,
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
 * A blur; without `sigma` one that suits the kernel.
 *
 * @throws {RangeError} If a size is even or a number not above 0
 */
export function blurAction(
  size: SizeArgument,
  sigma?: number | readonly number[],
): BlurAction {
  const [x, y] = checkSize("blur by a kernel", size);
  if (x % 2 === 0 || y % 2 === 0) {
    throw new RangeError(
      `Cannot blur by a kernel of [${x}, ${y}]: expected odd sizes`,
    );
  }
  const given = sigma ?? [x, y].map((each) => each * 0.15 + 0.35);
  const list = typeof given === "number" ? [given] : given;
  const [sigmaX, sigmaY = sigmaX] = list;
  if (list.length > 2 || !(sigmaX! > 0) || !(sigmaY! > 0)) {
    throw new RangeError(
      `Cannot blur by sigma [${
        list.join(", ")
      }]: expected one number above 0, ` +
        `or two`,
    );
  }
  return { op: "blur", kernelSize: [x, y], sigma: [sigmaX!, sigmaY!] };
}
