/**
 * Convolutions that are too long for an invocation (see NOTE [loops]), as
 * convolutions of parts: sums over many channels and taps are added up of shorter
 * ones, and gradients to weights see an image's strips as images. All that is
 * copied is the operands' parts. What is too long, the choice of kernels says.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import type { ConvCase, Pair } from "./gather.ts";
import { assign } from "../movement/movement.ts";
import { padConstant } from "../movement/slicing.ts";

/** A convolution, or its gradient to the input, by its two tensors. */
type Run = (inputs: readonly [Tensor, Tensor], conv: ConvCase) => Tensor;

interface Part {
  readonly first: number;
  readonly count: number;
}

function halvesOf(size: number): readonly [Part, Part] {
  const count = Math.ceil(size / 2);
  return [{ first: 0, count }, { first: count, count: size - count }];
}

// The channels `first` to `first + count` of each group.
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

/** Half of the taps, and the rows or columns of the input that they may meet. */
interface Taps extends Part {
  readonly conv: ConvCase;
  readonly dim: 2 | 3;
  readonly from: number;
}

// Halves of a filter's rows or, of a single one, its columns. The second may
// meet nothing.
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

/** The same of its gradient to the input, `dx`. */
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

/** How high and wide the strips of an output are. */
export type Strips = Pair;

/** Of strips too large, those are made that cost an eighth of what they may. */
const AIM = 1 / 8;

/** Strips of the output whose `shareOf` is small enough; none if the whole is. */
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

/** The strips along one axis, and what of the input they meet. */
interface Axis {
  readonly count: number;
  /** From one to the next, and the size of each. */
  readonly step: number;
  readonly size: number;
  /** Zeros before and after the input; negative ones cut it. */
  readonly edges: readonly number[];
}

/** The operands of a gradient to weights, and its sizes, with strips as images. */
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
