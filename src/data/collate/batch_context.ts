/**
 * Batch contexts: the indices of a batch, and the memory and random numbers
 * that a collate and `getBatch` may use for it.
 *
 * @module
 */

import type { DType } from "../../tensor/dtype.ts";
import { Generator } from "../../tensor/generator.ts";
import type { HostArray } from "../../tensor/host_array.ts";
import type { Shape } from "../../tensor/shape.ts";
import { checkKind, KINDS, withExample } from "../checks/kinds.ts";
import { Arena } from "./arena.ts";

const SAMPLES = withExample(KINDS.list, "[[x, y], [x, y]]");

/** The second argument of a collate and of `getBatch`. */
export interface BatchContext {
  /** The index of each sample in the dataset. */
  readonly indices: readonly number[];

  /**
   * Returns memory for an array of the batch, with arbitrary contents. The
   * loader reuses it for later batches, so the array must go into the batch and
   * nowhere else. Other arrays are allowed, but a worker has to copy them.
   */
  empty(shape: Shape, dtype: DType): HostArray;

  /** The random generator of the sample at a position in `indices`. */
  generator(position: number): Generator;

  /**
   * Loads a random sample of the loader's dataset: a replacement for another.
   * The generator draws its index and then its random numbers.
   *
   * @throws {TypeError} If samples have no index, or there is no loader
   */
  draw(generator: Generator): unknown;
}

/**
 * The context of a batch without a loader: its indices are positions.
 *
 * @throws {TypeError} If `samples` is not a list
 */
export function standalone(samples: readonly unknown[]): BatchContext {
  checkKind(SAMPLES, "the samples of a batch", samples);
  const arena = new Arena();
  return {
    indices: [...samples.keys()],
    empty: (shape, dtype) => arena.empty(shape, dtype),
    generator: (position) => Generator.ofSample(0, 0, position),
    draw: () => {
      throw new TypeError(
        "Cannot draw another sample: no loader asked for this batch",
      );
    },
  };
}
