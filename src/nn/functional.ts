/**
 * `F`: the functions of torch.nn.functional, in camelCase. Arguments that torch
 * puts after `*` are one options object. The functions live with their ops.
 *
 * @module
 */

export { linear } from "../ops/matmul.ts";
export { bilinear } from "../ops/bilinear.ts";
export {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from "../ops/conv.ts";
export { conv3d } from "../ops/conv3d.ts";
export {
  type ConvOptions,
  type ConvTransposeOptions,
} from "../ops/conv_shapes.ts";
export {
  adaptiveMaxPool2d,
  maxPool1d,
  type MaxPool1dOptions,
  maxPool2d,
  type MaxPoolOptions,
} from "../ops/max_pool.ts";
export { maxUnpool2d, type MaxUnpoolOptions } from "../ops/max_unpool.ts";
export { maxPool3d, type MaxPool3dOptions } from "../ops/max_pool3d.ts";
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  type AvgPool1dOptions,
  avgPool2d,
  type AvgPoolOptions,
  lpPool2d,
  type LpPoolOptions,
} from "../ops/avg_pool.ts";
export type { SignalOptions } from "../ops/pool_signals.ts";
export type {
  OutputPair,
  Outputs,
  WindowOptions,
} from "../ops/pool_windows.ts";
export type { Pair, Single, Triple } from "../ops/per_dim.ts";
export {
  celu,
  elu,
  gelu,
  glu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logsigmoid,
  mish,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  tanh,
  threshold,
} from "../ops/activation.ts";
export { logSoftmax, softmax, softmin } from "../ops/softmax.ts";
export {
  batchNorm,
  type BatchNormOptions,
  instanceNorm,
  type InstanceNormOptions,
} from "../ops/batch_norm.ts";
export { layerNorm } from "../ops/layer_norm.ts";
export { groupNorm } from "../ops/group_norm.ts";
export {
  localResponseNorm,
  type LocalResponseNormOptions,
} from "../ops/local_response_norm.ts";
export { type NormOptions } from "../ops/norm.ts";
export { type Affine } from "../ops/norm_kernels.ts";
export {
  type AttentionOptions,
  scaledDotProductAttention,
} from "../ops/attention.ts";
export { embedding, type EmbeddingOptions } from "../ops/embedding.ts";
export { dropout, type DropoutOptions } from "../ops/dropout.ts";
export { pad, type PadMode, type PadOptions } from "../ops/padding.ts";
export {
  interpolate,
  type InterpolateMode,
  type InterpolateOptions,
} from "../ops/interpolate.ts";
export {
  type GridPadding,
  gridSample,
  type GridSampleMode,
  type GridSampleOptions,
} from "../ops/grid_sample.ts";
export {
  channelShuffle,
  fold,
  type PatchOptions,
  pixelShuffle,
  pixelUnshuffle,
  unfold,
} from "../ops/patches.ts";
export { oneHot } from "../ops/one_hot.ts";
export {
  cosineSimilarity,
  type CosineSimilarityOptions,
  normalize,
  type NormalizeOptions,
  pairwiseDistance,
  type PairwiseDistanceOptions,
} from "../ops/similarity.ts";
export {
  crossEntropy,
  type CrossEntropyOptions,
  nllLoss,
  type NllLossOptions,
} from "../ops/cross_entropy.ts";
export {
  binaryCrossEntropy,
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyWithLogitsOptions,
  gaussianNllLoss,
  type GaussianNllLossOptions,
  huberLoss,
  type HuberLossOptions,
  klDiv,
  type KlDivOptions,
  l1Loss,
  type LossOptions,
  mseLoss,
  poissonNllLoss,
  type PoissonNllLossOptions,
  smoothL1Loss,
  type SmoothL1LossOptions,
} from "../ops/loss.ts";
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  type MarginOptions,
  marginRankingLoss,
  multilabelSoftMarginLoss,
  type MultilabelSoftMarginLossOptions,
  softMarginLoss,
  tripletMarginLoss,
  type TripletMarginLossOptions,
} from "../ops/margin_loss.ts";
export { type Reduction } from "../ops/reduction.ts";
