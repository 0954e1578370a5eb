/**
 * Axes of reductions, for NOTE [parts] in launch.ts: the dims that one keeps, and
 * those that it folds.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import type { DimParams } from "./fold.ts";
import { joinBy } from "../elementwise/join_parts.ts";
import type { Axis } from "../launch/launch.ts";

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
