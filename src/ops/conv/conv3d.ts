/**
 * Convolutions of volumes, composed of convolutions of images: the layers that a
 * filter spans become channels.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { conv2d } from "./conv.ts";
import {
  checkBias,
  checkGroups,
  checkOperands,
  checkPadding,
  CONV_OPTIONS,
  type ConvOptions,
} from "./shapes.ts";
import { perDim } from "../per_dim.ts";
import { stack } from "../movement/join.ts";
import { pad } from "../index/padding.ts";

/**
 * Returns the 3-D cross-correlation of volumes with filters. Options are one
 * number, or `[layers, rows, columns]`.
 *
 * Shapes: x [N, C, D, H, W] or [C, D, H, W], weight [O, C / groups, kd, kh, kw],
 * bias [O], to [N, O, D', H', W'] or [O, D', H', W'], with
 * D' = floor((D + 2 * padding - dilation * (kd - 1) - 1) / stride) + 1, and H'
 * and W' likewise. The input is copied kd times.
 *
 * Source: torch.nn.functional.conv3d.
 *
 * @throws {TypeError} If the shapes do not fit, or the dtypes are not one float
 * @throws {RangeError} If an option is out of range, or a filter larger than the
 * padded input
 */
export function conv3d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvOptions = {},
): Tensor {
  checkOptionNames("conv3d", options, CONV_OPTIONS);
  checkOperands("conv3d", "volume", x, weight, bias);
  if (x.ndim === 4) {
    return conv3d(x.unsqueeze(0), weight, bias, options).squeeze(0);
  }
  const sizes = sizesOf(x, weight, options);
  checkBias("conv3d", bias, weight.shape[0]!);
  const { stride, dilation, before, after, layers } = sizes;
  const { groups = 1 } = options;
  const edges = [2, 1, 0].flatMap((dim) => [before[dim]!, after[dim]!]);
  const padded = edges.some((zeros) => zeros > 0) ? pad(x, edges) : x;
  const [outputs, channels, taps, ...kernel] = weight.shape as Shape5;
  // a copy for each layer of a filter, as channels: [N, C, kd, D', H, W]
  const met = stack(
    Array.from({ length: taps }, (_, tap) => {
      const first = tap * dilation[0]!;
      const stop = first + (layers - 1) * stride[0]! + 1;
      return padded.slice(2, first, stop, stride[0]!);
    }),
    2,
  );
  const [images, inputs, , , height, width] = met.shape as Shape6;
  const y = conv2d(
    met.permute([0, 3, 1, 2, 4, 5])
      .reshape([images * layers, inputs * taps, height, width]),
    weight.reshape([outputs, channels * taps, ...kernel]),
    bias,
    { stride: stride.slice(1), dilation: dilation.slice(1), groups },
  ); // [N * D', O, H', W']
  return y.reshape([images, layers, ...y.shape.slice(1)]).movedim(1, 2);
}

type Shape5 = readonly [number, number, number, number, number];
type Shape6 = readonly [number, ...Shape5];

interface Sizes {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Zeros before and after the input. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Layers of the output. */
  readonly layers: number;
}

// checkOperands has checked that there are five dims
function sizesOf(x: Tensor, weight: Tensor, options: ConvOptions): Sizes {
  const [, inputs, ...input] = x.shape as Shape5;
  const [outputs, channels, ...kernel] = weight.shape as Shape5;
  const { groups = 1, padding = 0 } = options;
  const what = `conv3d ${formatShape(x.shape)} with weight ` +
    formatShape(weight.shape);
  checkGroups("conv3d", groups, outputs);
  if (inputs !== channels * groups) {
    throw new TypeError(
      `Cannot ${what}: the input must have ${channels * groups} channels ` +
        `(${channels} for each of ${groups} groups), got ${inputs}`,
    );
  }
  const stride = perDim("conv3d", "stride", options.stride ?? 1, 1, 3);
  const dilation = perDim("conv3d", "dilation", options.dilation ?? 1, 1, 3);
  checkPadding("conv3d", padding);
  if (padding === "same" && stride.some((by) => by > 1)) {
    throw new RangeError(
      `Cannot conv3d with padding "same" and stride [${stride.join(", ")}]: ` +
        `"same" needs a stride of 1`,
    );
  }
  const zeros = padding === "same"
    ? kernel.map((size, dim) => dilation[dim]! * (size - 1))
    : perDim("conv3d", "padding", padding === "valid" ? 0 : padding, 0, 3)
      .map((by) => 2 * by);
  const spans = kernel.map((size, dim) => dilation[dim]! * (size - 1) + 1);
  input.forEach((size, dim) => {
    const padded = size + zeros[dim]!;
    if (size > 0 && kernel[dim]! > 0 && spans[dim]! <= padded) return;
    throw new RangeError(
      `Cannot ${what}: a filter spans ${spans[dim]} of the ${padded} ` +
        `${["layers", "rows", "columns"][dim]} of the padded input`,
    );
  });
  const before = zeros.map((all) => Math.floor(all / 2));
  return {
    ...{ stride, dilation, before },
    after: zeros.map((all, dim) => all - before[dim]!),
    layers: Math.floor((input[0]! + zeros[0]! - spans[0]!) / stride[0]!) + 1,
  };
}
