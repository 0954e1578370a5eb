/**
 * The fetcher: indices become a batch, on main or in a worker, by the same
 * steps and so to the same bits.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { checkIndex } from "../checks/check.ts";
import { isHole } from "../checks/values.ts";
import { Arena } from "../collate/arena.ts";
import type { BatchContext } from "../collate/batch_context.ts";
import { invoke } from "../checks/callable.ts";
import { collate } from "../collate/collate.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { extentOfImages, ImageBatch } from "../images/image_batch.ts";
import type { BatchRequest, Request } from "./request.ts";
import { BrokenSample } from "../collate/nulls.ts";
import {
  changeFirst,
  type SampleTransform,
  stagedOf,
  type StagedTransform,
  type TransformPlace,
  transformSample,
} from "../images/transform.ts";
import type { AnyCollate } from "../collate/batch.ts";
import { formatSamples, loadError } from "./load_error.ts";

/** What a fetcher is made of. */
export interface FetcherOptions {
  readonly dataset: Dataset<unknown>;
  readonly collate: AnyCollate | undefined;
  /** What is done to the image of each sample. */
  readonly transform?: SampleTransform | undefined;
  /** What errors add to what could not be loaded: ` in DataLoader worker 2`. */
  readonly where?: string;
  /** Told before each sample which it is. */
  readonly onSample?: (index: number) => void;
}

/** A batch, and the memory that was lent for it. */
export interface FetchedBatch {
  readonly batch: unknown;
  /** Buffers to give back to the arena when nothing uses the batch any more. */
  readonly lent: readonly ArrayBuffer[];
}

/** Makes batches of what a kind of requests asks for. */
export interface BatchMaker {
  /** Where the batches' memory comes from. */
  readonly arena: Arena;
  /** The batch of a request of its kind; undefined if there are no more. */
  fetch(request: Request): Promise<FetchedBatch | undefined>;
  /** Ends what is kept from one batch to the next. */
  close?(): Promise<void>;
  /** Samples at the end of a stream that were left out, as no batch was full. */
  readonly dropped?: number;
}

/** Makes batches of a dataset. */
export class Fetcher implements BatchMaker {
  /** Where the batches' memory comes from. */
  readonly arena: Arena = new Arena();
  readonly #options: FetcherOptions;
  /** Whether batches of the dataset's own turned out to be no images. */
  #hasNoImages = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /**
   * The batch of a request.
   *
   * @throws {Error} If the dataset or the collate throws; the message names the
   * sample, the cause is what was thrown
   */
  async fetch(request: BatchRequest): Promise<FetchedBatch> {
    const { seed, epoch, indices, repeats, place } = request;
    const generator = (position: number) =>
      Generator.ofSample(
        seed,
        epoch,
        indices[position]!, // a position is one of `indices`
        repeats?.[position],
      );
    const { context, lent } = lending(this.arena, {
      indices,
      generator,
      draw: (generator) => {
        const { dataset } = this.#options;
        const index = generator.integer(dataset.length);
        return this.#sample(index, generator, place, (cause) => {
          throw new BrokenSample(index, cause);
        });
      },
    });
    return { batch: await this.#make(context, place), lent };
  }

  /**
   * A sample after its transform, or its first stage; in place of one whose
   * `get` throws, what `onBroken` makes of that. An index that is not there, or
   * a transform that throws, is a mistake of the program and no broken sample.
   */
  #sample(
    index: number,
    generator: Generator,
    place: TransformPlace,
    onBroken: (cause: unknown) => unknown,
  ): unknown {
    const { dataset, transform } = this.#options;
    checkIndex(index, dataset.length);
    const change = (loaded: unknown): unknown =>
      !transform || isHole(loaded)
        ? loaded
        : transformSample(loaded, transform, generator, place);
    let sample: unknown;
    try {
      sample = dataset.get(index, generator);
    } catch (cause) {
      sample = onBroken(cause);
    }
    return sample instanceof Promise
      ? sample.catch(onBroken).then(change)
      : change(sample);
  }

  async #make(context: BatchContext, place: TransformPlace): Promise<unknown> {
    const { dataset, collate: own, transform, onSample, where } = this.#options;
    const { indices } = context;
    const staged = place === "host" ? undefined : stagedOf(transform);
    // with a transform only if nothing of it is to be done to single samples
    const isWhole = own === undefined && dataset.getBatch &&
      (!transform || (staged?.isLate(place) && !this.#hasNoImages));
    if (isWhole) {
      onSample?.(indices[0] ?? -1);
      try {
        const batch = await dataset.getBatch?.(indices, context);
        if (batch !== undefined) {
          const made = staged ? pendBatch(batch, staged, context) : batch;
          if (made !== undefined) return made;
          this.#hasNoImages = true; // made in vain, and not once more
        }
      } catch (cause) {
        const action = `load ${formatSamples(indices)}`;
        const index = indices.length === 1 ? indices[0] : undefined;
        throw loadError({ action, index, where }, cause);
      }
    }

    const onBroken = (cause: unknown): null => {
      if (own?.takesBroken) return null;
      throw cause;
    };
    const samples: unknown[] = [];
    for (let position = 0; position < indices.length; position++) {
      const index = indices[position]!;
      onSample?.(index);
      try {
        const generator = context.generator(position);
        const sample = this.#sample(index, generator, place, onBroken);
        samples.push(sample instanceof Promise ? await sample : sample);
      } catch (cause) {
        const action = `load sample ${index}`;
        const sampleName = nameOfSample(dataset, index);
        throw loadError({ action, index, sampleName, where }, cause);
      }
    }
    return await batchOf(samples, context, this.#options);
  }
}

/** What the dataset calls a sample, if it can: the error counts, not its name. */
function nameOfSample(
  dataset: Dataset<unknown>,
  index: number,
): string | undefined {
  try {
    return dataset.sampleName?.(index);
  } catch {
    return undefined; // there may be no such sample
  }
}

/**
 * A batch of a dataset's own, with what is left to be done to its images;
 * undefined if its first item is none that waits for the GPU.
 */
function pendBatch(
  batch: unknown,
  transform: StagedTransform,
  context: BatchContext,
): unknown {
  let isPending = false;
  const changed = changeFirst(batch, (images) => {
    const extent = images instanceof HostArray
      ? extentOfImages(images)
      : undefined;
    if (!extent || !(images instanceof HostArray)) return images;
    isPending = true;
    const pending = Array.from(
      { length: images.shape[0]! },
      (_, position) => transform.pend(extent, context.generator(position)),
    );
    const { channels, height, width } = extent;
    const sizes = pending.map(() => [height, width] as const);
    // uint8, as extentOfImages found
    const data = images.data as Uint8Array;
    return new ImageBatch(data, sizes, channels, { isPlanar: true, pending });
  });
  return isPending ? changed : undefined;
}

/** A context that lends memory of an arena, and what it has lent. */
function lending(
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
 * The batch of samples that are there already.
 *
 * @throws {Error} If the collate throws
 */
export async function collateFetched(
  arena: Arena,
  samples: unknown[],
  rest: Omit<BatchContext, "empty">,
  options: Omit<FetcherOptions, "dataset">,
): Promise<FetchedBatch> {
  const { context, lent } = lending(arena, rest);
  return { batch: await batchOf(samples, context, options), lent };
}

async function batchOf(
  samples: unknown[],
  context: BatchContext,
  options: Omit<FetcherOptions, "dataset">,
): Promise<unknown> {
  const { collate: own, where } = options;
  try {
    return own
      ? await invoke(own, samples, context)
      : collate(samples, context);
  } catch (cause) {
    const action = `make a batch of ${formatSamples(context.indices)}`;
    throw loadError({ action, where }, cause);
  }
}
