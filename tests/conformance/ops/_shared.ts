/**
 * Rows of the same form, made from the call alone.
 *
 * @module
 */

import type { Operand } from "../../../src/ops/map.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { Row } from "../row.ts";

/** A call on `input` alone. */
export function unary(call: (input: Tensor) => Tensor): Row {
  return (args) => call(args.tensor("input"));
}

/** A call on `input` and `other`, a tensor or a number. */
export function binary(call: (input: Tensor, other: Operand) => Tensor): Row {
  return (args) => call(args.tensor("input"), args.operand("other"));
}
