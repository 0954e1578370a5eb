/**
 * The loader: it joins a dataset, a sampler and a collate into batches of
 * tensors.
 *
 * NOTE [same batches]: batches depend on the dataset, the sampler, the seed and
 * the epoch, never on the number of workers or on time. The order of an epoch
 * follows from (seed, epoch), and the random numbers of a sample from (seed,
 * epoch, index). Workers run the same fetcher as main, and the loader gives
 * batches in the order of their requests. So a position in an epoch is two
 * numbers, and a resumed run gets the same bits.
 *
 * options.ts has the user's options, resolve.ts their checks and defaults. An
 * iteration opens a source of host batches (sources.ts) and uploads them
 * (upload.ts). progress.ts and state.ts keep the position.
 *
 * @module
 */

import { throttle } from "../../gpu/stream.ts";
import { turn } from "../../gpu/turn.ts";
import { noteEpoch } from "../../outside.ts";
import { Generator } from "../../tensor/generator.ts";
import type { Collated, Uploaded } from "../collate/batch.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { isStream, type IterableDataset } from "../datasets/iterable.ts";
import type { BatchSource } from "../fetchers/batch_source.ts";
import { stagedOf } from "../images/transform.ts";
import { describeSampler } from "../samplers/sampler.ts";
import { untilAborted } from "./abort.ts";
import type {
  AnyLoaderOptions,
  DataLoaderOptions,
  PlainSampleLoaderOptions,
  SampleLoaderOptions,
} from "./options.ts";
import { type LoaderPosition, Progress } from "./progress.ts";
import {
  checkDataset,
  type ResolvedOptions,
  resolveOptions,
} from "./resolve.ts";
import { BatchSources, type SourceRequest } from "./sources.ts";
import type { LoaderState } from "./state.ts";
import { checkDropped } from "./stream_batches.ts";
import { transformFirst, uploadBatch } from "./upload.ts";

/**
 * Batches of a dataset, an epoch per iteration.
 *
 * An iteration may stop at any time; its workers end with it. Several
 * iterations can run at once, each with an epoch of its own. An error of the
 * dataset names the sample; its `cause` is the error thrown.
 *
 * With `batchSize: null` the loader gives single samples, with tensors in place
 * of their arrays and without a new dim.
 *
 * Each epoch reads an IterableDataset from its start, each worker its share. To
 * resume within an epoch, the loader loads the earlier batches again and throws
 * them away; the number of workers must be the same.
 *
 * Source: torch.utils.data.DataLoader.
 *
 * @example Batches of two, the last one smaller
 * ```ts
 * import { data, HostArray } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const points = new data.TensorDataset(new HostArray(Float32Array.of(1, 2, 3)));
 * const sizes: number[] = [];
 * for await (const [x] of new data.DataLoader(points, { batchSize: 2 })) {
 *   sizes.push(x.size);
 * }
 * assertEquals(sizes, [2, 1]);
 * ```
 */
export class DataLoader<Sample, Batch = Collated<Sample>>
  implements AsyncIterable<Uploaded<Batch>> {
  /** The dataset of the samples. */
  readonly dataset: Dataset<Sample> | IterableDataset<Sample>;
  readonly #userOptions: AnyLoaderOptions<Sample, Batch>;
  readonly #resolved: ResolvedOptions;
  readonly #progress: Progress;
  readonly #sources: BatchSources;
  #waitedMs = 0;

  /**
   * Checks the options. The first iteration starts to load.
   *
   * @throws {TypeError} If `dataset` is no dataset, an option is unknown, or
   * two options exclude each other
   * @throws {RangeError} If an option is outside its range
   */
  constructor(
    dataset: Dataset<Sample> | IterableDataset<Sample>,
    options?: DataLoaderOptions<Sample, Batch>,
  );
  /**
   * With `batchSize: null` the loader gives single samples.
   *
   * @throws As with batches
   */
  constructor(
    dataset:
      | Dataset<Sample> & Dataset<Batch>
      | IterableDataset<Sample> & IterableDataset<Batch>,
    options: PlainSampleLoaderOptions<Sample>,
  );
  /**
   * With `batchSize: null` and `collate` the loader gives converted samples.
   *
   * @throws As with batches
   */
  constructor(
    dataset: Dataset<Sample> | IterableDataset<Sample>,
    options: SampleLoaderOptions<Sample, Batch>,
  );
  constructor(
    dataset: Dataset<Sample> | IterableDataset<Sample>,
    options: AnyLoaderOptions<Sample, Batch> = {},
  ) {
    checkDataset(dataset);
    this.dataset = dataset;
    this.#userOptions = options;
    this.#resolved = resolveOptions(dataset, options);
    this.#progress = new Progress(dataset, this.#resolved, options.generator);
    this.#sources = new BatchSources({
      dataset,
      transform: options.transform,
      workerInit: options.workerInit,
      options: this.#resolved,
      progress: this.#progress,
    });
  }

  /**
   * Batches in one epoch. For an IterableDataset it is an estimate, as torch's:
   * the batches of one thread. The share of each worker may end with a batch
   * that is not full, so each worker may add one batch, or with `dropLast` lose
   * one.
   *
   * @throws {TypeError} If the sampler, or an IterableDataset, has no length
   */
  get length(): number {
    const { batchSampler } = this.#resolved;
    if (batchSampler.length === undefined) {
      throw new TypeError(
        `Cannot count the batches of ${describeSampler(batchSampler)}: ` +
          `it has no length`,
      );
    }
    return batchSampler.length;
  }

  /**
   * Epoch of the next iteration, which starts it or, after `resume`, continues.
   */
  get epoch(): number {
    return this.#progress.next.epoch;
  }

  /**
   * Milliseconds that iterations have spent on host batches so far: on making
   * them on this thread, or on waiting for workers. Uploads and the GPU do not
   * count.
   */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Seed of the order and of the samples' random numbers. */
  get seed(): number {
    return this.#progress.seed;
  }

  /**
   * Iterates over one epoch, as tensors.
   *
   * @throws {TypeError} If the dataset can't be sent to a worker
   * @throws {RangeError} If `dropLast` leaves no batch of an IterableDataset
   * @throws {Error} If a sample can't be loaded, or a worker dies or hangs
   * @throws The reason of `signal`, if it aborts
   */
  [Symbol.asyncIterator](): AsyncGenerator<Uploaded<Batch>, void, void> {
    // Uploaded<> has the types of uploadBatch
    return this.#iterate(true) as AsyncGenerator<Uploaded<Batch>, void, void>;
  }

  /**
   * Iterates over one epoch, as host arrays and image batches, without a GPU.
   * The values are those of the tensors, within the rounding of a `transform`,
   * and without `batchTransform`.
   *
   * @throws As iterating the loader does
   */
  host(): AsyncGenerator<Batch, void, void> {
    // a Batch of the user's collate, or the Collated<> of the default one
    return this.#iterate(false) as AsyncGenerator<Batch, void, void>;
  }

  /**
   * Returns the first batch of the next iteration, which will still start with
   * it. Workers make it only for an IterableDataset.
   *
   * @throws {RangeError} If there is no batch
   * @throws {Error} If a sample can't be loaded
   */
  async first(): Promise<Uploaded<Batch>> {
    const { dataset } = this;
    const { next } = this.#progress;
    const isStreamed = isStream(dataset);
    // rows on the GPU only if it must be: one batch is not worth the upload
    const isOnGPU = !isStreamed && dataset.isOnGPU?.();
    const resident = isOnGPU ? this.#sources.residentRows() : undefined;
    const source = isStreamed || resident
      ? await this.#sources.open({ position: next, isUploaded: true, resident })
      : this.#sources.openOnMain(next, true);
    try {
      await this.#skip(source, next);
      let loaded = await source.next();
      while (loaded && loaded.batch === undefined) loaded = await source.next();
      if (!loaded) {
        throw new RangeError(
          `Cannot take the first batch of ` +
            `${describeSampler(this.#resolved.batchSampler)}: there is none`,
        );
      }
      // Uploaded<> has the types of uploadBatch
      return this.#upload(loaded.batch, next) as Uploaded<Batch>;
    } finally {
      await source.close();
    }
  }

  /**
   * Returns the position of the iteration that started last. After its end that
   * is the start of the next one. Prefetched batches do not count.
   */
  state(): LoaderState {
    return this.#progress.state();
  }

  /**
   * Makes the next iteration continue at a saved position. Without a `seed` of
   * its own the loader takes over the seed of the state.
   *
   * @throws {TypeError} If `state` is not of a loader with the same batches
   * @throws {RangeError} If the position is beyond the end of the epoch
   */
  resume(state: unknown): void {
    this.#progress.resume(state);
  }

  /** Ends the workers that wait for another epoch (`persistentWorkers`). */
  async close(): Promise<void> {
    await this.#sources.close();
  }

  /** Closes the loader, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Claims the next epoch now, even if its first batch is wanted later. */
  #iterate(isUploaded: boolean): AsyncGenerator<unknown, void, void> {
    const position = this.#progress.begin();
    const resident = isUploaded ? this.#sources.residentRows() : undefined;
    return this.#batchesFrom({ position, isUploaded, resident });
  }

  async *#batchesFrom(
    request: SourceRequest,
  ): AsyncGenerator<unknown, void, void> {
    const { position, isUploaded } = request;
    const { signal } = this.#userOptions;
    if (signal?.aborted) await this.close();
    signal?.throwIfAborted();
    const source = await this.#sources.open(request);
    noteEpoch();
    const stop = () => {
      source.close().catch(() => {}); // the iteration throws the reason
    };
    signal?.addEventListener("abort", stop);
    let isOver = false;
    try {
      await untilAborted(this.#skip(source, position), signal);
      for (;;) {
        signal?.throwIfAborted();
        const since = performance.now();
        const loaded = await untilAborted(source.next(), signal);
        this.#waitedMs += performance.now() - since;
        if (!loaded) break;
        let { batch } = loaded;
        const current = { ...position };
        position.batches++;
        if (batch !== undefined) { // else its collate leaves it out
          if (isUploaded) {
            batch = this.#upload(batch, current);
            loaded.release();
          }
          yield batch;
          await (isUploaded ? throttle() : undefined);
        }
        await turn();
      }
      isOver = true;
      if (position.batches === 0) checkDropped(source.dropped, this.#resolved);
      position.epoch++;
      position.batches = 0;
    } finally {
      noteEpoch();
      signal?.removeEventListener("abort", stop);
      if (isOver) await this.#sources.leave(source);
      else await source.close();
    }
  }

  /** Throws away the batches of a stream before the position. */
  async #skip(
    source: BatchSource,
    { batches }: LoaderPosition,
  ): Promise<void> {
    if (!isStream(this.dataset)) return; // its requests start at the position
    for (let i = 0; i < batches; i++) {
      const loaded = await source.next();
      if (!loaded) return;
      loaded.release();
    }
  }

  #upload(batch: unknown, { epoch, batches }: LoaderPosition): unknown {
    const { transform, batchTransform } = this.#userOptions;
    const uploaded = uploadBatch(batch, stagedOf(transform));
    if (!batchTransform) return uploaded;
    const generator = Generator.ofBatch(this.#progress.seed, epoch, batches);
    return transformFirst(uploaded, batchTransform, generator);
  }
}
