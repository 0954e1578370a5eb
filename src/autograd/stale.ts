/**
 * Stale views: NOTE [in place] in src/ops/elementwise/in_place.ts says how they come about.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/**
 * Refuses a view that was taken before its tensor moved on in the graph: its
 * gradient would be that of values which are no longer there.
 *
 * @throws {Error} If the view is stale
 */
export function refuseStale(op: string, tensor: Tensor): void {
  if (!tensor.isStale) return;
  throw new Error(
    `Cannot ${op} ${tensor.describe()}: it is a view of a tensor that was ` +
      `written to in place since; take the view again, or detach() it before`,
  );
}
