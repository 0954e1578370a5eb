/**
 * Batch contexts: what a collate and `getBatch` know of a batch, and the memory
 * and the random numbers that they may use for it.
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

/** What `collate` and `getBatch` are told of a batch, and lent for it. */
export interface BatchContext {
  /** The index of each sample in the dataset. */
  readonly indices: readonly number[];

  /**
   * Memory for an array of the batch. It is used again for later batches, so
   * it holds anything at first, and the array must go nowhere but into the
   * batch. Other arrays are fine too, and slower: they must be copied to leave
   * a worker.
   */
  empty(shape: Shape, dtype: DType): HostArray;

  /** The random generator of the sample at a position in `indices`. */
  generator(position: number): Generator;

  /**
   * A sample of the loader's dataset that `generator` draws, with the random
   * numbers that follow: what a collate takes in place of another.
   *
   * @throws {TypeError} If samples have no index, or no loader asked
   */
  draw(generator: Generator): unknown;
}

/**
 * The context of samples that no loader asked for: their positions count.
 *
 * @throws {TypeError} If there is no list of samples
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
