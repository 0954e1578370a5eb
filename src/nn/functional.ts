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
