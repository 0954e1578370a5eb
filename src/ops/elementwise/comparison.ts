/**
 * Comparisons of a tensor with a tensor or a number: bool results, without
 * gradients. Integers are compared exactly, whatever their types (NOTE [numbers]
 * in numbers.ts). If an operand is a float tensor, its type decides.
 *
 * @module
 */

import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../define.ts";
import { map } from "./elementwise.ts";
import type { Operand } from "../map/map.ts";
import { type Comparison, exactly } from "../numbers.ts";

/** Comparisons that give the same answer with swapped operands. */
const TURNED: Readonly<Record<Comparison, Comparison>> = {
  eq: "eq",
  ne: "ne",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
};

/** Compares `a` and `b`, which broadcast: bool. */
export function compare(test: Comparison, a: Tensor, b: Operand): Tensor {
  if (typeof b === "boolean") return map(test, a, b);
  if (typeof b === "number") return map(...withNumber(test, a, b));
  checkTensor(test, b);
  const types = `${a.dtype} ${b.dtype}`;
  if (types === "int32 uint32") return signed(test, a, b);
  if (types === "uint32 int32") return signed(TURNED[test], b, a);
  return map(test, rounded(a, b), rounded(b, a));
}

function withNumber(
  test: Comparison,
  a: Tensor,
  b: number,
): [Comparison, Tensor, number] {
  const [exact, value] = exactly(test, b, a.dtype);
  return [exact, a, value];
}

// Rounds a tensor without dims to the float type of a tensor with dims, as torch
// does: 0.1 of float32 becomes 0.1 of float16.
function rounded(x: Tensor, other: Tensor): Tensor {
  const isWeak = x.ndim === 0 && other.ndim > 0 && other.dtype === "float16";
  return isWeak && isFloat(x.dtype) ? x.to("float16") : x;
}

// Compares int32 with uint32: negative numbers are smaller, others are uint32.
function signed(test: Comparison, a: Tensor, b: Tensor): Tensor {
  const among = map(test, a.to("uint32"), b);
  return test === "ne" || test === "lt" || test === "le"
    ? map("lt", a, 0).logicalOr(among)
    : map("ge", a, 0).logicalAnd(among);
}
