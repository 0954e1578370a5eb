/**
 * Which kernels make a convolution and its two gradients, and with what
 * parameters: a pure function of sizes and the adapter's class. Nothing here
 * knows tensors or speaks to a device. Offsets and strides count elements.
 *
 * NOTE [gather]: a convolution and its gradient to the input are one thing, an
 * output whose every position gathers from some positions of an input, with the
 * filters' axes swapped; a `Gather` says which. The gradient to the weights is
 * the other kind.
 *
 * @module
 */

import type { AdapterClass } from "../gpu/device.ts";
import { type Bindable, foldGroups, type Plan } from "../gpu/plan.ts";
import { planMatmul, type Scratch } from "./matmul_kernels.ts";

import gemmSource from "../../shaders/conv/gemm.wgsl" with { type: "text" };
import packSource from "../../shaders/conv/pack_weights.wgsl" with {
  type: "text",
};
import planeSource from "../../shaders/conv/plane.wgsl" with { type: "text" };
import tileSource from "../../shaders/conv/tile_input.wgsl" with {
  type: "text",
};
import unitsSource from "../../shaders/conv/units.wgsl" with { type: "text" };
import windowSource from "../../shaders/conv/window.wgsl" with { type: "text" };

/** Two numbers, for rows and for columns. */
export type Pair = readonly [number, number];

/** The sizes of a convolution. */
export interface ConvCase {
  readonly images: number;
  readonly groups: number;
  /** Input channels of a group. */
  readonly channels: number;
  /** Output channels of a group. */
  readonly outputs: number;
  /** Height and width of the input. */
  readonly input: Pair;
  /** Height and width of the output. */
  readonly output: Pair;
  /** Height and width of a filter. */
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

/**
 * Row i of an output is made of rows (i * step + u * dilation + shift) / up of an
 * input, those that are whole and inside it; columns likewise.
 */
export interface Gather {
  readonly images: number;
  readonly groups: number;
  readonly channels: number;
  readonly outputs: number;
  readonly input: Pair;
  readonly output: Pair;
  readonly kernel: Pair;
  readonly step: Pair;
  readonly up: Pair;
  readonly dilation: Pair;
  readonly shift: Pair;
  /** Strides of the weights. */
  readonly weights: {
    readonly group: number;
    readonly output: number;
    readonly input: number;
  };
}

/**
 * - `units`: runs of neighbouring outputs in registers, from a tiled copy of the
 *   input; stride and dilation 1, filters of at most 5 columns
 * - `window`: the same for any stride, dilation and filter, slower
 * - `plane`: channel by channel, for groups of few channels
 * - `matmul`: filters of 1 x 1
 * - `gemm`: for GPUs
 */
export type ConvKernel = "units" | "window" | "plane" | "matmul" | "gemm";

/** The buffers of a gather; the offsets say where in them the tensors begin. */
export interface GatherBuffers {
  readonly x: Bindable;
  readonly xOffset: number;
  readonly w: Bindable;
  readonly wOffset: number;
  readonly bias?: Bindable;
  readonly biasOffset?: number;
  readonly relu?: boolean;
  readonly y: Bindable;
}

/** Elements that a tiled copy may have; larger batches go in parts. */
export const COPY_LIMIT = 2 ** 24;
const RUN = 14; // outputs of an invocation in `window` and `plane`
const BLOCK = 8; // channels of an invocation

/** A convolution, of x by w. */
export function forwardGather(conv: ConvCase): Gather {
  const taps = conv.kernel[0] * conv.kernel[1];
  return {
    ...conv,
    step: conv.stride,
    up: [1, 1],
    shift: [-conv.padding[0], -conv.padding[1]],
    weights: {
      group: conv.outputs * conv.channels * taps,
      output: conv.channels * taps,
      input: taps,
    },
  };
}

/** The gradient of a convolution to x, of dy by w. */
export function inputGather(conv: ConvCase): Gather {
  const { group, output, input } = forwardGather(conv).weights;
  return {
    ...conv,
    channels: conv.outputs,
    outputs: conv.channels,
    input: conv.output,
    output: conv.input,
    step: [1, 1],
    up: conv.stride,
    dilation: [-conv.dilation[0], -conv.dilation[1]],
    shift: conv.padding,
    weights: { group, output: input, input: output },
  };
}

/** The kernel for a gather on this class of adapter. */
export function chooseGather(
  given: Gather,
  adapter: AdapterClass,
): ConvKernel {
  const { kernel, step, up, shift, outputs } = given;
  const plain = isOne(step) && isOne(up);
  if (plain && isOne(kernel) && shift.every((by) => by === 0)) return "matmul";
  if (adapter === "gpu") return "gemm";
  if (outputs < 3) return "plane";
  const turned = facing(given);
  return plain && isOne(turned.dilation) && kernel[1] <= 5 ? "units" : "window";
}

/** The dispatches of a gather, in order; none when it has no elements. */
export function planGather(
  given: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { images, groups, outputs, output } = given;
  if (images * groups * outputs * output[0] * output[1] === 0) return [];
  switch (chooseGather(given, adapter)) {
    case "matmul":
      return planPointwise(given, buffers, scratch, adapter);
    case "units":
      return planUnits(facing(given), buffers, scratch);
    case "window":
      return planWindow(facing(given), buffers, scratch);
    case "plane":
      return [planPlane(facing(given), buffers)];
    case "gemm":
      return [planGemm(given, buffers)];
  }
}

/** Outputs of a run that wastes the least of rows so wide: 14 or 8. */
export function runOf(width: number): 14 | 8 {
  const computed = (run: number) => Math.ceil(width / run) * run;
  // runs of 8 are slower by a tenth, and one more pipeline to compile
  return computed(8) * 1.25 < computed(14) ? 8 : 14;
}

// A filter that is walked backwards is a filter turned by half, walked forwards.
function facing(given: Gather): Gather & { readonly flip: boolean } {
  const { up, dilation, shift, kernel } = given;
  const flip = isOne(up) && dilation[0] < 0;
  if (!flip) return { ...given, flip };
  return {
    ...given,
    flip,
    dilation: [-dilation[0], -dilation[1]],
    shift: [
      shift[0] + (kernel[0] - 1) * dilation[0],
      shift[1] + (kernel[1] - 1) * dilation[1],
    ],
  };
}

type Facing = ReturnType<typeof facing>;

function planUnits(
  given: Facing,
  buffers: GatherBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, channels, outputs, output, kernel, shift } = given;
  const run = runOf(output[1]);
  const runs = run === 14 ? 2 : 4; // of an invocation
  const segments = Math.ceil(output[1] / run);
  const last = Math.max(output[1] - run, 0);
  const weights = planWeights(given, buffers, scratch);
  const tile = {
    channels: groups * channels,
    input: given.input,
    rows: output[0] + kernel[0] - 1,
    segments,
    vecs: Math.floor((run + kernel[1] + 2) / 4),
    run,
    last,
    padding: [-shift[0], -shift[1]],
  } as const;
  const plans = [weights.plan];
  const part = imagesPerCopy(images, tileSize(tile));
  const copy = scratch(part * tileSize(tile));
  for (let first = 0; first < images; first += part) {
    const count = Math.min(part, images - first);
    plans.push(
      planTile(tile, buffers.x, buffers.xOffset, first, count, copy),
      {
        name: "conv_units",
        source: unitsSource,
        consts: {
          KW: kernel[1],
          UNIT: run,
          UNITS: runs,
          ...epilogue(buffers),
        },
        buffers: [copy, weights.y, buffers.bias ?? weights.y, buffers.y],
        params: [
          ...[count, channels, outputs, groups, ...output],
          ...[tile.rows, segments, last, kernel[0]],
          ...[weights.blocks, first, buffers.biasOffset ?? 0],
        ],
        groups: foldGroups(Math.ceil(
          Math.ceil(output[0] * segments / runs) * count * weights.blocks *
            groups / 8,
        )),
      },
    );
  }
  return plans;
}

function planWindow(
  given: Facing,
  buffers: GatherBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, output, up } = given;
  const weights = planWeights(given, buffers, scratch);
  const segments = Math.ceil(Math.ceil(output[1] / up[1]) / RUN);
  const jobs = segments * phases(given) * images * weights.blocks * groups;
  return [weights.plan, {
    name: "conv_window",
    source: windowSource,
    consts: {
      SLIDE: slides(given),
      ...epilogue(buffers),
    },
    buffers: [buffers.x, weights.y, buffers.bias ?? weights.y, buffers.y],
    params: [
      ...gatherParams(given),
      ...strideOfTaps(given),
      ...[segments, weights.blocks, buffers.xOffset, buffers.biasOffset ?? 0],
    ],
    groups: foldGroups(Math.ceil(jobs / 8)),
  }];
}

// Rows of all phases (see conv_window), empty ones too.
function phases({ output, up }: Gather): number {
  return Math.ceil(output[0] / up[0]) * up[0] * up[1];
}

// Whether neighbouring outputs share all their inputs but one.
function slides({ step, up, dilation }: Gather): boolean {
  return step[1] === 1 && up[1] === 1 && dilation[1] === 1;
}

function planPlane(given: Facing, buffers: GatherBuffers): Plan {
  const { images, groups, outputs, output, up, weights } = given;
  const segments = Math.ceil(Math.ceil(output[1] / up[1]) / RUN);
  const jobs = segments * phases(given) * images * groups * outputs;
  return {
    name: "conv_plane",
    source: planeSource,
    consts: { SLIDE: slides(given), FLIP: given.flip, ...epilogue(buffers) },
    buffers: [buffers.x, buffers.w, buffers.bias ?? buffers.w, buffers.y],
    params: [
      ...gatherParams(given),
      ...strideOfTaps(given),
      ...[segments, buffers.xOffset, buffers.biasOffset ?? 0],
      ...[buffers.wOffset, weights.group, weights.output, weights.input],
    ],
    groups: foldGroups(Math.ceil(jobs / 8)),
  };
}

function planGemm(given: Gather, buffers: GatherBuffers): Plan {
  const { images, groups, outputs, output, weights } = given;
  const positions = images * output[0] * output[1];
  return {
    name: "conv_gemm",
    source: gemmSource,
    consts: epilogue(buffers),
    buffers: [buffers.x, buffers.w, buffers.bias ?? buffers.w, buffers.y],
    params: [
      ...gatherParams(given),
      ...[buffers.xOffset, buffers.biasOffset ?? 0],
      ...[buffers.wOffset, weights.group, weights.output, weights.input],
    ],
    groups: foldGroups(
      Math.ceil(positions / 64) * Math.ceil(outputs / 64) * groups,
    ),
  };
}

// Filters of one tap: in each image and group, [outputs, channels] by
// [channels, positions].
function planPointwise(
  given: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { images, groups, channels, outputs, output, weights } = given;
  const size = output[0] * output[1];
  if (groups > 1) {
    return adapter === "gpu"
      ? [planGemm(given, buffers)]
      : outputs < 3
      ? [planPlane(facing(given), buffers)]
      : planUnits(facing(given), buffers, scratch);
  }
  const { bias, biasOffset: offset = 0, relu } = buffers;
  return planMatmul(
    {
      m: outputs,
      n: size,
      k: channels,
      batches: images,
      a: {
        offset: buffers.wOffset,
        row: weights.output,
        col: weights.input,
        batch: 0,
      },
      b: {
        offset: buffers.xOffset,
        row: size,
        col: 1,
        batch: channels * size,
      },
      ...(bias && { bias: { offset, along: "rows" } }),
      ...(relu && { relu }),
    },
    { a: buffers.w, b: buffers.x, y: buffers.y, ...(bias && { bias }) },
    scratch,
    adapter,
  );
}

function epilogue({ bias, relu }: GatherBuffers) {
  return { BIAS: bias !== undefined, RELU: relu ?? false };
}

function gatherParams(given: Gather): number[] {
  const { images, channels, outputs, groups } = given;
  return [
    ...[images, channels, outputs, groups],
    ...[...given.input, ...given.output, ...given.kernel],
    ...[...given.step, ...given.up],
    ...[...given.dilation, ...given.shift].map((by) => by >>> 0), // i32
  ];
}

// From one tap that meets whole inputs to the next, in taps and in inputs.
function strideOfTaps({ up, dilation }: Gather): number[] {
  const every = up.map((by, dim) => by / gcd(by, Math.abs(dilation[dim]!)));
  const hop = every.map((by, dim) => by * dilation[dim]! / up[dim]!);
  return [...every, ...hop.map((by) => by >>> 0)]; // i32
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function planWeights(
  given: Facing,
  { w, wOffset }: GatherBuffers,
  scratch: Scratch,
): { readonly plan: Plan; readonly y: Bindable; readonly blocks: number } {
  const { groups, channels, outputs, kernel, weights, flip } = given;
  const taps = kernel[0] * kernel[1];
  const blocks = Math.ceil(outputs / BLOCK);
  const count = groups * blocks * channels * taps * BLOCK;
  const y = scratch(count);
  const plan = {
    name: "conv_pack_weights",
    source: packSource,
    buffers: [w, y],
    params: [
      ...[outputs, channels, taps, blocks, count, flip ? 1 : 0],
      ...[wOffset, weights.group, weights.output, weights.input],
    ],
    groups: foldGroups(Math.ceil(count / 64)),
  };
  return { plan, y, blocks };
}

/** A copy of images with rows cut into runs: see conv_tile_input. */
export interface Tile {
  readonly channels: number;
  readonly input: Pair;
  readonly rows: number;
  readonly segments: number;
  readonly vecs: number;
  readonly run: number;
  readonly last: number;
  readonly padding: Pair;
}

/** Elements of one image's copy. */
export function tileSize(tile: Tile): number {
  return tile.channels * tile.rows * tile.segments * tile.vecs * 4;
}

/** Images that one copy may hold. */
export function imagesPerCopy(images: number, size: number): number {
  return Math.min(images, Math.max(1, Math.floor(COPY_LIMIT / size)));
}

/** Copies `count` images, from image `first` on. */
export function planTile(
  tile: Tile,
  x: Bindable,
  xOffset: number,
  first: number,
  count: number,
  y: Bindable,
): Plan {
  const { channels, input, rows, segments, vecs, run, last, padding } = tile;
  const units = count * channels * rows * segments;
  return {
    name: "conv_tile_input",
    source: tileSource,
    buffers: [x, y],
    params: [
      ...[...input, rows, segments, vecs, run, last],
      ...padding.map((by) => by >>> 0), // i32
      ...[units, xOffset + first * channels * input[0] * input[1]],
    ],
    groups: foldGroups(Math.ceil(units / 64)),
  };
}

function isOne([height, width]: Pair): boolean {
  return height === 1 && width === 1;
}
