/**
 * Sizes of convolutions, and the input positions of their output positions.
 *
 * NOTE [gather]: a convolution and its gradient to the input are both a `Gather`:
 * every output position sums over some input positions. The gradient swaps the
 * axes of the filters. The gradient to the weights is not a gather.
 *
 * @module
 */

import type { Params } from "../../gpu/params.ts";

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
 * Sizes of a gather. Row i of the output sums over rows
 * (i * step + u * dilation + shift) / up of the input, if whole and in range;
 * columns likewise.
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

/** Returns the gather of a convolution, of x by w. */
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

/** Returns the gather of the gradient to x, of dy by w. */
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

/** Whether a gather is the gradient of a convolution to its input. */
export function isGradient({ dilation }: Gather): boolean {
  return dilation[0] < 0;
}

/** Returns the convolution of a `forwardGather` or an `inputGather`. */
export function convOf(gather: Gather): ConvCase {
  const { images, groups, channels, outputs, input, output, kernel } = gather;
  const { step, up, dilation, shift } = gather;
  const common = { images, groups, kernel };
  return isGradient(gather)
    ? {
      ...common,
      channels: outputs,
      outputs: channels,
      input: output,
      output: input,
      stride: up,
      padding: shift,
      dilation: [-dilation[0], -dilation[1]],
    }
    : {
      ...common,
      channels,
      outputs,
      input,
      output,
      stride: step,
      padding: [-shift[0], -shift[1]],
      dilation,
    };
}

/** Gather whose kernel rotates the filters by 180 degrees if `flip`. */
export interface Facing extends Gather {
  readonly flip: boolean;
}

/** Replaces negative dilations by positive ones with rotated filters, if up = 1. */
export function facing(gather: Gather): Facing {
  const { up, dilation, shift, kernel } = gather;
  const flip = isOne(up) && isGradient(gather);
  if (!flip) return { ...gather, flip };
  return {
    ...gather,
    flip,
    dilation: [-dilation[0], -dilation[1]],
    shift: [
      shift[0] + (kernel[0] - 1) * dilation[0],
      shift[1] + (kernel[1] - 1) * dilation[1],
    ],
  };
}

/** Returns the rows of all phases (see conv_window), including empty ones. */
export function phases({ output, up }: Gather): number {
  return Math.ceil(output[0] / up[0]) * up[0] * up[1];
}

/** Whether neighbouring outputs share all their inputs except one. */
export function slides({ step, up, dilation }: Gather): boolean {
  return step[1] === 1 && up[1] === 1 && dilation[1] === 1;
}

/** Returns the `Params` of shaders/lib/gather.wgsl that depend only on sizes. */
export function gatherParams(gather: Gather): Params {
  const { images, channels, outputs, groups } = gather;
  const { input, output, kernel, step, up, dilation, shift } = gather;
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
    stepH: step[0],
    stepW: step[1],
    upH: up[0],
    upW: up[1],
    dilH: dilation[0],
    dilW: dilation[1],
    shiftH: shift[0],
    shiftW: shift[1],
  };
}

/** Returns the step between taps that meet whole inputs, in taps and in inputs. */
export function strideOfTaps({ up, dilation }: Gather): {
  readonly every: Pair;
  readonly hop: Pair;
} {
  const everyOf = (dim: 0 | 1) =>
    up[dim] / gcd(up[dim], Math.abs(dilation[dim]));
  const hopOf = (dim: 0 | 1) => everyOf(dim) * dilation[dim] / up[dim];
  return { every: [everyOf(0), everyOf(1)], hop: [hopOf(0), hopOf(1)] };
}

/** Returns the greatest common divisor. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Whether both are 1. */
export function isOne([height, width]: Pair): boolean {
  return height === 1 && width === 1;
}
