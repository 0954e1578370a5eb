/**
 * Convolutions whose filters have one channel each. Lines of the input pass
 * through registers, so that the kernel loads each line once.
 *
 * @module
 */

import type { AdapterClass } from "../../gpu/device.ts";
import { type Loop, loop, mostIterations, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import {
  type Bindable,
  foldGroups,
  type Plan,
  type Scratch,
} from "../../gpu/plan.ts";
import {
  type GatherBuffers,
  imagesPerCopy,
  planTile,
  putOutput,
  type Tile,
  tileSize,
  type WeightBuffers,
} from "./copies.ts";
import {
  type ConvCase,
  facing,
  type Gather,
  isOne,
  type Pair,
} from "./gather.ts";
import { partialSums, splitsOf } from "../matmul/parts.ts";

import depthwiseSource from "../../../shaders/conv/depthwise.wgsl" with {
  type: "text",
};
import dwSource from "../../../shaders/conv/dw_depthwise.wgsl" with {
  type: "text",
};
import spreadSource from "../../../shaders/conv/spread.wgsl" with {
  type: "text",
};
import linesLib from "../../../shaders/lib/conv_lines.wgsl" with {
  type: "text",
};

const DEPTHWISE = linesLib + depthwiseSource;
const WEIGHTS = linesLib + dwSource;

/**
 * Invocations of a workgroup (lanes), invocations that keep an adapter busy
 * (jobs), and least rows of an invocation.
 */
const SIZES = {
  cpu: { lanes: 8, jobs: 256, rows: 8 },
  gpu: { lanes: 64, jobs: 2 ** 16, rows: 4 },
} as const;

/** Rows of each plane that an invocation of conv_spread writes. */
const SPREAD_ROWS = 2 ** 12;

/** Whether the kernels of this file can compute a gather. */
export function streams(gather: Gather): boolean {
  const { up } = gather;
  const { channels, kernel, step, dilation, shift } = facing(apart(gather));
  const [rows, columns] = step;
  return channels === 1 && kernel.every((size) => size <= 7) &&
    rows === columns && rows <= 2 && up[0] === up[1] &&
    dilation.every((by) => by === 1) &&
    shift.every((by) => by <= 0) && shift[1] >= -4 &&
    kernel[1] + shift[1] <= 4 + columns;
}

/** Returns an equal gather with up = 1, whose input has zeros in the gaps. */
function apart(gather: Gather): Gather {
  const { input, up } = gather;
  const stuffed = (dim: 0 | 1) => (input[dim] - 1) * up[dim] + 1;
  return { ...gather, input: [stuffed(0), stuffed(1)], up: [1, 1] };
}

/** Images in a buffer, [images, channels, height, width]. */
interface Images {
  readonly buffer: Bindable;
  readonly offset: number;
  readonly channels: number;
  readonly size: Pair;
}

/** Images with rows of whole vec4, and the plans that copy them, if any. */
interface Lines {
  readonly plans: readonly Plan[];
  readonly buffer: Bindable;
  /** Offset in vec4. */
  readonly offset: number;
  readonly vecs: number;
}

/** Images as lines, part by part. */
interface Source {
  /** Elements of one image's copy, or 0 if it needs none. */
  readonly copied: number;
  /** Returns the lines of some images; `room` allocates their copies. */
  lines(first: number, count: number, room: () => Bindable): Lines;
}

function sourceOf({ buffer, offset, channels, size }: Images): Source {
  const [height, width] = size;
  const vecs = Math.ceil(width / 4);
  if (width % 4 === 0 && offset % 4 === 0) {
    const image = channels * height * vecs;
    return {
      copied: 0,
      lines: (first) => ({
        plans: [],
        buffer,
        offset: offset / 4 + first * image,
        vecs,
      }),
    };
  }
  const tile: Tile = {
    channels,
    input: size,
    rows: height,
    vecs,
    segments: 1,
    run: 0,
    last: 0,
    padding: [0, 0],
  };
  return {
    copied: tileSize(tile),
    lines(first, count, room) {
      const copy = room();
      const plans = [planTile(tile, buffer, offset, first, count, copy)];
      return { plans, buffer: copy, offset: 0, vecs };
    },
  };
}

/** Returns images with zeros between their rows and columns: see conv_spread. */
function spreadOf(gather: Gather, { x, xOffset }: GatherBuffers): Source {
  const { groups, input, up } = gather;
  const [height, width] = apart(gather).input;
  const vecs = Math.ceil(width / 4);
  const rows = Math.min(height, SPREAD_ROWS);
  return {
    copied: groups * height * vecs * 4,
    lines(first, count, room) {
      const buffer = room();
      const offset = xOffset + first * groups * input[0] * input[1];
      const plan: Plan = {
        name: "conv_spread",
        source: spreadSource,
        consts: { UP: up[0] },
        buffers: [x, buffer],
        params: pack(spreadSource, {
          planes: count * groups,
          inHeight: input[0],
          inWidth: input[1],
          height,
          vecs,
          xOffset: offset,
          stripRows: rows,
        }),
        groups: [
          Math.ceil(vecs / 8),
          Math.ceil(count * groups / 8),
          Math.ceil(height / rows),
        ],
        loops: passesOf(loop(8, loop(rows))),
      };
      return { plans: [plan], buffer, offset: 0, vecs };
    },
  };
}

interface Part {
  readonly first: number;
  readonly count: number;
  /** Lines of each source. */
  readonly lines: readonly Lines[];
}

/** Splits the batch into parts whose copies are small enough. */
function partsOf(
  images: number,
  sources: readonly Source[],
  scratch: Scratch,
): Part[] {
  const copied = sources.reduce((sum, source) => sum + source.copied, 0);
  const size = copied === 0 ? images : imagesPerCopy(images, copied);
  const rooms = sources.map((source) => {
    let room: Bindable | undefined;
    return () => room ??= scratch(size * source.copied);
  });
  const parts: Part[] = [];
  for (let first = 0; first < images; first += size) {
    const count = Math.min(size, images - first);
    const lines = sources.map((source, i) =>
      source.lines(first, count, rooms[i]!)
    );
    parts.push({ first, count, lines });
  }
  return parts;
}

/** Plans a gather with one input channel in each group. */
export function planDepthwise(
  original: Gather,
  buffers: GatherBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { lanes, jobs, rows: least } = SIZES[adapter];
  const gather = facing(apart(original));
  const { images, groups, outputs, input, output, kernel, weights } = gather;
  const { x: buffer, xOffset: offset } = buffers;
  const [step] = gather.step;
  const source = isOne(original.up)
    ? sourceOf({ buffer, offset, channels: groups, size: input })
    : spreadOf(original, buffers);
  const blocks = Math.ceil(output[1] * step / 8);
  const reach = Math.ceil(kernel[0] / step) - 1; // rows after the last line's
  const parts = partsOf(images, [source], scratch);
  return parts.flatMap(({ first, count, lines: [lines] }) => {
    const { plans, buffer, offset, vecs } = lines!; // of the one source
    const columns = blocks * groups * outputs * count;
    const wanted = Math.min(
      Math.ceil(jobs / columns),
      Math.ceil(output[0] / least),
    );
    const most = mostIterations([]) - reach;
    const rows = Math.min(Math.ceil(output[0] / wanted), most);
    const strips = Math.ceil(output[0] / rows);
    return [...plans, {
      name: "conv_depthwise",
      source: DEPTHWISE,
      consts: {
        KH: kernel[0],
        KW: kernel[1],
        STEP: step,
        PAD: -gather.shift[1],
        WG: lanes,
        FLIP: gather.flip,
        BIAS: buffers.bias !== undefined,
      },
      ...putOutput(buffers),
      buffers: [buffer, buffers.w, buffers.bias ?? buffers.w, buffers.y],
      params: pack(DEPTHWISE, {
        images: count,
        groups,
        outputs,
        inHeight: input[0],
        vecs,
        height: output[0],
        width: output[1],
        padH: -gather.shift[0],
        blocks,
        strips,
        stripRows: rows,
        xOffset: offset,
        yOffset: first * groups * outputs * output[0] * output[1],
        biasOffset: buffers.biasOffset ?? 0,
        wOffset: buffers.wOffset,
        wGroup: weights.group,
        wOutput: weights.output,
      }),
      groups: foldGroups(Math.ceil(columns * strips / lanes)),
      loops: passesOf(loop(rows + reach)),
    }];
  });
}

/** Returns the blocks of columns in a row of a gradient. */
function blocksOf({ output, stride }: ConvCase): number {
  return Math.ceil(output[1] * stride[0] / 8);
}

/** Returns the loops of the gradient to a filter, for each image. */
export function depthwiseWeightLoop(conv: ConvCase): Loop {
  return loop(blocksOf(conv), loop(conv.output[0]));
}

/** Plans the gradient to filters of one channel. */
export function planDepthwiseWeight(
  conv: ConvCase,
  { x, xOffset, dy, dyOffset, dw }: WeightBuffers,
  scratch: Scratch,
  adapter: AdapterClass,
): Plan[] {
  const { lanes, jobs } = SIZES[adapter];
  const { images, groups, outputs, input, output, kernel, padding } = conv;
  const [step] = conv.stride;
  const filters = groups * outputs;
  const sources = [
    sourceOf({ buffer: x, offset: xOffset, channels: groups, size: input }),
    sourceOf({ buffer: dy, offset: dyOffset, channels: filters, size: output }),
  ];
  const parts = partsOf(images, sources, scratch);
  const most = parts[0]?.count ?? 0;
  const each = depthwiseWeightLoop(conv);
  const splits = splitsOf(most, Math.ceil(jobs / filters), each);
  const size = filters * kernel[0] * kernel[1];
  const sums = partialSums(size, parts.length * splits, dw, scratch);
  const plans = parts.flatMap(({ count, lines }, part) => {
    const [from, to] = lines as readonly [Lines, Lines]; // of the two sources
    return [...from.plans, ...to.plans, {
      name: "conv_dw_depthwise",
      source: WEIGHTS,
      consts: {
        KH: kernel[0],
        KW: kernel[1],
        STEP: step,
        PAD: padding[1],
        WG: lanes,
      },
      buffers: [from.buffer, to.buffer, sums.buffer],
      params: pack(WEIGHTS, {
        images: count,
        groups,
        outputs,
        inHeight: input[0],
        vecs: from.vecs,
        height: output[0],
        dyVecs: to.vecs,
        padH: padding[0],
        blocks: blocksOf(conv),
        splits,
        splitImages: Math.ceil(most / splits),
        splitSize: sums.stride,
        xOffset: from.offset,
        dyOffset: to.offset,
        dwOffset: part * splits * sums.stride,
      }),
      groups: foldGroups(Math.ceil(filters * splits / lanes)),
      loops: passesOf(loop(Math.ceil(most / splits), each)),
    }];
  });
  return [...plans, ...sums.finish];
}
