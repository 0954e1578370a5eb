/**
 * Filters of resizing along one axis: which neighbours in the source an output
 * position is made of, and with which weights. Tables, and nothing about pixels
 * or channels.
 *
 * Positions count pixels. An axis of `length` pixels becomes one of `size`; the
 * scale is `length / size`, and pixel centres lie at halves.
 *
 * @module
 */

/** How values between pixels are found; the names are torchvision's. */
export type Interpolation =
  | "nearest"
  | "nearest-exact"
  | "bilinear"
  | "bicubic";

/** An axis to resize, and the part of the result that is wanted. */
export interface ResizeAxis {
  /** First pixel of the source that counts; none before it is looked at. */
  readonly start: number;
  /** Number of pixels of the source that count. */
  readonly length: number;
  /** Number of pixels they become. */
  readonly size: number;
  /** First pixel of the result that is wanted. */
  readonly windowStart: number;
  /** Number of pixels of the result that are wanted. */
  readonly windowLength: number;
}

/** A part of a picture, in pixels. */
export interface Box {
  /** Rows above it. */
  readonly top: number;
  /** Columns left of it. */
  readonly left: number;
  /** Rows of it. */
  readonly height: number;
  /** Columns of it. */
  readonly width: number;
}

/** How a picture is scaled. */
export interface Scaling {
  /** [height, width] that `source` is scaled to. */
  readonly size: readonly [number, number];
  /** The part of the picture that is scaled. */
  readonly source: Box;
  /** The part of the scaled picture that is wanted. */
  readonly window: Box;
  readonly interpolation: Interpolation;
  readonly antialias: boolean;
  /** Whose pixel is the nearest, "torch" by default. */
  readonly rounding?: Rounding | undefined;
}

/** Whose results are wanted where rounding decides. */
export type Rounding = "torch" | "pil";

/** What each wanted pixel is made of: `count` neighbours, side by side. */
export interface Taps {
  /** Neighbours of a pixel; some may have weight 0. */
  readonly count: number;
  /** First neighbour of each pixel. */
  readonly first: Int32Array;
  /** [pixel, neighbour], row-major; each row adds up to 1. */
  readonly weights: Float64Array;
}

/** The first pixel of the source that is a neighbour, and how many follow. */
export function reach({ first, count }: Taps): [start: number, length: number] {
  const start = first.reduce((a, b) => Math.min(a, b));
  const last = first.reduce((a, b) => Math.max(a, b));
  return [start, last + count - start];
}

/** The weight of a neighbour at a distance, and how far the filter reaches. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const TRIANGLE: Filter = {
  support: 1,
  weight: (distance) => Math.max(0, 1 - Math.abs(distance)),
};

// Keys 1981; a is -0.5 in PIL's filter and in torch's with antialias, -0.75
// in torch's without.
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

/** The filters that widen with the scale, and those that do not. */
const FILTERS = {
  bilinear: { antialias: TRIANGLE, plain: TRIANGLE },
  bicubic: { antialias: cubic(-0.5), plain: cubic(-0.75) },
} satisfies Record<string, { antialias: Filter; plain: Filter }>;

/** The tables of a picture's rows and columns. */
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

/** The table of an axis, for the wanted part of the result alone. */
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

// The pixel in which the output's left edge falls, or its centre, in float32 as
// torch has it: where that lies between two pixels, rounding decides.
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

// The pixel in which the output's centre falls. It is found by a running sum:
// where the centre lies between two pixels, its rounding decides, as in PIL.
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

// The filter is stretched over `scale` pixels where the picture shrinks;
// neighbours outside of the source are left out, and the rest is divided by its
// sum. Source: torch's upsample_bilinear2d_aa, PIL's ImagingResample.
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
    const from = Math.min(low, length - count); // `count` of them must fit
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

// The filter is as wide as between pixels of the source; neighbours outside of
// the source are its outermost pixels. Source: torch's upsample_bilinear2d and
// upsample_bicubic2d without align_corners.
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

// The bound on the number of neighbours is often one too many: a column of
// zeros at the end costs as much as one of weights.
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
