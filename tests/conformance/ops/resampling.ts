/**
 * Images of other sizes, patches, and channels as pixels.
 *
 * @module
 */

import * as F from "../../../src/nn/functional.ts";
import type { Arguments } from "../arguments.ts";
import { Unsupported } from "../outcome.ts";
import type { Rows } from "../row.ts";

function patchOptions(args: Arguments): F.PatchOptions {
  return args.options<F.PatchOptions>("dilation", "padding", "stride");
}

/** Every such call. */
export const RESAMPLING: Rows = {
  "torch.nn.functional.interpolate": (args) =>
    F.interpolate(
      args.tensor("input"),
      args.options<F.InterpolateOptions>(
        "size",
        "scaleFactor",
        "mode",
        "alignCorners",
        "recomputeScaleFactor",
      ),
    ),
  "torch.nn.functional.grid_sample": (args) => {
    const [input, grid] = [args.tensor("input"), args.tensor("grid")];
    if (input.ndim === 5) throw new Unsupported("volumes");
    return F.gridSample(
      input,
      grid,
      args.options<F.GridSampleOptions>("mode", "paddingMode", "alignCorners"),
    );
  },
  "torch.nn.functional.unfold": (args) =>
    F.unfold(
      args.tensor("input"),
      args.value("kernel_size"),
      patchOptions(args),
    ),
  "torch.nn.functional.fold": (args) =>
    F.fold(args.tensor("input"), args.value("output_size"), {
      kernelSize: args.value("kernel_size"),
      ...patchOptions(args),
    }),
  "torch.nn.functional.pixel_shuffle": (args) =>
    F.pixelShuffle(args.tensor("input"), args.value("upscale_factor")),
  "torch.nn.functional.pixel_unshuffle": (args) =>
    F.pixelUnshuffle(args.tensor("input"), args.value("downscale_factor")),
  "torch.nn.functional.channel_shuffle": (args) =>
    F.channelShuffle(args.tensor("input"), args.value("groups")),
};
