/**
 * `F`: the functions of neural networks by torch.nn.functional's names, in
 * camelCase. What torch puts after `*` is one options object. Nothing is
 * computed here: functions live with their ops.
 *
 * @module
 */

export { logSoftmax, softmax, softmin } from "../ops/softmax.ts";
export {
  crossEntropy,
  type CrossEntropyOptions,
  nllLoss,
  type NllLossOptions,
} from "../ops/cross_entropy.ts";
export { type Reduction } from "../ops/reduction.ts";
export {
  adaptiveMaxPool2d,
  maxPool1d,
  type MaxPool1dOptions,
  maxPool2d,
  type MaxPoolOptions,
} from "../ops/max_pool.ts";
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  type AvgPool1dOptions,
  avgPool2d,
  type AvgPoolOptions,
} from "../ops/avg_pool.ts";
export {
  type Pair,
  type Single,
  type WindowOptions,
} from "../ops/pool_windows.ts";
export { dropout, type DropoutOptions } from "../ops/dropout.ts";
