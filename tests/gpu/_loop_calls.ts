/**
 * Calls of ops whose kernels loop over sizes: once small enough to be counted,
 * once far beyond what other tests try.
 *
 * @module
 */

import { grad } from "../../src/autograd/backward.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** One call. */
export interface LoopCall {
  readonly name: string;
  /** Runs the call, and its gradients if there are some, at one of two sizes. */
  call(size: LoopSize): unknown;
}

/** Small ones run; far ones are only planned. */
export type LoopSize = "small" | "far";

/** A call of `make(small)` or `make(far)`. */
export function loopCall<T>(
  name: string,
  [small, far]: readonly [small: T, far: T],
  make: (size: T) => unknown,
): LoopCall {
  return { name, call: (size) => make(size === "small" ? small : far) };
}

/** The gradients of the sum of `y`, whose kernels are what is asked for. */
export function backprop(y: Tensor, inputs: readonly Tensor[]): void {
  grad(y.sum(), [...inputs]);
}
