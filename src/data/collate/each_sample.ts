/**
 * Samples as they are: what a loader with `batchSize: null` gives in place of
 * batches.
 *
 * NOTE [each sample]: inside, such a loader makes batches of one sample, with a
 * collate that takes the sample out again. So order, workers, transforms, places
 * to resume at and samples that are left out are those of any loader.
 *
 * @module
 */

import { formatValue } from "../../tensor/arguments.ts";
import type { BatchContext } from "./batch_context.ts";
import { type Callable, invoke } from "../checks/callable.ts";
import { collate } from "./collate.ts";
import type { AnyCollate } from "./batch.ts";
import { ReplaceNulls, SkipNulls } from "./nulls.ts";
import { Padded } from "./padded.ts";

/** What a loader's `collate` is where there are no batches: it takes a sample. */
export type SampleCollate<Sample, Made> = Callable<
  [sample: Sample, context: BatchContext],
  Made | Promise<Made> | undefined
>;

/** Makes of a batch of one its sample, or what a function of it makes. */
export class EachSample {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** What is called with the sample, if anything is. */
  readonly convert: SampleCollate<unknown, unknown> | undefined;

  /** Gives samples as they are, or what `convert` makes of them. */
  constructor(convert?: SampleCollate<unknown, unknown>) {
    this.convert = convert;
  }

  /**
   * The sample, or what is made of it; undefined leaves it out.
   *
   * @throws {TypeError} If the dataset gives undefined
   */
  call([sample]: readonly unknown[], context: BatchContext): unknown {
    if (this.convert) return invoke(this.convert, sample, context);
    if (sample !== undefined) return sample;
    throw new TypeError(
      "got undefined as a sample: give null, or leave it out with " +
        "`collate: collate.skipNulls()`",
    );
  }
}

/**
 * The collate of a loader that gives each sample, with what its user's is.
 *
 * @throws {TypeError} If that makes batches
 */
export function collateEach(given: unknown): AnyCollate {
  const isHoleCollate = given instanceof SkipNulls ||
    given instanceof ReplaceNulls;
  const makesBatches = given === collate || given instanceof Padded ||
    (isHoleCollate && given.inner !== undefined);
  if (makesBatches) {
    throw new TypeError(
      `Cannot use ${formatValue(given)} as collate with batchSize null: ` +
        `expected a function of one sample, or a collate that leaves out or ` +
        `replaces samples, as collate.skipNulls()`,
    );
  }
  if (isHoleCollate) {
    const type = given instanceof SkipNulls ? SkipNulls : ReplaceNulls;
    return new type(given.takesBroken, new EachSample());
  }
  // a function of a sample: the loader's options say so
  return new EachSample(given as SampleCollate<unknown, unknown> | undefined);
}
