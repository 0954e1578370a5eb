/**
 * The collate of a loader that gives single samples, with `batchSize: null`.
 *
 * NOTE [each sample]: such a loader makes batches of one sample, and its
 * collate takes the sample out again. So the order, workers, transforms and
 * resuming are those of any loader.
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

/** The option `collate` of a loader of single samples: a function of one. */
export type SampleCollate<Sample, Made> = Callable<
  [sample: Sample, context: BatchContext],
  Made | Promise<Made> | undefined
>;

/** Takes the sample out of a batch of one, and converts it. */
export class EachSample {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** Converts the sample; undefined gives it as it is. */
  readonly convert: SampleCollate<unknown, unknown> | undefined;

  /** Sets up the collate. */
  constructor(convert?: SampleCollate<unknown, unknown>) {
    this.convert = convert;
  }

  /**
   * Returns the sample, converted; undefined leaves it out.
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
 * The collate of a loader of single samples, from its option `collate`.
 *
 * @throws {TypeError} If the option is a collate that makes batches
 */
export function collateEach(option: unknown): AnyCollate {
  const isForNulls = option instanceof SkipNulls ||
    option instanceof ReplaceNulls;
  const makesBatches = option === collate || option instanceof Padded ||
    (isForNulls && option.inner !== undefined);
  if (makesBatches) {
    throw new TypeError(
      `Cannot use ${formatValue(option)} as collate with batchSize null: ` +
        `expected a function of one sample, or a collate that leaves out or ` +
        `replaces samples, as collate.skipNulls()`,
    );
  }
  if (isForNulls) {
    const type = option instanceof SkipNulls ? SkipNulls : ReplaceNulls;
    return new type(option.takesBroken, new EachSample());
  }
  // a function of a sample, by the type of the loader's options
  return new EachSample(option as SampleCollate<unknown, unknown> | undefined);
}
