/**
 * The fetcher: it makes the batch of a list of indices. Main and workers run
 * the same code, so that their batches have the same bits.
 *
 * stream_fetcher.ts does the same for datasets without indices. batch_source.ts
 * gives the loader its batches, made here or in workers.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { checkIndex } from "../checks/check.ts";
import { isNullSample } from "../checks/values.ts";
import { Arena } from "../collate/arena.ts";
import type { BatchContext } from "../collate/batch_context.ts";
import { BrokenSample } from "../collate/nulls.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { extentOfImages, ImageBatch } from "../images/image_batch.ts";
import {
  changeFirst,
  stagedOf,
  type StagedTransform,
  type TransformPlace,
  transformSample,
} from "../images/transform.ts";
import {
  type BatchMaker,
  type BatchMakerOptions,
  collateSamplesOf,
  type FetchedBatch,
  lendingContext,
} from "./batch_maker.ts";
import { formatSamples, loadError } from "./load_error.ts";
import type { BatchRequest } from "./request.ts";

/** The dataset and the options of a fetcher. */
export interface FetcherOptions extends BatchMakerOptions {
  readonly dataset: Dataset<unknown>;
}

/** Makes batches of a dataset. */
export class Fetcher implements BatchMaker {
  readonly arena: Arena = new Arena();
  readonly #options: FetcherOptions;
  /** Whether a batch of `getBatch` has turned out not to be images. */
  #hasNoImages = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /**
   * Makes the batch of a request.
   *
   * @throws {Error} If the dataset or the collate throws. The message names the
   * sample; the cause is the error thrown
   */
  async fetch(request: BatchRequest): Promise<FetchedBatch> {
    const { seed, epoch, indices, repeats, place } = request;
    const generator = (position: number) =>
      Generator.ofSample(
        seed,
        epoch,
        indices[position]!, // a position is an index of `indices`
        repeats?.[position],
      );
    const { context, lent } = lendingContext(this.arena, {
      indices,
      generator,
      draw: (generator) => {
        const { dataset } = this.#options;
        const index = generator.integer(dataset.length);
        const onBroken = (cause: unknown) => {
          throw new BrokenSample(index, cause);
        };
        return this.#sample(index, { generator, place, onBroken });
      },
    });
    return { batch: await this.#make(context, place), lent };
  }

  async #make(context: BatchContext, place: TransformPlace): Promise<unknown> {
    const { indices } = context;
    const { dataset, collate, onSample, where } = this.#options;
    // No `await` before a sample that needs none: workers/worker.ts says why.
    if (this.#makesWhole(place)) {
      const batch = await this.#wholeBatch(context, place);
      if (batch !== undefined) return batch;
    }
    const onBroken = (cause: unknown): null => {
      if (collate?.takesBroken) return null;
      throw cause;
    };
    const samples: unknown[] = [];
    for (let position = 0; position < indices.length; position++) {
      const index = indices[position]!;
      onSample?.(index);
      try {
        const generator = context.generator(position);
        const sample = this.#sample(index, { generator, place, onBroken });
        samples.push(sample instanceof Promise ? await sample : sample);
      } catch (cause) {
        const action = `load sample ${index}`;
        const sampleName = nameOfSample(dataset, index);
        throw loadError({ action, index, sampleName, where }, cause);
      }
    }
    return await collateSamplesOf(context, samples, this.#options);
  }

  /** Whether the dataset's `getBatch` may make the batch. */
  #makesWhole(place: TransformPlace): boolean {
    const { dataset, collate, transform } = this.#options;
    if (collate !== undefined || !dataset.getBatch) return false;
    if (!transform) return true;
    // the transform must leave nothing to do for single samples
    return place !== "host" && !this.#hasNoImages &&
      stagedOf(transform)?.isLate(place) === true;
  }

  /** The batch of `getBatch`; undefined if that makes none, or no images. */
  async #wholeBatch(
    context: BatchContext,
    place: TransformPlace,
  ): Promise<unknown> {
    const { dataset, transform, onSample, where } = this.#options;
    const staged = place === "host" ? undefined : stagedOf(transform);
    const { indices } = context;
    onSample?.(indices[0] ?? -1);
    try {
      const batch = await dataset.getBatch?.(indices, context);
      if (batch === undefined || !staged) return batch;
      const pending = withPending(batch, staged, context);
      this.#hasNoImages = pending === undefined;
      return pending;
    } catch (cause) {
      const action = `load ${formatSamples(indices)}`;
      const index = indices.length === 1 ? indices[0] : undefined;
      throw loadError({ action, index, where }, cause);
    }
  }

  /**
   * Loads a sample and runs its transform, or the first stage. If the dataset's
   * `get` throws, the result of `onBroken` takes the sample's place. A missing
   * index and a transform that throws are mistakes of the program, and throw.
   */
  #sample(
    index: number,
    { generator, place, onBroken }: {
      readonly generator: Generator;
      readonly place: TransformPlace;
      readonly onBroken: (cause: unknown) => unknown;
    },
  ): unknown {
    const { dataset, transform } = this.#options;
    checkIndex(index, dataset.length);
    const change = (loaded: unknown): unknown =>
      !transform || isNullSample(loaded)
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
}

/** The dataset's name for a sample; undefined if it has none, or throws. */
function nameOfSample(
  dataset: Dataset<unknown>,
  index: number,
): string | undefined {
  try {
    return dataset.sampleName?.(index);
  } catch {
    return undefined; // the error to report is that of the sample
  }
}

/**
 * Adds the second stage of a transform to a batch of `getBatch`; undefined if
 * the first item of the batch is not a batch of uint8 images.
 */
function withPending(
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
    const data = images.data as Uint8Array; // extentOfImages has checked it
    return new ImageBatch(data, sizes, channels, { isPlanar: true, pending });
  });
  return isPending ? changed : undefined;
}
