/**
 * The planner: it turns actions on an image into as few passes over the image as
 * give the same result. Passes are plain data; records.ts writes them for the
 * kernel.
 *
 * A pass takes every pixel from a place of the source, then changes its colour.
 * One pass holds crops, pads and flips around one scaling, or a matrix. A new
 * pass begins at a second scaling, and at pixels that move after a change of
 * colour. Contrast begins one too, for the mean of the image before it.
 *
 * @module
 */

import type {
  Action,
  Extent,
  Fill,
  PaddingMode,
  ResizeAction,
  WarpAction,
} from "../actions/action.ts";
import { ACTIONS, after } from "../actions/rows.ts";
import type { Box } from "../resize_taps.ts";

/**
 * One axis of a pass. Output i reads scaled pixel j = start + step * i. Scaled
 * pixels exist in [from, to); elsewhere the padding mode `beside` applies. They
 * come from source pixels [low, high), `scale` for each. The source has `length`
 * pixels; elsewhere the padding mode `around` applies.
 */
export interface Axis {
  readonly size: number;
  readonly start: number;
  readonly step: 1 | -1;
  readonly from: number;
  readonly to: number;
  readonly beside: PaddingMode | undefined;
  readonly low: number;
  readonly high: number;
  readonly scale: number;
  readonly around: PaddingMode | undefined;
  readonly length: number;
}

/** Pixels taken along both axes. */
export interface Window {
  readonly kind: "window";
  readonly rows: Axis;
  readonly columns: Axis;
  /** The scaling, if there is one. */
  readonly resize: ResizeAction | undefined;
  /** Value of places without a pixel. */
  readonly fill: Fill;
}

/** The places from which a pass takes its pixels. */
export type Geometry = Window | {
  readonly kind: "matrix";
  readonly warp: WarpAction;
};

/** One pass over an image. */
export interface Pass {
  readonly geometry: Geometry;
  /** Changes of colour, in order. */
  readonly colours: readonly Action[];
  /** The image before. */
  readonly source: Extent;
  /** The image after. */
  readonly result: Extent;
  /** Whether the next pass completes the scaling: bytes stay unrounded. */
  readonly isHalf?: boolean;
}

/** Returns a pass that changes nothing. */
export function idlePass(extent: Extent): Pass {
  return {
    geometry: wholeOf(extent),
    colours: [],
    source: extent,
    result: extent,
  };
}

/** Returns a scaling as two passes: along rows (down), then columns (across). */
export function halved(pass: Pass): readonly [down: Pass, across: Pass] {
  const { geometry, source, result } = pass;
  if (geometry.kind !== "window") throw new TypeError("A matrix has no halves");
  const between = { ...source, height: result.height };
  const [columns, rows] = [wholeAxis(source.width), wholeAxis(result.height)];
  return [
    {
      geometry: { ...geometry, columns },
      colours: [],
      source,
      result: between,
      isHalf: true,
    },
    { ...pass, geometry: { ...geometry, rows }, source: between },
  ];
}

/** Whether a pass moves no pixel. */
export function staysPut({ geometry }: Pass): boolean {
  return geometry.kind === "window" && isWhole(geometry);
}

/** Whether a pass changes nothing. */
export function isIdle(pass: Pass): boolean {
  return pass.colours.length === 0 && staysPut(pass);
}

/**
 * Returns the passes of actions, at least one.
 *
 * @throws {TypeError} If an action does not take such an image
 * @throws {RangeError} If a size does not fit
 */
export function fold(
  actions: readonly Action[],
  extent: Extent,
): readonly Pass[] {
  const done: Pass[] = [];
  let open = idlePass(extent);
  for (const action of actions) {
    const before = open.result;
    const result = after(action, before);
    const geometry = open.colours.length === 0
      ? moved(open.geometry, action, before)
      : undefined;
    if (geometry) {
      open = { ...open, geometry, result };
      continue;
    }
    const own = moved(wholeOf(before), action, before);
    const isNew = own !== undefined || ACTIONS[action.op].usesMean;
    if (isNew) {
      done.push(open);
      open = idlePass(before);
    }
    open = own
      ? { ...open, geometry: own, result }
      : { ...open, colours: [...open.colours, action], result };
    if (result.channels !== before.channels) {
      done.push(open); // the colours of a pass have one number of channels
      open = idlePass(result);
    }
  }
  return done.length > 0 && isIdle(open) ? done : [...done, open];
}

function wholeOf({ height, width }: Extent): Window {
  return {
    kind: "window",
    rows: wholeAxis(height),
    columns: wholeAxis(width),
    resize: undefined,
    fill: 0,
  };
}

function wholeAxis(length: number): Axis {
  return {
    size: length,
    start: 0,
    step: 1,
    from: 0,
    to: length,
    beside: undefined,
    low: 0,
    high: length,
    scale: 1,
    around: undefined,
    length,
  };
}

/** Returns the geometry with one more action; undefined if both do not join. */
function moved(
  geometry: Geometry,
  action: Action,
  extent: Extent,
): Geometry | undefined {
  if (geometry.kind === "matrix") return undefined;
  const { rows, columns } = geometry;
  switch (action.op) {
    case "hflip":
      return { ...geometry, columns: flipped(columns) };
    case "vflip":
      return { ...geometry, rows: flipped(rows) };
    case "crop":
      return framed(geometry, action, 0, "constant");
    case "pad": {
      const { padding: [left, top, right, bottom], fill, mode } = action;
      const frame = {
        top: -top,
        left: -left,
        height: extent.height + top + bottom,
        width: extent.width + left + right,
      };
      return framed(geometry, frame, fill, mode);
    }
    case "resize": {
      if (geometry.resize) return undefined;
      const isNearest = action.interpolation.startsWith("nearest");
      const tall = scaled(rows, action.size[0], isNearest);
      const broad = scaled(columns, action.size[1], isNearest);
      return tall && broad &&
        { ...geometry, rows: tall, columns: broad, resize: action };
    }
    case "warp":
      return isWhole(geometry) ? { kind: "matrix", warp: action } : undefined;
    default:
      return undefined;
  }
}

function isWhole({ rows, columns, resize }: Window): boolean {
  return !resize &&
    [rows, columns].every(({ start, step, size, length, ...axis }) => {
      const isUncut = axis.beside === undefined ||
        (axis.from === 0 && axis.to === length);
      return start === 0 && step === 1 && size === length && isUncut;
    });
}

function flipped(axis: Axis): Axis {
  const { start, step, size } = axis;
  const turned = step === 1 ? -1 : 1;
  return { ...axis, start: start + step * (size - 1), step: turned };
}

/** Returns the part of the result in a frame, which may reach beyond it. */
function framed(
  geometry: Window,
  frame: Box,
  fill: Fill,
  mode: PaddingMode,
): Window | undefined {
  const { rows, columns } = geometry;
  const tall = along(rows, frame.top, frame.height, mode);
  const broad = along(columns, frame.left, frame.width, mode);
  if (!tall || !broad) return undefined;
  const isFilled = [rows, columns].some(({ beside, around }) =>
    beside === "constant" || around === "constant"
  );
  const needsFill = mode === "constant" &&
    (tall.beside === mode || broad.beside === mode);
  if (isFilled && needsFill && !sameFill(fill, geometry.fill)) {
    return undefined;
  }
  return {
    ...geometry,
    rows: tall,
    columns: broad,
    fill: needsFill && !isFilled ? fill : geometry.fill,
  };
}

function along(
  axis: Axis,
  first: number,
  size: number,
  mode: PaddingMode,
): Axis | undefined {
  const start = axis.start + axis.step * first;
  if (first >= 0 && first + size <= axis.size) return { ...axis, start, size };
  const [low, high] = visible(axis);
  const isConstant = axis.beside === "constant" && mode === "constant";
  if (axis.beside !== undefined && !isConstant) return undefined;
  return {
    ...axis,
    start,
    size,
    from: Math.max(low, axis.from),
    to: Math.min(high, axis.to),
    beside: mode,
  };
}

/** Returns the range of scaled pixels that the result reads. */
function visible({ start, step, size }: Axis): [low: number, high: number] {
  return step === 1 ? [start, start + size] : [start - size + 1, start + 1];
}

function scaled(
  axis: Axis,
  size: number,
  isNearest: boolean,
): Axis | undefined {
  const { step, beside, from, to, length } = axis;
  // of two nearest pixels the left one counts, so no mirror image exists
  if (step === -1 && isNearest) return undefined;
  if (beside !== undefined && (from !== 0 || to !== length)) return undefined;
  const [low, high] = visible(axis);
  return {
    size,
    start: step === 1 ? 0 : size - 1,
    step,
    from: 0,
    to: size,
    beside: undefined,
    low,
    high,
    scale: (high - low) / size,
    around: beside,
    length,
  };
}

function sameFill(a: Fill, b: Fill): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
