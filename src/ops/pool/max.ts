/**
 * Max pooling: the maxima of windows, and the gradients of their elements.
 *
 * Forward also writes the tap of each maximum: a byte if windows have up to 256
 * taps. Backward reads these codes and adds up in a fixed order. Most windows
 * go by lines (lines.ts). Adjacent windows of 2x2 have kernels of their own.
 * Windows too large for an invocation (see NOTE [loops]) are pooled along rows,
 * then along columns.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../../gpu/device.ts";
import { MAX_LOOPS } from "../../gpu/plan.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Op } from "../define.ts";
import { gather } from "../index/index.ts";
import type { Axis } from "../launch/launch.ts";
import {
  aligned,
  anyLoops,
  gradRowsLoops,
  type MaxPoolGradKernel,
  type MaxPoolKernel,
  planMaxPool,
  planMaxPoolGrad,
  planPick,
} from "./max_kernels.ts";
import { goesBackByLines, goesByLines } from "./lines.ts";
import { type Pair, perDim, type Single } from "../per_dim.ts";
import { poolSignal, type SignalOptions } from "./signals.ts";
import {
  adaptiveWindows,
  fixedWindows,
  type OutputPair,
  outputSizes,
  separated,
  type WindowOptions,
  type Windows,
  windowsOfFirst,
} from "./windows.ts";
import { emptied } from "../movement/slicing.ts";

/** Options of max pooling. */
export interface MaxPoolOptions extends WindowOptions {
  /** Step from one tap of a window to the next. Default: 1. */
  readonly dilation?: Pair;
  /** Whether to also return the indices of the maxima. Default: false. */
  readonly returnIndices?: boolean;
}

const OPTIONS = [
  "stride",
  "padding",
  "dilation",
  "ceilMode",
  "returnIndices",
] as const satisfies readonly (keyof MaxPoolOptions)[];

/** Most taps of a window whose numbers fit a byte. */
const BYTE = 256;

/** Kernels of the maxima and of their gradient. */
export interface MaxPoolChoice {
  readonly forward: MaxPoolKernel;
  readonly backward: MaxPoolGradKernel;
}

/** Returns the kernels for windows. */
export function chooseMaxPool(
  windows: Windows,
  kind: AdapterClass,
): MaxPoolChoice {
  const { h, w, adaptive } = windows;
  const isSimple = !adaptive && w.size % 4 === 0 &&
    [h, w].every((axis) =>
      axis.kernel === 2 && axis.stride === 2 && axis.pad === 0 &&
      axis.dilation === 1 && axis.out === Math.floor(axis.size / 2)
    );
  const others = kind === "cpu" && gradRowsLoops(windows) <= MAX_LOOPS
    ? "rows"
    : "any";
  return {
    forward: isSimple ? "2x2" : goesByLines(windows) ? "lines" : "any",
    backward: isSimple && h.size % 2 === 0
      ? "2x2"
      : goesBackByLines(windows)
      ? "lines"
      : others,
  };
}

function choose(windows: Windows): MaxPoolChoice {
  return chooseMaxPool(windows, adapterClass());
}

/** Returns the elements of a row of codes: whole quads if forward goes by lines. */
function codeRow(windows: Windows): number {
  const { out } = windows.w;
  return choose(windows).forward === "lines" ? 4 * Math.ceil(out / 4) : out;
}

function codeType({ h, w }: Windows): DType {
  return h.kernel * w.kernel <= BYTE ? "uint8" : "int32";
}

// Returns the axis of images, or of the channels of one. Operand `codes` has
// a row of dim 0 for each row of windows.
function imagesAxis(
  operands: number,
  codes: number,
  { shape, planes, h }: Windows,
): Axis<Windows> {
  const strides = new Array<number>(operands).fill(1);
  strides[codes] = planes / shape[0]! * h.out;
  return {
    dims: strides.map(() => 0),
    strides,
    cut: (part) => {
      const i = codes === 0 ? 1 : 0;
      const { shape: [count] } = [...part.inputs, ...part.outputs][i]!;
      return { ...part, params: windowsOfFirst(part.params, count!) };
    },
  };
}

// x -> (maxima, the taps they came from)
const maxPoolOp = defineOp<Windows>({
  name: "maxPool2d",
  shape: (_, windows) => [
    { shape: windows.outShape, dtype: "float32" },
    {
      shape: [windows.planes * windows.h.out, codeRow(windows)],
      dtype: codeType(windows),
    },
  ],
  kernel: ([x], [y, codes], windows) =>
    planMaxPool(choose(windows).forward, { x: aligned(x), y, codes }, windows),
  axes: (_, windows) => [imagesAxis(3, 2, windows)],
  save: (_, [, codes]) => [codes],
  grad: (dy, { saved, params }) => [maxPoolGradOp([dy, saved[0]], params)[0]],
});

// (dy, taps) -> dx. Linear in dy: its own gradient is a pick.
const maxPoolGradOp: Op<Windows> = defineOp<Windows>({
  name: "maxPool2dGrad",
  shape: (_, { shape }) => ({ shape, dtype: "float32" }),
  kernel: ([dy, codes], [dx], windows) =>
    planMaxPoolGrad(
      choose(windows).backward,
      { dy: aligned(dy), codes, dx },
      windows,
    ),
  axes: (_, windows) => [imagesAxis(3, 1, windows)],
  save: ([, codes]) => [codes],
  grad: (ddx, { saved: [codes], params }) => [pickOp([codes, ddx], params)[0]],
});

// (taps, x) -> x at the taps.
const pickOp: Op<Windows> = defineOp<Windows>({
  name: "maxPool2dPick",
  shape: (_, { outShape }) => ({ shape: outShape, dtype: "float32" }),
  kernel: ([codes, x], [y], windows) =>
    planPick({ codes, x: x.contiguous(), out: y }, windows),
  axes: (_, windows) => [imagesAxis(3, 0, windows)],
  save: ([codes]) => [codes],
  grad: (dy, { saved: [codes], params }) => [
    undefined,
    maxPoolGradOp([dy, codes], params)[0],
  ],
});

// taps -> indices in a plane of x
const indicesOp = defineOp<Windows>({
  name: "maxPool2dIndices",
  shape: (_, { outShape }) => ({ shape: outShape, dtype: "int32" }),
  kernel: ([codes], [indices], windows) =>
    planPick({ codes, out: indices }, windows),
  axes: (_, windows) => [imagesAxis(2, 0, windows)],
});

function pool(
  x: Tensor,
  windows: Windows,
  returnIndices = false,
): Tensor | [y: Tensor, indices: Tensor] {
  const [maxima, indices] = maximaOf(x.to("float32"), windows, returnIndices);
  const y = maxima.to(x.dtype);
  return indices ? [y, indices] : y;
}

type Maxima = readonly [y: Tensor, indices?: Tensor];

function maximaOf(
  x: Tensor,
  windows: Windows,
  returnIndices: boolean,
): Maxima {
  if (isLong(windows)) return separateMaxima(x, windows, returnIndices);
  const [y, codes] = maxPoolOp([x], windows);
  return returnIndices ? [y, indicesOp([codes], windows)[0]] : [y];
}

// Kernels split windows of one column into row ranges, so these are never long.
function isLong(windows: Windows): boolean {
  const { forward, backward } = choose(windows);
  return windows.w.kernel > 1 && (forward === "any" || backward === "any") &&
    anyLoops(windows) > MAX_LOOPS;
}

// Rows, then columns find the same as whole windows: a window's first maximum (or
// last NaN) lies in the first (or last) row that has one.
function separateMaxima(
  x: Tensor,
  windows: Windows,
  returnIndices: boolean,
): Maxima {
  const { planes, outShape, h, w } = windows;
  const [rows, columns] = separated(windows);
  const [ofRows, inRows] = maximaOf(
    x.reshape(rows.shape),
    rows,
    returnIndices,
  );
  const [y, inColumns] = maximaOf(
    ofRows.reshape(columns.shape),
    columns,
    returnIndices,
  );
  if (!inRows || !inColumns) return [y.reshape(outShape)];
  const at = inColumns.reshape([planes, h.out * w.out]);
  const column = gather(inRows.reshape([planes, h.size * w.out]), 1, at);
  const indices = at.floorDivide(w.out).mul(w.size).add(column);
  return [y.reshape(outShape), indices.reshape(outShape)];
}

/**
 * Returns the maximum of each window of an image, and with `returnIndices` its
 * index: row * W + column in int32.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] to the same with
 * H' = floor((H + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1,
 * or ceil with `ceilMode`, and W' likewise. NaN counts as larger than all
 * numbers. The first of equal maxima gets the gradient.
 *
 * Source: torch.nn.functional.max_pool2d.
 *
 * @throws {TypeError} If `x` is not an image of floats
 * @throws {RangeError} If a size is out of range, or no window fits
 */
export function maxPool2d(
  x: Tensor,
  kernelSize: Pair,
  options: MaxPoolOptions & { readonly returnIndices: true },
): [y: Tensor, indices: Tensor];
/** Returns the maximum of each window of an image. */
export function maxPool2d(
  x: Tensor,
  kernelSize: Pair,
  options?: MaxPoolOptions,
): Tensor;
export function maxPool2d(
  x: Tensor,
  kernelSize: Pair,
  options: MaxPoolOptions = {},
): Tensor | [y: Tensor, indices: Tensor] {
  checkOptionNames("maxPool2d", options, OPTIONS);
  const { dilation } = options;
  const windows = fixedWindows("maxPool2d", x, kernelSize, options, dilation);
  return pool(x, windows, options.returnIndices);
}

/** Options of max pooling of signals. */
export interface MaxPool1dOptions extends SignalOptions {
  /** Step from one tap of a window to the next. Default: 1. */
  readonly dilation?: Single;
}

/**
 * Returns the maximum of each window of a signal: x [N, C, L] or [C, L].
 *
 * Source: torch.nn.functional.max_pool1d.
 *
 * @throws {TypeError} If `x` is not a signal of floats
 * @throws {RangeError} If a size is out of range, or no window fits
 */
export function maxPool1d(
  x: Tensor,
  kernelSize: Single,
  options: MaxPool1dOptions = {},
): Tensor {
  const { dilation = 1, ...signal } = checkOptionNames("maxPool1d", options, [
    "stride",
    "padding",
    "ceilMode",
    "dilation",
  ]);
  return poolSignal(
    "maxPool1d",
    x,
    kernelSize,
    signal,
    (image, kernel, row) =>
      maxPool2d(image, kernel, {
        ...row,
        dilation: [1, perDim("maxPool1d", "dilation", dilation, 1, 1)[0]!],
      }),
  );
}

/**
 * Returns the maxima of as many windows as `outputSize` says, and with
 * `returnIndices` their indices. null keeps a size. Window i goes from
 * floor(i * in / out) up to ceil((i + 1) * in / out).
 *
 * Source: torch.nn.functional.adaptive_max_pool2d.
 *
 * @throws {TypeError} If `x` is not an image of floats
 * @throws {RangeError} If a size is not an integer of at least 0
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputPair,
  options: { readonly returnIndices: true },
): [y: Tensor, indices: Tensor];
/** Returns the maxima of as many windows as `outputSize` says. */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputPair,
  options?: { readonly returnIndices?: boolean },
): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputPair,
  options: { readonly returnIndices?: boolean } = {},
): Tensor | [y: Tensor, indices: Tensor] {
  const { returnIndices = false } = checkOptionNames(
    "adaptiveMaxPool2d",
    options,
    ["returnIndices"],
  );
  const sizes = outputSizes("adaptiveMaxPool2d", x, outputSize);
  if (sizes.includes(0)) {
    const y = emptied(x, [...x.shape.slice(0, -2), ...sizes]);
    return returnIndices ? [y, y.to("int32")] : y;
  }
  const windows = adaptiveWindows("adaptiveMaxPool2d", x, sizes);
  return pool(x, windows, returnIndices);
}
