/**
 * The warps of affine maps and of perspectives, as actions on an image of known
 * size.
 *
 * Positions count pixels, angles are degrees.
 *
 * @module
 */

import type { Extent, Fill, WarpAction } from "../actions/action.ts";

/** Numbers and options of an affine map. */
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
  /** Whether the result holds the whole turned image. */
  readonly expand?: boolean;
}

/**
 * Returns the warp of an affine map about a centre. Turns by right angles only
 * exchange pixels, as in PIL. If the centres of source and result lie half a
 * pixel apart, the nearest pixel is the one on the right or below.
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
  // origins at the middles of both images, not at their corners
  let shiftX = -a * broad / 2 - b * tall / 2 + c + width / 2;
  let shiftY = -d * broad / 2 - e * tall / 2 + f + height / 2;
  if (isTurn([a, b, d, e])) {
    // source of the first pixel's centre; an integer lies between two pixels
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

/** Whether a matrix is a turn by a right angle and nothing else. */
function isTurn([a, b, d, e]: readonly [number, number, number, number]) {
  return [a, b, d, e].every((part) => [0, 1].includes(Math.abs(part))) &&
    Math.abs(a * e - b * d) === 1;
}

const SINES = [0, 1, 0, -1] as const;

/** Returns the sine and cosine of degrees, exact for right angles. */
function sineAndCosine(degrees: number): readonly [number, number] {
  if (degrees % 90 !== 0) {
    const radians = degrees * Math.PI / 180;
    return [Math.sin(radians), Math.cos(radians)];
  }
  const turn = (degrees % 360 / 90 + 4) % 4;
  return [SINES[turn]!, SINES[(turn + 1) % 4]!];
}

/** Returns the size of the box around a turned image. */
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
  // torch ignores less than 1e-4 pixels, in float32
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

/** Points and options of a perspective. */
export interface PerspectiveNumbers {
  readonly startpoints: Corners;
  readonly endpoints: Corners;
  readonly interpolation: "nearest" | "bilinear";
  readonly fill: Fill | undefined;
}

/**
 * Returns the warp that moves four points to four others; undefined if none
 * does, because three points lie on a line.
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

/** Solves [A | b] by elimination with row exchanges; undefined if singular. */
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
