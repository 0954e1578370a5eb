/**
 * Axes of reductions, for NOTE [parts] in launch.ts: kept dims and folded dims.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import type { DimParams } from "./fold.ts";
import { joinBy } from "../elementwise/join_parts.ts";
import type { Axis } from "../launch/launch.ts";

/**
 * Returns the axes of a reduction of its first input. Other inputs have one value
 * per result, with folded dims of size 1. `row` joins the results of parts.
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
