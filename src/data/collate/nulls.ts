/**
 * Collates for datasets with holes: samples that are null, or whose `get`
 * throws, are left out or replaced.
 *
 * @module
 */

import { isHole, messageOf } from "../checks/values.ts";
import { type BatchContext, standalone } from "./batch_context.ts";
import type { Collate, Collated } from "./batch.ts";
import { invoke, isCallable } from "../checks/callable.ts";
import { collateSamples } from "./samples.ts";
import { stackEqual } from "./stack.ts";

/** Samples that are drawn in place of one, before there is no hope of any. */
const MAX_DRAWS = 100;

/** A sample that was drawn in place of another, and whose `get` threw. */
export class BrokenSample extends Error {
  /** The error of sample `index`; `cause` is what its `get` threw. */
  constructor(index: number, cause: unknown) {
    super(`Cannot load sample ${index}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Leaves samples out that are null or undefined, or null in every place as
 * [null, null]; a batch of nothing else is left out as a whole. `collate.skipNulls` and `skipBroken` make it.
 */
export class SkipNulls<Sample, Batch = Collated<Sample>> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** Whether samples whose `get` throws are null too. */
  readonly takesBroken: boolean;
  /** Makes the batch of the samples that are left. Default: `collate`. */
  readonly inner: Collate<Sample, Batch> | undefined;

  /**
   * Leaves nulls out, and samples whose `get` throws if it `takesBroken`.
   *
   * @throws {TypeError} If `inner` is no collate
   */
  constructor(takesBroken: boolean, inner?: Collate<Sample, Batch>) {
    this.takesBroken = takesBroken;
    this.inner = checkCollate("skip", inner);
  }

  /**
   * The batch of the samples that are there; undefined if none is.
   *
   * @throws {TypeError} If `inner` can't make a batch of them
   */
  call(
    samples: readonly (Sample | null | undefined)[],
    context: BatchContext = standalone(samples),
  ): Batch | Promise<Batch> | undefined {
    const positions = [...samples.keys()].filter((at) => !isHole(samples[at]));
    if (positions.length === 0) return undefined;
    const left: BatchContext = {
      ...context,
      indices: positions.map((at) => context.indices[at]!),
      generator: (position) => context.generator(positions[position]!),
    };
    const present = positions.map((at) => samples[at]!);
    return collateWith<Sample, Batch>(this.inner, present, left);
  }
}

/**
 * Takes other samples in place of those that are null or undefined: ones that
 * the sample's own generator draws, so the same whichever worker does it.
 * `collate.replaceNulls` and `replaceBroken` make it.
 */
export class ReplaceNulls<Sample, Batch = Collated<Sample>> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** Whether samples whose `get` throws are null too. */
  readonly takesBroken: boolean;
  /** Makes the batch of the samples and their replacements. Default: `collate`. */
  readonly inner: Collate<Sample, Batch> | undefined;

  /**
   * Replaces nulls, and samples whose `get` throws if it `takesBroken`.
   *
   * @throws {TypeError} If `inner` is no collate
   */
  constructor(takesBroken: boolean, inner?: Collate<Sample, Batch>) {
    this.takesBroken = takesBroken;
    this.inner = checkCollate("replace", inner);
  }

  /**
   * The batch of all samples, with others in place of the nulls.
   *
   * @throws {RangeError} If 100 samples in a row are not there
   * @throws {TypeError} If there is no dataset to draw from
   */
  async call(
    samples: readonly (Sample | null | undefined)[],
    context: BatchContext = standalone(samples),
  ): Promise<Batch> {
    const whole: Sample[] = [];
    for (const [position, sample] of samples.entries()) {
      whole.push(
        isHole(sample)
          ? await replacement(this, position, context)
          : sample as Sample, // no hole
      );
    }
    // undefined, from `inner`, is for the loader alone
    return await collateWith<Sample, Batch>(
      this.inner,
      whole,
      context,
    ) as Batch;
  }
}

// A function, not a private method, as everything that reaches a worker.
async function replacement<Sample, Batch>(
  { takesBroken }: ReplaceNulls<Sample, Batch>,
  position: number,
  context: BatchContext,
): Promise<Sample> {
  const generator = context.generator(position);
  let cause: unknown;
  for (let i = 0; i < MAX_DRAWS; i++) {
    try {
      const drawn = await context.draw(generator);
      if (!isHole(drawn)) return drawn as Sample; // of the same dataset
    } catch (error) {
      if (!takesBroken || !(error instanceof BrokenSample)) throw error;
      cause = error.cause;
    }
  }
  throw new RangeError(
    `Cannot replace sample ${context.indices[position]}: ` +
      `${MAX_DRAWS} others that were drawn are not there either`,
    { cause },
  );
}

function collateWith<Sample, Batch>(
  inner: Collate<Sample, Batch> | undefined,
  samples: Sample[],
  context: BatchContext,
): Batch | Promise<Batch> | undefined {
  type Args = [samples: Sample[], context: BatchContext];
  return inner
    ? invoke<Args, Batch | Promise<Batch> | undefined>(inner, samples, context)
    : collateSamples(samples, context, stackEqual) as Batch; // a Collated<>
}

/** Refuses what is given where samples are: `collate: collate.skipNulls`. */
function checkCollate<T>(verb: string, inner: T): T {
  if (inner === undefined || isCallable(inner)) return inner;
  throw new TypeError(
    `Cannot ${verb} nulls: expected a collate for the other samples, or ` +
      `nothing; a loader takes \`collate.${verb}Nulls()\`, with the brackets`,
  );
}

/** Makes a collate that leaves samples out. */
export interface SkipCollate {
  /** The samples that are there become a batch as `collate` makes it. */
  <Sample>(): SkipNulls<Sample, Collated<Sample>>;
  /** The samples that are there become a batch as `inner` makes it. */
  <Sample, Batch>(inner: Collate<Sample, Batch>): SkipNulls<Sample, Batch>;
}

/** Makes a collate that takes other samples. */
export interface ReplaceCollate {
  /** The samples become a batch as `collate` makes it. */
  <Sample>(): ReplaceNulls<Sample, Collated<Sample>>;
  /** The samples become a batch as `inner` makes it. */
  <Sample, Batch>(inner: Collate<Sample, Batch>): ReplaceNulls<Sample, Batch>;
}

/** What `collate.skipNulls` is. */
export const skipNulls: SkipCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new SkipNulls<Sample, Batch>(false, inner);

/** What `collate.replaceNulls` is. */
export const replaceNulls: ReplaceCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new ReplaceNulls<Sample, Batch>(false, inner);

/**
 * A collate that leaves out samples that are null or whose `get` throws, a file
 * that can't be read for instance. A batch without any other is left out.
 *
 * @throws {TypeError} If `inner` is no collate
 */
export const skipBroken: SkipCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new SkipNulls<Sample, Batch>(true, inner);

/**
 * A collate that takes other samples of the loader's dataset in place of those
 * that are null or whose `get` throws.
 *
 * @throws {TypeError} If `inner` is no collate
 */
export const replaceBroken: ReplaceCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new ReplaceNulls<Sample, Batch>(true, inner);
