/**
 * Indices that the host knows: those it wrote itself, a few at a time. They are
 * checked before anything runs; of all others only the GPU knows the values,
 * and each op says what it does with one that is out of range.
 *
 * @module
 */

import { checkWritten } from "../../gpu/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What a range of indices allows besides 0 to `length` - 1. */
export interface IndexRange {
  /** One more value that is allowed. */
  readonly ignore?: number;
  /** Whether -1 stands for the last one, and so on. */
  readonly fromEnd?: boolean;
}

/**
 * Refuses indices outside of a dim, if the host knows them.
 *
 * @throws {RangeError} If one is outside
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
