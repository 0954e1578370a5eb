/**
 * Views, copies and casts.
 *
 * @module
 */

import { type DType, isDType } from "../../../src/tensor/dtype.ts";
import type { Rows } from "../row.ts";
import { Unsupported } from "../outcome.ts";
import { unary } from "./_shared.ts";

/** Every view, copy and cast. */
export const MOVEMENT: Rows = {
  "torch.Tensor.contiguous": unary((x) => x.contiguous()),
  "torch.Tensor.expand": (args) =>
    args.tensor("input").expand(args.value("size")),
  "torch.Tensor.to": (args) => {
    const dtype = args.value<DType>("dtype");
    if (!isDType(dtype)) throw new Unsupported(`dtype ${dtype}`);
    return args.tensor("input").to(dtype);
  },
  "torch.broadcast_to": (args) =>
    args.tensor("input").expand(args.value("size")),
  "torch.flatten": (args) =>
    args.tensor("input").flatten(
      args.option("start_dim"),
      args.option("end_dim"),
    ),
  "torch.narrow": (args) => {
    const start = args.value<number>("start");
    const stop = start + args.value<number>("length");
    return args.tensor("input").slice(args.value("dim"), start, stop);
  },
  "torch.permute": (args) => args.tensor("input").permute(args.value("dims")),
  "torch.reshape": (args) => args.tensor("input").reshape(args.value("shape")),
  "torch.select": (args) =>
    args.tensor("input").select(args.value("dim"), args.value("index")),
  "torch.squeeze": (args) => args.tensor("input").squeeze(args.option("dim")),
  "torch.t": unary((x) => x.transpose(0, 1)),
  "torch.transpose": (args) =>
    args.tensor("input").transpose(args.value("dim0"), args.value("dim1")),
  "torch.unsqueeze": (args) =>
    args.tensor("input").unsqueeze(args.value("dim")),
};
