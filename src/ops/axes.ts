/**
 * Axes of ops, for NOTE [parts] in launch.ts: the dims of a result to which
 * operands broadcast, and those that a reduction keeps and folds.
 *
 * @module
 */

import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapTo } from "./elementwise.ts";
import type { DimParams } from "./fold.ts";
import type { Axis } from "./launch.ts";
import { computeType } from "./words.ts";

/**
 * The axes of an op with results of `shape`, to which its inputs broadcast: all
 * dims but those of `except`.
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

/**
 * The axes of a reduction of its first input. Others have a value for each
 * result, with folded dims kept. `row` joins what parts were folded to.
 */
export function foldAxes<P>(
  [{ ndim }, ...others]: readonly [Tensor, ...Tensor[]],
  { dims, keepdim }: DimParams,
  row: string,
): Axis<P>[] {
  let kept = 0;
  return Array.from({ length: ndim }, (_, dim): Axis<P> => {
    if (dims.includes(dim)) {
      const whole = others.map(() => undefined);
      return { dims: [dim, ...whole, undefined], join: joinBy(row) };
    }
    return { dims: [dim, ...others.map(() => dim), keepdim ? dim : kept++] };
  });
}

/** Joins the results of two parts, element by element, by a row of the tables. */
export function joinBy<P>(row: string): NonNullable<Axis<P>["join"]> {
  return ({ outputs: [y] }, { outputs: [other] }) =>
    mapTo(row, [y, other], y, computeType(y.dtype));
}
