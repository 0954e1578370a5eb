/**
 * Windows of pooling: which of them there are, and the checks and parameters
 * that every pooling op shares. Sizes count elements; nothing is computed here.
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

/** A number of windows, or null (or undefined) for as many as elements. */
export type Outputs = number | null | undefined;

/** Windows of rows and columns alike, or [rows, columns]. */
export type OutputPair =
  | number
  | null
  | readonly [Outputs]
  | readonly [Outputs, Outputs];

/** The windows along one axis, as shaders/lib/windows.wgsl has them. */
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
  /** Whether windows share the image out evenly. */
  readonly adaptive: boolean;
}

/** What says where windows of a fixed size lie. */
export interface WindowOptions {
  /** From one window to the next. Default: the kernel's size. */
  readonly stride?: Pair;
  /** Rows and columns added on each side: half a kernel at most. Default: 0. */
  readonly padding?: Pair;
  /** Whether a last window that begins inside is taken. Default: false. */
  readonly ceilMode?: boolean;
}

/** The windows of the first `count` images, or channels of a single image. */
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
 * The windows of `kernelSize` over an image.
 *
 * @throws {TypeError} If `x` is no image of floats
 * @throws {RangeError} If a size is not what it may be, or no window fits
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
          `half the kernel size ${kernel} at most`,
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
 * [rows, columns] of an image in as many windows as `outputSize` says.
 *
 * @throws {TypeError} If `x` is no image of floats
 * @throws {RangeError} If a size is no integer from 0 up
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
  const given = spread<Outputs>(op, "outputSize", outputSize, 2);
  const sizes = x.shape.slice(-2).map((size, i) => given[i] ?? size);
  return pairOf(op, "outputSize", sizes, 0);
}

/**
 * As many windows as `sizes` says, one at least, from floor(i * in / out) up to
 * ceil((i + 1) * in / out).
 *
 * @throws {TypeError} If `x` is no image of floats, or has no elements
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
  // windows that share the axes out without a rest are those of a fixed size
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

// An image has two axes; map does not tell.
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

/** An axis whose elements are windows of their own. */
function trivialAxis(size: number): Axis {
  return { size, out: size, kernel: 1, stride: 1, pad: 0, dilation: 1 };
}

/**
 * The same windows in two steps: first along rows, each of which is seen as an
 * image of one column, then along columns. An image of such a step has the shape
 * `windows.shape`.
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

/** Windows over one element of an axis, the most of any. */
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
  /** The loop over these rows. */
  readonly loop: Loop;
}

/**
 * The rows of a window (or the rows of windows over an element), each with a loop,
 * by so many dispatches that an invocation can do `times` of them.
 */
export function rowRanges(
  count: number,
  row: Loop,
  times = 1,
): readonly RowRange[] {
  // each time a pass, and two to end both loops
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

/** What is prepended to shaders/lib/windows.wgsl. */
export function windowConsts({ h, w, adaptive }: Windows): {
  readonly ADAPTIVE: boolean;
  readonly DILATED: boolean;
} {
  return { ADAPTIVE: adaptive, DILATED: h.dilation * w.dilation > 1 };
}

/** What a pooling kernel is told beside its windows. */
export interface PoolSizes {
  /** Elements that are written, or rows of them. */
  readonly size: number;
  /** Quads of such a row. */
  readonly quads?: number;
  /** Where what is read begins. */
  readonly offset: number;
  /** Codes of a row of windows. */
  readonly codeRow?: number;
  /** Whether the padding of a mean counts, as zeros. */
  readonly countsPad?: boolean;
  /** What sums are divided by, or 0 for the count of each window. */
  readonly divisor?: number;
  /** The rows of taps, or of windows, that are taken; all by default. */
  readonly range?: Pick<RowRange, "first" | "end">;
}

const ALL_ROWS = { first: 0, end: 2 ** 31 - 1 };

/** The uniform of the kernels that use shaders/lib/windows.wgsl. */
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
