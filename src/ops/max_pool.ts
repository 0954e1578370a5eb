/**
 * Max pooling: the maxima of windows, and gradients to where they came from.
 *
 * Forward also writes, for each output, which tap of its window won: a byte
 * where a window has up to 256 taps. Backward reads those bytes and adds up in
 * a fixed order. Most windows go by lines (pool_lines.ts), those of 2x2 side by
 * side have kernels of their own.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../gpu/device.ts";
import { foldGroups, type Plan } from "../gpu/plan.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import { zeros } from "../tensor/create.ts";
import type { DType } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Op } from "./define.ts";
import {
  adaptiveWindows,
  asImage,
  fixedWindows,
  type Pair,
  pairOf,
  type Single,
  singleOf,
  windowConsts,
  type WindowOptions,
  windowParams,
  type Windows,
} from "./pool_windows.ts";
import {
  backwardLines,
  declareLines,
  forwardLines,
  goesBackByLines,
  goesByLines,
  putLines,
} from "./pool_lines.ts";
import { putHook } from "./kernel_hooks.ts";
import { declareInput } from "./words.ts";

import floatLib from "../../shaders/lib/float.wgsl" with { type: "text" };
import windowsLib from "../../shaders/lib/windows.wgsl" with { type: "text" };
import maxSource from "../../shaders/pool/max.wgsl" with { type: "text" };
import maxGradSource from "../../shaders/pool/max_grad.wgsl" with {
  type: "text",
};
import maxGradRowsSource from "../../shaders/pool/max_grad_rows.wgsl" with {
  type: "text",
};
import max2x2Source from "../../shaders/pool/max_2x2.wgsl" with {
  type: "text",
};
import max2x2GradSource from "../../shaders/pool/max_2x2_grad.wgsl" with {
  type: "text",
};
import maxLinesSource from "../../shaders/pool/max_lines.wgsl" with {
  type: "text",
};
import maxLinesGradSource from "../../shaders/pool/max_lines_grad.wgsl" with {
  type: "text",
};
import pickSource from "../../shaders/pool/pick.wgsl" with { type: "text" };

/** Options of max pooling. */
export interface MaxPoolOptions extends WindowOptions {
  /** Between two taps of a window. Default: 1. */
  readonly dilation?: Pair;
  /** Whether to return where the maxima lie, too. Default: false. */
  readonly returnIndices?: boolean;
}

const OPTIONS = [
  "stride",
  "padding",
  "dilation",
  "ceilMode",
  "returnIndices",
] as const satisfies readonly (keyof MaxPoolOptions)[];

const GROUP = 64;

/** Taps of a window whose numbers fit a byte. */
const BYTE = 256;

/** Which kernels pool, and take gradients back. */
export interface MaxPoolChoice {
  readonly forward: "2x2" | "lines" | "any";
  readonly backward: "2x2" | "lines" | "rows" | "any";
}

/** The kernels that suit windows. */
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
  const others = kind === "cpu" ? "rows" : "any";
  return {
    forward: isSimple ? "2x2" : goesByLines(windows) ? "lines" : "any",
    backward: isSimple && h.size % 2 === 0
      ? "2x2"
      : goesBackByLines(windows)
      ? "lines"
      : others,
  };
}

/** Elements of a row of codes: whole quads where forward goes by lines. */
function codeRow(windows: Windows): number {
  const { out } = windows.w;
  const { forward } = chooseMaxPool(windows, adapterClass());
  return forward === "lines" ? 4 * Math.ceil(out / 4) : out;
}

function words2x2({ planes, h, w }: Windows, offset: number): number[] {
  const pairs = planes * h.out * w.out / 2;
  return [pairs, w.out / 2, h.out, h.size % 2, offset / 4];
}

/** A row-major tensor that begins where quads do. */
function aligned(x: Tensor): Tensor {
  const dense = x.contiguous();
  return dense.layout.offset % 4 === 0 ? dense : dense.clone();
}

function codeType({ h, w }: Windows): DType {
  return h.kernel * w.kernel <= BYTE ? "uint8" : "int32";
}

function planMaxPool(
  x: Tensor,
  y: Tensor,
  codes: Tensor,
  windows: Windows,
): Plan {
  const { offset } = x.layout;
  const packed = codes.dtype === "uint8";
  const ofCodes = `alias C = ${packed ? "u32" : "vec4u"};
fn pack(v: vec4u) -> C { return ${packed ? "pack4xU8(v)" : "v"}; }
`;
  const buffers = [x.storage, y.storage, codes.storage];
  const { forward } = chooseMaxPool(windows, adapterClass());
  if (forward === "2x2") {
    return {
      name: "max_pool_2x2",
      source: max2x2Source,
      header: floatLib,
      buffers,
      params: words2x2(windows, offset),
      groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
    };
  }
  if (forward === "lines") {
    const { consts, header, sizes, groups } = forwardLines(
      x,
      windows,
      "-infinity()",
    );
    const put = putLines(buffers, "y", windows.w.out).header;
    return {
      name: "max_pool_lines",
      source: maxLinesSource,
      consts,
      header: floatLib + header + put + ofCodes +
        "@group(0) @binding(2) var<storage, read_write> codes: array<C>;\n" +
        "@group(0) @binding(3) var<uniform> params: Params;\n",
      buffers,
      params: windowParams(windows, { ...sizes, offset }),
      groups,
    };
  }
  return {
    name: "max_pool",
    source: maxSource,
    consts: windowConsts(windows),
    header: windowsLib + floatLib + ofCodes,
    buffers,
    params: windowParams(windows, { size: y.size, offset }),
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
  };
}

function planMaxPoolGrad(
  dy: Tensor,
  codes: Tensor,
  dx: Tensor,
  windows: Windows,
): Plan {
  const { offset } = dy.layout;
  const { backward } = chooseMaxPool(windows, adapterClass());
  const buffers = [dy.storage, codes.storage, dx.storage];
  const row = codeRow(windows);
  if (backward === "2x2") {
    return {
      name: "max_pool_2x2_grad",
      source: max2x2GradSource,
      ...putHook(buffers, 4, "pairs", true, "dx"),
      buffers,
      params: words2x2(windows, offset),
      groups: foldGroups(Math.ceil(dy.size / 4 / GROUP)),
    };
  }
  if (backward === "lines") {
    const { consts, sizes, groups, ...lines } = backwardLines(windows);
    const put = putLines(buffers, "dx", windows.w.size);
    return {
      name: "max_pool_lines_grad",
      source: maxLinesGradSource,
      consts,
      ...put,
      header: lines.header + put.header + readCodes(codes, 1) +
        declareLines("dx", 2, windows.w.size) +
        "@group(0) @binding(3) var<uniform> params: Params;\n",
      buffers,
      params: windowParams(windows, { ...sizes, offset, codeRow: row }),
      groups,
    };
  }
  const byRow = backward === "rows";
  const size = byRow ? windows.planes * windows.h.size : dx.size;
  return {
    name: byRow ? "max_pool_grad_rows" : "max_pool_grad",
    source: byRow ? maxGradRowsSource : maxGradSource,
    consts: windowConsts(windows),
    header: windowsLib + readCodes(codes, 1),
    buffers,
    params: windowParams(windows, { size, offset, codeRow: row }),
    groups: foldGroups(Math.ceil(size / GROUP)),
  };
}

// `x` gives the values at the maxima; without it their indices are written.
function planPick(
  codes: Tensor,
  x: Tensor | undefined,
  out: Tensor,
  windows: Windows,
): Plan {
  const value = x
    ? `@group(0) @binding(1) var<storage, read> x: array<f32>;
alias V = f32;
fn value(at: u32, index: u32) -> V { return x[at]; }
`
    : "alias V = i32;\nfn value(at: u32, index: u32) -> V { return i32(index); }\n";
  return {
    name: x ? "max_pool_pick" : "max_pool_indices",
    source: pickSource,
    consts: windowConsts(windows),
    header: windowsLib + readCodes(codes, 0) + value,
    buffers: [codes, x ?? codes, out].map((tensor) => tensor.storage),
    params: windowParams(windows, {
      size: out.size,
      offset: x?.layout.offset ?? 0,
      codeRow: codeRow(windows),
    }),
    groups: foldGroups(Math.ceil(out.size / GROUP)),
  };
}

function readCodes(codes: Tensor, binding: number): string {
  return `alias T = u32;\n${
    declareInput("codes", binding, codes.dtype, false)
  }\n`;
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
    planMaxPool(aligned(x), y, codes, windows),
  save: (_, [, codes]) => [codes],
  grad: (
    dy,
    { saved: [codes], params },
  ) => [maxPoolGradOp([dy, codes], params)[0]],
});

// (dy, taps) -> dx. Linear in dy: its own gradient is a pick.
const maxPoolGradOp: Op<Windows> = defineOp<Windows>({
  name: "maxPool2dGrad",
  shape: (_, { shape }) => ({ shape, dtype: "float32" }),
  kernel: ([dy, codes], [dx], windows) =>
    planMaxPoolGrad(aligned(dy), codes, dx, windows),
  save: ([, codes]) => [codes],
  grad: (ddx, { saved: [codes], params }) => [pickOp([codes, ddx], params)[0]],
});

// (taps, x) -> x at the taps.
const pickOp: Op<Windows> = defineOp<Windows>({
  name: "maxPool2dPick",
  shape: (_, { outShape }) => ({ shape: outShape, dtype: "float32" }),
  kernel: ([codes, x], [y], windows) =>
    planPick(codes, x.contiguous(), y, windows),
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
    planPick(codes, undefined, indices, windows),
});

function pool(x: Tensor, windows: Windows): [y: Tensor, codes: Tensor] {
  const [y, codes] = maxPoolOp([x.to("float32")], windows);
  return [y.to(x.dtype), codes];
}

function poolWithIndices(x: Tensor, windows: Windows): [Tensor, Tensor] {
  const [y, codes] = pool(x, windows);
  return [y, indicesOp([codes], windows)[0]];
}

/**
 * The maximum of each window of an image, and with `returnIndices` where it
 * lies, as row * W + column in int32.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] to the same with
 * H' = floor((H + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1,
 * or ceil with `ceilMode`, and W' likewise. NaN counts as larger than all;
 * of equal maxima the first gets the gradient.
 *
 * Source: torch.nn.functional.max_pool2d.
 *
 * @throws {TypeError} If `x` is no image of floats
 * @throws {RangeError} If a size is not what it may be, or no window fits
 */
export function maxPool2d(
  x: Tensor,
  kernelSize: Pair,
  options: MaxPoolOptions & { readonly returnIndices: true },
): [y: Tensor, indices: Tensor];
/** The maximum of each window of an image. */
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
  return options.returnIndices
    ? poolWithIndices(x, windows)
    : pool(x, windows)[0];
}

/** Options of max pooling of signals. */
export interface MaxPool1dOptions {
  /** From one window to the next. Default: the kernel's size. */
  readonly stride?: Single;
  /** Elements added on each side: half a kernel at most. Default: 0. */
  readonly padding?: Single;
  /** Between two taps of a window. Default: 1. */
  readonly dilation?: Single;
  /** Whether a last window that begins inside is taken. Default: false. */
  readonly ceilMode?: boolean;
}

/**
 * The maximum of each window of a signal: x [N, C, L] or [C, L].
 *
 * Source: torch.nn.functional.max_pool1d.
 *
 * @throws {TypeError} If `x` is no signal of floats
 * @throws {RangeError} If a size is not what it may be, or no window fits
 */
export function maxPool1d(
  x: Tensor,
  kernelSize: Single,
  {
    stride = kernelSize,
    padding = 0,
    dilation = 1,
    ceilMode = false,
  }: MaxPool1dOptions = {},
): Tensor {
  return asImage(
    "maxPool1d",
    x,
    (image) =>
      maxPool2d(image, [1, singleOf(kernelSize)], {
        stride: [1, singleOf(stride)],
        padding: [0, singleOf(padding)],
        dilation: [1, singleOf(dilation)],
        ceilMode,
      }),
  );
}

/**
 * The maxima of as many windows as `outputSize` says, and with `returnIndices`
 * where they lie. Window i goes from floor(i * in / out) up to
 * ceil((i + 1) * in / out).
 *
 * Source: torch.nn.functional.adaptive_max_pool2d.
 *
 * @throws {TypeError} If `x` is no image of floats
 * @throws {RangeError} If a size is not a positive integer
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: Pair,
  options: { readonly returnIndices: true },
): [y: Tensor, indices: Tensor];
/** The maxima of as many windows as `outputSize` says. */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: Pair,
  options?: { readonly returnIndices?: boolean },
): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: Pair,
  { returnIndices = false }: { readonly returnIndices?: boolean } = {},
): Tensor | [y: Tensor, indices: Tensor] {
  const windows = adaptiveWindows("adaptiveMaxPool2d", x, outputSize);
  return returnIndices ? poolWithIndices(x, windows) : pool(x, windows)[0];
}

/** Options of `maxUnpool2d`. */
export interface MaxUnpoolOptions {
  /** That of the pooling. Default: the kernel's size. */
  readonly stride?: Pair;
  /** That of the pooling. Default: 0. */
  readonly padding?: Pair;
  /** [H, W] of the result, where the pooling left elements out. */
  readonly outputSize?: readonly [number, number];
}

/**
 * Maxima back where `maxPool2d` found them, zeros elsewhere.
 *
 * Source: torch.nn.functional.max_unpool2d.
 *
 * @throws {TypeError} If shapes are unequal or no images
 */
export function maxUnpool2d(
  x: Tensor,
  indices: Tensor,
  kernelSize: Pair,
  { stride = kernelSize, padding = 0, outputSize }: MaxUnpoolOptions = {},
): Tensor {
  if (!sameShape(x.shape, indices.shape) || x.ndim < 3 || x.ndim > 4) {
    throw new TypeError(
      `Cannot maxUnpool2d ${formatShape(x.shape)} with indices of shape ` +
        `${formatShape(indices.shape)}: expected images of equal shapes`,
    );
  }
  const [kernels, strides, pads] = [kernelSize, stride, padding].map(pairOf);
  const [height, width] = outputSize ??
    x.shape.slice(-2).map((length, i) =>
      (length - 1) * strides![i]! - 2 * pads![i]! + kernels![i]!
    );
  const outer = x.shape.slice(0, -2);
  const empty = zeros([...outer, height! * width!], { dtype: x.dtype });
  return empty.scatter(-1, indices.flatten(-2), x.flatten(-2))
    .reshape([...outer, height!, width!]);
}
