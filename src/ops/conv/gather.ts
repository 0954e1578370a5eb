/**
 * What a convolution reads for what it writes. Sizes only; nothing here knows
 * tensors or kernels.
 *
 * NOTE [gather]: a convolution and its gradient to the input are one thing, an
 * output whose every position gathers from some positions of an input, with the
 * filters' axes swapped; a `Gather` says which. The gradient to the weights is
 * the other kind.
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

/** Whether a gather is the gradient of a convolution to its input. */
export function isGradient({ dilation }: Gather): boolean {
  return dilation[0] < 0;
}

/** The convolution whose `forwardGather` or `inputGather` this is. */
export function convOf(given: Gather): ConvCase {
  const { images, groups, channels, outputs, input, output, kernel } = given;
  const { step, up, dilation, shift } = given;
  const common = { images, groups, kernel };
  return isGradient(given)
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

/** A gather, and whether its filters are turned by half a turn. */
export interface Facing extends Gather {
  readonly flip: boolean;
}

/** A filter that is walked backwards, as one turned by half, walked forwards. */
export function facing(given: Gather): Facing {
  const { up, dilation, shift, kernel } = given;
  const flip = isOne(up) && isGradient(given);
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

/** Rows of all phases (see conv_window), empty ones too. */
export function phases({ output, up }: Gather): number {
  return Math.ceil(output[0] / up[0]) * up[0] * up[1];
}

/** Whether neighbouring outputs share all their inputs but one. */
export function slides({ step, up, dilation }: Gather): boolean {
  return step[1] === 1 && up[1] === 1 && dilation[1] === 1;
}

/** The parameters of `Params` in shaders/lib/gather.wgsl that sizes decide. */
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

/** From one tap that meets whole inputs to the next, in taps and in inputs. */
export function strideOfTaps({ up, dilation }: Gather): {
  readonly every: Pair;
  readonly hop: Pair;
} {
  const everyOf = (dim: 0 | 1) =>
    up[dim] / gcd(up[dim], Math.abs(dilation[dim]));
  const hopOf = (dim: 0 | 1) => everyOf(dim) * dilation[dim] / up[dim];
  return { every: [everyOf(0), everyOf(1)], hop: [hopOf(0), hopOf(1)] };
}

/** The greatest number that divides both. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Whether both are 1. */
export function isOne([height, width]: Pair): boolean {
  return height === 1 && width === 1;
}
