/**
 * The kernels of transforms, as ops on tensors: a pass over images, their mean
 * grey, and bytes to normalised floats.
 *
 * Images are [N, C, H, W] of any strides. Results are contiguous float32; of
 * bytes they are integers. No gradients flow through a pass.
 *
 * @module
 */

import { type Loop, loop, passesOf } from "../../gpu/loops.ts";
import { f32Bits, foldGroups } from "../../gpu/plan.ts";
import { axesOf } from "../../ops/launch/axes.ts";
import { defineOp } from "../../ops/define.ts";
import { asTensors } from "../../ops/operands.ts";
import { planMap } from "../../ops/map/map.ts";
import type { MapRule } from "../../ops/map/header.ts";
import { declareInput } from "../../ops/words.ts";
import { fromHost } from "../../tensor/create.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { CHANGED } from "./changes.ts";
import { filterLoop, type Records } from "./records.ts";

import greyMeanSource from "../../../shaders/vision/grey_mean.wgsl" with {
  type: "text",
};
import imagesSource from "../../../shaders/vision/images.wgsl" with {
  type: "text",
};
import unpackSource from "../../../shaders/vision/unpack.wgsl" with {
  type: "text",
};

const GROUP = 64;
const PASS_SOURCE = CHANGED + imagesSource;

/** Sizes of a pass, and its sampler. */
export interface PassSizes {
  readonly images: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly height: number;
  readonly width: number;
  /** 0: pixels as they are, 1: scaled, 2: through a matrix. */
  readonly sampler: 0 | 1 | 2;
}

interface PassParams extends PassSizes {
  readonly records: Records;
  /** Offset of the source that is included in the records' places. */
  readonly origin: number;
}

// [source, records] or [source, records, means]
const passOp = defineOp<PassParams>({
  name: "transform",
  shape: (_, { images, outChannels, height, width }) => ({
    shape: [images, outChannels, height, width],
    dtype: "float32",
  }),
  kernel([x, words, means], [y], params) {
    const { images, channels, outChannels, height, width, sampler, records } =
      params;
    const { usesMean, needs } = records;
    return {
      name: "transform",
      source: PASS_SOURCE,
      consts: {
        C: channels,
        C_OUT: outChannels,
        SAMPLER: sampler,
        ...needs,
        WG: GROUP,
      },
      header: declareInput("x", 0, x.dtype, false, "f32") +
        headerOf(usesMean),
      buffers: usesMean
        ? [x.storage, words.storage, means.storage, y.storage]
        : [x.storage, words.storage, y.storage],
      params: [
        ...[images, height, width, records.stride, records.program],
        (x.layout.offset - params.origin) >>> 0,
      ],
      groups: foldGroups(Math.ceil(images * height * width / GROUP)),
      loops: passesOf(
        ...samplerLoops(sampler, records.taps),
        loop(records.program),
      ),
    };
  },
  axes: ([x, , means], { records: { stride } }) => [{
    dims: [x.ndim === 4 ? 0 : undefined, 0, ...(means ? [0] : []), 0],
    strides: [1, stride, ...(means ? [1] : []), 1],
    cut: (part) => {
      const { inputs: [x, ...others], params } = part;
      const { shape: [images] } = part.outputs[0];
      const origin = x.ndim === 4 ? x.layout.offset : params.origin;
      return {
        ...part,
        // copies begin at offset 0 of their buffers
        inputs: asTensors([x, ...others.map((each) => each.clone())]),
        params: { ...params, images: images!, origin },
      };
    },
  }],
  strided: "inputs",
});

// Loops over the taps of a filter, or of a bilinear matrix.
function samplerLoops(
  sampler: PassSizes["sampler"],
  taps: Records["taps"],
): Loop[] {
  if (sampler === 0) return [];
  return sampler === 1 ? [filterLoop(taps)] : [loop(4)];
}

function headerOf(usesMean: boolean): string {
  const bind = (binding: number, access: string, name: string, type: string) =>
    `@group(0) @binding(${binding}) var<${access}> ${name}: ${type};\n`;
  const rest = usesMean ? 3 : 2;
  return "\n" + bind(1, "storage, read", "records", "array<u32>") +
    (usesMean
      ? bind(2, "storage, read", "means", "array<f32>") +
        "fn mean_of(n: u32) -> f32 { return means[n]; }\n"
      : "fn mean_of(n: u32) -> f32 { return 0.0; }\n") +
    bind(rest, "storage, read_write", "y", "array<f32>") +
    bind(rest + 1, "uniform", "params", "Params");
}

/** The most pixels that an invocation of grey_mean sums. */
const GREY_RUN = 2 ** 14;

// [source, records] to [N, parts]
const greyMeanOp = defineOp<{ records: Records }>({
  name: "greyMean",
  shape: ([{ shape: [images, , height, width] }]) => ({
    shape: [images!, Math.ceil(height! * width! / GREY_RUN / GROUP)],
    dtype: "float32",
  }),
  kernel([x, words], [y], { records }) {
    const [images, channels, height, width] = x.shape;
    const plane = height! * width!;
    const parts = y.shape[1]!;
    const run = Math.ceil(plane / parts);
    return {
      name: "greyMean",
      source: greyMeanSource,
      consts: { C: channels!, WG: GROUP },
      buffers: [x.storage, words.storage, y.storage],
      params: [
        ...[images!, plane, records.stride, x.layout.offset],
        ...[parts, run],
      ],
      groups: foldGroups(images! * parts),
      loops: passesOf(loop(Math.ceil(run / GROUP)), loop(Math.log2(GROUP))),
    };
  },
  axes: (_, { records: { stride } }) => [{
    dims: [0, 0, 0],
    strides: [1, stride, 1],
  }],
});

/**
 * Returns images after one pass. `source` is [N, C, H, W], or bytes in which the
 * records hold the places. If a program uses the mean, it is contiguous float32.
 */
export function runPass(
  source: Tensor,
  records: Records,
  sizes: PassSizes,
): Tensor {
  const words = fromHost(new HostArray(records.words));
  const inputs = [source, words];
  if (records.usesMean) {
    const [parts] = greyMeanOp(inputs, { records });
    inputs.push(parts.shape[1] === 1 ? parts.squeeze(1) : parts.sum(1));
  }
  const { offset } = source.layout;
  return passOp(inputs, { ...sizes, records, origin: offset })[0];
}

const NORMALIZE: MapRule = {
  name: "normalize",
  wgsl: "(a / 255.0 - b) / c",
  compute: "f32",
};

interface Moments {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

// Images of one channel.
const normalizeGrey = defineOp<Moments>({
  name: "normalize",
  shape: ([x]) => ({ shape: x.shape, dtype: "float32" }),
  kernel: ([x], [y], { mean: [mean], std: [std] }) =>
    planMap(NORMALIZE, [x, mean!, std!], y),
  axes: (inputs, _, [shape]) => axesOf(inputs, shape!),
  strided: "all",
});

// Images of three channels, the bytes of a pixel side by side.
const unpack = defineOp<Moments>({
  name: "normalize",
  shape: ([x]) => ({ shape: x.shape, dtype: "float32" }),
  kernel([x], [y], { mean, std }) {
    const [images, , height, width] = x.shape;
    const plane = height! * width! / 4;
    const four = (values: readonly number[]): number[] =>
      [0, 1, 2, 0].map((c) => f32Bits(values[values.length === 1 ? 0 : c]!));
    return {
      name: "unpack",
      source: unpackSource,
      consts: { WG: GROUP },
      buffers: [x.storage, y.storage],
      params: [
        images! * plane,
        plane,
        x.layout.offset / 4,
        0,
        ...four(mean),
        ...four(std),
      ],
      groups: foldGroups(Math.ceil(images! * plane / GROUP)),
      loops: 0,
    };
  },
  axes: () => [{ dims: [0, 0] }],
  strided: "inputs", // normalizeBytes checks the strides
});

/**
 * Returns bytes as normalised floats; undefined if no kernel of its own fits the
 * number of channels and the strides.
 */
export function normalizeBytes(
  x: Tensor,
  moments: Moments,
): Tensor | undefined {
  const [, channels, height, width] = x.shape;
  if (channels === 1) return normalizeGrey([x], moments)[0];
  const { strides, offset } = x.layout;
  const plane = height! * width!;
  const isSideBySide = channels === 3 && strides[0] === 3 * plane &&
    strides[1] === 1 && strides[2] === 3 * width! && strides[3] === 3;
  return isSideBySide && plane % 4 === 0 && offset % 4 === 0
    ? unpack([x], moments)[0]
    : undefined;
}
