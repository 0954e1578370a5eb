/**
 * float16 in ops of several kernels: intermediates are float32, so that they
 * neither overflow nor underflow. Single kernels compute in float32 already
 * (words.ts).
 *
 * @module
 */

import { isFloat } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Operand } from "./map.ts";

/** Casts float16 to float32 and returns other operands as they are. */
export function widened(x: Tensor): Tensor;
/** Casts float16 to float32 and returns other operands as they are. */
export function widened(x: Operand): Operand;
export function widened(x: Operand): Operand {
  return typeof x === "object" && x.dtype === "float16" ? x.to("float32") : x;
}

/**
 * Returns the result of `body` on the inputs, float16 cast to float32. The result
 * is rounded once, to the type that the inputs promote to.
 */
export function inFloat32(
  inputs: readonly Tensor[],
  body: (...inputs: Tensor[]) => Tensor,
): Tensor {
  if (!inputs.some(({ dtype }) => dtype === "float16")) return body(...inputs);
  const floats = inputs.filter(({ dtype }) => isFloat(dtype));
  // tensors without dims count only if no other tensor is a float
  const some = floats.some(({ ndim }) => ndim > 0);
  const deciding = some ? floats.filter(({ ndim }) => ndim > 0) : floats;
  const isHalf = deciding.every(({ dtype }) => dtype === "float16");
  return body(...inputs.map((input) => widened(input)))
    .to(isHalf ? "float16" : "float32");
}
