/**
 * Views, copies in another arrangement, joins and casts.
 *
 * @module
 */

import { cat, stack } from "../../../src/ops/join.ts";
import { arange, eye, full, linspace } from "../../../src/tensor/create.ts";
import { type DType, isDType } from "../../../src/tensor/dtype.ts";
import { ownDType } from "../compare.ts";
import { Unsupported } from "../outcome.ts";
import type { Rows } from "../row.ts";
import { unary } from "./_shared.ts";

type Dims = number | readonly number[];

const VIEWS: Rows = {
  "torch.Tensor.expand": (args) =>
    args.tensor("input").expand(args.value("size")),
  "torch.Tensor.unfold": (args) =>
    args.tensor("input").unfold(
      args.value("dimension"),
      args.value("size"),
      args.value("step"),
    ),
  "torch.broadcast_to": (args) =>
    args.tensor("input").expand(args.value("size")),
  "torch.chunk": (args) =>
    args.tensor("input").chunk(args.value("chunks"), args.option("dim")),
  "torch.diagonal": (args) =>
    args.tensor("input").diagonal(
      args.option("offset"),
      args.option("dim1"),
      args.option("dim2"),
    ),
  "torch.flatten": (args) =>
    args.tensor("input").flatten(
      args.option("start_dim"),
      args.option("end_dim"),
    ),
  "torch.movedim": (args) =>
    args.tensor("input").movedim(
      args.value<Dims>("source"),
      args.value<Dims>("destination"),
    ),
  "torch.narrow": (args) =>
    args.tensor("input").narrow(
      args.value("dim"),
      args.value("start"),
      args.value("length"),
    ),
  "torch.permute": (args) => args.tensor("input").permute(args.value("dims")),
  "torch.reshape": (args) => args.tensor("input").reshape(args.value("shape")),
  "torch.select": (args) =>
    args.tensor("input").select(args.value("dim"), args.value("index")),
  "torch.split": (args) =>
    args.tensor("input").split(
      args.value<Dims>("split_size_or_sections"),
      args.option("dim"),
    ),
  "torch.squeeze": (args) => args.tensor("input").squeeze(args.option("dim")),
  "torch.t": unary((x) => x.t()),
  "torch.transpose": (args) =>
    args.tensor("input").transpose(args.value("dim0"), args.value("dim1")),
  "torch.unbind": (args) => args.tensor("input").unbind(args.option("dim")),
  "torch.unsqueeze": (args) =>
    args.tensor("input").unsqueeze(args.value("dim")),
};

const COPIES: Rows = {
  "torch.Tensor.contiguous": unary((x) => x.contiguous()),
  "torch.Tensor.repeat": (args) =>
    args.tensor("input").repeat(args.value("repeats")),
  "torch.Tensor.to": (args) => {
    const dtype = ownDType(args.value("dtype"));
    if (!isDType(dtype)) throw new Unsupported(`dtype ${dtype}`);
    return args.tensor("input").to(dtype);
  },
  "torch.cat": (args) => cat(args.list("tensors"), args.option("dim")),
  "torch.clone": unary((x) => x.clone()),
  "torch.diag": (args) => args.tensor("input").diag(args.option("diagonal")),
  "torch.flip": (args) => args.tensor("input").flip(args.value("dims")),
  "torch.repeat_interleave": (args) =>
    args.tensor("input").repeatInterleave(
      args.value<Dims>("repeats"),
      args.option("dim"),
    ),
  "torch.roll": (args) =>
    args.tensor("input").roll(
      args.value<Dims>("shifts"),
      args.option<Dims>("dims"),
    ),
  "torch.stack": (args) => stack(args.list("tensors"), args.option("dim")),
  "torch.tile": (args) => args.tensor("input").tile(args.value("dims")),
  "torch.tril": (args) => args.tensor("input").tril(args.option("diagonal")),
  "torch.triu": (args) => args.tensor("input").triu(args.option("diagonal")),
};

/** Tensors made of numbers alone. */
const CREATION: Rows = {
  "torch.arange": (args) =>
    arange(
      args.option<number>("start") ?? 0,
      args.value<number>("end"),
      args.option("step"),
    ),
  "torch.eye": (args) => eye(args.value("n"), args.option("m")),
  "torch.full": (args) => {
    const value = args.value<number>("fill_value");
    // here numbers are float32 unless told; in torch, whole ones are integers
    const dtype: DType = Number.isInteger(value) ? "int32" : "float32";
    return full(args.value("size"), value, { dtype });
  },
  "torch.linspace": (args) =>
    linspace(args.value("start"), args.value("end"), args.value("steps")),
};

/** Every view, copy, join, cast and creation. */
export const MOVEMENT: Rows = { ...VIEWS, ...COPIES, ...CREATION };
