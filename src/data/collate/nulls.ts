/**
 * Collates that leave out, or replace, samples that are null or whose `get`
 * throws.
 *
 * @module
 */

import { isNullSample, messageOf } from "../checks/values.ts";
import { type BatchContext, standalone } from "./batch_context.ts";
import type { Collate, Collated } from "./batch.ts";
import { invoke, isCallable } from "../checks/callable.ts";
import { collateSamples } from "./samples.ts";
import { stackEqual } from "./stack.ts";

/** Replacements to draw for one sample before giving up. */
const MAX_DRAWS = 100;

/** The error of a replacement whose `get` throws. */
export class BrokenSample extends Error {
  /** Keeps the error of sample `index` as its cause. */
  constructor(index: number, cause: unknown) {
    super(`Cannot load sample ${index}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * A collate that leaves out samples that are null or undefined, or lists and
 * objects of nothing else, as [null, null]. The loader leaves out a batch
 * without any other sample. `collate.skipNulls` and `skipBroken` make it.
 */
export class SkipNulls<Sample, Batch = Collated<Sample>> {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** Whether a sample whose `get` throws counts as null. */
  readonly takesBroken: boolean;
  /** Makes the batch of the other samples. Default: `collate`. */
  readonly inner: Collate<Sample, Batch> | undefined;

  /**
   * Sets up the collate.
   *
   * @throws {TypeError} If `inner` is not a collate
   */
  constructor(takesBroken: boolean, inner?: Collate<Sample, Batch>) {
    this.takesBroken = takesBroken;
    this.inner = checkCollate("skip", inner);
  }

  /**
   * Makes the batch of the samples that are not null; undefined if all are.
   *
   * @throws {TypeError} If `inner` can't make a batch of them
   */
  call(
    samples: readonly (Sample | null | undefined)[],
    context: BatchContext = standalone(samples),
  ): Batch | Promise<Batch> | undefined {
    const positions = [...samples.keys()].filter((at) =>
      !isNullSample(samples[at])
    );
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
 * A collate that replaces samples that are null or undefined. The generator of
 * the sample draws the replacement, so that it is the same in every worker.
 * `collate.replaceNulls` and `replaceBroken` make it.
 */
export class ReplaceNulls<Sample, Batch = Collated<Sample>> {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** Whether a sample whose `get` throws counts as null. */
  readonly takesBroken: boolean;
  /**
   * Makes the batch of the samples and their replacements. Default: `collate`.
   */
  readonly inner: Collate<Sample, Batch> | undefined;

  /**
   * Sets up the collate.
   *
   * @throws {TypeError} If `inner` is not a collate
   */
  constructor(takesBroken: boolean, inner?: Collate<Sample, Batch>) {
    this.takesBroken = takesBroken;
    this.inner = checkCollate("replace", inner);
  }

  /**
   * Makes the batch of all samples, with replacements for the nulls.
   *
   * @throws {RangeError} If 100 replacements in a row are null or broken
   * @throws {TypeError} If there is no dataset to draw from
   */
  async call(
    samples: readonly (Sample | null | undefined)[],
    context: BatchContext = standalone(samples),
  ): Promise<Batch> {
    const whole: Sample[] = [];
    for (const [position, sample] of samples.entries()) {
      whole.push(
        isNullSample(sample)
          ? await replacement(this, position, context)
          : sample as Sample, // it is not null
      );
    }
    // only the loader passes an `inner` that may return undefined
    return await collateWith<Sample, Batch>(
      this.inner,
      whole,
      context,
    ) as Batch;
  }
}

// Not a private method: the copy in a worker lacks those.
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
      if (!isNullSample(drawn)) return drawn as Sample; // from the same dataset
    } catch (error) {
      if (!takesBroken || !(error instanceof BrokenSample)) throw error;
      cause = error.cause;
    }
  }
  throw new RangeError(
    `Cannot replace sample ${context.indices[position]}: ${MAX_DRAWS} ` +
      `random replacements are null or broken too`,
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
    : collateSamples(samples, context, stackEqual) as Batch; // Collated<Sample>
}

// With `collate: collate.skipNulls` the loader calls the factory, with samples.
function checkCollate<T>(verb: "skip" | "replace", inner: T): T {
  if (inner === undefined || isCallable(inner)) return inner;
  throw new TypeError(
    `Cannot ${verb} nulls: expected a collate for the other samples, or no ` +
      `argument; for a loader call the factory: collate.${verb}Nulls()`,
  );
}

/** A factory of collates that leave samples out. */
export interface SkipCollate {
  /** Makes a collate that passes the other samples to `collate`. */
  <Sample>(): SkipNulls<Sample, Collated<Sample>>;
  /** Makes a collate that passes the other samples to `inner`. */
  <Sample, Batch>(inner: Collate<Sample, Batch>): SkipNulls<Sample, Batch>;
}

/** A factory of collates that replace samples. */
export interface ReplaceCollate {
  /** Makes a collate that passes all samples to `collate`. */
  <Sample>(): ReplaceNulls<Sample, Collated<Sample>>;
  /** Makes a collate that passes all samples to `inner`. */
  <Sample, Batch>(inner: Collate<Sample, Batch>): ReplaceNulls<Sample, Batch>;
}

/** The factory `collate.skipNulls`. */
export const skipNulls: SkipCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new SkipNulls<Sample, Batch>(false, inner);

/** The factory `collate.replaceNulls`. */
export const replaceNulls: ReplaceCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new ReplaceNulls<Sample, Batch>(false, inner);

/**
 * Makes a collate that leaves out samples that are null or whose `get` throws,
 * because of an unreadable file for instance. The loader leaves out a batch
 * without any other sample.
 *
 * @throws {TypeError} If `inner` is not a collate
 */
export const skipBroken: SkipCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new SkipNulls<Sample, Batch>(true, inner);

/**
 * Makes a collate that replaces samples that are null or whose `get` throws by
 * random others of the loader's dataset.
 *
 * @throws {TypeError} If `inner` is not a collate
 */
export const replaceBroken: ReplaceCollate = <Sample, Batch>(
  inner?: Collate<Sample, Batch>,
) => new ReplaceNulls<Sample, Batch>(true, inner);
