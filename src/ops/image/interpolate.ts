/**
 * Interpolation: resizes images, one axis after the other. Every new row is a
 * weighted sum of a few old rows.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../../tensor/arguments.ts";
import { fromHost } from "../../tensor/create.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexSelect } from "../index/index.ts";
import { widened } from "../map/wide.ts";

/** Interpolation between elements. */
export type InterpolateMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "trilinear"
  | "bicubic";

/** Options of `interpolate`; one of `size` and `scaleFactor` is needed. */
export interface InterpolateOptions {
  /** Size of the result, for all axes or each. */
  readonly size?: number | readonly number[];
  /** Size of the result over that of the input, for all axes or each. */
  readonly scaleFactor?: number | readonly number[];
  /** Default: "nearest". */
  readonly mode?: InterpolateMode;
  /** Whether the centres of the corner elements coincide. Default: false. */
  readonly alignCorners?: boolean;
  /**
   * Whether the step follows from the rounded sizes, not from `scaleFactor`.
   * Default: false.
   */
  readonly recomputeScaleFactor?: boolean;
}

const OPTIONS = [
  "size",
  "scaleFactor",
  "mode",
  "alignCorners",
  "recomputeScaleFactor",
];

/** A mode: the numbers of axes that it supports, and the elements that it reads. */
interface Mode {
  readonly axes: readonly number[];
  /** Returns the first element at `position`, and weights from there on. */
  taps(position: number): { first: number; weights: readonly number[] };
  /** Returns the position of element i in the input; `step` is old over new size. */
  position(i: number, step: number, aligned: boolean): number;
}

const nearest = { axes: [1, 2, 3], taps: tapOne };

// Returns the position of element i's centre; the first input centre is at 0.
function centre(i: number, step: number, aligned: boolean): number {
  return aligned ? i * step : (i + 0.5) * step - 0.5;
}

function tapOne(position: number): ReturnType<Mode["taps"]> {
  return { first: Math.floor(position), weights: [1] };
}

function tapTwo(position: number): ReturnType<Mode["taps"]> {
  const first = Math.floor(position);
  const t = position - first;
  return { first, weights: [1 - t, t] };
}

// Keys 1981, "Cubic convolution interpolation", with a = -0.75 as in torch
function tapFour(position: number): ReturnType<Mode["taps"]> {
  const a = -0.75;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const first = Math.floor(position);
  const t = position - first;
  const weights = [far(1 + t), near(t), near(1 - t), far(2 - t)];
  return { first: first - 1, weights };
}

function linear(axes: number): Mode {
  return {
    axes: [axes],
    taps: tapTwo,
    position: (i, step, aligned) => Math.max(0, centre(i, step, aligned)),
  };
}

const MODES: Readonly<Record<InterpolateMode, Mode>> = {
  nearest: { ...nearest, position: (i, step) => i * step },
  "nearest-exact": { ...nearest, position: (i, step) => (i + 0.5) * step },
  linear: linear(1),
  bilinear: linear(2),
  trilinear: linear(3),
  bicubic: { axes: [2], taps: tapFour, position: centre },
};

/**
 * Resizes images: [N, C, …] with one to three axes to [N, C, …size].
 *
 * An element of the result lies at (i + 0.5) * step - 0.5 of the input, step
 * being the input's size over the result's (or 1 / `scaleFactor`), with
 * `alignCorners` at i * (size - 1) / (new size - 1); "nearest" takes element
 * floor(i * step), "nearest-exact" the one whose centre is nearest. Beyond the
 * edge the last element repeats. Smaller images are not smoothed.
 *
 * Source: torch.nn.functional.interpolate, without antialias.
 *
 * @throws {TypeError} If `x` is not of floats, or the mode does not support its axes
 * @throws {RangeError} If the mode is unknown, not exactly one of size and scale is
 * set, or a size is not an integer of at least 1
 *
 * @example Twice as large
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const y = F.interpolate(tensor([[[1, 2]]]), { scaleFactor: 2 });
 * assertEquals(await y.toArray(), [[[1, 1, 2, 2]]]);
 * ```
 */
export function interpolate(
  x: Tensor,
  options: InterpolateOptions = {},
): Tensor {
  checkOptionNames("interpolate", options, OPTIONS);
  const { mode = "nearest", alignCorners = false } = options;
  const found = MODES[checkChoice("interpolate", "mode", mode, MODES)];
  if (!found.axes.includes(x.ndim - 2) || !isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot interpolate ${x.describe()} by "${mode}": expected floats with ` +
        `${found.axes.join(", ")} dims after [N, C]`,
    );
  }
  let y = widened(x);
  for (const [axis, { size, step }] of targets(x, options).entries()) {
    const dim = axis + 2;
    const length = x.shape[dim]!;
    const aligned = alignCorners && found.taps !== tapOne;
    const distance = !aligned ? step : size > 1 ? (length - 1) / (size - 1) : 0;
    y = resample(y, dim, size, (i) => {
      return found.taps(found.position(i, distance, aligned));
    });
  }
  return y.to(x.dtype);
}

/** Resizes one axis, by the taps of each new element. */
function resample(
  x: Tensor,
  dim: number,
  size: number,
  tapsOf: (i: number) => ReturnType<Mode["taps"]>,
): Tensor {
  const length = x.shape[dim]!;
  const taps = Array.from({ length: size }, (_, i) => tapsOf(i));
  const count = taps[0]!.weights.length;
  let y: Tensor | undefined;
  for (let k = 0; k < count; k++) {
    const index = Int32Array.from(
      taps,
      ({ first }) => Math.min(Math.max(first + k, 0), length - 1),
    );
    const rows = indexSelect(x, dim, fromHost(new HostArray(index, [size])));
    if (count === 1) return rows;
    const weights = Float32Array.from(taps, (each) => each.weights[k]!);
    const shape = x.shape.map((_, d) => d === dim ? size : 1);
    const part = rows.mul(fromHost(new HostArray(weights, shape)));
    y = y ? y.add(part) : part;
  }
  return y!; // every mode has taps
}

function targets(
  x: Tensor,
  { size, scaleFactor, recomputeScaleFactor = false }: InterpolateOptions,
): { readonly size: number; readonly step: number }[] {
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new RangeError(
      `Cannot interpolate ${x.describe()}: expected either size or scaleFactor`,
    );
  }
  const field = x.shape.slice(2);
  const option = size ?? scaleFactor!; // exactly one, as checked above
  const each = typeof option === "number" ? field.map(() => option) : option;
  if (each.length !== field.length) {
    throw new RangeError(
      `Cannot interpolate ${x.describe()}: expected ${field.length} sizes or ` +
        `factors, got ${each.length}`,
    );
  }
  return each.map((value, axis) => {
    const length = field[axis]!;
    const wanted = size === undefined ? Math.floor(length * value) : value;
    if (!Number.isInteger(wanted) || wanted < 1 || length < 1) {
      throw new RangeError(
        `Cannot interpolate ${x.describe()} to size ${wanted}: expected ` +
          `sizes of at least 1`,
      );
    }
    const byFactor = size === undefined && !recomputeScaleFactor;
    return { size: wanted, step: byFactor ? 1 / value : length / wanted };
  });
}
