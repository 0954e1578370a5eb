/**
 * Views, copies in another arrangement, joins and casts.
 *
 * @module
 */

import { cat, stack } from "../../../src/ops/movement/join.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import type { Row, Rows } from "../row.ts";
import { dtypeOf, listOf, unary } from "./_shared.ts";

type Dims = number | readonly number[];

/** A call on `input` and the numbers of `name`, one or many. */
function listing(
  name: string,
  call: (input: Tensor, numbers: readonly number[]) => Tensor,
): Row {
  return (args) => {
    const numbers = listOf(args.value<number | number[]>(name));
    return call(args.tensor("input"), numbers);
  };
}

/** A call on `input` that takes the shape of `other`. */
function alike(call: (input: Tensor, shape: Shape) => Tensor): Row {
  return (args) => call(args.tensor("input"), args.tensor("other").shape);
}

function cast(dtype: DType): Row {
  return unary((x) => x.to(dtype));
}

const VIEWS: Rows = {
  "torch.Tensor.expand": listing("size", (x, size) => x.expand(size)),
  "torch.Tensor.expand_as": alike((x, shape) => x.expand(shape)),
  "torch.Tensor.reshape_as": alike((x, shape) => x.reshape(shape)),
  "torch.Tensor.unflatten": (args) => {
    const [input, dim] = [args.tensor("input"), args.value<number>("dim")];
    const at = dim < 0 ? dim + input.ndim : dim;
    const sizes = args.value<number[]>("sizes");
    return input.reshape(input.shape.toSpliced(at, 1, ...sizes));
  },
  "torch.Tensor.unfold": (args) =>
    args.tensor("input").unfold(
      args.value("dimension"),
      args.value("size"),
      args.value("step"),
    ),
  "torch.Tensor.view": listing("shape", (x, shape) => x.reshape(shape)),
  "torch.Tensor.view_as": alike((x, shape) => x.reshape(shape)),
  "torch.broadcast_to": listing("size", (x, size) => x.expand(size)),
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
  "torch.linalg.diagonal": (args) =>
    args.tensor("A").diagonal(
      args.option("offset"),
      args.value("dim1"),
      args.value("dim2"),
    ),
  "torch.permute": listing("dims", (x, dims) => x.permute(dims)),
  "torch.ravel": unary((x) => x.reshape([-1])),
  "torch.reshape": listing("shape", (x, shape) => x.reshape(shape)),
  "torch.select": (args) =>
    args.tensor("input").select(args.value("dim"), args.value("index")),
  "torch.split": (args) =>
    args.tensor("input").split(
      args.value<Dims>("split_size_or_sections"),
      args.option("dim"),
    ),
  "torch.squeeze": (args) => args.tensor("input").squeeze(args.option("dim")),
  "torch.swapaxes": (args) =>
    args.tensor("input").transpose(args.value("axis0"), args.value("axis1")),
  "torch.t": unary((x) => x.t()),
  "torch.transpose": (args) =>
    args.tensor("input").transpose(args.value("dim0"), args.value("dim1")),
  "torch.unbind": (args) => args.tensor("input").unbind(args.option("dim")),
  "torch.unsqueeze": (args) =>
    args.tensor("input").unsqueeze(args.value("dim")),
};

const COPIES: Rows = {
  "torch.Tensor.contiguous": unary((x) => x.contiguous()),
  "torch.Tensor.bool": cast("bool"),
  "torch.Tensor.byte": cast("uint8"),
  "torch.Tensor.double": cast("float32"),
  "torch.Tensor.float": cast("float32"),
  "torch.Tensor.half": cast("float16"),
  "torch.Tensor.int": cast("int32"),
  "torch.Tensor.long": cast("int32"),
  "torch.Tensor.repeat": listing("repeats", (x, times) => x.repeat(times)),
  "torch.Tensor.to": (args) => {
    const dtype = dtypeOf(args);
    if (!dtype) throw new Unsupported("without dtype");
    return args.tensor("input").to(dtype);
  },
  "torch.Tensor.type_as": (args) =>
    args.tensor("input").to(args.tensor("other").dtype),
  "torch.cat": (args) => cat(args.list("tensors"), args.option("dim")),
  "torch.clone": unary((x) => x.clone()),
  "torch.diag": (args) => args.tensor("input").diag(args.option("diagonal")),
  "torch.flip": listing("dims", (x, dims) => x.flip(dims)),
  "torch.fliplr": unary((x) => x.flip([1])),
  "torch.flipud": unary((x) => x.flip([0])),
  "torch.repeat_interleave": (args) => {
    if (args.maybe("repeats")) throw new Unsupported("repeats in a tensor");
    return args.tensor("input").repeatInterleave(
      args.value<Dims>("repeats"),
      args.option("dim"),
    );
  },
  "torch.roll": (args) =>
    args.tensor("input").roll(
      args.value<Dims>("shifts"),
      args.option<Dims>("dims"),
    ),
  "torch.stack": (args) => stack(args.list("tensors"), args.option("dim")),
  "torch.tile": listing("dims", (x, times) => x.tile(times)),
  "torch.tril": (args) => args.tensor("input").tril(args.option("diagonal")),
  "torch.triu": (args) => args.tensor("input").triu(args.option("diagonal")),
};

/** Every view, copy, join and cast. */
export const MOVEMENT: Rows = { ...VIEWS, ...COPIES };
