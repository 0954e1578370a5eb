/**
 * Elementwise calls.
 *
 * @module
 */

import { where } from "../../../src/ops/elementwise/arithmetic.ts";
import type { Operand } from "../../../src/ops/map/map.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { Refused } from "../outcome.ts";
import type { Rows } from "../row.ts";
import { binary, comparison, unary } from "./_shared.ts";

type Scaled = { readonly alpha?: number };

/** Arithmetic of two. */
const ARITHMETIC: Rows = {
  "torch.Tensor.__rpow__": (args) =>
    args.tensor("input").rpow(args.value("other")),
  "torch.Tensor.__rsub__": (args) =>
    args.tensor("input").rsub(args.value("other")),
  "torch.Tensor.__rtruediv__": (args) =>
    args.tensor("input").rdiv(args.value("other")),
  "torch.add": (args) =>
    args.tensor("input").add(
      args.operand("other"),
      args.options<Scaled>("alpha"),
    ),
  "torch.addcdiv": (args) =>
    args.tensor("input").addcdiv(
      args.tensor("tensor1"),
      args.operand("tensor2"),
      args.options<{ readonly value?: number }>("value"),
    ),
  "torch.addcmul": (args) =>
    args.tensor("input").addcmul(
      args.tensor("tensor1"),
      args.operand("tensor2"),
      args.options<{ readonly value?: number }>("value"),
    ),
  "torch.atan2": binary((a, b) => a.atan2(b)),
  "torch.div": (args) =>
    args.tensor("input").div(
      args.operand("other"),
      args.options<{ readonly roundingMode?: "trunc" | "floor" }>(
        "roundingMode",
      ),
    ),
  "torch.floor_divide": binary((a, b) => a.floorDivide(b)),
  "torch.fmod": binary((a, b) => a.fmod(b)),
  "torch.lerp": (args) =>
    args.tensor("input").lerp(args.tensor("end"), args.operand("weight")),
  "torch.maximum": binary((a, b) => a.maximum(b)),
  "torch.minimum": binary((a, b) => a.minimum(b)),
  "torch.mul": binary((a, b) => a.mul(b)),
  "torch.pow": (args) => {
    const base = args.maybe("input");
    if (base) return base.pow(args.operand("exponent"));
    const name = args.has("self") ? "self" : "input"; // a number
    return args.tensor("exponent").rpow(args.value(name));
  },
  "torch.remainder": binary((a, b) => a.remainder(b)),
  "torch.rsub": (args) => {
    const [input, other] = [args.tensor("input"), args.operand("other")];
    const options = args.options<Scaled>("alpha");
    return other instanceof Tensor
      ? other.sub(input, options)
      : input.mul(options.alpha ?? 1).rsub(Number(other));
  },
  "torch.sub": (args) =>
    args.tensor("input").sub(
      args.operand("other"),
      args.options<Scaled>("alpha"),
    ),
};

/** Comparisons, logic and bits. */
const TESTS: Rows = {
  "torch.bitwise_and": binary((a, b) => a.bitwiseAnd(b)),
  "torch.bitwise_left_shift": binary((a, b) => a.bitwiseLeftShift(b)),
  "torch.bitwise_not": unary((x) => x.bitwiseNot()),
  "torch.bitwise_or": binary((a, b) => a.bitwiseOr(b)),
  "torch.bitwise_right_shift": binary((a, b) => a.bitwiseRightShift(b)),
  "torch.bitwise_xor": binary((a, b) => a.bitwiseXor(b)),
  "torch.eq": comparison((a, b) => a.eq(b)),
  "torch.ge": comparison((a, b) => a.ge(b)),
  "torch.gt": comparison((a, b) => a.gt(b)),
  "torch.isfinite": unary((x) => x.isfinite()),
  "torch.isinf": unary((x) => x.isinf()),
  "torch.isnan": unary((x) => x.isnan()),
  "torch.le": comparison((a, b) => a.le(b)),
  "torch.logical_and": binary((a, b) => a.logicalAnd(b)),
  "torch.logical_not": unary((x) => x.logicalNot()),
  "torch.logical_or": binary((a, b) => a.logicalOr(b)),
  "torch.logical_xor": binary((a, b) => a.logicalXor(b)),
  "torch.lt": comparison((a, b) => a.lt(b)),
  "torch.masked_fill": (args) =>
    args.tensor("input").maskedFill(
      args.tensor("mask"),
      args.operand("value"),
    ),
  "torch.ne": comparison((a, b) => a.ne(b)),
  "torch.where": (args) =>
    where(
      args.tensor("condition"),
      args.operand("input"),
      args.operand("other"),
    ),
};

/** Functions of one. */
const FUNCTIONS: Rows = {
  "torch.abs": unary((x) => x.abs()),
  "torch.acos": unary((x) => x.acos()),
  "torch.asin": unary((x) => x.asin()),
  "torch.atan": unary((x) => x.atan()),
  "torch.ceil": unary((x) => x.ceil()),
  "torch.clamp": (args) =>
    args.tensor("input").clamp(
      args.maybe("min") ?? args.option<Operand>("min"),
      args.maybe("max") ?? args.option<Operand>("max"),
    ),
  "torch.cos": unary((x) => x.cos()),
  "torch.cosh": unary((x) => x.cosh()),
  "torch.erf": unary((x) => x.erf()),
  "torch.exp": unary((x) => x.exp()),
  "torch.exp2": unary((x) => x.exp2()),
  "torch.expm1": unary((x) => x.expm1()),
  "torch.floor": unary((x) => x.floor()),
  "torch.frac": unary((x) => x.frac()),
  "torch.log": unary((x) => x.log()),
  "torch.log10": unary((x) => x.log10()),
  "torch.log1p": unary((x) => x.log1p()),
  "torch.log2": unary((x) => x.log2()),
  "torch.nan_to_num": (args) =>
    args.tensor("input").nanToNum({
      nan: args.option("nan") ?? undefined, // None is 0, too
      posinf: args.option("posinf"),
      neginf: args.option("neginf"),
    }),
  "torch.neg": unary((x) => x.neg()),
  "torch.positive": unary((x) => {
    if (x.dtype === "bool") throw new Refused("+ of booleans");
    return x;
  }),
  "torch.reciprocal": unary((x) => x.reciprocal()),
  "torch.round": unary((x) => x.round()),
  "torch.rsqrt": unary((x) => x.rsqrt()),
  "torch.sign": unary((x) => x.sign()),
  "torch.sin": unary((x) => x.sin()),
  "torch.sinh": unary((x) => x.sinh()),
  "torch.sqrt": unary((x) => x.sqrt()),
  "torch.square": unary((x) => x.square()),
  "torch.tan": unary((x) => x.tan()),
  "torch.trunc": unary((x) => x.trunc()),
};

/** The few activations that torch has as methods. */
const ACTIVATIONS: Rows = {
  "torch.relu": unary((x) => x.relu()),
  "torch.sigmoid": unary((x) => x.sigmoid()),
  "torch.tanh": unary((x) => x.tanh()),
};

/** Every elementwise row; most are methods of tensors in torch, too. */
export const ELEMENTWISE: Rows = {
  ...ARITHMETIC,
  ...TESTS,
  ...FUNCTIONS,
  ...ACTIVATIONS,
};
