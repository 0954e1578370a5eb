/**
 * `F`: the functions of torch.nn.functional, in camelCase. Arguments that torch
 * puts after `*` are one options object. The functions live with their ops.
 *
 * @module
 */

export { linear } from "../ops/matmul/matmul.ts";
export { bilinear } from "../ops/matmul/bilinear.ts";
export {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from "../ops/conv/conv.ts";
export { conv3d } from "../ops/conv/conv3d.ts";
export {
  type ConvOptions,
  type ConvTransposeOptions,
} from "../ops/conv/shapes.ts";
export {
  adaptiveMaxPool2d,
  maxPool1d,
  type MaxPool1dOptions,
  maxPool2d,
  type MaxPoolOptions,
} from "../ops/pool/max.ts";
export { maxUnpool2d, type MaxUnpoolOptions } from "../ops/pool/max_unpool.ts";
export { maxPool3d, type MaxPool3dOptions } from "../ops/pool/max3d.ts";
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  type AvgPool1dOptions,
  avgPool2d,
  type AvgPoolOptions,
  lpPool2d,
  type LpPoolOptions,
} from "../ops/pool/avg.ts";
export type { SignalOptions } from "../ops/pool/signals.ts";
export type {
  OutputPair,
  Outputs,
  WindowOptions,
} from "../ops/pool/windows.ts";
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
} from "../ops/elementwise/activation.ts";
export { logSoftmax, softmax, softmin } from "../ops/softmax/softmax.ts";
export {
  batchNorm,
  type BatchNormOptions,
  instanceNorm,
  type InstanceNormOptions,
} from "../ops/norm/batch.ts";
export { layerNorm } from "../ops/norm/layer.ts";
export { groupNorm } from "../ops/norm/group.ts";
export {
  localResponseNorm,
  type LocalResponseNormOptions,
} from "../ops/norm/local_response.ts";
export { type NormOptions } from "../ops/norm/norm.ts";
export { type Affine } from "../ops/norm/kernels.ts";
export {
  type AttentionOptions,
  scaledDotProductAttention,
} from "../ops/attention/attention.ts";
export { embedding, type EmbeddingOptions } from "../ops/index/embedding.ts";
export { dropout, type DropoutOptions } from "../ops/random/dropout.ts";
export { pad, type PadMode, type PadOptions } from "../ops/index/padding.ts";
export {
  interpolate,
  type InterpolateMode,
  type InterpolateOptions,
} from "../ops/image/interpolate.ts";
export {
  type GridPadding,
  gridSample,
  type GridSampleMode,
  type GridSampleOptions,
} from "../ops/image/grid_sample.ts";
export {
  channelShuffle,
  fold,
  type PatchOptions,
  pixelShuffle,
  pixelUnshuffle,
  unfold,
} from "../ops/conv/patches.ts";
export { oneHot } from "../ops/index/one_hot.ts";
export {
  cosineSimilarity,
  type CosineSimilarityOptions,
  normalize,
  type NormalizeOptions,
  pairwiseDistance,
  type PairwiseDistanceOptions,
} from "../ops/reduce/similarity.ts";
export {
  crossEntropy,
  type CrossEntropyOptions,
  nllLoss,
  type NllLossOptions,
} from "../ops/loss/cross_entropy.ts";
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
} from "../ops/loss/loss.ts";
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
} from "../ops/loss/margin.ts";
export { type Reduction } from "../ops/loss/reduction.ts";
