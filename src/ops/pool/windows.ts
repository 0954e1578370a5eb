/**
 * Windows of pooling, and the checks and parameters that every pooling op
 * shares. Sizes count elements.
 *
 * @module
 */

import { type Loop, loop, mostIterations } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Pair, pairOf, spread } from "../per_dim.ts";

import windowsLib from "../../../shaders/lib/windows.wgsl" with {
  type: "text",
};

/** Number of windows, or null (or undefined) for as many as elements. */
export type Outputs = number | null | undefined;

/** Number of windows along both rows and columns, or [rows, columns]. */
export type OutputPair =
  | number
  | null
  | readonly [Outputs]
  | readonly [Outputs, Outputs];

/** Windows along one axis, as in shaders/lib/windows.wgsl. */
export interface Axis {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
}

/** All windows of an image. */
export interface Windows {
  /** Shape of the input: [C, H, W] or [N, C, H, W]. */
  readonly shape: Shape;
  /** Shape of the output. */
  readonly outShape: Shape;
  /** Images of one channel in the input. */
  readonly planes: number;
  readonly h: Axis;
  readonly w: Axis;
  /** Whether windows divide the image evenly, as in adaptive pooling. */
  readonly adaptive: boolean;
}

/** Places of windows of a fixed size. */
export interface WindowOptions {
  /** Step from one window to the next. Default: the kernel's size. */
  readonly stride?: Pair;
  /** Rows and columns added on each side, up to half a kernel. Default: 0. */
  readonly padding?: Pair;
  /** Whether a last window may reach beyond the image. Default: false. */
  readonly ceilMode?: boolean;
}

/** Returns the windows of the first `count` images, or channels of one image. */
export function windowsOfFirst(windows: Windows, count: number): Windows {
  const { shape, outShape, planes } = windows;
  return {
    ...windows,
    shape: shape.with(0, count),
    outShape: outShape.with(0, count),
    planes: planes / shape[0]! * count,
  };
}

/**
 * Returns the windows of `kernelSize` over an image.
 *
 * @throws {TypeError} If `x` is not an image of floats
 * @throws {RangeError} If a size is out of range, or no window fits
 */
export function fixedWindows(
  op: string,
  x: Tensor,
  kernelSize: Pair,
  { stride = kernelSize, padding = 0, ceilMode = false }: WindowOptions,
  dilation: Pair = 1,
): Windows {
  checkImage(op, x);
  const kernels = pairOf(op, "kernelSize", kernelSize, 1);
  const strides = pairOf(op, "stride", stride, 1);
  const pads = pairOf(op, "padding", padding, 0);
  const dilations = pairOf(op, "dilation", dilation, 1);
  const axes = x.shape.slice(-2).map((size, i): Axis => {
    const [kernel, step] = [kernels[i]!, strides[i]!];
    const [pad, apart] = [pads[i]!, dilations[i]!];
    if (pad > kernel / 2) {
      throw new RangeError(
        `Cannot ${op} with a padding of ${pad}: ` +
          `expected at most half the kernel size ${kernel}`,
      );
    }
    const room = size + 2 * pad - apart * (kernel - 1) - 1;
    let out = Math.floor((room + (ceilMode ? step - 1 : 0)) / step) + 1;
    // a window must not begin in the padding after the image
    if (ceilMode && (out - 1) * step >= size + pad) out--;
    return { size, out, kernel, stride: step, pad, dilation: apart };
  });
  const [h, w] = asPair(axes);
  if (h.out < 1 || w.out < 1) {
    throw new RangeError(
      `Cannot ${op} ${formatShape(x.shape)} with a kernel of ` +
        `${formatShape(kernels)}: the output would have shape ` +
        formatShape([...x.shape.slice(0, -2), h.out, w.out]),
    );
  }
  return windowsOf(x.shape, h, w, false);
}

/**
 * Returns the [rows, columns] of windows that `outputSize` says for an image.
 *
 * @throws {TypeError} If `x` is not an image of floats
 * @throws {RangeError} If a size is not an integer of at least 0
 */
export function outputSizes(
  op: string,
  x: Tensor,
  outputSize: OutputPair,
): readonly [number, number] {
  checkImage(op, x, true);
  if (outputSize === undefined) {
    throw new TypeError(`Cannot ${op} ${x.describe()} without an outputSize`);
  }
  const outputs = spread<Outputs>(op, "outputSize", outputSize, 2);
  const sizes = x.shape.slice(-2).map((size, i) => outputs[i] ?? size);
  return pairOf(op, "outputSize", sizes, 0);
}

/**
 * Returns as many windows as `sizes` says, at least one. Window i goes from
 * floor(i * in / out) up to ceil((i + 1) * in / out).
 *
 * @throws {TypeError} If `x` is not an image of floats, or has no elements
 */
export function adaptiveWindows(
  op: string,
  x: Tensor,
  sizes: readonly [number, number],
): Windows {
  checkImage(op, x);
  const axes = x.shape.slice(-2).map((size, i): Axis => {
    const out = sizes[i]!;
    const kernel = Math.ceil(size / out) + (size % out === 0 ? 0 : 1);
    return { size, out, kernel, stride: 1, pad: 0, dilation: 1 };
  });
  const [h, w] = asPair(axes);
  // windows that divide the axes without a remainder have a fixed size
  const isFixed = axes.every(({ size, out }) => size % out === 0);
  const fixed = (axis: Axis): Axis => ({ ...axis, stride: axis.kernel });
  return isFixed
    ? windowsOf(x.shape, fixed(h), fixed(w), false)
    : windowsOf(x.shape, h, w, true);
}

function windowsOf(shape: Shape, h: Axis, w: Axis, adaptive: boolean): Windows {
  const outer = shape.slice(0, -2);
  return {
    shape,
    outShape: [...outer, h.out, w.out],
    planes: sizeOf(outer),
    h,
    w,
    adaptive,
  };
}

// An image has two axes, but the type of map() does not say so.
function asPair([h, w]: readonly Axis[]): readonly [Axis, Axis] {
  return [h!, w!];
}

function checkImage(op: string, x: Tensor, mayBeEmpty = false): void {
  const hasSizes = mayBeEmpty || x.shape.slice(1).every((length) => length > 0);
  if ((x.ndim !== 3 && x.ndim !== 4) || !hasSizes || !isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot ${op} ${x.describe()}: ` +
        `expected floats of shape [C, H, W] or [N, C, H, W]`,
    );
  }
}

/** Returns an axis on which each element is a window. */
function trivialAxis(size: number): Axis {
  return { size, out: size, kernel: 1, stride: 1, pad: 0, dilation: 1 };
}

/**
 * Splits windows into two steps: first along rows, each seen as an image of one
 * column, then along columns. The input of a step has the shape of its windows.
 */
export function separated(
  { planes, h, w, adaptive }: Windows,
): readonly [rows: Windows, columns: Windows] {
  const lines = [planes * h.size, w.size, 1];
  return [
    windowsOf(lines, w, trivialAxis(1), adaptive),
    windowsOf([planes, h.size, w.out], h, trivialAxis(w.out), adaptive),
  ];
}

/** Returns the most windows over any one element of an axis. */
export function mostOver(
  { size, out, kernel, stride, dilation }: Axis,
  adaptive: boolean,
): number {
  const most = adaptive
    ? Math.ceil(out / size) + 1
    : Math.floor((kernel - 1) * dilation / stride) + 1;
  return Math.min(out, most);
}

/** Rows of taps, or of windows, that one dispatch takes. */
export interface RowRange {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  /** Loop over these rows. */
  readonly loop: Loop;
}

/**
 * Splits the rows of a window (or the rows of windows over an element) into
 * dispatches. An invocation loops `row` for each, `times` over.
 */
export function rowRanges(
  count: number,
  row: Loop,
  times = 1,
): readonly RowRange[] {
  // each of `times` costs a pass, and two passes end both loops
  const most = Math.max(
    1,
    Math.floor(mostIterations([row], 4 * times) / times),
  );
  return Array.from(
    { length: Math.max(1, Math.ceil(count / most)) },
    (_, i) => {
      const rows = Math.min(most, count - i * most);
      const first = i * most;
      return { first, end: first + rows, loop: loop(rows, row) };
    },
  );
}

/** Returns the constants of shaders/lib/windows.wgsl. */
export function windowConsts({ h, w, adaptive }: Windows): {
  readonly ADAPTIVE: boolean;
  readonly DILATED: boolean;
} {
  return { ADAPTIVE: adaptive, DILATED: h.dilation * w.dilation > 1 };
}

/** Parameters of a pooling kernel besides its windows. */
export interface PoolSizes {
  /** Elements of the output, or its rows. */
  readonly size: number;
  /** Quads of a row of the output. */
  readonly quads?: number;
  /** Offset of the input. */
  readonly offset: number;
  /** Codes of a row of windows. */
  readonly codeRow?: number;
  /** Whether the padding of a mean counts, as zeros. */
  readonly countsPad?: boolean;
  /** Divisor of the sums, or 0 for the count of each window. */
  readonly divisor?: number;
  /** Rows of taps, or of windows, of this dispatch. Default: all. */
  readonly range?: Pick<RowRange, "first" | "end">;
}

const ALL_ROWS = { first: 0, end: 2 ** 31 - 1 };

/** Packs the uniform of the kernels that use shaders/lib/windows.wgsl. */
export function windowParams(
  { h, w }: Windows,
  {
    size,
    quads = 0,
    offset,
    codeRow = 0,
    countsPad = false,
    divisor = 0,
    range = ALL_ROWS,
  }: PoolSizes,
): number[] {
  return pack(windowsLib, {
    size,
    quads,
    offset,
    codeRow,
    countsPad: Number(countsPad),
    divisor,
    first: range.first,
    end: range.end,
    h: axisWords(h),
    w: axisWords(w),
  });
}

function axisWords(axis: Axis): number[] {
  const { size, out, kernel, stride, pad, dilation } = axis;
  return [size, out, kernel, stride, pad, dilation];
}
