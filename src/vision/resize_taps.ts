/**
 * Filters of resizing along one axis: a table of the neighbours of each output
 * position in the source, with their weights.
 *
 * Positions count pixels. An axis of `length` pixels becomes one of `size`; the
 * scale is `length / size`, and pixel centres lie at halves.
 *
 * @module
 */

/** Method that finds values between pixels; the names are torchvision's. */
export type Interpolation =
  | "nearest"
  | "nearest-exact"
  | "bilinear"
  | "bicubic";

/** Axis to resize, and the window of the result to compute. */
export interface ResizeAxis {
  /** First pixel of the source; no pixel before it has influence. */
  readonly start: number;
  /** Number of pixels of the source. */
  readonly length: number;
  /** Number of pixels of the result. */
  readonly size: number;
  /** First pixel of the window. */
  readonly windowStart: number;
  /** Number of pixels of the window. */
  readonly windowLength: number;
}

/** Part of an image, in pixels. */
export interface Box {
  /** Row of its upper edge. */
  readonly top: number;
  /** Column of its left edge. */
  readonly left: number;
  /** Number of rows. */
  readonly height: number;
  /** Number of columns. */
  readonly width: number;
}

/** Scaling of an image. */
export interface Scaling {
  /** [height, width] of the scaled `source`. */
  readonly size: readonly [number, number];
  /** The part of the image to scale. */
  readonly source: Box;
  /** The part of the scaled image to compute. */
  readonly window: Box;
  readonly interpolation: Interpolation;
  readonly antialias: boolean;
  /** The library whose nearest pixel is taken. Default: "torch". */
  readonly rounding?: Rounding | undefined;
}

/** The library whose results count where rounding decides. */
export type Rounding = "torch" | "pil";

/** The neighbours of each pixel of the window: `count` adjacent ones. */
export interface Taps {
  /** Number of neighbours; some may have weight 0. */
  readonly count: number;
  /** First neighbour of each pixel. */
  readonly first: Int32Array;
  /** [pixel, neighbour], row-major; the sum of each row is 1. */
  readonly weights: Float64Array;
}

/** Returns the range of source pixels that are neighbours. */
export function reach({ first, count }: Taps): [start: number, length: number] {
  const start = first.reduce((a, b) => Math.min(a, b));
  const last = first.reduce((a, b) => Math.max(a, b));
  return [start, last + count - start];
}

/** Weight of a neighbour by its distance, and reach of the filter. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const TRIANGLE: Filter = {
  support: 1,
  weight: (distance) => Math.max(0, 1 - Math.abs(distance)),
};

// Keys 1981; a is -0.5 in PIL and in torch with antialias, -0.75 in torch without.
function cubic(a: number): Filter {
  return {
    support: 2,
    weight(distance) {
      const x = Math.abs(distance);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
      return 0;
    },
  };
}

/** Filters that widen with the scale, and those that do not. */
const FILTERS = {
  bilinear: { antialias: TRIANGLE, plain: TRIANGLE },
  bicubic: { antialias: cubic(-0.5), plain: cubic(-0.75) },
} satisfies Record<string, { antialias: Filter; plain: Filter }>;

/** Returns the tables of an image's rows and columns. */
export function tapsOf(
  scaling: Scaling,
): { readonly rows: Taps; readonly columns: Taps } {
  const { size, source, window, interpolation, antialias } = scaling;
  const along = (axis: ResizeAxis): Taps =>
    resizeTaps(axis, interpolation, antialias, scaling.rounding);
  const rows = along({
    start: source.top,
    length: source.height,
    size: size[0],
    windowStart: window.top,
    windowLength: window.height,
  });
  const columns = along({
    start: source.left,
    length: source.width,
    size: size[1],
    windowStart: window.left,
    windowLength: window.width,
  });
  return { rows, columns };
}

/** Returns the table of an axis, for the window only. */
export function resizeTaps(
  axis: ResizeAxis,
  interpolation: Interpolation,
  antialias: boolean,
  rounding: Rounding = "torch",
): Taps {
  switch (interpolation) {
    case "nearest":
      return nearestTaps(axis, 0);
    case "nearest-exact":
      return rounding === "pil" ? pilNearestTaps(axis) : nearestTaps(axis, 0.5);
    default: {
      const { antialias: wide, plain } = FILTERS[interpolation];
      return antialias ? antialiasTaps(axis, wide) : plainTaps(axis, plain);
    }
  }
}

// The pixel that holds the output's left edge, or its centre. As in torch, the
// place is a float32: between two pixels, its rounding decides.
function nearestTaps(axis: ResizeAxis, shift: 0 | 0.5): Taps {
  const { start, length, size, windowStart, windowLength } = axis;
  const first = new Int32Array(windowLength);
  const scale = Math.fround(length / size);
  for (let i = 0; i < windowLength; i++) {
    const at = Math.floor(Math.fround((windowStart + i + shift) * scale));
    first[i] = start + Math.min(at, length - 1);
  }
  return single(first);
}

// The pixel that holds the output's centre. As in PIL, the place is a running sum:
// between two pixels, its rounding decides.
function pilNearestTaps(axis: ResizeAxis): Taps {
  const { start, length, size, windowStart, windowLength } = axis;
  const first = new Int32Array(windowLength);
  const scale = length / size;
  let center = scale / 2;
  for (let i = 0; i < windowStart + windowLength; i++) {
    const at = Math.min(Math.floor(center), length - 1);
    if (i >= windowStart) first[i - windowStart] = start + at;
    center += scale;
  }
  return single(first);
}

function single(first: Int32Array): Taps {
  return { count: 1, first, weights: new Float64Array(first.length).fill(1) };
}

// Where the image shrinks, the filter is stretched over `scale` pixels. Neighbours
// outside the source have no weight, and the others are divided by their sum.
// Source: torch's upsample_bilinear2d_aa, PIL's ImagingResample.
function antialiasTaps(axis: ResizeAxis, filter: Filter): Taps {
  const { start, length, size, windowStart, windowLength } = axis;
  const scale = length / size;
  const stretch = Math.max(scale, 1);
  const reach = filter.support * stretch;
  const count = Math.min(Math.ceil(2 * reach) + 1, length);
  const first = new Int32Array(windowLength);
  const weights = new Float64Array(windowLength * count);
  for (let i = 0; i < windowLength; i++) {
    const center = (windowStart + i + 0.5) * scale;
    const low = Math.max(Math.floor(center - reach + 0.5), 0);
    const high = Math.min(Math.floor(center + reach + 0.5), length);
    const from = Math.min(low, length - count); // `count` pixels must fit
    first[i] = start + from;
    let sum = 0;
    for (let tap = low; tap < high; tap++) {
      const weight = filter.weight((tap - center + 0.5) / stretch);
      weights[i * count + tap - from] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) weights[i * count + k]! /= sum;
  }
  return trimmed({ count, first, weights });
}

// The filter keeps its width. Neighbours outside the source are its outermost
// pixels. Source: torch's upsample_bilinear2d and upsample_bicubic2d without
// align_corners.
function plainTaps(axis: ResizeAxis, filter: Filter): Taps {
  const { start, length, size, windowStart, windowLength } = axis;
  const { support, weight } = filter;
  const count = Math.min(2 * support, length);
  const first = new Int32Array(windowLength);
  const weights = new Float64Array(windowLength * count);
  for (let i = 0; i < windowLength; i++) {
    const center = (windowStart + i + 0.5) * length / size - 0.5;
    const low = Math.floor(center) - support + 1;
    const from = Math.max(0, Math.min(low, length - count));
    first[i] = start + from;
    for (let tap = low; tap < low + 2 * support; tap++) {
      const inside = Math.max(0, Math.min(tap, length - 1));
      weights[i * count + inside - from]! += weight(tap - center);
    }
  }
  return { count, first, weights };
}

// The bound on the number of neighbours is often one too large, and a column of
// zeros costs as much as one of weights.
function trimmed({ count, first, weights }: Taps): Taps {
  let used = 1;
  for (let at = 0; at < weights.length; at++) {
    if (weights[at] !== 0) used = Math.max(used, at % count + 1);
  }
  if (used === count) return { count, first, weights };
  const kept = new Float64Array(first.length * used);
  for (let i = 0; i < first.length; i++) {
    const row = weights.subarray(i * count, i * count + used);
    kept.set(row, i * used);
  }
  return { count: used, first, weights: kept };
}
