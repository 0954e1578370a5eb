/**
 * Rows of the same form, made from the call alone, and arguments of forms that
 * many rows take.
 *
 * @module
 */

import type { Operand } from "../../../src/ops/map/map.ts";
import { type DType, isDType } from "../../../src/tensor/dtype.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { Arguments } from "../arguments.ts";
import { ownDType } from "../compare.ts";
import { Unsupported } from "../outcome.ts";
import type { Row } from "../row.ts";

/** A call on `input` alone. */
export function unary(call: (input: Tensor) => Tensor): Row {
  return (args) => call(args.tensor("input"));
}

/** A call on `input` and `other`, a tensor or a number. */
export function binary(call: (input: Tensor, other: Operand) => Tensor): Row {
  return (args) => call(args.tensor("input"), args.operand("other"));
}

/** A comparison of `input` and `other`, a tensor or a number. */
export function comparison(
  call: (input: Tensor, other: Operand) => Tensor,
): Row {
  return (args) => call(args.tensor("input"), args.comparable("other"));
}

/** The type that `dtype` names. */
export function dtypeOf(args: Arguments): DType | undefined {
  const name = args.option<string>("dtype");
  if (name === undefined) return undefined;
  const dtype = ownDType(name.replace("torch.", ""));
  if (!isDType(dtype)) throw new Unsupported(`dtype ${name}`);
  return dtype;
}

/** The input, cast to `dtype` if that is given: torch casts before it sums. */
export function castInput(args: Arguments, name = "input"): Tensor {
  const [input, dtype] = [args.tensor(name), dtypeOf(args)];
  return dtype && dtype !== input.dtype ? input.to(dtype) : input;
}

/** A number as a list of one, as torch takes sizes and dims. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T]; // as the line says
}
