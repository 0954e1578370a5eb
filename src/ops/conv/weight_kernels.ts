/**
 * Choice and plans of the kernels of a convolution's gradient to its weights. The
 * choice depends on sizes and the adapter's class, or on a measurement
 * (tuned.ts). The convolution and its gradient to the input are in kernels.ts.
 *
 * Every kernel sums over parts of the batch (on a GPU, of the positions), so that
 * few weights keep all cores busy. A second kernel adds the parts in order.
 *
 * @module
 */

import type { AdapterClass } from "../../gpu/device.ts";
import { type Loop, loop, mostIterations, passesOf } from "../../gpu/loops.ts";
import { pack, type Params } from "../../gpu/params.ts";
import { foldGroups, type Plan, type Scratch } from "../../gpu/plan.ts";
import {
  columnsReach,
  columnsShare,
  isPointwise,
  planWeight as planProducts,
} from "./columns.ts";
import {
  imagesPerCopy,
  planTile,
  tileSize,
  type WeightBuffers,
} from "./copies.ts";
import {
  depthwiseWeightLoop,
  planDepthwiseWeight,
  streams,
} from "./depthwise.ts";
import { type ConvCase, forwardGather } from "./gather.ts";
import { partialSums, splitsOf } from "../matmul/parts.ts";
import { byName, tuned } from "../tuned.ts";

import gemmSource from "../../../shaders/conv/dw_gemm.wgsl" with {
  type: "text",
};
import rowsSource from "../../../shaders/conv/dw_rows.wgsl" with {
  type: "text",
};
import windowSource from "../../../shaders/conv/dw_window.wgsl" with {
  type: "text",
};

/**
 * - `rows`: rows of filters in registers, from padded copies of x and dy; stride
 *   and dilation 1, filters of at most 6 x 5
 * - `columns`: a product of matrices (see NOTE [columns]), for any sizes; on GPUs
 *   only for filters of 1 x 1
 * - `depthwise`: filters of one channel, of at most 7 x 7, stride 1 or 2
 * - `window`: like `rows`, for any stride, dilation and filter, slower
 * - `gemm`: for GPUs
 */
export type WeightKernel =
  | "rows"
  | "columns"
  | "depthwise"
  | "window"
  | "gemm";

const MANY = 12; // channels that pay for columns
const BLOCK = 8; // output channels, and taps in `window`, of an invocation
const ROWS = 6; // most rows of filters of an invocation in `rows`
const JOBS = 128; // invocations that keep some cores busy

/** Chooses the kernel of the gradient to the weights on this class of adapter. */
export function chooseWeight(
  conv: ConvCase,
  adapter: AdapterClass,
): WeightKernel {
  const { groups, channels, outputs, output } = conv;
  const { kernel, stride, dilation } = conv;
  const pointwise = isPointwise(conv);
  const plain = [...stride, ...dilation].every((by) => by === 1);
  const passes = streams(forwardGather(conv)) && (groups > 1 || !plain);
  if (passes && !pointwise) return "depthwise";
  if (adapter === "gpu") return pointwise && groups === 1 ? "columns" : "gemm";
  if (pointwise && (groups === 1 || outputs >= MANY)) return "columns";
  // tiny images make short rows
  const tiny = output[1] <= 4 && outputs >= MANY;
  if (plain && kernel[0] <= ROWS && kernel[1] <= 5 && !tiny) return "rows";
  const lines = channels * kernel[0] * kernel[1];
  return outputs >= MANY && lines >= MANY / 2 && columnsReach(conv)
    ? "columns"
    : "window";
}

/**
 * Returns the share of the limits on loops and memory that the chosen kernel
 * needs for one image. Above 1, images must be cut (parts.ts): see NOTE [loops].
 */
export function imageShare(conv: ConvCase, adapter: AdapterClass): number {
  return shareOf(chooseWeight(conv, adapter), conv);
}

// Most passes of an image that leave enough for the loop around it.
const MOST_PASSES = mostIterations([]) - 8;

function shareOf(kernel: WeightKernel, conv: ConvCase): number {
  switch (kernel) {
    case "columns":
      return columnsReach(conv) ? columnsShare(conv) : Infinity;
    case "rows":
      return passesOf(rowsLoop(conv)) / MOST_PASSES;
    case "depthwise":
      return passesOf(depthwiseWeightLoop(conv)) / MOST_PASSES;
    case "window":
      return passesOf(windowLoop(conv)) / MOST_PASSES;
    case "gemm":
      return 0; // this kernel splits positions, not images
  }
}

/** Returns the kernels that can compute the gradient, `chooseWeight`'s first. */
export function weightCandidates(
  conv: ConvCase,
  adapter: AdapterClass,
): WeightKernel[] {
  const { kernel, stride, dilation } = conv;
  const plain = [...stride, ...dilation].every((by) => by === 1);
  const able: WeightKernel[] = ["columns", "window"];
  if (adapter === "gpu") able.push("gemm");
  if (plain && kernel[0] <= ROWS && kernel[1] <= 5) able.push("rows");
  if (streams(forwardGather(conv))) able.push("depthwise");
  const fitting = able.filter((name) => shareOf(name, conv) <= 1);
  return [...new Set([chooseWeight(conv, adapter), ...fitting])];
}

/** Plans the dispatches of the gradient to the weights, in order. */
export function planWeight(
  conv: ConvCase,
  buffers: WeightBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { images, groups, outputs, channels, input, output } = conv;
  const size = sizeOf(conv);
  if (size === 0) return [];
  const kernel = tuned(chooseWeight(conv, adapter), () => ({
    key: `conv weight ${adapter} ${JSON.stringify(conv)}`,
    candidates: byName(weightCandidates(conv, adapter)),
    operands: [
      images * groups * channels * input[0] * input[1],
      images * groups * outputs * output[0] * output[1],
      size,
    ],
    plan: (kernel, [x, dy, dw], scratch) =>
      planWith(
        kernel,
        conv,
        { x: x!, xOffset: 0, dy: dy!, dyOffset: 0, dw: dw! },
        scratch,
        adapter,
      ),
  }));
  return planWith(kernel, conv, buffers, scratch, adapter);
}

// Returns the elements of the weights.
function sizeOf({ groups, outputs, channels, kernel }: ConvCase): number {
  return groups * outputs * channels * kernel[0] * kernel[1];
}

function planWith(
  kernel: WeightKernel,
  conv: ConvCase,
  buffers: WeightBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const size = sizeOf(conv);
  switch (kernel) {
    case "columns":
      return planColumns(conv, buffers, scratch, adapter);
    case "rows":
      return planRows(conv, size, buffers, scratch);
    case "depthwise":
      return planDepthwiseWeight(conv, buffers, scratch, adapter);
    case "window":
      return planWindow(conv, size, buffers, scratch);
    case "gemm":
      return planGemm(conv, size, buffers, scratch);
  }
}

function planColumns(
  conv: ConvCase,
  { x, xOffset, dy, dyOffset, dw }: WeightBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  return planProducts(
    conv,
    { buffer: x, offset: xOffset },
    { buffer: dy, offset: dyOffset },
    dw,
    scratch,
    adapter,
  );
}

// Returns the loops of `rows` for each image: rows of dy, and their vec4.
function rowsLoop({ output }: ConvCase): Loop {
  return loop(output[0], loop(Math.ceil(output[1] / 4)));
}

// Returns the loops of `window` for each image: rows of dy, and their columns.
function windowLoop({ output }: ConvCase): Loop {
  return loop(output[0], loop(output[1]));
}

// Loops of `gemm` for each slice of 16 positions: loads, and steps.
const SLICE_LOOPS = [loop(4), loop(16)];

function planRows(
  conv: ConvCase,
  size: number,
  { x, xOffset, dy, dyOffset, dw }: WeightBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, channels, outputs, output, kernel, padding } = conv;
  const vecs = Math.ceil(output[1] / 4);
  const whole = { segments: 1, run: 0, last: 0 };
  const xTile = {
    ...whole,
    channels: groups * channels,
    input: conv.input,
    rows: output[0] + kernel[0] - 1,
    vecs: vecs + 1,
    padding,
  };
  const dyTile = {
    ...whole,
    channels: groups * outputs,
    input: output,
    rows: output[0],
    vecs,
    padding: [0, 0],
  } as const;
  const together = Math.min(channels, Math.floor(ROWS / kernel[0]));
  const channelTiles = Math.ceil(channels / together);
  const outputTiles = Math.ceil(outputs / BLOCK);
  const tiles = channelTiles * outputTiles * groups;

  const part = Math.max(
    1,
    imagesPerCopy(images, tileSize(xTile) + tileSize(dyTile)),
  );
  const parts = Math.max(1, Math.ceil(images / part));
  const each = rowsLoop(conv);
  const splits = splitsOf(part, Math.ceil(JOBS / tiles), each);
  const sums = partialSums(size, parts * splits, dw, scratch);
  const xCopy = scratch(part * tileSize(xTile));
  const dyAligned = output[1] % 4 === 0 && dyOffset % 4 === 0;
  const dyCopy = dyAligned ? dy : scratch(part * tileSize(dyTile));
  const plans: Plan[] = [];
  for (let p = 0; p < parts; p++) {
    const first = p * part;
    const count = Math.min(part, images - first);
    plans.push(planTile(xTile, x, xOffset, first, count, xCopy));
    if (!dyAligned) {
      plans.push(planTile(dyTile, dy, dyOffset, first, count, dyCopy));
    }
    plans.push(
      {
        name: "conv_dw_rows",
        source: rowsSource,
        consts: { KH: kernel[0], KW: kernel[1], ROWS: together * kernel[0] },
        buffers: [xCopy, dyCopy, sums.buffer],
        params: pack(rowsSource, {
          images: count,
          channels,
          outputs,
          groups,
          rows: xTile.rows,
          height: output[0],
          vecs,
          channelTiles,
          outputTiles,
          splits,
          splitImages: Math.ceil(part / splits),
          splitSize: sums.stride,
          dwOffset: p * splits * sums.stride,
          dyOffset: dyAligned ? (dyOffset + first * tileSize(dyTile)) / 4 : 0,
        }),
        groups: foldGroups(Math.ceil(tiles * splits / 8)),
        loops: passesOf(loop(Math.ceil(part / splits), each)),
      },
    );
  }
  return [...plans, ...sums.finish];
}

function planWindow(
  conv: ConvCase,
  size: number,
  { x, xOffset, dy, dyOffset, dw }: WeightBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, channels, outputs, kernel } = conv;
  const tapTiles = Math.ceil(channels * kernel[0] * kernel[1] / BLOCK);
  const outputTiles = Math.ceil(outputs / BLOCK);
  const tiles = tapTiles * outputTiles * groups;
  const each = windowLoop(conv);
  const splits = splitsOf(images, Math.ceil(JOBS / tiles), each);
  const sums = partialSums(size, splits, dw, scratch);
  return [
    {
      name: "conv_dw_window",
      source: windowSource,
      buffers: [x, dy, sums.buffer],
      params: pack(windowSource, {
        ...weightParams(conv),
        tapTiles,
        outputTiles,
        splits,
        splitImages: Math.ceil(images / splits),
        splitSize: sums.stride,
        xOffset,
        dyOffset,
      }),
      groups: foldGroups(Math.ceil(tiles * splits / 8)),
      loops: passesOf(loop(Math.ceil(images / splits), each)),
    },
    ...sums.finish,
  ];
}

function planGemm(
  conv: ConvCase,
  size: number,
  { x, xOffset, dy, dyOffset, dw }: WeightBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, channels, outputs, output, kernel } = conv;
  const positions = images * output[0] * output[1];
  const tiles = Math.ceil(channels * kernel[0] * kernel[1] / 64) *
    Math.ceil(outputs / 64) * groups;
  const slices = Math.ceil(positions / 16);
  const splits = Math.max(
    splitsOf(slices, 1, ...SLICE_LOOPS),
    splitsOf(Math.ceil(slices / 64), Math.ceil(2 * JOBS / tiles)),
  );
  const sums = partialSums(size, splits, dw, scratch);
  return [
    {
      name: "conv_dw_gemm",
      source: gemmSource,
      buffers: [x, dy, sums.buffer],
      params: pack(gemmSource, {
        ...weightParams(conv),
        splits,
        splitPositions: Math.ceil(positions / splits),
        splitSize: sums.stride,
        xOffset,
        dyOffset,
      }),
      groups: foldGroups(tiles * splits),
      loops: passesOf(
        loop(Math.ceil(Math.ceil(positions / splits) / 16), ...SLICE_LOOPS),
      ),
    },
    ...sums.finish,
  ];
}

function weightParams(conv: ConvCase): Params {
  const { images, channels, outputs, groups } = conv;
  const { input, output, kernel, stride, dilation, padding } = conv;
  return {
    images,
    channels,
    outputs,
    groups,
    inHeight: input[0],
    inWidth: input[1],
    height: output[0],
    width: output[1],
    kh: kernel[0],
    kw: kernel[1],
    stepH: stride[0],
    stepW: stride[1],
    dilH: dilation[0],
    dilW: dilation[1],
    padH: padding[0],
    padW: padding[1],
  };
}
