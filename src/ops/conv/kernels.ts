/**
 * Choice and plans of the kernels of a convolution and its gradient to the input
 * (see NOTE [gather]). The choice depends on sizes and the adapter's class, or
 * on a measurement (tuned.ts). Offsets and strides count elements.
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
 * - `columns`: a product of matrices (see NOTE [columns]), for any sizes; on GPUs
 *   only for filters of 1 x 1
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

/** Chooses the kernel of a gather on this class of adapter. */
export function chooseGather(
  gather: Gather,
  adapter: AdapterClass,
): ConvKernel {
  const kernel = fastest(gather, adapter);
  if (kernel !== "columns" || isAble(kernel, gather)) return kernel;
  if (adapter === "gpu") return "gemm";
  return gather.outputs < 3 ? "plane" : "window";
}

/** Whether the sums of a gather are short enough for an invocation. */
export function fitsGather(gather: Gather, adapter: AdapterClass): boolean {
  return isAble(chooseGather(gather, adapter), gather);
}

// Whether the loops of a kernel for a gather are short enough: see NOTE [loops].
function isAble(kernel: ConvKernel, gather: Gather): boolean {
  const conv = convOf(gather);
  switch (kernel) {
    case "columns":
      return columnsReach(conv) && columnsShare(conv) <= 1 &&
        (!isGradient(gather) || columnsFold(conv));
    case "units":
      return unitsLoops(gather) <= MAX_LOOPS;
    case "window":
    case "plane":
      return windowLoops(gather) <= MAX_LOOPS;
    case "depthwise":
      return true; // by strips of rows
    case "gemm":
      return gemmLoops(gather, 128) <= MAX_LOOPS;
  }
}

function fastest(gather: Gather, adapter: AdapterClass): ConvKernel {
  const { groups, channels, outputs, output, kernel, step, up } = gather;
  const pointwise = isPointwise(convOf(gather));
  // a single output channel would leave tiles empty except for one row
  const passes = streams(gather) && (groups > 1 || adapter === "cpu");
  if (passes && !pointwise) return "depthwise";
  if (adapter === "gpu") return pointwise && groups === 1 ? "columns" : "gemm";
  if (pointwise && (groups === 1 || outputs >= MANY)) return "columns";
  const slides = isOne(step) && isOne(up) && isOne(facing(gather).dilation);
  // tiny images leave most of a run empty
  const tiny = output[1] <= 4 && outputs >= 4 * MANY;
  if (slides && outputs >= 4 && !tiny) {
    return kernel[1] <= 5 ? "units" : "window";
  }
  const taps = kernel[0] * kernel[1];
  const [rows, depth] = isGradient(gather)
    ? [channels, outputs * taps]
    : [outputs, channels * taps];
  if (rows >= MANY && depth >= MANY / 2) return "columns";
  return outputs < 3 ? "plane" : "window";
}

/** Returns the kernels that can compute a gather, `chooseGather`'s first. */
export function gatherCandidates(
  gather: Gather,
  adapter: AdapterClass,
): ConvKernel[] {
  const { step, up, kernel, outputs } = gather;
  const slides = isOne(step) && isOne(up) && isOne(facing(gather).dilation);
  const able: ConvKernel[] = ["columns", "window"];
  if (adapter === "gpu") able.push("gemm");
  if (slides && kernel[1] <= 5) able.push("units");
  if (streams(gather)) able.push("depthwise");
  if (outputs < 8) able.push("plane");
  const chosen = chooseGather(gather, adapter);
  return [...new Set([chosen, ...able.filter((name) => isAble(name, gather))])];
}

/** Plans the dispatches of a gather, in order; none if it has no elements. */
export function planGather(
  gather: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { images, groups, channels, outputs, input, output } = gather;
  const size = images * groups * outputs * output[0] * output[1];
  if (size === 0) return [];
  const weights = groups * outputs * channels * gather.kernel[0] *
    gather.kernel[1];
  const kernel = tuned(chooseGather(gather, adapter), () => ({
    key: `conv ${adapter} ${JSON.stringify(gather)}`,
    candidates: byName(gatherCandidates(gather, adapter)),
    operands: [images * groups * channels * input[0] * input[1], weights, size],
    plan: (kernel, [x, w, y], scratch) =>
      planWith(
        kernel,
        gather,
        { x: x!, xOffset: 0, w: w!, wOffset: 0, y: y! },
        scratch,
        adapter,
      ),
  }));
  return planWith(kernel, gather, buffers, scratch, adapter);
}

function planWith(
  kernel: ConvKernel,
  gather: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  switch (kernel) {
    case "columns":
      return planColumns(gather, buffers, scratch, adapter);
    case "units":
      return planUnits(facing(gather), buffers, scratch);
    case "window":
      return planWindow(facing(gather), buffers, scratch);
    case "depthwise":
      return planDepthwise(gather, buffers, scratch, adapter);
    case "plane":
      return [planPlane(facing(gather), buffers)];
    case "gemm":
      return [planGemm(gather, buffers)];
  }
}

/** Returns the outputs of a run, 14 or 8, that waste the least of a row. */
export function runOf(width: number): 14 | 8 {
  const computed = (run: number) => Math.ceil(width / run) * run;
  // runs of 8 are slower by a tenth, and need a pipeline of their own
  return computed(8) * 1.25 < computed(14) ? 8 : 14;
}

// Returns the loops of `units`: the rows of taps of each channel; then each of 4
// runs stores 14 outputs.
function unitsLoops({ channels, kernel }: Gather): number {
  const stores = Array(4).fill(loop(14));
  return passesOf(loop(channels, loop(kernel[0])), ...stores);
}

// Returns the loops of `window`: the search for the first taps, then the taps in
// rows in channels. conv_pack_weights has fewer.
function windowLoops(gather: Gather): number {
  const { channels, kernel } = gather;
  const { every: [high, wide] } = strideOfTaps(gather);
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

// Returns the loops of `gemm`: slices of 16 (c, u, v), the loads of a slice by 256
// invocations, and its steps; then the 4 columns of each 4 x 4. Tiles of 128 have
// four of 4 x 4.
function gemmLoops({ channels, kernel }: Gather, side: number): number {
  const slices = Math.ceil(channels * kernel[0] * kernel[1] / 16);
  const stores = Array(4).fill(loop(4));
  return passesOf(loop(slices, loop(side / 64), loop(16)), ...stores);
}

function planUnits(
  gather: Facing,
  buffers: GatherBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, channels, outputs, output, kernel, shift } = gather;
  const run = runOf(output[1]);
  const runs = run === 14 ? 2 : 4; // of an invocation
  const segments = Math.ceil(output[1] / run);
  const last = Math.max(output[1] - run, 0);
  const weights = planWeights(gather, buffers.w, buffers.wOffset, scratch);
  const tile = {
    channels: groups * channels,
    input: gather.input,
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
        loops: unitsLoops(gather),
      },
    );
  }
  return plans;
}

function paramsOf(gather: Gather, buffers: GatherBuffers): Params {
  const { group, output, input } = gather.weights;
  return {
    ...gatherParams(gather),
    xOffset: buffers.xOffset,
    biasOffset: buffers.biasOffset ?? 0,
    wOffset: buffers.wOffset,
    wGroup: group,
    wOutput: output,
    wInput: input,
  };
}

// Returns the parameters of `window` and `plane` besides those of `paramsOf`.
function runParams(gather: Gather, segments: number, blocks: number): Params {
  const { every, hop } = strideOfTaps(gather);
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
  gather: Facing,
  buffers: GatherBuffers,
  scratch: Scratch,
): Plan[] {
  const { images, groups, output, up } = gather;
  const weights = planWeights(gather, buffers.w, buffers.wOffset, scratch);
  const segments = Math.ceil(Math.ceil(output[1] / up[1]) / RUN);
  const jobs = segments * phases(gather) * images * weights.blocks * groups;
  return [weights.plan, {
    name: "conv_window",
    source: WINDOW,
    consts: {
      SLIDE: slides(gather),
      BIAS: buffers.bias !== undefined,
    },
    ...putOutput(buffers),
    buffers: [buffers.x, weights.y, buffers.bias ?? weights.y, buffers.y],
    params: pack(WINDOW, {
      ...paramsOf(gather, buffers),
      ...runParams(gather, segments, weights.blocks),
    }),
    groups: foldGroups(Math.ceil(jobs / 8)),
    loops: windowLoops(gather),
  }];
}

function planPlane(gather: Facing, buffers: GatherBuffers): Plan {
  const { images, groups, outputs, output, up } = gather;
  const segments = Math.ceil(Math.ceil(output[1] / up[1]) / RUN);
  const jobs = segments * phases(gather) * images * groups * outputs;
  return {
    name: "conv_plane",
    source: PLANE,
    consts: {
      SLIDE: slides(gather),
      FLIP: gather.flip,
      BIAS: buffers.bias !== undefined,
    },
    ...putOutput(buffers),
    buffers: [buffers.x, buffers.w, buffers.bias ?? buffers.w, buffers.y],
    params: pack(PLANE, {
      ...paramsOf(gather, buffers),
      ...runParams(gather, segments, 0),
    }),
    groups: foldGroups(Math.ceil(jobs / 8)),
    loops: windowLoops(gather),
  };
}

function planGemm(gather: Gather, buffers: GatherBuffers): Plan {
  const { images, groups, outputs, output, up } = gather;
  const positions = images * output[0] * output[1];
  const tilesOf = (side: number) =>
    Math.ceil(positions / side) * Math.ceil(outputs / side) * groups;
  // tiles of 128 if there are enough of them to fill a GPU
  const side = outputs > 64 && tilesOf(128) >= 128 ? 128 : 64;
  return {
    name: "conv_gemm",
    source: GEMM,
    consts: { SIDE: side, UP: !isOne(up), BIAS: buffers.bias !== undefined },
    ...putOutput(buffers),
    buffers: [buffers.x, buffers.w, buffers.bias ?? buffers.w, buffers.y],
    params: pack(GEMM, paramsOf(gather, buffers)),
    groups: foldGroups(tilesOf(side)),
    loops: gemmLoops(gather, side),
  };
}

function planColumns(
  gather: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const conv = convOf(gather);
  const { y, bias, biasOffset = 0 } = buffers;
  const x = { buffer: buffers.x, offset: buffers.xOffset };
  const w = { buffer: buffers.w, offset: buffers.wOffset };
  if (isGradient(gather)) return planInput(conv, x, w, y, scratch, adapter);
  const added = bias && { buffer: bias, offset: biasOffset };
  return planForward(conv, x, w, y, added, scratch, adapter);
}
