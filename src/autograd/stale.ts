/**
 * Stale views: NOTE [in place] in src/ops/elementwise/in_place.ts.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/**
 * Throws for a view whose tensor was later changed in place: the view's
 * gradient would be that of its old values.
 *
 * @throws {Error} If the view is stale
 */
export function refuseStale(op: string, tensor: Tensor): void {
  if (!tensor.isStale) return;
  throw new Error(
    `Cannot ${op} ${tensor.describe()}: it is a view of a tensor that was ` +
      `later changed in place; take the view again, or detach() it before`,
  );
}
