/**
 * Joins the results of parts of an op: NOTE [parts] in launch.ts.
 *
 * @module
 */

import type { Axis } from "../launch/launch.ts";
import { mapTo } from "./elementwise.ts";
import { computeType } from "../words.ts";

/** Joins the results of two parts, element by element, by a row of the tables. */
export function joinBy<P>(row: string): NonNullable<Axis<P>["join"]> {
  return ({ outputs: [y] }, { outputs: [other] }) =>
    mapTo(row, [y, other], y, computeType(y.dtype));
}
