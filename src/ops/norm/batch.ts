/**
 * Batch norm, which gives each channel of a batch mean 0 and variance 1, and
 * instance norm, which does so for each image.
 *
 * @module
 */

import { isGradEnabled, withGrad } from "../../autograd/mode.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Op } from "../define.ts";
import { planApply } from "./kernels.ts";
import { checkNorm, norm, type NormOptions } from "./norm.ts";
import type { Running } from "./sums.ts";
import type { NormView } from "./view.ts";

/** Options of `batchNorm`. */
export interface BatchNormOptions extends NormOptions {
  /** Mean of each channel so far, [C]. */
  readonly runningMean?: Tensor | undefined;
  /** Variance of each channel so far, [C]. */
  readonly runningVar?: Tensor | undefined;
  /**
   * Whether to use the statistics of this batch and to update the running ones.
   * Default: false.
   */
  readonly training?: boolean;
  /** Weight of a batch in the running statistics. Default: 0.1. */
  readonly momentum?: number;
  /**
   * Number of batches so far, including this one: int32 []. If set, running
   * statistics are the plain mean over all batches, and `momentum` is ignored.
   */
  readonly numBatchesTracked?: Tensor | undefined;
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions
  extends Omit<BatchNormOptions, "training" | "numBatchesTracked"> {
  /**
   * Whether to use the statistics of the images instead of the running ones.
   * Default: true.
   */
  readonly useInputStats?: boolean;
}

const COMMON = [
  "weight",
  "bias",
  "runningMean",
  "runningVar",
  "eps",
  "momentum",
];
const OPTIONS = [...COMMON, "training", "numBatchesTracked"];

interface EvalParams {
  readonly view: NormView;
  readonly eps: number;
  readonly hasWeight: boolean;
  readonly hasBias: boolean;
}

// (x, mean, variance, weight?, bias?) -> y
const evalOp: Op<EvalParams> = defineOp<EvalParams>({
  name: "batchNorm",
  shape: ([x]) => x,
  kernel: ([x, mean, variance, ...affine], [y], params) => {
    const weight = params.hasWeight ? affine[0] : undefined;
    const bias = params.hasBias ? affine.at(-1) : undefined;
    return planApply(
      x.contiguous(),
      {
        by: "running",
        mean: mean.contiguous(),
        variance: variance.contiguous(),
      },
      { weight: weight?.contiguous(), bias: bias?.contiguous() },
      params.view,
      { y, eps: params.eps },
    );
  },
  axes: ({ length, 0: { shape } }, { view }) =>
    shape[0] !== view.shape[0] ? [] : [{
      dims: [0, ...new Array<undefined>(length - 1).fill(undefined), 0],
      cut: (part) => {
        const { inputs: [{ shape: [count] }], params } = part;
        const [, ...rest] = params.view.shape;
        const view = { ...params.view, shape: [count!, ...rest] as const };
        return { ...part, params: { ...params, view } };
      },
    }],
  save: ([x, mean, variance, weight], _outputs, _needs, { hasWeight }) => [
    x,
    mean,
    variance,
    hasWeight ? weight : undefined,
  ],
  // y = (x - mean) * scale * weight + bias, scale = 1 / sqrt(variance + eps)
  grad: (dy, { saved: [x, mean, variance, weight], needs, params }) => {
    const { view: { shape: [N, C, , L] }, hasWeight, hasBias, eps } = params;
    const affine = [1, C, 1];
    const scale = variance.add(eps).rsqrt().reshape(affine);
    const wide = dy.reshape([N, C, L]);
    const slope = hasWeight ? scale.mul(weight.reshape(affine)) : scale;
    const dx = needs[0] ? wide.mul(slope).reshape(x.shape) : undefined;
    const grads: (Tensor | undefined)[] = [dx, undefined, undefined];
    if (hasWeight) {
      const normal = x.reshape([N, C, L]).sub(mean.reshape(affine)).mul(scale);
      grads.push(needs[3] ? wide.mul(normal).sum([0, 2]) : undefined);
    }
    if (hasBias) grads.push(wide.sum([0, 2]));
    return grads;
  },
});

/**
 * Returns (x - mean) / sqrt(variance + eps) * weight + bias, for each channel.
 *
 * Shapes: x [N, C] or [N, C, …]; weight, bias and running statistics [C]. In
 * training, mean and variance are those of the batch, else the running ones.
 * The GPU updates running statistics in the order of the calls. They take the
 * unbiased variance (divided by one less than the number of elements), y takes
 * the biased one. A batch without elements updates nothing.
 *
 * Source: torch.nn.functional.batch_norm; Ioffe & Szegedy 2015,
 * arXiv:1502.03167.
 *
 * @throws {TypeError} If types or shapes do not fit each other
 * @throws {RangeError} If a channel has a single value to take a variance of
 *
 * @example Two channels of mean 0
 * ```ts
 * import { F, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 10], [3, 30]]);
 * const y = F.batchNorm(x, { training: true, eps: 0 });
 * assertEquals(await y.toArray(), [[-1, -1], [1, 1]]);
 * ```
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  checkOptionNames("batchNorm", options, OPTIONS);
  const [N = 0, C] = x.shape;
  const { weight, bias, runningMean, runningVar, eps = 1e-5 } = options;
  const { training = false, momentum = 0.1, numBatchesTracked } = options;
  // torch accepts an empty 1-d input, which has no channels
  if (C === undefined && x.ndim === 1 && x.size === 0 && isFloat(x.dtype)) {
    const view: NormView = { kind: "batch", shape: [0, 0, 1, 1] };
    return norm(x, view, { weight, bias, eps });
  }
  if (C === undefined) {
    throw new TypeError(
      `Cannot batchNorm ${x.describe()}: expected shape [N, C] or [N, C, ...]`,
    );
  }
  const others = { weight, bias, runningMean, runningVar };
  checkNorm("batchNorm", x, [C], others);
  const wantsNone = runningMean?.requiresGrad || runningVar?.requiresGrad;
  if (wantsNone && isGradEnabled()) {
    throw new TypeError(
      `Cannot batchNorm ${x.describe()} with running statistics that require ` +
        `a gradient: batchNorm computes none for them, detach() them`,
    );
  }
  if (!runningMean !== !runningVar) {
    throw new TypeError(
      `Cannot batchNorm ${x.describe()} with only one running statistic: ` +
        `expected runningMean and runningVar, or neither`,
    );
  }
  if (!training && !runningMean) {
    throw new TypeError(
      `Cannot batchNorm ${x.describe()} outside of training: expected ` +
        `runningMean and runningVar`,
    );
  }
  const L = sizeOf(x.shape.slice(2));
  const view: NormView = { kind: "batch", shape: [N, C, 1, L] };
  if (!training && runningMean && runningVar) {
    return normByRunning(x, view, { ...options, runningMean, runningVar, eps });
  }
  if (training && N * L === 1) {
    throw new RangeError(
      `Cannot batchNorm ${formatShape(x.shape)} in training: a channel has ` +
        `one value, expected at least 2`,
    );
  }
  if (!runningMean || !runningVar || x.size === 0) {
    return norm(x, view, { weight, bias, eps });
  }
  const factor = numBatchesTracked ?? momentum;
  return withRunning(
    { mean: runningMean, variance: runningVar, factor },
    (running) => norm(x, view, { weight, bias, eps }, running),
  );
}

// Updates statistics of another dtype or layout in a copy, which it writes back.
function withRunning(
  running: Running,
  body: (running: Running) => Tensor,
): Tensor {
  const { mean, variance, factor } = running;
  const own = (tensor: Tensor): Tensor =>
    withGrad(false, () => tensor.to("float32").contiguous());
  const made = { mean: own(mean), variance: own(variance), factor };
  const y = body(made);
  for (const key of ["mean", "variance"] as const) {
    const target = running[key];
    if (made[key] === target) target.storage.version++;
    else withGrad(false, () => target.copy_(made[key]));
  }
  return y;
}

function normByRunning(
  x: Tensor,
  view: NormView,
  { weight, bias, runningMean, runningVar, eps }: {
    readonly weight?: Tensor | undefined;
    readonly bias?: Tensor | undefined;
    readonly runningMean: Tensor;
    readonly runningVar: Tensor;
    readonly eps: number;
  },
): Tensor {
  if (x.size === 0) return norm(x, view, { weight, bias, eps });
  const inputs = [x, runningMean, runningVar, weight, bias]
    .filter((each) => each !== undefined)
    .map((each) => each.to("float32"));
  const params = {
    view,
    eps,
    hasWeight: weight !== undefined,
    hasBias: bias !== undefined,
  };
  return evalOp(inputs, params)[0].to(x.dtype);
}

/**
 * Returns the batch norm of each image by itself: each channel of an image has
 * its own mean and variance.
 *
 * Shapes: x [N, C, …]; weight, bias and running statistics [C]. The running
 * statistics follow the mean of the images' statistics.
 *
 * Source: torch.nn.functional.instance_norm; Ulyanov et al. 2016,
 * arXiv:1607.08022.
 *
 * @throws {TypeError} If types or shapes do not fit each other
 * @throws {RangeError} If a channel has a single value to take a variance of
 */
export function instanceNorm(
  x: Tensor,
  options: InstanceNormOptions = {},
): Tensor {
  checkOptionNames("instanceNorm", options, [...COMMON, "useInputStats"]);
  const { weight, bias, runningMean, runningVar, eps = 1e-5 } = options;
  const { useInputStats = true, momentum = 0.1 } = options;
  const [N = 0, C = 0, ...field] = x.shape;
  if (field.length === 0 || !isFloat(x.dtype)) {
    throw new TypeError(
      `Cannot instanceNorm ${x.describe()}: expected floats of shape ` +
        `[N, C, ...]`,
    );
  }
  const others = { weight, bias, runningMean, runningVar };
  checkNorm("instanceNorm", x, [C], others);
  if (!useInputStats) return batchNorm(x, { ...others, eps });
  const L = sizeOf(field);
  if (L === 1) {
    throw new RangeError(
      `Cannot instanceNorm ${formatShape(x.shape)}: a channel has one value, ` +
        `expected at least 2`,
    );
  }
  if (runningMean && runningVar && x.size > 0) {
    withGrad(false, () => {
      const images = x.reshape([N, C, L]).to("float32");
      const mean = images.mean(2).mean(0);
      const variance = images.var(2).mean(0);
      runningMean.copy_(runningMean.lerp(mean, momentum));
      runningVar.copy_(runningVar.lerp(variance, momentum));
    });
  }
  const view: NormView = { kind: "group", shape: [N, C, 1, L] };
  return norm(x, view, { weight, bias, eps });
}
