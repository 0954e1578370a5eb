/**
 * Convolutions that are too long for an invocation (see NOTE [loops]), in parts.
 * Long sums over channels and taps are added from shorter ones. Gradients to
 * weights see strips of an image as images. Only parts of the operands are
 * copied. The choice of kernels tells which convolutions are too long.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import type { ConvCase, Pair } from "./gather.ts";
import { assign } from "../movement/movement.ts";
import { padConstant } from "../movement/slicing.ts";

/** Function that computes a convolution, or its gradient to the input. */
type Run = (inputs: readonly [Tensor, Tensor], conv: ConvCase) => Tensor;

interface Part {
  readonly first: number;
  readonly count: number;
}

function halvesOf(size: number): readonly [Part, Part] {
  const count = Math.ceil(size / 2);
  return [{ first: 0, count }, { first: count, count: size - count }];
}

// Returns the channels `first` to `first + count` of each group.
function channelsOf(x: Tensor, groups: number, { first, count }: Part): Tensor {
  const [images, channels, ...field] = x.shape;
  return x.reshape([images!, groups, channels! / groups, ...field])
    .narrow(2, first, count)
    .reshape([images!, groups * count, ...field]);
}

function rowsOf(w: Tensor, groups: number, { first, count }: Part): Tensor {
  const [rows, ...filter] = w.shape;
  return w.reshape([groups, rows! / groups, ...filter])
    .narrow(1, first, count)
    .reshape([groups * count, ...filter]);
}

function withAt(pair: Pair, axis: 0 | 1, value: number): Pair {
  return axis === 0 ? [value, pair[1]] : [pair[0], value];
}

/** Half of the taps, and the rows or columns of the input that they may read. */
interface Taps extends Part {
  readonly conv: ConvCase;
  readonly dim: 2 | 3;
  readonly from: number;
}

// Halves the rows of a filter or, if it has one row, its columns. The second half
// may read nothing.
function tapsOf(conv: ConvCase): Taps[] {
  const axis = conv.kernel[0] > 1 ? 0 : 1;
  return halvesOf(conv.kernel[axis]).map(({ first, count }) => {
    const start = first * conv.dilation[axis] - conv.padding[axis];
    const from = Math.max(start, 0);
    return {
      ...{ first, count, from },
      dim: axis === 0 ? 2 : 3,
      conv: {
        ...conv,
        kernel: withAt(conv.kernel, axis, count),
        input: withAt(conv.input, axis, conv.input[axis] - from),
        padding: withAt(conv.padding, axis, Math.max(-start, 0)),
      },
    };
  });
}

/** Writes the convolution of `x` by `w`, of halves of the channels or the taps. */
export function addHalves(
  [x, w]: readonly [Tensor, Tensor],
  y: Tensor,
  conv: ConvCase,
  run: Run,
): void {
  const { groups, channels } = conv;
  const parts = channels > 1
    ? halvesOf(channels).map((half) =>
      run(
        [channelsOf(x, groups, half), w.narrow(1, half.first, half.count)],
        { ...conv, channels: half.count },
      )
    )
    : tapsOf(conv).filter(({ conv, dim }) => conv.input[dim - 2]! > 0).map((
      { first, count, from, dim, conv },
    ) =>
      run(
        [
          x.narrow(dim, from, conv.input[dim - 2]!),
          w.narrow(dim, first, count),
        ],
        conv,
      )
    );
  parts.forEach((part, i) => i === 0 ? assign(y, part) : y.add_(part));
}

/** Writes the gradient to the input, `dx`, by halves of the channels or the taps. */
export function addInputHalves(
  [dy, w]: readonly [Tensor, Tensor],
  dx: Tensor,
  conv: ConvCase,
  run: Run,
): void {
  const { groups, outputs } = conv;
  if (outputs > 1) {
    halvesOf(outputs).forEach((half, i) => {
      const part = run(
        [channelsOf(dy, groups, half), rowsOf(w, groups, half)],
        { ...conv, outputs: half.count },
      );
      if (i === 0) assign(dx, part);
      else dx.add_(part);
    });
    return;
  }
  tapsOf(conv).forEach(({ first, count, from, dim, conv }, i) => {
    const length = conv.input[dim - 2]!;
    if (length <= 0) return;
    const part = run([dy, w.narrow(dim, first, count)], conv);
    if (i === 0) assign(dx, part);
    else dx.narrow(dim, from, length).add_(part);
  });
}

/** Height and width of the strips of an output. */
export type Strips = Pair;

/** Share of the limit at which strips aim: smaller ones keep more cores busy. */
const AIM = 1 / 8;

/** Returns strips of the output of a small enough `shareOf`, if they are needed. */
export function stripsOf(
  conv: ConvCase,
  shareOf: (conv: ConvCase) => number,
): Strips | undefined {
  const whole = shareOf(conv);
  if (whole <= 1) return undefined;
  const { output: [height, width] } = conv;
  const rows = Math.max(1, Math.floor(height * AIM / whole));
  const row = shareOf({ ...conv, output: [rows, width] });
  const columns = row <= 1 ? width : Math.max(1, Math.floor(width * AIM / row));
  return [rows, columns];
}

/** Strips along one axis, and the parts of the input that they read. */
interface Axis {
  readonly count: number;
  /** Step from one strip to the next, and the size of each. */
  readonly step: number;
  readonly size: number;
  /** Zeros before and after the input; negative numbers crop it. */
  readonly edges: readonly number[];
}

/** Returns the operands and sizes of a gradient to weights, strips as images. */
export function asStrips(
  x: Tensor,
  dy: Tensor,
  conv: ConvCase,
  strips: Strips,
): [x: Tensor, dy: Tensor, conv: ConvCase] {
  const { images, input, output, kernel, stride, padding, dilation } = conv;
  const axisOf = (axis: 0 | 1): Axis => {
    const count = Math.ceil(output[axis] / strips[axis]);
    const step = strips[axis] * stride[axis];
    const size = step - stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
    const whole = (count - 1) * step + size;
    const edges = [padding[axis], whole - padding[axis] - input[axis]];
    return { count, step, size, edges };
  };
  const [down, across] = [axisOf(0), axisOf(1)];
  const [, channels] = x.shape;
  const [, outputs] = dy.shape;
  const none = [0, 0, 0, 0];
  const many = images * down.count * across.count;
  const xStrips = padConstant(x, [...none, ...down.edges, ...across.edges], 0)
    .unfold(2, down.size, down.step)
    .unfold(3, across.size, across.step) // [N, C, S, T, rows, columns]
    .permute([0, 2, 3, 1, 4, 5])
    .reshape([many, channels!, down.size, across.size]);
  const [rows, columns] = strips;
  const ends = [
    ...[0, down.count * rows - output[0]],
    ...[0, across.count * columns - output[1]],
  ];
  const dyStrips = padConstant(dy, [...none, ...ends], 0)
    .reshape([images, outputs!, down.count, rows, across.count, columns])
    .permute([0, 2, 4, 1, 3, 5])
    .reshape([many, outputs!, rows, columns]);
  return [xStrips, dyStrips, {
    ...conv,
    images: many,
    input: [down.size, across.size],
    output: strips,
    padding: [0, 0],
  }];
}
