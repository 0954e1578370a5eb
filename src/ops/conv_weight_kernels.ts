/**
 * Which kernels make the gradient of a convolution to its weights, and with what
 * parameters: a pure function of sizes and the adapter's class, beside
 * conv_kernels.ts, which has the convolution and its gradient to the input.
 *
 * Every kernel sums over parts of the batch (of the positions, on a GPU), so that
 * few weights keep all cores busy; a second one adds the parts, in order.
 *
 * @module
 */

import type { AdapterClass } from "../gpu/device.ts";
import { type Bindable, foldGroups, type Plan } from "../gpu/plan.ts";
import {
  COPY_LIMIT,
  imagesPerCopy,
  planTile,
  tileSize,
} from "./conv_copies.ts";
import type { ConvCase } from "./conv_gather.ts";
import { planFinish, planMatmul, type Scratch } from "./matmul_kernels.ts";

import gemmSource from "../../shaders/conv/dw_gemm.wgsl" with { type: "text" };
import rowsSource from "../../shaders/conv/dw_rows.wgsl" with { type: "text" };
import windowSource from "../../shaders/conv/dw_window.wgsl" with {
  type: "text",
};

/**
 * - `matmul`: filters of 1 x 1, image by image
 * - `rows`: rows of filters in registers, from padded copies of x and dy; stride
 *   and dilation 1, filters of at most 6 x 5
 * - `window`: any stride, dilation and filter, slower
 * - `gemm`: for GPUs
 */
export type WeightKernel = "matmul" | "rows" | "window" | "gemm";

/** The buffers; the offsets say where in them the tensors begin. */
export interface WeightBuffers {
  readonly x: Bindable;
  readonly xOffset: number;
  readonly dy: Bindable;
  readonly dyOffset: number;
  readonly dw: Bindable;
}

const BLOCK = 8; // output channels, and taps in `window`, of an invocation
const ROWS = 6; // rows of filters of an invocation in `rows`, at most
const JOBS = 128; // invocations that keep some cores busy

/** The kernel for the gradient to the weights on this class of adapter. */
export function chooseWeight(
  { images, groups, channels, outputs, ...conv }: ConvCase,
  adapter: AdapterClass,
): WeightKernel {
  const { kernel, stride, dilation, padding } = conv;
  const pointwise = [...kernel, ...stride].every((by) => by === 1) &&
    padding.every((by) => by === 0) && groups === 1;
  const size = outputs * channels;
  if (
    pointwise && size % 4 === 0 && images > 0 && images * size <= COPY_LIMIT
  ) {
    return "matmul";
  }
  if (adapter === "gpu") return "gemm";
  const plain = [...stride, ...dilation].every((by) => by === 1);
  return plain && kernel[0] <= ROWS && kernel[1] <= 5 ? "rows" : "window";
}

/** The dispatches of the gradient to the weights, in order. */
export function planWeight(
  conv: ConvCase,
  buffers: WeightBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { groups, outputs, channels, kernel } = conv;
  const size = groups * outputs * channels * kernel[0] * kernel[1];
  if (size === 0) return [];
  switch (chooseWeight(conv, adapter)) {
    case "matmul":
      return planPointwise(conv, size, buffers, scratch, adapter);
    case "rows":
      return planRows(conv, size, buffers, scratch);
    case "window":
      return planWindow(conv, size, buffers, scratch);
    case "gemm":
      return planGemm(conv, size, buffers, scratch);
  }
}

// [outputs, positions] by [positions, channels] in each image, then their sum.
function planPointwise(
  conv: ConvCase,
  size: number,
  { x, xOffset, dy, dyOffset, dw }: WeightBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { images, channels, outputs, output } = conv;
  const positions = output[0] * output[1];
  const stack = { row: positions, col: 1 };
  const sums = partialSums(size, images, dw, scratch);
  const products = planMatmul(
    {
      m: outputs,
      n: channels,
      k: positions,
      batches: images,
      a: { ...stack, offset: dyOffset, batch: outputs * positions },
      b: {
        offset: xOffset,
        row: 1,
        col: positions,
        batch: channels * positions,
      },
    },
    { a: dy, b: x, y: sums.buffer },
    scratch,
    adapter,
  );
  return [...products, ...sums.finish];
}

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
  const splits = splitsOf(part, Math.ceil(JOBS / tiles));
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
        params: [
          ...[count, channels, outputs, groups, xTile.rows, output[0], vecs],
          ...[channelTiles, outputTiles, splits, Math.ceil(part / splits)],
          ...[sums.stride, p * splits * sums.stride],
          dyAligned ? (dyOffset + first * tileSize(dyTile)) / 4 : 0,
        ],
        groups: foldGroups(Math.ceil(tiles * splits / 8)),
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
  const splits = splitsOf(images, Math.ceil(JOBS / tiles));
  const sums = partialSums(size, splits, dw, scratch);
  return [
    {
      name: "conv_dw_window",
      source: windowSource,
      buffers: [x, dy, sums.buffer],
      params: [
        ...weightParams(conv),
        ...[tapTiles, outputTiles, splits, Math.ceil(images / splits)],
        ...[sums.stride, xOffset, dyOffset],
      ],
      groups: foldGroups(Math.ceil(tiles * splits / 8)),
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
  const splits = splitsOf(
    Math.ceil(positions / 1024),
    Math.ceil(2 * JOBS / tiles),
  );
  const sums = partialSums(size, splits, dw, scratch);
  return [
    {
      name: "conv_dw_gemm",
      source: gemmSource,
      buffers: [x, dy, sums.buffer],
      params: [
        ...weightParams(conv),
        ...[splits, Math.ceil(positions / splits)],
        ...[sums.stride, xOffset, dyOffset],
      ],
      groups: foldGroups(tiles * splits),
    },
    ...sums.finish,
  ];
}

/** `wanted` parts of a batch, each at least one image long. */
function splitsOf(images: number, wanted: number): number {
  return Math.max(1, Math.min(images, wanted));
}

/** Where the parts' sums go, and what adds them. */
interface Sums {
  readonly buffer: Bindable;
  /** From one part to the next, in whole vec4. */
  readonly stride: number;
  readonly finish: readonly Plan[];
}

function partialSums(
  size: number,
  parts: number,
  dw: Bindable,
  scratch: Scratch,
): Sums {
  const stride = Math.ceil(size / 4) * 4;
  if (parts === 1) return { buffer: dw, stride, finish: [] };
  const buffer = scratch(parts * stride);
  const finish = planFinish({ m: 1, n: size, batches: 1, splits: parts }, {
    x: buffer,
    y: dw,
  });
  return { buffer, stride, finish: [finish] };
}

function weightParams(conv: ConvCase): number[] {
  const { images, channels, outputs, groups } = conv;
  return [
    ...[images, channels, outputs, groups],
    ...[...conv.input, ...conv.output, ...conv.kernel],
    ...[...conv.stride, ...conv.dilation, ...conv.padding],
  ];
}
