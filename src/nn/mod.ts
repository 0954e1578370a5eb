/**
 * The namespace `nn`: modules, layers, initialization, clipping.
 *
 * @module
 */

export {
  Buffer,
  type BufferOptions,
  isParameter,
  Parameter,
  type ParameterOptions,
} from "./parameter.ts";
export { type AnyModule, Module, type WalkOptions } from "./module.ts";
export type { HookHandle } from "./hooks.ts";
export {
  type LoadOptions,
  type LoadResult,
  type NamedTensors,
  StateDict,
} from "./state_dict.ts";
export { Sequential } from "./sequential.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { Bilinear } from "./bilinear.ts";
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvLayerOptions,
  type Convolution,
  type ConvolutionKind,
  ConvTranspose1d,
  ConvTranspose2d,
  type ConvTransposeLayerOptions,
} from "./conv.ts";
export { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d, MaxPool3d } from "./pool.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNormLayerOptions,
  ChannelNorm,
  InstanceNorm1d,
  InstanceNorm2d,
} from "./batch_norm.ts";
export {
  type AffineNormOptions,
  GroupNorm,
  LayerNorm,
  type LayerNormOptions,
  LocalResponseNorm,
} from "./norm.ts";
export {
  MultiheadAttention,
  type MultiheadAttentionCall,
  type MultiheadAttentionInputs,
  type MultiheadAttentionOptions,
  type MultiheadAttentionOutput,
} from "./attention.ts";
export {
  type DecoderMasks,
  type SelfMasks,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  TransformerLayer,
  type TransformerLayerOptions,
} from "./transformer.ts";
export { Embedding, type EmbeddingLayerOptions } from "./embedding.ts";
export {
  GRU,
  LSTM,
  type LSTMOptions,
  Recurrent,
  type RecurrentOptions,
  RNN,
  type RNNOptions,
} from "./recurrent.ts";
export {
  type CellOptions,
  GRUCell,
  LSTMCell,
  type LSTMState,
  RecurrentCell,
  RNNCell,
  type RNNCellOptions,
} from "./recurrent_cell.ts";
export { Dropout } from "./dropout.ts";
export {
  type Activation,
  Flatten,
  GELU,
  Identity,
  LeakyReLU,
  LogSoftmax,
  ReLU,
  Sigmoid,
  SiLU,
  Softmax,
  Tanh,
} from "./activation.ts";
export {
  CrossEntropyLoss,
  type Loss,
  MSELoss,
  NLLLoss,
  type ReductionOptions,
} from "./loss.ts";
export * as init from "./init.ts";
export { clipGradNorm_, clipGradValue_ } from "./clip_grad.ts";
