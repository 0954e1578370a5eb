/**
 * The op behind batch, layer and group norm: NOTE [norms] in view.ts.
 *
 * Gradients are kernels, too. Gradients that will be differentiated again are
 * composed of ops.
 *
 * @module
 */

import { isGradEnabled, withGrad } from "../../autograd/mode.ts";
import { adapterClass, bindingLimit } from "../../gpu/device.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Op } from "../define.ts";
import { areLarge } from "../launch/launch.ts";
import { type Affine, planApply } from "./kernels.ts";
import { blocksOf, planForward, planRowGrads } from "./rows.ts";
import {
  type Channels,
  planMoments,
  planSums,
  type Running,
  type SumsBy,
} from "./sums.ts";
import {
  affineOf,
  dimsOf,
  elementsOf,
  type NormView,
  statCount,
} from "./view.ts";

/** Arguments of a norm besides its operands. */
export interface NormParams {
  readonly view: NormView;
  readonly eps: number;
  /** Whether weight (or bias) follows x among the inputs. */
  readonly hasWeight: boolean;
  readonly hasBias: boolean;
  /** Statistics that batch norm updates. */
  readonly running?: Running | undefined;
}

const KEEP = { keepdim: true };

const sumsOp: Op<{ size: Channels; by: SumsBy }> = defineOp({
  name: "normSums",
  shape: (_, { size }) => ({ shape: [2, size.channels], dtype: "float32" }),
  kernel: ([dy, x, stats], [y], { size, by }) =>
    planSums(dy, x, stats, size, by, y),
});

// (dy, x, stats, weight?) -> (dx, sums over blocks of rows, if `partial`)
const rowGradsOp: Op<{ view: NormView; partial: boolean }> = defineOp({
  name: "layerNormGrad",
  shape: ([dy, x, stats, weight], { view, partial }) => {
    if (!partial) return [dy];
    const blocks = blocksOf({ dy, x, stats, weight }, view);
    return [dy, { shape: [2, blocks, elementsOf(view)], dtype: "float32" }];
  },
  kernel: ([dy, x, stats, weight], [dx, sums], { view, partial }) =>
    planRowGrads(
      { dy, x, stats, weight },
      view,
      dx,
      partial ? sums : undefined,
    ),
});

const inputGradOp: Op<NormView> = defineOp({
  name: "normGrad",
  shape: ([dy]) => dy,
  kernel: ([dy, x, stats, sums, weight], [dx], view) =>
    planApply(x, { by: "gradient", dy, stats, sums }, { weight }, view, {
      y: dx,
    }),
});

/** (x, weight?, bias?) -> (y, statistics). */
export const normOp: Op<NormParams> = defineOp<NormParams>({
  name: "norm",
  shape: ([x], { view }) => [
    x,
    { shape: [2, statCount(view)], dtype: "float32" },
  ],
  kernel: (inputs, [y, stats], params) => {
    const { view, eps, running } = params;
    const x = inputs[0].contiguous();
    const affine = affineIn(inputs, params);
    if (view.kind !== "batch") {
      return planForward(x, affine, view, { y, stats, eps });
    }
    const [images, channels, , length] = view.shape;
    const size = { images, channels, length };
    return [
      ...planMoments(x, size, stats, { eps, running }),
      planApply(x, { by: "stats", stats }, affine, view, { y }),
    ];
  },
  save: ([x, weight], [, stats], _needs, { hasWeight }) => [
    x,
    stats,
    hasWeight ? weight : undefined,
  ],
  grad: (dy, { saved: [x, stats, weight], needs, params }) => {
    const wanted = {
      x: needs[0]!,
      weight: params.hasWeight && needs[1]!,
      bias: params.hasBias && needs[params.hasWeight ? 2 : 1]!,
    };
    const made = isGradEnabled() ? composeGrads(dy, x, weight, params) : grads(
      {
        dy: dy.contiguous(),
        x: x.contiguous(),
        stats,
        weight: weight?.contiguous(),
      },
      params.view,
      wanted,
    );
    return [
      made.x,
      ...(params.hasWeight ? [made.weight] : []),
      ...(params.hasBias ? [made.bias] : []),
    ];
  },
});

function affineIn(
  [, first, second]: readonly Tensor[],
  { hasWeight, hasBias }: NormParams,
): Affine {
  const weight = hasWeight ? first : undefined;
  const bias = hasBias ? (hasWeight ? second : first) : undefined;
  return { weight: weight?.contiguous(), bias: bias?.contiguous() };
}

interface Grads {
  readonly x?: Tensor | undefined;
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

type Wanted = Readonly<Record<keyof Grads, boolean>>;

interface Saved {
  readonly dy: Tensor;
  readonly x: Tensor;
  readonly stats: Tensor;
  readonly weight: Tensor | undefined;
}

function grads(saved: Saved, view: NormView, wanted: Wanted): Grads {
  return view.kind === "layer"
    ? layerGrads(saved, view, wanted)
    : channelGrads(saved, view, wanted);
}

function layerGrads(
  { dy, x, stats, weight }: Saved,
  view: NormView,
  wanted: Wanted,
): Grads {
  const ofAffine = wanted.weight || wanted.bias;
  // a GPU takes rows one by one, so that it needs another pass for the sums, as
  // does a CPU adapter if the sums of all blocks exceed a binding
  const blocks = blocksOf({ dy, x, stats, weight }, view);
  const together = ofAffine && wanted.x && adapterClass() === "cpu" &&
    2 * 4 * blocks * elementsOf(view) <= bindingLimit();
  const inputs = [dy, x, stats];
  const [dx, partial] = wanted.x
    ? rowGradsOp(weight ? [...inputs, weight] : inputs, {
      view,
      partial: together,
    })
    : [];
  const size = {
    images: statCount(view),
    channels: elementsOf(view),
    length: 1,
  };
  const sums = !ofAffine
    ? undefined
    : together
    ? partial?.sum(1)
    : sumsOp(inputs, { size, by: { stat: "image", perStat: 1 } })[0];
  return { x: dx, ...affineGrads(sums, wanted) };
}

function channelGrads(
  { dy, x, stats, weight }: Saved,
  view: NormView,
  wanted: Wanted,
): Grads {
  const { kind, shape: [outer, groups, channels, inner] } = view;
  let affineSums: Tensor; // [2, weights]
  let sums: Tensor; // [2, statistics]
  if (kind === "batch") {
    const size = { images: outer, channels: groups, length: inner };
    const by = { stat: "channel", perStat: 1 } as const;
    affineSums = sumsOp([dy, x, stats], { size, by })[0];
    sums = weight ? affineSums.mul(weight) : affineSums;
  } else {
    const planes = outer * groups * channels;
    const size = { images: 1, channels: planes, length: inner };
    const by = { stat: "channel", perStat: channels } as const;
    const each = sumsOp([dy, x, stats], { size, by })[0];
    const inImages = each.reshape([2, outer, groups * channels]);
    affineSums = inImages.sum(1);
    const weighted = weight ? inImages.mul(weight) : inImages;
    sums = weighted.reshape([2, statCount(view), channels]).sum(2);
  }
  const inputs = [dy, x, stats, sums];
  const dx = wanted.x
    ? inputGradOp(weight ? [...inputs, weight] : inputs, view)[0]
    : undefined;
  return { x: dx, ...affineGrads(affineSums, wanted) };
}

function affineGrads(sums: Tensor | undefined, wanted: Wanted): Grads {
  return {
    weight: wanted.weight ? sums?.select(0, 1) : undefined,
    bias: wanted.bias ? sums?.select(0, 0) : undefined,
  };
}

// Returns the gradients in ops, for when they will be differentiated again.
function composeGrads(
  yGrad: Tensor,
  input: Tensor,
  weight: Tensor | undefined,
  { view, eps }: NormParams,
): Grads {
  const dims = dimsOf(view);
  const affine = affineOf(view);
  const dy = yGrad.reshape(view.shape);
  const x = input.reshape(view.shape);
  const centred = x.sub(x.mean(dims, KEEP));
  const rstd = centred.square().mean(dims, KEEP).add(eps).rsqrt();
  const normal = centred.mul(rstd);
  const g = weight ? dy.mul(weight.reshape(affine)) : dy;
  const along = normal.mul(g.mul(normal).mean(dims, KEEP));
  const dx = g.sub(g.mean(dims, KEEP)).sub(along).mul(rstd);
  return {
    x: dx.reshape(input.shape),
    weight: dy.mul(normal).sumTo(affine).reshape([-1]),
    bias: dy.sumTo(affine).reshape([-1]),
  };
}

// Kernels read a row three times, and a channel of an image twice.
function isLong({ kind, shape: [, , channels, inner] }: NormView): boolean {
  return kind === "batch" ? inner > 2 ** 22 : channels * inner > 2 ** 21;
}

// Returns the norm in ops, for an x larger than a binding (NOTE [parts] in
// launch.ts), or statistics of too many elements for the lanes of a workgroup.
function compose(
  x: Tensor,
  view: NormView,
  { weight, bias, eps = 1e-5 }: NormOptions,
  running: Running | undefined,
): Tensor {
  const dims = dimsOf(view);
  const wide = x.reshape(view.shape);
  const mean = wide.mean(dims, KEEP);
  const centred = wide.sub(mean);
  const variance = centred.square().mean(dims, KEEP);
  if (running) withGrad(false, () => track(running, mean, variance, view));
  const affine = affineOf(view);
  let y = centred.mul(variance.add(eps).rsqrt());
  if (weight) y = y.mul(weight.to("float32").reshape(affine));
  if (bias) y = y.add(bias.to("float32").reshape(affine));
  return y.reshape(x.shape);
}

// The running variance is unbiased, as in torch.
function track(
  { mean, variance, factor }: Running,
  batchMean: Tensor,
  batchVariance: Tensor,
  view: NormView,
): void {
  const count = elementsOf(view);
  const by = typeof factor === "number" ? factor : factor.rdiv(1);
  const unbiased = batchVariance.mul(count / (count - 1));
  mean.add_(batchMean.reshape([-1]).sub(mean).mul(by));
  variance.add_(unbiased.reshape([-1]).sub(variance).mul(by));
}

/** Weight, bias and eps of a norm. */
export interface NormOptions extends Affine {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
}

/**
 * Returns the norm of `x` seen as `view`, computed in float32. If x is empty, so
 * is the result, and gradients are 0.
 */
export function norm(
  x: Tensor,
  view: NormView,
  { weight, bias, eps = 1e-5 }: NormOptions,
  running?: Running,
): Tensor {
  const operands = [x, weight, bias].filter((each) => each !== undefined);
  if (x.size === 0 || elementsOf(view) === 0) {
    return operands.slice(1).reduce((y, each) => y.add(each.sum()), x.mul(1));
  }
  const floats = operands.map((each) => each.to("float32"));
  if (areLarge(floats.slice(0, 1), floats.slice(0, 1)) || isLong(view)) {
    return compose(floats[0]!, view, { weight, bias, eps }, running).to(
      x.dtype,
    );
  }
  const params = {
    view,
    eps,
    hasWeight: weight !== undefined,
    hasBias: bias !== undefined,
    running,
  };
  return normOp(floats, params)[0].to(x.dtype);
}

/**
 * Checks that `x` holds floats and that each of `others` has `shape`.
 *
 * @throws {TypeError} If `x` holds no floats, or a shape differs
 */
export function checkNorm(
  name: string,
  x: Tensor,
  shape: readonly number[],
  others: Readonly<Record<string, Tensor | undefined>>,
): void {
  if (!isFloat(x.dtype)) {
    throw new TypeError(`Cannot ${name} ${x.describe()}: expected floats`);
  }
  for (const [key, tensor] of Object.entries(others)) {
    if (!tensor || sameShape(tensor.shape, shape)) continue;
    throw new TypeError(
      `Cannot ${name} ${x.describe()} with ${key} of shape ` +
        `${formatShape(tensor.shape)}: expected ${formatShape(shape)}`,
    );
  }
}
