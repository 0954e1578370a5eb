/**
 * Joins of the results of an op's parts, for NOTE [parts] in launch.ts.
 *
 * @module
 */

import type { Axis } from "../launch/launch.ts";
import { mapTo } from "./elementwise.ts";
import { computeType } from "../words.ts";

/** Returns a join of two parts' results, element by element, by a row. */
export function joinBy<P>(row: string): NonNullable<Axis<P>["join"]> {
  return ({ outputs: [y] }, { outputs: [other] }) =>
    mapTo(row, [y, other], y, computeType(y.dtype));
}
