/**
 * Batch norm and instance norm: layers that normalize channels and may keep
 * running statistics. The ops of the same names have the formulas.
 *
 * @module
 */

import { batchNorm, instanceNorm } from "../ops/norm/batch.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import { ones, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes, formatOptions } from "./_shared.ts";
import { ones_, zeros_ } from "./init.ts";
import { Module } from "./module.ts";
import type { AffineNormOptions } from "./norm.ts";
import { Buffer, emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `BatchNorm1d`, `BatchNorm2d` and the instance norms. */
export interface BatchNormLayerOptions extends AffineNormOptions {
  /**
   * Share of a batch in the running statistics; null averages all batches.
   * Default: 0.1.
   */
  readonly momentum?: number | null;
  /**
   * Whether to keep running statistics for evaluation. Without them, evaluation
   * also uses the statistics of each batch.
   */
  readonly trackRunningStats?: boolean;
}

/** Names of fields in the state dict, if they differ. */
const STATE_NAMES: Readonly<Record<string, string>> = {
  runningMean: "running_mean",
  runningVar: "running_var",
  numBatchesTracked: "num_batches_tracked",
};

/**
 * Base class of batch and instance norms: a scale and a shift per channel, and
 * running statistics. Kernels update the statistics without a read.
 */
export abstract class ChannelNorm extends Module {
  /** Size of the input's dim 1. */
  readonly numFeatures: number;
  /** Added to the variance. */
  readonly eps: number;
  /** Share of a batch in the running statistics; null averages all batches. */
  momentum: number | null;
  /** Scale, [numFeatures]. */
  weight: Parameter | undefined;
  /** Shift, [numFeatures]. */
  bias: Parameter | undefined;
  /** Running mean, float32 [numFeatures]. */
  runningMean: Buffer | undefined;
  /** Running unbiased variance, float32 [numFeatures]. */
  runningVar: Buffer | undefined;
  /** Number of training batches, int32 []. */
  numBatchesTracked: Buffer | undefined;

  /** @throws {RangeError} If `numFeatures` is not a positive integer */
  constructor(
    numFeatures: number,
    options: BatchNormLayerOptions,
  ) {
    super();
    const {
      eps = 1e-5,
      momentum = 0.1,
      affine = true,
      trackRunningStats = true,
    } = checkOptionNames(this.constructor.name, options, [
      "eps",
      "momentum",
      "affine",
      "trackRunningStats",
    ]);
    checkSizes(this.constructor.name, 1, { numFeatures });
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? emptyParameter([numFeatures]) : undefined;
    this.bias = affine ? emptyParameter([numFeatures]) : undefined;
    if (trackRunningStats) {
      this.runningMean = new Buffer(zeros([numFeatures]));
      this.runningVar = new Buffer(ones([numFeatures]));
      this.numBatchesTracked = new Buffer(zeros([], { dtype: "int32" }));
    }
    this.resetParameters();
  }

  /** Sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  /** Resets the running mean to 0, the variance to 1 and the count to 0. */
  resetRunningStats(): void {
    if (this.runningMean) zeros_(this.runningMean);
    if (this.runningVar) ones_(this.runningVar);
    if (this.numBatchesTracked) zeros_(this.numBatchesTracked);
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this).map(([name, value]) =>
      [STATE_NAMES[name] ?? name, value] as const
    );
  }

  /** Throws unless the number of dims is one of `ranks`. */
  protected checkRank(x: Tensor, expected: string, ...ranks: number[]): void {
    if (ranks.includes(x.ndim)) return;
    throw new TypeError(
      `Cannot call ${this.constructor.name} with ${x.describe()}: expected ` +
        `shape ${expected}`,
    );
  }

  protected override describe(): string {
    const { eps, momentum } = this;
    const affine = this.weight !== undefined;
    const trackRunningStats = this.runningMean !== undefined;
    const options = { eps, momentum, affine, trackRunningStats };
    return `${this.numFeatures}, ${formatOptions(options)}`;
  }
}

function forwardBatch(layer: ChannelNorm, x: Tensor): Tensor {
  const { weight, bias, eps, momentum, runningMean, runningVar } = layer;
  const { training } = layer;
  const numBatchesTracked = momentum === null
    ? layer.numBatchesTracked
    : undefined;
  if (training) layer.numBatchesTracked?.add_(1);
  return batchNorm(x, {
    weight,
    bias,
    eps,
    runningMean,
    runningVar,
    training: training || !runningMean,
    momentum: momentum ?? 0,
    numBatchesTracked,
  });
}

/**
 * Batch norm of features: scales each to mean 0 and variance 1 over the batch
 * (in evaluation by running statistics), times `weight` plus `bias`.
 *
 * Shapes: input [N, numFeatures] or [N, numFeatures, L], output the same.
 * Parameters: `weight` [numFeatures] of ones, `bias` of zeros. Buffers:
 * `running_mean`, `running_var`, `num_batches_tracked`.
 *
 * Source: Ioffe & Szegedy 2015, arXiv:1502.03167; torch.nn.BatchNorm1d.
 *
 * @example A running mean after one batch
 * ```ts
 * import { nn, tensor } from "@kindling/kindling";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const layer = new nn.BatchNorm1d(1);
 * layer.call(tensor([[1], [3]])); // mean 2
 * assertAlmostEquals(await layer.runningMean!.item(), 0.2, 1e-6);
 * ```
 */
export class BatchNorm1d extends ChannelNorm {
  /** @throws {RangeError} If `numFeatures` is not a positive integer */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, options);
  }

  override forward(x: Tensor): Tensor {
    this.checkRank(x, "[N, C] or [N, C, L]", 2, 3);
    return forwardBatch(this, x);
  }
}

/**
 * Batch norm of images: scales each channel to mean 0 and variance 1 over the
 * batch (in evaluation by running statistics), times `weight` plus `bias`.
 *
 * Shapes: input [N, numFeatures, H, W], output the same. Parameters and buffers
 * as those of `BatchNorm1d`.
 *
 * Source: Ioffe & Szegedy 2015, arXiv:1502.03167; torch.nn.BatchNorm2d.
 *
 * @example After a convolution
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const block = new nn.Sequential(
 *   new nn.Conv2d(3, 8, 3, { bias: false }),
 *   new nn.BatchNorm2d(8),
 * );
 * assertEquals(block.call(zeros([2, 3, 6, 6])).shape, [2, 8, 4, 4]);
 * ```
 */
export class BatchNorm2d extends ChannelNorm {
  /** @throws {RangeError} If `numFeatures` is not a positive integer */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, options);
  }

  override forward(x: Tensor): Tensor {
    this.checkRank(x, "[N, C, H, W]", 4);
    return forwardBatch(this, x);
  }
}

function forwardInstance(
  layer: ChannelNorm,
  x: Tensor,
  batchRank: number,
): Tensor {
  const { weight, bias, eps, momentum, runningMean, runningVar } = layer;
  const batch = x.ndim === batchRank ? x : x.unsqueeze(0);
  const y = instanceNorm(batch, {
    weight,
    bias,
    eps,
    runningMean,
    runningVar,
    useInputStats: layer.training || !runningMean,
    momentum: momentum ?? 0,
  });
  return x.ndim === batchRank ? y : y.squeeze(0);
}

/**
 * Instance norm of sequences: scales each channel of each sequence to mean 0
 * and variance 1.
 *
 * Shapes: input [N, numFeatures, L] or [numFeatures, L], output the same.
 * Learned scale and shift (`affine`) and running statistics
 * (`trackRunningStats`) are off by default.
 *
 * Source: Ulyanov et al. 2016, arXiv:1607.08022; torch.nn.InstanceNorm1d.
 */
export class InstanceNorm1d extends ChannelNorm {
  /** @throws {RangeError} If `numFeatures` is not a positive integer */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, { affine: false, trackRunningStats: false, ...options });
  }

  override forward(x: Tensor): Tensor {
    this.checkRank(x, "[N, C, L] or [C, L]", 2, 3);
    return forwardInstance(this, x, 3);
  }
}

/**
 * Instance norm of images: scales each channel of each image to mean 0 and
 * variance 1.
 *
 * Shapes: input [N, numFeatures, H, W] or [numFeatures, H, W], output the same.
 * Learned scale and shift (`affine`) and running statistics
 * (`trackRunningStats`) are off by default.
 *
 * Source: Ulyanov et al. 2016, arXiv:1607.08022; torch.nn.InstanceNorm2d.
 */
export class InstanceNorm2d extends ChannelNorm {
  /** @throws {RangeError} If `numFeatures` is not a positive integer */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super(numFeatures, { affine: false, trackRunningStats: false, ...options });
  }

  override forward(x: Tensor): Tensor {
    this.checkRank(x, "[N, C, H, W] or [C, H, W]", 3, 4);
    return forwardInstance(this, x, 4);
  }
}
