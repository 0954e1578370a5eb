/**
 * Average pooling: the means of windows. Both kernels are linear maps, each the
 * gradient of the other. Windows too large for an invocation (see NOTE [loops])
 * are averaged along rows, then along columns.
 *
 * @module
 */

import { type Loop, loop, passesOf } from "../../gpu/loops.ts";
import { foldGroups, MAX_LOOPS, type Plan } from "../../gpu/plan.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Op } from "../define.ts";
import { map } from "../elementwise/elementwise.ts";
import type { Axis } from "../launch/launch.ts";
import {
  backwardLines,
  declareLines,
  forwardLines,
  goesBackByLines,
  goesByLines,
  putLines,
} from "./lines.ts";
import { type Pair, pairOf, type Single, spread } from "../per_dim.ts";
import { asImage, poolSignal, type SignalOptions } from "./signals.ts";
import {
  adaptiveWindows,
  fixedWindows,
  mostOver,
  type OutputPair,
  type Outputs,
  outputSizes,
  rowRanges,
  separated,
  windowConsts,
  type WindowOptions,
  windowParams,
  type Windows,
  windowsOfFirst,
} from "./windows.ts";
import { emptied } from "../movement/slicing.ts";
import { inFloat32 } from "../map/wide.ts";

import meansLib from "../../../shaders/lib/window_means.wgsl" with {
  type: "text",
};
import windowsLib from "../../../shaders/lib/windows.wgsl" with {
  type: "text",
};
import avgSource from "../../../shaders/pool/avg.wgsl" with { type: "text" };
import avgLinesSource from "../../../shaders/pool/avg_lines.wgsl" with {
  type: "text",
};
import avgLinesGradSource from "../../../shaders/pool/avg_lines_grad.wgsl" with {
  type: "text",
};
import avgGradSource from "../../../shaders/pool/avg_grad.wgsl" with {
  type: "text",
};

/** Options of average pooling. */
export interface AvgPoolOptions extends WindowOptions {
  /** Whether the padding counts, as zeros. Default: true. */
  readonly countIncludePad?: boolean;
  /** Divisor of the sums, in place of the number of elements that count. */
  readonly divisorOverride?: number;
}

/** Names of the options of `avgPool2d`. */
export const AVG_POOL_OPTIONS = [
  "stride",
  "padding",
  "ceilMode",
  "countIncludePad",
  "divisorOverride",
];

interface AvgParams {
  readonly windows: Windows;
  readonly countsPad: boolean;
  /** Divisor of the sums, or 0 for the count of each window. */
  readonly divisor: number;
}

const GROUP = 64;

/** Replaces lib/window_means.wgsl if all windows have the same count. */
const DIVISOR =
  "fn divisor(row: u32, column: u32) -> f32 { return params.divisor; }\n";

// Whether the number of elements that count differs between windows.
function countsDiffer({ windows, countsPad, divisor }: AvgParams): boolean {
  if (divisor !== 0) return false;
  return [windows.h, windows.w].some(({ size, out, kernel, stride, pad }) =>
    (pad > 0 && !countsPad) || (out - 1) * stride + kernel > size + 2 * pad
  );
}

function planAvg(
  name: "avg_pool" | "avg_pool_grad",
  input: Tensor,
  output: Tensor,
  params: AvgParams,
): Plan | Plan[] {
  const { windows, countsPad, divisor } = params;
  const isForward = name === "avg_pool";
  const { offset } = input.layout;
  const buffers = [input.storage, output.storage];
  if (isForward ? goesByLines(windows) : goesBackByLines(windows)) {
    const { consts, header, sizes, groups, loops } = isForward
      ? forwardLines(input, windows, "0.0")
      : backwardLines(windows);
    const put = isForward
      ? putLines(buffers, "y", windows.w.out)
      : putLines(buffers, "dx", windows.w.size);
    const differ = countsDiffer(params);
    const taps = windows.h.kernel * windows.w.kernel;
    return {
      name: `${name}_lines`,
      source: isForward ? avgLinesSource : avgLinesGradSource,
      consts,
      ...put,
      header: header + put.header +
        (isForward ? "" : declareLines("dx", 1, windows.w.size)) +
        "@group(0) @binding(2) var<uniform> params: Params;\n" +
        (differ ? meansLib : DIVISOR),
      buffers,
      params: windowParams(windows, {
        ...sizes,
        offset,
        countsPad,
        divisor: divisor || (differ ? 0 : taps),
      }),
      groups,
      loops,
    };
  }
  const { count, each } = isForward ? tapRows(windows) : windowRows(windows);
  return rowRanges(count, each).map((range) => ({
    name,
    source: isForward ? avgSource : avgGradSource,
    consts: windowConsts(windows),
    header: windowsLib + meansLib,
    buffers,
    params: windowParams(windows, {
      size: output.size,
      offset,
      countsPad,
      divisor,
      range,
    }),
    groups: foldGroups(Math.ceil(output.size / GROUP)),
    loops: passesOf(range.loop),
  }));
}

// Returns the rows of a window, and the loop over the taps of a row.
function tapRows({ h, w }: Windows): Rows {
  return { count: h.kernel, each: loop(w.kernel) };
}

// Returns the rows of windows over an element, and the loop of a row.
function windowRows({ h, w, adaptive }: Windows): Rows {
  return { count: mostOver(h, adaptive), each: loop(mostOver(w, adaptive)) };
}

interface Rows {
  readonly count: number;
  readonly each: Loop;
}

// Kernels split windows of one column into row ranges, so these are never long.
function isLong(windows: Windows): boolean {
  const rows = [
    ...(goesByLines(windows) ? [] : [tapRows(windows)]),
    ...(goesBackByLines(windows) ? [] : [windowRows(windows)]),
  ];
  return windows.w.kernel > 1 &&
    rows.some(({ count, each }) => passesOf(loop(count, each)) > MAX_LOOPS);
}

// A long window takes the mean of its rows' means: its count is that of its rows
// times that of its columns. With one divisor for all, rows are summed.
function meansOf(x: Tensor, params: AvgParams): Tensor {
  const { windows, divisor } = params;
  if (!isLong(windows)) return avgPoolOp([x], params)[0];
  const [rows, columns] = separated(windows);
  const ofRows = meansOf(x.reshape(rows.shape), {
    ...params,
    windows: rows,
    divisor: divisor && 1,
  });
  return meansOf(ofRows.reshape(columns.shape), {
    ...params,
    windows: columns,
  }).reshape(windows.outShape);
}

const IMAGES: Axis<AvgParams> = {
  dims: [0, 0],
  cut: (part) => {
    const { inputs: [{ shape: [count] }], params } = part;
    const windows = windowsOfFirst(params.windows, count!);
    return { ...part, params: { ...params, windows } };
  },
};

const avgPoolOp: Op<AvgParams> = defineOp<AvgParams>({
  name: "avgPool2d",
  shape: (_, { windows }) => ({ shape: windows.outShape, dtype: "float32" }),
  kernel: ([x], [y], params) => planAvg("avg_pool", x.contiguous(), y, params),
  axes: () => [IMAGES],
  grad: (dy, { params }) => [avgPoolGradOp([dy], params)[0]],
});

const avgPoolGradOp: Op<AvgParams> = defineOp<AvgParams>({
  name: "avgPool2dGrad",
  shape: (_, { windows }) => ({ shape: windows.shape, dtype: "float32" }),
  kernel: ([dy], [dx], params) =>
    planAvg("avg_pool_grad", dy.contiguous(), dx, params),
  axes: () => [IMAGES],
  grad: (ddx, { params }) => [avgPoolOp([ddx], params)[0]],
});

/**
 * Returns the mean of each window of an image.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] to the same with
 * H' = floor((H + 2 * padding - kernelSize) / stride) + 1, or ceil with
 * `ceilMode`, and W' likewise.
 *
 * Source: torch.nn.functional.avg_pool2d.
 *
 * @throws {TypeError} If `x` is not an image of floats
 * @throws {RangeError} If a size is out of range, or no window fits
 */
export function avgPool2d(
  x: Tensor,
  kernelSize: Pair,
  options: AvgPoolOptions = {},
): Tensor {
  const { countIncludePad = true, divisorOverride } = checkOptionNames(
    "avgPool2d",
    options,
    AVG_POOL_OPTIONS,
  );
  const windows = fixedWindows("avgPool2d", x, kernelSize, options);
  if (divisorOverride === 0) {
    throw new RangeError(
      "Cannot avgPool2d with a divisorOverride of 0: expected another number",
    );
  }
  const params = {
    windows,
    countsPad: countIncludePad,
    divisor: divisorOverride ?? 0,
  };
  return meansOf(x.to("float32"), params).to(x.dtype);
}

/** Options of average pooling of signals. */
export interface AvgPool1dOptions extends SignalOptions {
  /** Whether the padding counts, as zeros. Default: true. */
  readonly countIncludePad?: boolean;
}

/**
 * Returns the mean of each window of a signal: x [N, C, L] or [C, L].
 *
 * Source: torch.nn.functional.avg_pool1d.
 *
 * @throws {TypeError} If `x` is not a signal of floats
 * @throws {RangeError} If a size is out of range, or no window fits
 */
export function avgPool1d(
  x: Tensor,
  kernelSize: Single,
  options: AvgPool1dOptions = {},
): Tensor {
  const { countIncludePad, ...signal } = checkOptionNames(
    "avgPool1d",
    options,
    ["stride", "padding", "ceilMode", "countIncludePad"],
  );
  return poolSignal(
    "avgPool1d",
    x,
    kernelSize,
    signal,
    (image, kernel, row) =>
      avgPool2d(image, kernel, { ...row, countIncludePad }),
  );
}

/**
 * Returns the means of as many windows as `outputSize` says. null keeps a size.
 * Window i goes from floor(i * in / out) up to ceil((i + 1) * in / out).
 *
 * Source: torch.nn.functional.adaptive_avg_pool2d.
 *
 * @throws {TypeError} If `x` is not an image of floats
 * @throws {RangeError} If a size is not an integer of at least 0
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputPair): Tensor {
  const sizes = outputSizes("adaptiveAvgPool2d", x, outputSize);
  const outer = x.shape.slice(0, -2);
  // one window is a reduction, which loads four elements at a time
  if (sizes[0] === 1 && sizes[1] === 1) {
    return x.mean([-2, -1], { keepdim: true });
  }
  if (sizes.includes(0) || outer.includes(0)) {
    return emptied(x, [...outer, ...sizes]);
  }
  const windows = adaptiveWindows("adaptiveAvgPool2d", x, sizes);
  const params = { windows, countsPad: false, divisor: 0 };
  return meansOf(x.to("float32"), params).to(x.dtype);
}

/**
 * Returns the means of as many windows of a signal as `outputSize` says: x
 * [N, C, L] or [C, L]. null keeps the length.
 *
 * Source: torch.nn.functional.adaptive_avg_pool1d.
 *
 * @throws {TypeError} If `x` is not a signal of floats
 * @throws {RangeError} If `outputSize` is not an integer of at least 0
 */
export function adaptiveAvgPool1d(
  x: Tensor,
  outputSize: number | null | readonly [Outputs],
): Tensor {
  const op = "adaptiveAvgPool1d";
  const [size] = spread<Outputs>(op, "outputSize", outputSize, 1);
  return asImage(op, x, (image) => adaptiveAvgPool2d(image, [1, size]));
}

/** Options of `lpPool2d`. */
export interface LpPoolOptions {
  /** Step from one window to the next. Default: the kernel's size. */
  readonly stride?: Pair;
  /** Whether a last window may reach beyond the image. Default: false. */
  readonly ceilMode?: boolean;
}

/**
 * Returns the p-norm of each window of an image: (sum of x^p)^(1 / p). It is NaN
 * for a negative sum. For a sum of 0 the gradient is 0.
 *
 * Source: torch.nn.functional.lp_pool2d.
 *
 * @throws {TypeError} If `x` is not an image of floats
 * @throws {RangeError} If a size is out of range, or no window fits
 */
export function lpPool2d(
  x: Tensor,
  normType: number,
  kernelSize: Pair,
  options: LpPoolOptions = {},
): Tensor {
  checkOptionNames("lpPool2d", options, ["stride", "ceilMode"]);
  const [kernelH, kernelW] = pairOf("lpPool2d", "kernelSize", kernelSize, 1);
  return inFloat32([x], (wide) => {
    const mean = avgPool2d(wide.pow(normType), kernelSize, options);
    return map("powerOrZero", mean.mul(kernelH * kernelW), 1 / normType);
  });
}
