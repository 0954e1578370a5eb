/**
 * Cross entropy and negative log-likelihood.
 *
 * Both compute one value and one weight per target, which a reduction joins. For
 * class indices, one kernel computes losses from logits and one their gradient
 * (cross_entropy_kernels.ts). Probabilities as targets, class weights with label
 * smoothing, and long rows on a GPU use log-softmax instead.
 *
 * If the host knows the targets, it refuses a class out of range (indices.ts). If
 * only the GPU knows them, loss and gradient of such a target are NaN.
 *
 * @module
 */

import { isGradEnabled } from "../../autograd/mode.ts";
import { adapterClass } from "../../gpu/device.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { arange } from "../../tensor/create.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  chooseCrossEntropy,
  loadsOf,
  type PickParams,
  type PickSaved,
  planLosses,
  planPickGrad,
  type Smoothing,
  smoothingOf,
} from "./cross_entropy_kernels.ts";
import { checkTensor, defineOp } from "../define.ts";
import type { Tensors } from "../operands.ts";
import type { Axis } from "../launch/launch.ts";
import { checkIndices } from "../index/indices.ts";
import { checkReduction, reduceLoss, type Reduction } from "./reduction.ts";
import { extentOf } from "../extent.ts";
import { logSoftmax } from "../softmax/softmax.ts";

/** Options of `nllLoss`. */
export interface NllLossOptions {
  /** A factor for each class, float32 [C]. Default: 1 for all. */
  readonly weight?: Tensor;
  /** Targets of this value are ignored. Default: -100. */
  readonly ignoreIndex?: number;
  /** Default: "mean", weighted by the classes of targets that are not ignored. */
  readonly reduction?: Reduction;
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** Share of each target's probability spread over all classes. Default: 0. */
  readonly labelSmoothing?: number;
}

/** Names of the options of `nllLoss`. */
export const NLL_LOSS_OPTIONS = ["weight", "ignoreIndex", "reduction"];
/** Names of the options of `crossEntropy`. */
export const CROSS_ENTROPY_OPTIONS = [...NLL_LOSS_OPTIONS, "labelSmoothing"];

/** Returns the shape of x, [N, C, d1, …], without the classes. */
function targetShape(x: Tensor): number[] {
  return x.shape.toSpliced(1, 1);
}

const pickGradOp = defineOp<Smoothing>({
  name: "pickGrad",
  shape: ([, x]) => x,
  kernel: ([dy, x, target, kept, stats], [dx], smoothing) =>
    planPickGrad(dy, { x, target, kept, stats }, dx, smoothing),
  axes: ([dy, x, ...others]) =>
    dy.ndim !== x.ndim - 1 ? [] : [{
      dims: [0, 0, ...others.map(() => 0), 0],
    }],
});

// Composes the gradient of ops, so that it can be differentiated again.
function composePickGrad(
  dy: Tensor,
  { x, target, kept, stats }: PickSaved,
  { hit, rest }: Smoothing,
): Tensor {
  const classes = arange(x.shape[1]!).reshape(
    x.shape.map((length, dim) => dim === 1 ? length : 1),
  );
  const wanted = target.unsqueeze(1).eq(classes).to("float32").mul(hit)
    .add(rest);
  const share = stats ? x.softmax(1).sub(wanted) : wanted.neg();
  // a mean over no targets divides by 0, which what does not count must not meet
  const scale = kept.mul(dy).maskedFill(kept.eq(0), 0);
  return share.mul(scale.unsqueeze(1));
}

function pickGrad(dy: Tensor, saved: PickSaved, smoothing: Smoothing): Tensor {
  if (isGradEnabled()) return composePickGrad(dy, saved, smoothing);
  const { x, target, kept, stats } = saved;
  const inputs = [dy, x, target, kept];
  return pickGradOp(stats ? [...inputs, stats] : inputs, smoothing)[0];
}

// Returns the axis along dim 0 of (x, target, weight?) and of the results.
function rowsAxis<P>({ length }: Tensors, outputs: number): Axis<P> {
  const whole = new Array<undefined>(length - 2).fill(undefined);
  return { dims: [0, 0, ...whole, ...new Array<number>(outputs).fill(0)] };
}

// (x, target, weight?) -> (losses, weights of the targets)
const pickOp = defineOp<PickParams>({
  name: "nllLoss",
  shape: ([x]) => {
    const spec = { shape: targetShape(x), dtype: "float32" } as const;
    return [spec, spec];
  },
  kernel: ([x, target, weight], outputs, params) =>
    planLosses("pick", x, target, weight, outputs, params),
  axes: (inputs) => [rowsAxis(inputs, 2)],
  save: ([x, target], [, kept]) => [x, target, kept],
  grad: (dy, { saved: [x, target, kept], params: { smoothing } }) => [
    pickGrad(dy, { x, target, kept }, smoothing),
  ],
});

// (x, target, weight?) -> (losses, weights of the targets, what grad needs)
const crossEntropyOp = defineOp<PickParams>({
  name: "crossEntropy",
  shape: ([x]) => {
    const shape = targetShape(x);
    const spec = { shape, dtype: "float32" } as const;
    return [spec, spec, { shape: [...shape, 2], dtype: "float32" }];
  },
  kernel: ([x, target, weight], outputs, params) =>
    planLosses("cross_entropy", x, target, weight, outputs, params),
  axes: (inputs) => [rowsAxis(inputs, 3)],
  save: ([x, target], [, kept, stats]) => [x, target, kept, stats],
  grad: (dy, { saved: [x, target, kept, stats], params: { smoothing } }) => [
    pickGrad(dy, { x, target, kept, stats }, smoothing),
  ],
});

/** Inputs as [N, C, …] in float32, checked against each other. */
interface Checked {
  readonly x: Tensor;
  readonly target: Tensor;
  readonly weight: Tensor | undefined;
}

function check(
  name: string,
  input: Tensor,
  target: Tensor,
  { weight, ignoreIndex = -100 }: NllLossOptions,
): Checked {
  checkTensor(`take the ${name} of`, input);
  const { shape } = input;
  checkTensor(`take the ${name} of ${formatShape(shape)} with targets`, target);
  const classes = shape[shape.length === 1 ? 0 : 1];
  if (!isFloat(input.dtype) || classes === undefined) {
    throw new TypeError(
      `Cannot take the ${name} of ${input.describe()}: ` +
        `expected floats of shape [C] or [N, C, ...]`,
    );
  }
  const expected = shape.length === 1 ? [] : shape.toSpliced(1, 1);
  const isIndices = !isFloat(target.dtype);
  const allowsBoth = name === "cross entropy";
  const fits = isIndices
    ? target.dtype !== "bool" && sameShape(target.shape, expected)
    : allowsBoth && sameShape(target.shape, shape);
  if (!fits) {
    throw new TypeError(
      `Cannot take the ${name} of ${formatShape(shape)} with targets of ` +
        `type ${target.dtype} and shape ${formatShape(target.shape)}: ` +
        `expected class indices of shape ${formatShape(expected)}` +
        (allowsBoth ? ` or probabilities of shape ${formatShape(shape)}` : ""),
    );
  }
  if (weight && !sameShape(weight.shape, [classes])) {
    throw new TypeError(
      `Cannot take the ${name} of ${formatShape(shape)} with weights of ` +
        `shape ${formatShape(weight.shape)}: expected [${classes}]`,
    );
  }
  if (isIndices) {
    if (weight?.requiresGrad && isGradEnabled()) {
      throw new TypeError(
        `Cannot take the ${name} with weights that require a gradient: they ` +
          `have none, detach() them`,
      );
    }
    const op = `take the ${name} of ${formatShape(shape)}`;
    checkIndices(op, target, classes, { ignore: ignoreIndex });
  }
  const batched = (tensor: Tensor): Tensor =>
    shape.length === 1 ? tensor.unsqueeze(0) : tensor;
  return {
    x: batched(input.to("float32")),
    target: batched(isIndices ? target : target.to("float32")),
    weight: weight?.to("float32"),
  };
}

/** Joins the losses; the mean divides by the sum of the targets' weights. */
function join(
  loss: Tensor,
  kept: Tensor,
  input: Tensor,
  reduction: Reduction,
): Tensor {
  if (reduction === "none") {
    // an unbatched input got a batch of one
    const each = input.ndim === 1 ? loss.reshape([]) : loss;
    return each.to(input.dtype);
  }
  const sum = loss.sum();
  return (reduction === "sum" ? sum : sum.div(kept.sum())).to(input.dtype);
}

/**
 * Returns the negative log-likelihood of targets under log-probabilities:
 * -weight[t] * input[n, t] for each target t.
 *
 * Shapes: input [N, C], [N, C, d1, …] or [C]; target, class indices in an
 * integer type, [N], [N, d1, …] or []. The mean divides by the sum of the
 * weights of the targets that count; with none, it is NaN. A target that is no
 * class (and not `ignoreIndex`) is refused if the host has written it, and makes
 * the loss NaN if only the GPU knows it.
 *
 * Source: torch.nn.functional.nll_loss.
 *
 * @throws {TypeError} If types or shapes do not match
 * @throws {RangeError} If the reduction is unknown, or a class is out of range
 */
export function nllLoss(
  input: Tensor,
  target: Tensor,
  options: NllLossOptions = {},
): Tensor {
  checkOptionNames("nllLoss", options, NLL_LOSS_OPTIONS);
  const { ignoreIndex = -100, reduction = "mean" } = options;
  checkReduction("nllLoss", reduction);
  const checked = check("nll loss", input, target, options);
  const params = { ignoreIndex, smoothing: smoothingOf(0, 1) };
  const [loss, kept] = pickOp(inputsOf(checked), params);
  return join(loss, kept, input, reduction);
}

function inputsOf({ x, target, weight }: Checked): Tensor[] {
  return weight ? [x, target, weight] : [x, target];
}

/**
 * Returns the cross entropy of targets under logits, nllLoss(logSoftmax(input, 1)),
 * in one kernel.
 *
 * Shapes: input [N, C], [N, C, d1, …] or [C]; target class indices in an
 * integer type, [N], [N, d1, …] or [], or probabilities in the input's shape.
 * `labelSmoothing` s moves a target's probability 1 to 1 - s + s / C and that
 * of the other classes to s / C. The mean divides by the sum of the weights of
 * the targets that count; for probabilities by the number of targets. A target
 * that is no class (and not `ignoreIndex`) is refused if the host has written
 * it, and makes the loss NaN if only the GPU knows it.
 *
 * Source: torch.nn.functional.cross_entropy.
 *
 * @throws {TypeError} If types or shapes do not match
 * @throws {RangeError} If the reduction is unknown, a class is out of range, or
 * `labelSmoothing` is not in [0, 1]
 *
 * @example Two equal logits: ln 2
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = F.crossEntropy(tensor([[0, 0]]), tensor([1], { dtype: "int32" }));
 * assertAlmostEquals(await loss.item(), Math.LN2, 1e-6);
 * ```
 */
export function crossEntropy(
  input: Tensor,
  target: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  checkOptionNames("crossEntropy", options, CROSS_ENTROPY_OPTIONS);
  const { ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 } =
    options;
  checkReduction("crossEntropy", reduction);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new RangeError(
      `Cannot smooth labels by ${labelSmoothing}: expected 0 to 1`,
    );
  }
  const checked = check("cross entropy", input, target, options);
  if (isFloat(target.dtype)) {
    return probabilities(checked, input, reduction, labelSmoothing);
  }
  const extent = extentOf(checked.x.shape, 1);
  const choice = chooseCrossEntropy(
    extent,
    labelSmoothing !== 0 && checked.weight !== undefined,
    adapterClass(),
    loadsOf(extent, checked.x),
  );
  if (choice === "fused") {
    const smoothing = smoothingOf(labelSmoothing, extent.length);
    const params = { ignoreIndex, smoothing };
    const [loss, kept] = crossEntropyOp(inputsOf(checked), params);
    return join(loss, kept, input, reduction);
  }
  const x = logSoftmax(checked.x, 1);
  const params = { ignoreIndex, smoothing: smoothingOf(0, 1) };
  const [loss, kept] = pickOp(inputsOf({ ...checked, x }), params);
  if (labelSmoothing === 0) return join(loss, kept, input, reduction);
  const counts = checked.target.ne(ignoreIndex);
  const spread = weighted(x, checked.weight).sum(1).where(counts, 0)
    .mul(-labelSmoothing / extent.length);
  const smooth = loss.mul(1 - labelSmoothing).add(spread);
  return join(smooth, kept, input, reduction);
}

/** Multiplies `x` [N, C, …] by a weight for each class. */
function weighted(x: Tensor, weight: Tensor | undefined): Tensor {
  if (!weight) return x;
  return x.mul(weight.reshape([weight.size, ...x.shape.slice(2).fill(1)]));
}

// Targets that are probabilities: -sum over c of weight * target * log softmax.
function probabilities(
  { x, target, weight }: Checked,
  input: Tensor,
  reduction: Reduction,
  labelSmoothing: number,
): Tensor {
  const smooth = labelSmoothing === 0
    ? target
    : target.mul(1 - labelSmoothing).add(labelSmoothing / x.shape[1]!);
  const loss = weighted(logSoftmax(x, 1).mul(smooth), weight).sum(1).neg();
  const each = input.ndim === 1 ? loss.reshape([]) : loss;
  return reduceLoss(each, reduction).to(input.dtype);
}
