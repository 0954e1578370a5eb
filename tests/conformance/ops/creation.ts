/**
 * Tensors made of numbers alone.
 *
 * @module
 */

import {
  arange,
  eye,
  full,
  linspace,
  ones,
  tensor,
  type TensorOptions,
  zeros,
} from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Arguments } from "../arguments.ts";
import { Unsupported } from "../outcome.ts";
import type { Rows } from "../row.ts";
import { dtypeOf, listOf } from "./_shared.ts";

function typed(args: Arguments): TensorOptions {
  const dtype = dtypeOf(args);
  return dtype ? { dtype } : {};
}

/** The type of `input`, unless another is asked for. */
function typedLike(args: Arguments): TensorOptions {
  return { dtype: dtypeOf(args) ?? args.tensor("input").dtype };
}

/** In torch, numbers say by themselves whether they are integers. */
function typedBy(
  value: unknown,
  name: string,
  args: Arguments,
): TensorOptions {
  if (args.has("dtype")) return typed(args);
  if (args.isWholeFloat(name)) return { dtype: "float32" };
  const numbers = [value].flat(Infinity);
  if (numbers.every((each) => typeof each === "boolean")) {
    return { dtype: "bool" };
  }
  return { dtype: numbers.every(Number.isInteger) ? "int32" : "float32" };
}

function sizeOf(args: Arguments): Shape {
  return listOf(args.value<number | number[]>("size"));
}

/** Every such call. */
export const CREATION: Rows = {
  "torch.arange": (args) =>
    arange(
      args.option<number>("start") ?? 0,
      args.value<number>("end"),
      args.option("step"),
      typed(args),
    ),
  "torch.eye": (args) => eye(args.value("n"), args.option("m"), typed(args)),
  "torch.full": (args) => {
    const value = args.value<number | boolean>("fill_value");
    return full(
      sizeOf(args),
      Number(value),
      typedBy(value, "fill_value", args),
    );
  },
  "torch.full_like": (args) =>
    full(
      args.tensor("input").shape,
      Number(args.value<number | boolean>("fill_value")),
      typedLike(args),
    ),
  "torch.linspace": (args) =>
    linspace(
      args.value("start"),
      args.value("end"),
      args.value("steps"),
      typed(args),
    ),
  "torch.ones": (args) => ones(sizeOf(args), typed(args)),
  "torch.ones_like": (args) =>
    ones(args.tensor("input").shape, typedLike(args)),
  "torch.tensor": (args) => {
    const data = args.value<number[]>("data");
    const options = typedBy(data, "data", args);
    if (options.dtype === "int32" && !args.has("dtype")) {
      throw new Unsupported("whole numbers that may be floats in Python");
    }
    return tensor(data, options);
  },
  "torch.zeros": (args) => zeros(sizeOf(args), typed(args)),
  "torch.zeros_like": (args) =>
    zeros(args.tensor("input").shape, typedLike(args)),
};
