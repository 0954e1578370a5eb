/**
 * Calls that torch has under several names, with the same parameters.
 *
 * @module
 */

/** The name of the row that a call has, by its other names. */
export const ALIASES: Readonly<Record<string, string>> = {
  "torch.Tensor.clip_": "torch.Tensor.clamp_",
  "torch.Tensor.divide_": "torch.Tensor.div_",
  "torch.Tensor.multiply_": "torch.Tensor.mul_",
  "torch.Tensor.subtract_": "torch.Tensor.sub_",
  "torch.Tensor.true_divide_": "torch.Tensor.div_",
  "torch.absolute": "torch.abs",
  "torch.arccos": "torch.acos",
  "torch.arcsin": "torch.asin",
  "torch.arctan": "torch.atan",
  "torch.arctan2": "torch.atan2",
  "torch.argwhere": "torch.nonzero",
  "torch.celu": "torch.nn.functional.celu",
  "torch.clip": "torch.clamp",
  "torch.concat": "torch.cat",
  "torch.concatenate": "torch.cat",
  "torch.divide": "torch.div",
  "torch.fix": "torch.trunc",
  "torch.greater": "torch.gt",
  "torch.greater_equal": "torch.ge",
  "torch.less": "torch.lt",
  "torch.less_equal": "torch.le",
  "torch.linalg.matmul": "torch.matmul",
  "torch.moveaxis": "torch.movedim",
  "torch.multiply": "torch.mul",
  "torch.negative": "torch.neg",
  "torch.not_equal": "torch.ne",
  "torch.selu": "torch.nn.functional.selu",
  "torch.sgn": "torch.sign", // of real numbers
  "torch.special.erf": "torch.erf",
  "torch.special.exp2": "torch.exp2",
  "torch.special.expit": "torch.sigmoid",
  "torch.special.expm1": "torch.expm1",
  "torch.special.log1p": "torch.log1p",
  "torch.special.log_softmax": "torch.log_softmax",
  "torch.special.logsumexp": "torch.logsumexp",
  "torch.special.round": "torch.round",
  "torch.special.softmax": "torch.softmax",
  "torch.subtract": "torch.sub",
  "torch.swapdims": "torch.transpose",
  "torch.true_divide": "torch.div",
};
