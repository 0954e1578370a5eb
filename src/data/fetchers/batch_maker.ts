/**
 * Batch makers: the part that fetchers of indices and of streams have in
 * common.
 *
 * @module
 */

import { invoke } from "../checks/callable.ts";
import type { Arena } from "../collate/arena.ts";
import type { AnyCollate } from "../collate/batch.ts";
import type { BatchContext } from "../collate/batch_context.ts";
import { collate } from "../collate/collate.ts";
import type { SampleTransform } from "../images/transform.ts";
import { formatSamples, loadError } from "./load_error.ts";
import type { LoadRequest } from "./request.ts";

/** Options of every batch maker. */
export interface BatchMakerOptions {
  /** The user's collate; undefined means the default one. */
  readonly collate: AnyCollate | undefined;
  /** The transform of the image of each sample. */
  readonly transform?: SampleTransform | undefined;
  /** The thread, for errors: ` in DataLoader worker 2`, or nothing on main. */
  readonly where?: string;
  /** Called before each sample, with its index. */
  readonly onSample?: (index: number) => void;
}

/** A batch, and the memory that the arena has lent for it. */
export interface FetchedBatch {
  readonly batch: unknown;
  /** Buffers to give back to the arena after the last use of the batch. */
  readonly lent: readonly ArrayBuffer[];
}

/** Makes the batches of one type of requests. */
export interface BatchMaker {
  /** The arena of the batches. */
  readonly arena: Arena;
  /** Makes the batch of a request; undefined at the end of a stream. */
  fetch(request: LoadRequest): Promise<FetchedBatch | undefined>;
  /** Ends the pass over a stream. */
  close?(): Promise<void>;
  /** Samples at the end of a stream that were too few for a batch. */
  readonly dropped?: number;
}

/**
 * Returns a context that lends memory of an arena, and a list of that memory.
 */
export function lendingContext(
  arena: Arena,
  rest: Omit<BatchContext, "empty">,
): { context: BatchContext; lent: ArrayBuffer[] } {
  const lent: ArrayBuffer[] = [];
  const context: BatchContext = {
    ...rest,
    empty: (shape, dtype) => {
      const array = arena.empty(shape, dtype);
      const { buffer } = array.data;
      if (arena.isLent(buffer)) lent.push(buffer);
      return array;
    },
  };
  return { context, lent };
}

/**
 * Collates samples by the user's collate, or the default one.
 *
 * @throws {Error} If the collate throws; the message names the samples
 */
export async function collateSamplesOf(
  context: BatchContext,
  samples: unknown[],
  { collate: own, where }: BatchMakerOptions,
): Promise<unknown> {
  try {
    return own
      ? await invoke(own, samples, context)
      : collate(samples, context);
  } catch (cause) {
    const action = `make a batch of ${formatSamples(context.indices)}`;
    throw loadError({ action, where }, cause);
  }
}
