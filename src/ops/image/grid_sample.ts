/**
 * Samples of images at the points of a grid, composed of gathers. Every output is
 * a weighted mean of the elements near a point.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../../tensor/arguments.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gather } from "../index/index.ts";

/** Interpolation at a point, from 4, 1 or 16 elements. */
export type GridSampleMode = "bilinear" | "nearest" | "bicubic";

/** Values beyond the image: zeros, its edge, or its reflection. */
export type GridPadding = "zeros" | "border" | "reflection";

/** Options of `gridSample`. */
export interface GridSampleOptions {
  /** Default: "bilinear". */
  readonly mode?: GridSampleMode;
  /** Default: "zeros". */
  readonly paddingMode?: GridPadding;
  /**
   * Whether -1 and 1 are the centres of the outer pixels, not their far edges.
   * Default: false.
   */
  readonly alignCorners?: boolean;
}

/** One axis of an image. */
interface Axis {
  readonly size: number;
  readonly padding: GridPadding;
  readonly alignCorners: boolean;
}

/** One element at each point: its index along the axis, and its weight. */
interface Tap {
  readonly index: Tensor;
  readonly weight: Tensor;
}

// Converts points to positions along the axis; element i has its centre at i.
function place(point: Tensor, { size, alignCorners }: Axis): Tensor {
  return alignCorners
    ? point.add(1).mul((size - 1) / 2)
    : point.add(1).mul(size).sub(1).div(2);
}

// Folds positions beyond the axis back onto it.
function fold(at: Tensor, { size, padding, alignCorners }: Axis): Tensor {
  if (padding === "zeros") return at;
  if (padding === "border") return clip(at, size);
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? size - 1 : size;
  if (span === 0) return at.mul(0);
  const distance = at.sub(low).abs();
  const flips = distance.detach().div(span).floor();
  const odd = flips.remainder(2);
  const rest = distance.sub(flips.mul(span));
  const back = rest.mul(odd.mul(-2).add(1)).add(odd.mul(span)).add(low);
  return clip(back, size);
}

// Clamps positions to the axis. Positions exactly on the first or last element get
// no gradient either, as in torch.
function clip(at: Tensor, size: number): Tensor {
  const clipped = at.detach().clamp(0, size - 1);
  if (!at.requiresGrad) return clipped;
  return at.where(at.gt(0).logicalAnd(at.lt(size - 1)), clipped);
}

// Returns a tap; an index beyond the axis gets weight 0.
function tapOf(at: Tensor, weight: Tensor, { size }: Axis): Tap {
  const whole = at.detach();
  const isInside = whole.ge(0).logicalAnd(whole.lt(size));
  return {
    index: whole.clamp(0, size - 1).to("int32"),
    weight: weight.where(isInside, 0),
  };
}

/** Returns the weights of elements -1, 0, 1 and 2 (Keys 1981, a = -3/4). */
function cubics(t: Tensor): Tensor[] {
  const a = -0.75;
  const near = (d: Tensor): Tensor =>
    d.mul(a + 2).sub(a + 3).mul(d).mul(d).add(1);
  const far = (d: Tensor): Tensor =>
    d.mul(a).sub(5 * a).mul(d).add(8 * a).mul(d).sub(4 * a);
  const rest = t.neg().add(1);
  return [far(t.add(1)), near(t), near(rest), far(rest.add(1))];
}

const TAPS: Readonly<
  Record<GridSampleMode, (point: Tensor, axis: Axis) => Tap[]>
> = {
  bilinear(point, axis) {
    const at = fold(place(point, axis), axis);
    const first = at.detach().floor();
    const share = at.sub(first);
    return [
      tapOf(first, share.neg().add(1), axis),
      tapOf(first.add(1), share, axis),
    ];
  },
  nearest(point, axis) {
    const nearest = fold(place(point, axis), axis).round();
    // 1, with a gradient of zeros rather than none
    return [tapOf(nearest, nearest.sub(nearest.detach()).add(1), axis)];
  },
  bicubic(point, axis) {
    const at = place(point, axis);
    const first = at.detach().floor();
    return cubics(at.sub(first)).map((weight, i) =>
      tapOf(fold(first.add(i - 1), axis), weight, axis)
    );
  },
};

/**
 * Samples `x` at the points of `grid`, whose last dim holds (x, y). -1 and 1 are
 * the image's edges: left and right, top and bottom.
 *
 * Shapes: x [N, C, H, W], grid [N, H', W', 2] to [N, C, H', W'].
 *
 * Source: torch.nn.functional.grid_sample, for images; Jaderberg et al. 2015,
 * arXiv:1506.02025.
 *
 * @throws {TypeError} If `x` or `grid` has the wrong type or shape
 * @throws {RangeError} If a mode is unknown, or the images have no elements
 *
 * @example The centre of four pixels is their mean
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const y = F.gridSample(tensor([[[[1, 2], [3, 4]]]]), tensor([[[[0, 0]]]]));
 * assertEquals(await y.data(), new Float32Array([2.5]));
 * ```
 */
export function gridSample(
  x: Tensor,
  grid: Tensor,
  options: GridSampleOptions = {},
): Tensor {
  const { mode = "bilinear", paddingMode = "zeros", alignCorners = false } =
    checkOptionNames("gridSample", options, [
      "mode",
      "paddingMode",
      "alignCorners",
    ]);
  checkChoice("gridSample", "mode", mode, TAPS);
  checkChoice("gridSample", "paddingMode", paddingMode, [
    "zeros",
    "border",
    "reflection",
  ]);
  check(x, grid);
  const [N, C, H, W] = x.shape;
  const [, outH, outW] = grid.shape;
  const P = outH! * outW!;
  const points = grid.to("float32").reshape([N!, 1, P, 2]);
  const axis = (size: number): Axis => ({
    size,
    padding: paddingMode,
    alignCorners,
  });
  const columns = TAPS[mode](points.select(-1, 0), axis(W!));
  const rows = TAPS[mode](points.select(-1, 1), axis(H!));
  const flat = x.to("float32").reshape([N!, C!, H! * W!]);
  const parts = rows.flatMap((row) =>
    columns.map((column) => {
      const at = row.index.mul(W!).add(column.index).expand([N!, C!, P]);
      return gather(flat, 2, at).mul(row.weight.mul(column.weight));
    })
  );
  return parts.reduce((sum, part) => sum.add(part))
    .reshape([N!, C!, outH!, outW!]).to(x.dtype);
}

function check(x: Tensor, grid: Tensor): void {
  const what = `Cannot gridSample ${x.describe()} at ${grid.describe()}`;
  if (x.ndim !== 4 || !isFloat(x.dtype) || !isFloat(grid.dtype)) {
    throw new TypeError(
      `${what}: expected floats of shape [N, C, H, W] and [N, H', W', 2]`,
    );
  }
  if (grid.ndim !== 4 || grid.shape[0] !== x.shape[0] || grid.shape[3] !== 2) {
    throw new TypeError(
      `${what}: expected a grid of shape [${x.shape[0]}, H', W', 2], got ` +
        formatShape(grid.shape),
    );
  }
  if (x.shape[2] === 0 || x.shape[3] === 0) {
    throw new RangeError(`${what}: the images have no elements`);
  }
}
