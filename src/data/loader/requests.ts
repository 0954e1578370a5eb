/**
 * What an epoch asks for: its batches, as lists of indices, from any of them on.
 *
 * @module
 */

import { formatValue } from "../../tensor/arguments.ts";
import type { BatchRequest } from "../fetchers/request.ts";
import type { TransformPlace } from "../images/transform.ts";
import { describeSampler, type Sampler } from "../samplers/sampler.ts";

/** An epoch, or the rest of it. */
export interface EpochPart {
  /** Seed of the samples' generators. */
  readonly seed: number;
  readonly epoch: number;
  /** Batches to leave out at its beginning. */
  readonly skip: number;
  /** How much of the transform is done with the samples. */
  readonly place: TransformPlace;
}

/**
 * The requests of one epoch, without the first `skip`.
 *
 * Samples that come again in an epoch are counted, so that they get random
 * numbers of their own; the skipped ones count too.
 *
 * @throws {TypeError} If the sampler gives something that is no list of indices
 * @throws {RangeError} If it gives an empty one
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

function toIndices(item: unknown, what: () => string): number[] {
  const indices: unknown[] | undefined = Array.isArray(item)
    ? item
    : ArrayBuffer.isView(item)
    ? Array.from(item as Uint32Array) // whatever it is, the next lines look
    : undefined;
  if (indices?.length === 0) {
    throw new RangeError(
      `Cannot load ${what()}: expected one index or more, got none`,
    );
  }
  if (!indices?.every((index) => typeof index === "number")) {
    const wrong = indices?.findIndex((index) => typeof index !== "number");
    throw new TypeError(
      `Cannot load ${what()}: expected a list of indices, got ` +
        (indices && wrong !== undefined
          ? `${formatValue(indices[wrong])} at [${wrong}]`
          : formatValue(item)),
    );
  }
  return indices;
}
