/**
 * float16 in the middle of an op: values between its first kernel and its last
 * are float32, so that they neither overflow nor vanish where the result does
 * not. Kernels by themselves compute in float32 (words.ts).
 *
 * @module
 */

import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Operand } from "./map.ts";

/** The operand, made float32 if it is float16. */
export function widened(x: Tensor): Tensor;
/** The operand, made float32 if it is float16. */
export function widened(x: Operand): Operand;
export function widened(x: Operand): Operand {
  return typeof x === "object" && x.dtype === "float16" ? x.to("float32") : x;
}

/**
 * What `body` makes of the inputs, float16 made float32. The result is rounded
 * once, to the type in which the inputs meet.
 */
export function inFloat32(
  inputs: readonly Tensor[],
  body: (...inputs: Tensor[]) => Tensor,
): Tensor {
  if (!inputs.some(({ dtype }) => dtype === "float16")) return body(...inputs);
  const floats = inputs.filter(({ dtype }) => isFloat(dtype));
  // as in any op, tensors without dims count only where no other is a float
  const some = floats.some(({ ndim }) => ndim > 0);
  const deciding = some ? floats.filter(({ ndim }) => ndim > 0) : floats;
  const isHalf = deciding.every(({ dtype }) => dtype === "float16");
  return body(...inputs.map((input) => widened(input)))
    .to(isHalf ? "float16" : "float32");
}
