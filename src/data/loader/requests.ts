/**
 * The requests of an epoch, from any batch on: lists of indices from the
 * sampler.
 *
 * @module
 */

import { formatValue } from "../../tensor/arguments.ts";
import type { BatchRequest } from "../fetchers/request.ts";
import type { TransformPlace } from "../images/transform.ts";
import { describeSampler, type Sampler } from "../samplers/sampler.ts";

/** An epoch from a batch on. */
export interface EpochPart {
  /** Seed of the samples' random numbers. */
  readonly seed: number;
  readonly epoch: number;
  /** Batches to skip at the start. */
  readonly skip: number;
  /** The steps of the transform that run per sample. */
  readonly place: TransformPlace;
}

/**
 * Makes the requests of an epoch.
 *
 * It counts the uses of each sample, so that a repeated sample gets other
 * random numbers. Skipped batches count too.
 *
 * @throws {TypeError} If the sampler gives a value that is no list of indices
 * @throws {RangeError} If it gives an empty list
 */
export function* requestsOf(
  batches: Iterable<unknown>,
  sampler: Sampler<unknown>,
  { seed, epoch, skip, place }: EpochPart,
): IterableIterator<BatchRequest> {
  const seen = sampler.isDistinct ? undefined : new Map<number, number>();
  let number = 0;
  for (const item of batches) {
    const indices = toIndices(
      item,
      () => `batch ${number} of ${describeSampler(sampler)}`,
    );
    const repeats = seen && indices.map((index) => {
      const count = seen.get(index) ?? 0;
      seen.set(index, count + 1);
      return count;
    });
    if (number++ >= skip) yield { seed, epoch, indices, repeats, place };
  }
}

function toIndices(item: unknown, name: () => string): number[] {
  const indices: unknown[] | undefined = Array.isArray(item)
    ? item
    : ArrayBuffer.isView(item)
    ? Array.from(item as Uint32Array) // the checks below cover other views
    : undefined;
  if (indices?.length === 0) {
    throw new RangeError(
      `Cannot load ${name()}: expected one index or more, got none`,
    );
  }
  if (!indices?.every((index) => typeof index === "number")) {
    const wrong = indices?.findIndex((index) => typeof index !== "number");
    throw new TypeError(
      `Cannot load ${name()}: expected a list of indices, got ` +
        (indices && wrong !== undefined
          ? `${formatValue(indices[wrong])} at [${wrong}]`
          : formatValue(item)),
    );
  }
  return indices;
}
