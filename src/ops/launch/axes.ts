/**
 * Axes of ops, for NOTE [parts] in launch.ts: the dims of a result to which
 * operands broadcast.
 *
 * @module
 */

import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Axis } from "./launch.ts";

/**
 * Returns the axes of an op whose inputs broadcast to `shape`: all dims except
 * those in `except`.
 */
export function axesOf<P>(
  inputs: readonly Tensor[],
  shape: Shape,
  { outputs = 1, except = [] }: {
    readonly outputs?: number;
    readonly except?: readonly number[];
  } = {},
): Axis<P>[] {
  const own = (dim: number, of: Shape): number | undefined => {
    const at = dim - (shape.length - of.length);
    return at >= 0 && of[at] === shape[dim] ? at : undefined;
  };
  return shape.flatMap((_, dim) =>
    except.includes(dim) ? [] : [{
      dims: [
        ...inputs.map((input) => own(dim, input.shape)),
        ...new Array<number>(outputs).fill(dim),
      ],
    }]
  );
}
