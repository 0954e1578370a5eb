/**
 * Norms by statistics of the input, as functions.
 *
 * @module
 */

import * as F from "../../../src/nn/functional.ts";
import type { Rows } from "../row.ts";

/** Every norm that does not stand with the similarities. */
export const NORMS: Rows = {
  "torch.nn.functional.batch_norm": (args) => {
    const options = args.options<F.BatchNormOptions>(
      "runningMean",
      "runningVar",
      "weight",
      "bias",
      "training",
      "momentum",
      "eps",
    );
    const { runningMean, runningVar } = options;
    const output = F.batchNorm(args.tensor("input"), options);
    return {
      output,
      ...(runningMean && { ["running_mean"]: runningMean }),
      ...(runningVar && { ["running_var"]: runningVar }),
    };
  },
  "torch.nn.functional.instance_norm": (args) =>
    F.instanceNorm(
      args.tensor("input"),
      args.options<F.InstanceNormOptions>(
        "runningMean",
        "runningVar",
        "weight",
        "bias",
        "useInputStats",
        "momentum",
        "eps",
      ),
    ),
  "torch.nn.functional.layer_norm": (args) =>
    F.layerNorm(
      args.tensor("input"),
      args.value("normalized_shape"),
      args.options<F.NormOptions>("weight", "bias", "eps"),
    ),
  "torch.nn.functional.group_norm": (args) =>
    F.groupNorm(
      args.tensor("input"),
      args.value("num_groups"),
      args.options<F.NormOptions>("weight", "bias", "eps"),
    ),
  "torch.nn.functional.local_response_norm": (args) =>
    F.localResponseNorm(
      args.tensor("input"),
      args.value("size"),
      args.options<F.LocalResponseNormOptions>("alpha", "beta", "k"),
    ),
};
