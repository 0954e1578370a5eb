/**
 * Checks of indices that the host knows: short lists that it wrote itself. The
 * check runs before any work. Only the GPU knows other indices; each op documents
 * the result of one out of range.
 *
 * @module
 */

import { checkWritten } from "../../gpu/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Indices that are allowed besides 0 to `length` - 1. */
export interface IndexRange {
  /** One more allowed value. */
  readonly ignore?: number;
  /** Whether negative indices count from the end. */
  readonly fromEnd?: boolean;
}

/**
 * Checks that indices are within a dim, if the host knows them.
 *
 * @throws {RangeError} If an index is out of range
 */
export function checkIndices(
  op: string,
  index: Tensor,
  length: number,
  { ignore, fromEnd = false }: IndexRange = {},
): void {
  const least = fromEnd ? -length : 0;
  checkWritten(index, (value) => {
    if ((value < least || value >= length) && value !== ignore) {
      throw new RangeError(
        `Cannot ${op}: index ${value} is out of range, expected ${least} ` +
          `to ${length - 1}`,
      );
    }
  });
}
