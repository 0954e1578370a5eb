/**
 * Convolutions: cross-correlation of images or signals with filters, and its
 * transpose. Three ops are each other's gradients, so that derivatives of any
 * order are convolutions: the convolution y(x, w), its gradient to the input
 * dx(dy, w), and its gradient to the weights dw(x, dy). The gradient to the input
 * is also the transposed convolution.
 *
 * Kernels compute in float32; float16 is cast to it and back.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ConvCase, forwardGather, inputGather } from "./gather.ts";
import { fitsGather, planGather } from "./kernels.ts";
import { addHalves, addInputHalves, asStrips, stripsOf } from "./parts.ts";
import {
  asRow,
  checkBias,
  checkOperands,
  CONV_OPTIONS,
  CONV_TRANSPOSE_OPTIONS,
  convCase,
  type ConvOptions,
  type ConvTransposeOptions,
  transposedCase,
} from "./shapes.ts";
import { imageShare, planWeight } from "./weight_kernels.ts";
import { joinBy } from "../elementwise/join_parts.ts";
import { inFloat32 } from "../map/wide.ts";
import { defineOp, type Op, scratch } from "../define.ts";
import type { Axis, Call } from "../launch/launch.ts";

// ([N, C, H, W], [O, C / groups, kh, kw], [O]?) -> [N, O, H', W']
const convOp: Op<ConvCase> = defineOp<ConvCase>({
  name: "conv2d",

  shape([x], conv) {
    const { images, groups, outputs, output } = conv;
    return { shape: [images, groups * outputs, ...output], dtype: x.dtype };
  },

  kernel([x, w, bias], [y], conv) {
    if (!fitsGather(forwardGather(conv), adapterClass())) {
      addHalves([x, w], y, conv, (parts, conv) => convOp(parts, conv)[0]);
      if (bias) y.add_(bias.reshape([-1, 1, 1]));
      return [];
    }
    const [dense, filters] = [x.contiguous(), w.contiguous()];
    return planGather(
      forwardGather(conv),
      {
        x: dense.storage,
        xOffset: dense.layout.offset,
        w: filters.storage,
        wOffset: filters.layout.offset,
        y: y.storage,
        ...(bias && { bias: bias.storage, biasOffset: bias.layout.offset }),
      },
      newScratch,
      adapterClass(),
    );
  },

  axes: ([, , bias], { groups, channels, outputs }) => [
    { dims: [0, undefined, ...(bias ? [undefined] : []), 0], cut: imagesOf },
    groups === 1
      ? {
        dims: [undefined, 0, ...(bias ? [0] : []), 1],
        cut: (part) => resized(part, { outputs: part.outputs[0].shape[1]! }),
      }
      : {
        dims: [1, 0, ...(bias ? [0] : []), 1],
        strides: [channels, outputs, ...(bias ? [outputs] : []), outputs],
        cut: groupsOf("channels"),
      },
  ],

  save([x, w], _outputs, needs) {
    return [needs[1] ? x : undefined, needs[0] ? w : undefined];
  },

  grad(dy, { saved: [x, w], needs, params: conv }) {
    return [
      needs[0] ? convInputOp([dy, w], conv)[0] : undefined,
      needs[1] ? convWeightOp([x, dy], conv)[0] : undefined,
      needs[2] ? dy.sum([0, 2, 3]) : undefined,
    ];
  },
});

// ([N, O, H', W'], [O, C / groups, kh, kw]) -> [N, C, H, W]
const convInputOp: Op<ConvCase> = defineOp<ConvCase>({
  name: "conv2d_input",

  shape([dy], { images, groups, channels, input }) {
    return { shape: [images, groups * channels, ...input], dtype: dy.dtype };
  },

  kernel([dy, w], [dx], conv) {
    if (!fitsGather(inputGather(conv), adapterClass())) {
      addInputHalves(
        [dy, w],
        dx,
        conv,
        (parts, conv) => convInputOp(parts, conv)[0],
      );
      return [];
    }
    const [dense, filters] = [dy.contiguous(), w.contiguous()];
    return planGather(
      inputGather(conv),
      {
        x: dense.storage,
        xOffset: dense.layout.offset,
        w: filters.storage,
        wOffset: filters.layout.offset,
        y: dx.storage,
      },
      newScratch,
      adapterClass(),
    );
  },

  axes: (_, { groups, channels, outputs }) => [
    { dims: [0, undefined, 0], cut: imagesOf },
    groups === 1
      ? {
        dims: [1, 0, undefined],
        cut: (part) => resized(part, { outputs: part.inputs[1].shape[0]! }),
        join: joinBy("add"),
      }
      : {
        dims: [1, 0, 1],
        strides: [outputs, outputs, channels],
        cut: groupsOf("outputs"),
      },
  ],

  save([dy, w], _outputs, needs) {
    return [needs[1] ? dy : undefined, needs[0] ? w : undefined];
  },

  // linear in both: the adjoint of dx(., w) is y(., w), that of dx(dy, .) is
  // dw(., dy)
  grad(ddx, { saved: [dy, w], needs, params: conv }) {
    return [
      needs[0] ? convOp([ddx, w], conv)[0] : undefined,
      needs[1] ? convWeightOp([ddx, dy], conv)[0] : undefined,
    ];
  },
});

// ([N, C, H, W], [N, O, H', W']) -> [O, C / groups, kh, kw]
const convWeightOp: Op<ConvCase> = defineOp<ConvCase>({
  name: "conv2d_weight",

  shape([x], { groups, outputs, channels, kernel }) {
    return { shape: [groups * outputs, channels, ...kernel], dtype: x.dtype };
  },

  kernel([image, gradients], [dw], whole) {
    const kind = adapterClass();
    const strips = stripsOf(whole, (part) => imageShare(part, kind));
    const [x, dy, conv] = strips
      ? asStrips(image, gradients, whole, strips)
      : [image, gradients, whole];
    const [dense, gradient] = [x.contiguous(), dy.contiguous()];
    return planWeight(
      conv,
      {
        x: dense.storage,
        xOffset: dense.layout.offset,
        dy: gradient.storage,
        dyOffset: gradient.layout.offset,
        dw: dw.storage,
      },
      newScratch,
      kind,
    );
  },

  axes: (_, { groups, channels, outputs }) => [
    { dims: [0, 0, undefined], cut: imagesOf, join: joinBy("add") },
    groups === 1
      ? {
        dims: [undefined, 1, 0],
        cut: (part) => resized(part, { outputs: part.outputs[0].shape[0]! }),
      }
      : {
        dims: [1, 1, 0],
        strides: [channels, outputs, outputs],
        cut: groupsOf("channels"),
      },
  ],

  save([x, dy], _outputs, needs) {
    return [needs[1] ? x : undefined, needs[0] ? dy : undefined];
  },

  grad(ddw, { saved: [x, dy], needs, params: conv }) {
    return [
      needs[0] ? convInputOp([dy, ddw], conv)[0] : undefined,
      needs[1] ? convOp([x, ddw], conv)[0] : undefined,
    ];
  },
});

// --- parts -------------------------------------------------------------------

function resized(
  part: Call<ConvCase>,
  sizes: Partial<ConvCase>,
): Call<ConvCase> {
  return { ...part, params: { ...part.params, ...sizes } };
}

/** Sets the images of a part to those of its first input. */
function imagesOf(part: Call<ConvCase>): Call<ConvCase> {
  return resized(part, { images: part.inputs[0].shape[0]! });
}

/** Sets the groups of a part to those of its first input. */
function groupsOf(planes: "channels" | "outputs"): Axis<ConvCase>["cut"] {
  return (part) => {
    const { inputs: [{ shape }], params } = part;
    return resized(part, { groups: shape[1]! / params[planes] });
  };
}

function newScratch(elements: number) {
  return scratch([elements]).storage;
}

/**
 * Returns the 2-D cross-correlation of images with filters.
 *
 * Shapes: x [N, C, H, W] or [C, H, W], weight [O, C / groups, kh, kw], bias [O],
 * to [N, O, H', W'] or [O, H', W'], with
 * H' = floor((H + 2 * padding - dilation * (kh - 1) - 1) / stride) + 1.
 *
 * Source: torch.nn.functional.conv2d.
 *
 * @throws {TypeError} If the shapes do not fit, or the dtypes are not one float
 * @throws {RangeError} If an option is out of range, or a filter larger than the
 * padded input
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvOptions = {},
): Tensor {
  checkOptionNames("conv2d", options, CONV_OPTIONS);
  checkOperands("conv2d", "image", x, weight, bias);
  return batched(x, (images) => {
    const conv = convCase("conv2d", images.shape, weight.shape, options);
    checkBias("conv2d", bias, weight.shape[0]!);
    const inputs = bias
      ? [images, weight, bias.contiguous()]
      : [images, weight];
    return inFloat32(inputs, (...operands) => convOp(operands, conv)[0]);
  });
}

/**
 * Returns the 1-D cross-correlation of signals with filters.
 *
 * Shapes: x [N, C, L] or [C, L], weight [O, C / groups, k], bias [O], to
 * [N, O, L'] or [O, L'].
 *
 * Source: torch.nn.functional.conv1d.
 *
 * @throws {TypeError} If the shapes do not fit, or the dtypes are not one float
 * @throws {RangeError} If an option is out of range, or a filter larger than the
 * padded input
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvOptions = {},
): Tensor {
  checkOptionNames("conv1d", options, CONV_OPTIONS);
  checkOperands("conv1d", "signal", x, weight, bias);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return conv2d(x.unsqueeze(-2), weight.unsqueeze(-2), bias, {
    stride: asRow("conv1d", "stride", stride, 1),
    padding: typeof padding === "string"
      ? padding
      : asRow("conv1d", "padding", padding, 0),
    dilation: asRow("conv1d", "dilation", dilation, 1),
    groups,
  }).squeeze(-2);
}

/**
 * Returns the transposed 2-D convolution: the gradient of `conv2d` to its input.
 *
 * Shapes: x [N, C, H, W] or [C, H, W], weight [C, O / groups, kh, kw], bias [O],
 * to [N, O, H', W'] or [O, H', W'], with
 * H' = (H - 1) * stride - 2 * padding + dilation * (kh - 1) + outputPadding + 1.
 *
 * Source: torch.nn.functional.conv_transpose2d.
 *
 * @throws {TypeError} If the shapes do not fit, or the dtypes are not one float
 * @throws {RangeError} If an option is out of range, or nothing is left
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvTransposeOptions = {},
): Tensor {
  checkOptionNames("convTranspose2d", options, CONV_TRANSPOSE_OPTIONS);
  checkOperands("convTranspose2d", "image", x, weight, bias);
  return batched(x, (images) => {
    const conv = transposedCase(
      "convTranspose2d",
      images.shape,
      weight.shape,
      options,
    );
    checkBias("convTranspose2d", bias, conv.groups * conv.channels);
    const y = inFloat32(
      [images, weight],
      (...operands) => convInputOp(operands, conv)[0],
    );
    return bias ? y.add(bias.reshape([-1, 1, 1])) : y;
  });
}

/**
 * Returns the transposed 1-D convolution.
 *
 * Shapes: x [N, C, L] or [C, L], weight [C, O / groups, k], bias [O], to
 * [N, O, L'] or [O, L'].
 *
 * Source: torch.nn.functional.conv_transpose1d.
 *
 * @throws {TypeError} If the shapes do not fit, or the dtypes are not one float
 * @throws {RangeError} If an option is out of range, or nothing is left
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvTransposeOptions = {},
): Tensor {
  const op = "convTranspose1d";
  checkOptionNames(op, options, CONV_TRANSPOSE_OPTIONS);
  checkOperands(op, "signal", x, weight, bias);
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1 } = options;
  return convTranspose2d(x.unsqueeze(-2), weight.unsqueeze(-2), bias, {
    stride: asRow(op, "stride", stride, 1),
    padding: asRow(op, "padding", padding, 0),
    outputPadding: asRow(op, "outputPadding", outputPadding, 0),
    dilation: asRow(op, "dilation", dilation, 1),
    groups: options.groups ?? 1,
  }).squeeze(-2);
}

// Runs `body` on a batch; an x without a batch dim is a batch of one.
function batched(
  x: Tensor,
  body: (images: Tensor) => Tensor,
): Tensor {
  return x.ndim === 4 ? body(x) : body(x.unsqueeze(0)).squeeze(0);
}
