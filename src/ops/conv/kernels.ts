/**
 * Which kernels make a convolution and its gradient to the input (see NOTE
 * [gather]), and with what parameters: a pure function of sizes and the adapter's
 * class, but for sizes that were measured (tuned.ts). Nothing here knows tensors or
 * speaks to a device. Offsets and strides count elements.
 *
 * @module
 */

import { type AdapterClass, rollsStores } from "../../gpu/device.ts";
import { loop, passesOf } from "../../gpu/loops.ts";
import { pack, type Params } from "../../gpu/params.ts";
import {
  foldGroups,
  MAX_LOOPS,
  type Plan,
  type Scratch,
} from "../../gpu/plan.ts";
import {
  type GatherBuffers,
  imagesPerCopy,
  planTile,
  planWeights,
  putOutput,
  tileSize,
} from "./copies.ts";
import { planDepthwise, streams } from "./depthwise.ts";
import {
  columnsFold,
  columnsReach,
  columnsShare,
  isPointwise,
  planForward,
  planInput,
} from "./columns.ts";
import {
  convOf,
  type Facing,
  facing,
  type Gather,
  gatherParams,
  isGradient,
  isOne,
  phases,
  slides,
  strideOfTaps,
} from "./gather.ts";
import { takesMaps } from "../kernel_hooks.ts";
import { byName, tuned } from "../tuned.ts";

import gemmSource from "../../../shaders/conv/gemm.wgsl" with { type: "text" };
import planeSource from "../../../shaders/conv/plane.wgsl" with {
  type: "text",
};
import unitsSource from "../../../shaders/conv/units.wgsl" with {
  type: "text",
};
import windowSource from "../../../shaders/conv/window.wgsl" with {
  type: "text",
};
import gatherLib from "../../../shaders/lib/gather.wgsl" with { type: "text" };
import runsLib from "../../../shaders/lib/gather_runs.wgsl" with {
  type: "text",
};
import tilesLib from "../../../shaders/lib/tiles.wgsl" with { type: "text" };

const GEMM = gatherLib + tilesLib + gemmSource;
const PLANE = gatherLib + runsLib + planeSource;
const WINDOW = gatherLib + runsLib + windowSource;

/**
 * - `units`: runs of neighbouring outputs in registers, from a tiled copy of the
 *   input; stride and dilation 1, filters of at most 5 columns
 * - `columns`: a product of matrices (see NOTE [columns]), whatever the sizes; on
 *   GPUs for filters of 1 x 1 alone
 * - `window`: like `units`, for any stride, dilation and filter, slower
 * - `depthwise`: filters of one channel, of at most 7 x 7, stride 1 or 2
 * - `plane`: channel by channel, for other groups of few channels
 * - `gemm`: for GPUs, in tiles of 64 or 128 channels and positions
 */
export type ConvKernel =
  | "units"
  | "columns"
  | "window"
  | "depthwise"
  | "plane"
  | "gemm";

const MANY = 12; // channels that pay for columns
const RUN = 14; // outputs of an invocation in `window` and `plane`

/** The kernel for a gather on this class of adapter. */
export function chooseGather(
  given: Gather,
  adapter: AdapterClass,
): ConvKernel {
  const kernel = fastest(given, adapter);
  if (kernel !== "columns" || isAble(kernel, given)) return kernel;
  if (adapter === "gpu") return "gemm";
  return given.outputs < 3 ? "plane" : "window";
}

/** Whether the sums of a gather are short enough for an invocation. */
export function fitsGather(given: Gather, adapter: AdapterClass): boolean {
  return isAble(chooseGather(given, adapter), given);
}

// Whether a kernel that suits a gather can make it: see NOTE [loops].
function isAble(kernel: ConvKernel, given: Gather): boolean {
  const conv = convOf(given);
  switch (kernel) {
    case "columns":
      return columnsReach(conv) && columnsShare(conv) <= 1 &&
        (!isGradient(given) || columnsFold(conv));
    case "units":
      return unitsLoops(given) <= MAX_LOOPS;
    case "window":
    case "plane":
      return windowLoops(given) <= MAX_LOOPS;
    case "depthwise":
      return true; // by strips of rows
    case "gemm":
      return gemmLoops(given, 128) <= MAX_LOOPS;
  }
}

function fastest(given: Gather, adapter: AdapterClass): ConvKernel {
  const { groups, channels, outputs, output, kernel, step, up } = given;
  const pointwise = isPointwise(convOf(given));
  // tiles would be empty but for one of their rows
  const passes = streams(given) && (groups > 1 || adapter === "cpu");
  if (passes && !pointwise) return "depthwise";
  if (adapter === "gpu") return pointwise && groups === 1 ? "columns" : "gemm";
  if (pointwise && (groups === 1 || outputs >= MANY)) return "columns";
  const slides = isOne(step) && isOne(up) && isOne(facing(given).dilation);
  // tiny images leave most of a run empty
  const tiny = output[1] <= 4 && outputs >= 4 * MANY;
  if (slides && outputs >= 4 && !tiny) {
    return kernel[1] <= 5 ? "units" : "window";
  }
  const taps = kernel[0] * kernel[1];
  const [rows, depth] = isGradient(given)
    ? [channels, outputs * taps]
    : [outputs, channels * taps];
  if (rows >= MANY && depth >= MANY / 2) return "columns";
  return outputs < 3 ? "plane" : "window";
}

/** The kernels that could make a gather, the one that is chosen first. */
export function gatherCandidates(
  given: Gather,
  adapter: AdapterClass,
): ConvKernel[] {
  const { step, up, kernel, outputs } = given;
  const slides = isOne(step) && isOne(up) && isOne(facing(given).dilation);
  const able: ConvKernel[] = ["columns", "window"];
  if (adapter === "gpu") able.push("gemm");
  if (slides && kernel[1] <= 5) able.push("units");
  if (streams(given)) able.push("depthwise");
  if (outputs < 8) able.push("plane");
  const chosen = chooseGather(given, adapter);
  return [...new Set([chosen, ...able.filter((name) => isAble(name, given))])];
}

/** The dispatches of a gather, in order; none when it has no elements. */
export function planGather(
  given: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { images, groups, channels, outputs, input, output } = given;
  const size = images * groups * outputs * output[0] * output[1];
  if (size === 0) return [];
  const weights = groups * outputs * channels * given.kernel[0] *
    given.kernel[1];
  const kernel = tuned(chooseGather(given, adapter), () => ({
    key: `conv ${adapter} ${JSON.stringify(given)}`,
    candidates: byName(gatherCandidates(given, adapter)),
    operands: [images * groups * channels * input[0] * input[1], weights, size],
    plan: (kernel, [x, w, y], scratch) =>
      planWith(
        kernel,
        given,
        { x: x!, xOffset: 0, w: w!, wOffset: 0, y: y! },
        scratch,
        adapter,
      ),
  }));
  return planWith(kernel, given, buffers, scratch, adapter);
}

function planWith(
  kernel: ConvKernel,
  given: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  switch (kernel) {
    case "columns":
      return planColumns(given, buffers, scratch, adapter);
    case "units":
      return planUnits(facing(given), buffers, scratch);
    case "window":
      return planWindow(facing(given), buffers, scratch);
    case "depthwise":
      return planDepthwise(given, buffers, scratch, adapter);
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

// Rows of taps in each channel; then each of 4 runs stores 14 outputs.
function unitsLoops({ channels, kernel }: Gather): number {
  const stores = Array(4).fill(loop(14));
  return passesOf(loop(channels, loop(kernel[0])), ...stores);
}

// The search for the first taps, then taps in rows in channels; conv_pack_weights
// makes fewer.
function windowLoops(given: Gather): number {
  const { channels, kernel } = given;
  const { every: [high, wide] } = strideOfTaps(given);
  const rows = Math.ceil(kernel[0] / high);
  const columns = Math.ceil(kernel[1] / wide);
  return Math.max(
    passesOf(
      loop(high),
      loop(wide),
      loop(channels, loop(rows, loop(columns))),
    ),
    passesOf(loop(kernel[0] * kernel[1])),
  );
}

// Slices of 16 (c, u, v), what 256 invocations load of them one by one, and their
// steps; then the 4 columns of each 4 x 4, which are four where tiles are of 128.
function gemmLoops({ channels, kernel }: Gather, side: number): number {
  const slices = Math.ceil(channels * kernel[0] * kernel[1] / 16);
  const stores = Array(4).fill(loop(4));
  return passesOf(loop(slices, loop(side / 64), loop(16)), ...stores);
}

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
  const weights = planWeights(given, buffers.w, buffers.wOffset, scratch);
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
  const size = images * groups * outputs * output[0] * output[1];
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
          ROLLED: rollsStores(),
        },
        ...putOutput(buffers, takesMaps(size)),
        buffers: [copy, weights.y, buffers.bias ?? weights.y, buffers.y],
        params: pack(unitsSource, {
          images: count,
          channels,
          outputs,
          groups,
          height: output[0],
          width: output[1],
          rows: tile.rows,
          segments,
          last,
          kh: kernel[0],
          blocks: weights.blocks,
          firstImage: first,
          biased: buffers.bias ? outputs : 0,
          biasOffset: buffers.biasOffset ?? 0,
        }),
        groups: foldGroups(Math.ceil(
          Math.ceil(output[0] * segments / runs) * count * weights.blocks *
            groups / 8,
        )),
        loops: unitsLoops(given),
      },
    );
  }
  return plans;
}

function paramsOf(given: Gather, buffers: GatherBuffers): Params {
  const { group, output, input } = given.weights;
  return {
    ...gatherParams(given),
    xOffset: buffers.xOffset,
    biasOffset: buffers.biasOffset ?? 0,
    wOffset: buffers.wOffset,
    wGroup: group,
    wOutput: output,
    wInput: input,
  };
}

// Of the kernels that walk in runs, besides.
function runParams(given: Gather, segments: number, blocks: number): Params {
  const { every, hop } = strideOfTaps(given);
  return {
    everyH: every[0],
    everyW: every[1],
    hopH: hop[0],
    hopW: hop[1],
    segments,
    blocks,
  };
}

function planWindow(
  given: Facing,
  buffers: GatherBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, output, up } = given;
  const weights = planWeights(given, buffers.w, buffers.wOffset, scratch);
  const segments = Math.ceil(Math.ceil(output[1] / up[1]) / RUN);
  const jobs = segments * phases(given) * images * weights.blocks * groups;
  return [weights.plan, {
    name: "conv_window",
    source: WINDOW,
    consts: {
      SLIDE: slides(given),
      BIAS: buffers.bias !== undefined,
    },
    ...putOutput(buffers),
    buffers: [buffers.x, weights.y, buffers.bias ?? weights.y, buffers.y],
    params: pack(WINDOW, {
      ...paramsOf(given, buffers),
      ...runParams(given, segments, weights.blocks),
    }),
    groups: foldGroups(Math.ceil(jobs / 8)),
    loops: windowLoops(given),
  }];
}

function planPlane(given: Facing, buffers: GatherBuffers): Plan {
  const { images, groups, outputs, output, up } = given;
  const segments = Math.ceil(Math.ceil(output[1] / up[1]) / RUN);
  const jobs = segments * phases(given) * images * groups * outputs;
  return {
    name: "conv_plane",
    source: PLANE,
    consts: {
      SLIDE: slides(given),
      FLIP: given.flip,
      BIAS: buffers.bias !== undefined,
    },
    ...putOutput(buffers),
    buffers: [buffers.x, buffers.w, buffers.bias ?? buffers.w, buffers.y],
    params: pack(PLANE, {
      ...paramsOf(given, buffers),
      ...runParams(given, segments, 0),
    }),
    groups: foldGroups(Math.ceil(jobs / 8)),
    loops: windowLoops(given),
  };
}

function planGemm(given: Gather, buffers: GatherBuffers): Plan {
  const { images, groups, outputs, output, up } = given;
  const positions = images * output[0] * output[1];
  const tilesOf = (side: number) =>
    Math.ceil(positions / side) * Math.ceil(outputs / side) * groups;
  // tiles of 128 where they are enough to fill a GPU
  const side = outputs > 64 && tilesOf(128) >= 128 ? 128 : 64;
  return {
    name: "conv_gemm",
    source: GEMM,
    consts: { SIDE: side, UP: !isOne(up), BIAS: buffers.bias !== undefined },
    ...putOutput(buffers),
    buffers: [buffers.x, buffers.w, buffers.bias ?? buffers.w, buffers.y],
    params: pack(GEMM, paramsOf(given, buffers)),
    groups: foldGroups(tilesOf(side)),
    loops: gemmLoops(given, side),
  };
}

function planColumns(
  given: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const conv = convOf(given);
  const { y, bias, biasOffset = 0 } = buffers;
  const x = { buffer: buffers.x, offset: buffers.xOffset };
  const w = { buffer: buffers.w, offset: buffers.wOffset };
  if (isGradient(given)) return planInput(conv, x, w, y, scratch, adapter);
  const added = bias && { buffer: bias, offset: biasOffset };
  return planForward(conv, x, w, y, added, scratch, adapter);
}
