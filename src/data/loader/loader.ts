/**
 * The loader: it joins a dataset, a sampler and a collate into batches of
 * tensors.
 *
 * NOTE [same batches]: batches depend on the dataset, the sampler, the seed and
 * the epoch, never on the number of workers or on time. The order of an epoch
 * and the random numbers of a sample are functions of (seed, epoch) and (seed,
 * epoch, index); workers run the same fetcher as main, and what they make is
 * given out in the order in which it was asked for. So a place in an epoch is
 * two numbers, and a resumed run sees the bits that it would have seen.
 *
 * @module
 */

import { noteEpoch } from "../../outside.ts";
import { throttle } from "../../gpu/stream.ts";
import { turn } from "../../gpu/turn.ts";
import { Generator } from "../../tensor/generator.ts";
import { untilAborted } from "./abort.ts";
import { type BatchSource, MainSource } from "../fetchers/batch_source.ts";
import type { Collated, Uploaded } from "../collate/batch.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { type BatchMaker, Fetcher } from "../fetchers/fetcher.ts";
import { isStream, type IterableDataset } from "../datasets/iterable.ts";
import { KeptWorkers } from "../workers/kept.ts";
import type {
  AnyLoaderOptions,
  DataLoaderOptions,
  PlainSampleLoaderOptions,
  SampleLoaderOptions,
} from "./options.ts";
import type { LoaderState } from "./state.ts";
import type { BatchRequest, Request } from "../fetchers/request.ts";
import { placeOf } from "./transform_place.ts";
import { type Position, Progress } from "./progress.ts";
import { requestsOf } from "./requests.ts";
import { residentArrays, ResidentDataset, ResidentSource } from "./resident.ts";
import {
  checkDataset,
  type ResolvedOptions,
  resolveOptions,
} from "./resolve.ts";
import { stagedOf, type TransformPlace } from "../images/transform.ts";
import { describeSampler } from "../samplers/sampler.ts";
import { checkDropped, StreamBatches } from "./stream_batches.ts";
import { StreamFetcher } from "../fetchers/stream_fetcher.ts";
import { transformFirst, uploadBatch } from "./upload.ts";
import { workerInfo } from "../workers/info.ts";

/**
 * Batches of a dataset, an epoch per iteration.
 *
 * An iteration may be left at any time; its workers end with it. Several can
 * run at once, each with an epoch of its own. An error of the dataset names the
 * sample and has what was thrown as its `cause`.
 *
 * With `batchSize: null` it gives samples as they are: their arrays as tensors,
 * with no dim more, and what else they hold.
 *
 * An IterableDataset is read anew in each epoch, by each worker its share; to
 * resume in the middle of one, what was given out is loaded again and thrown
 * away, with as many workers as before (`resume` refuses others).
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
  /** What the samples come from. */
  readonly dataset: Dataset<Sample> | IterableDataset<Sample>;
  readonly #given: AnyLoaderOptions<Sample, Batch>;
  readonly #options: ResolvedOptions;
  readonly #progress: Progress;
  readonly #workers: KeptWorkers;
  #waitedMs = 0;
  #resident: ResidentDataset | undefined;

  /**
   * Nothing is loaded and no worker started before the first iteration.
   *
   * @throws {TypeError} If there is no dataset or an unknown option, or if two
   * options exclude each other
   * @throws {RangeError} If an option is outside its range
   */
  constructor(
    dataset: Dataset<Sample> | IterableDataset<Sample>,
    options?: DataLoaderOptions<Sample, Batch>,
  );
  /**
   * With `batchSize: null` samples are given as they are.
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
   * With `batchSize: null` and a `collate`, what that makes of each sample.
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
    this.#given = options;
    this.#options = resolveOptions(dataset, options);
    this.#progress = new Progress(dataset, this.#options, options.generator);
    const { transform, workerInit } = options;
    this.#workers = new KeptWorkers(this.#options, {
      dataset,
      transform,
      workerInit,
    });
  }

  /**
   * Batches in one epoch. Of an IterableDataset it is an estimate, as torch's:
   * what its samples would make in one thread. Each worker's share may end with
   * a batch that is not full, so workers can make up to one batch each more, and
   * with `dropLast` up to one each less.
   *
   * @throws {TypeError} If the sampler, or an IterableDataset, has no length
   */
  get length(): number {
    const { batchSampler } = this.#options;
    if (batchSampler.length === undefined) {
      throw new TypeError(
        `Cannot count the batches of ${describeSampler(batchSampler)}: ` +
          `it has no length`,
      );
    }
    return batchSampler.length;
  }

  /** Epoch that the next iteration begins, or goes on with after `resume`. */
  get epoch(): number {
    return this.#progress.next.epoch;
  }

  /**
   * Milliseconds for which iterations have waited for batches so far, on this
   * thread or for workers; uploads do not count, nor does waiting for the GPU.
   */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** What the order and the random numbers of samples depend on. */
  get seed(): number {
    return this.#progress.seed;
  }

  /**
   * One epoch, as tensors.
   *
   * @throws {TypeError} If the dataset can't be sent to a worker
   * @throws {RangeError} If `dropLast` leaves nothing of an IterableDataset
   * @throws {Error} If a sample can't be loaded, or a worker dies or hangs;
   * the signal's reason if it aborts
   */
  [Symbol.asyncIterator](): AsyncGenerator<Uploaded<Batch>, void, void> {
    // Uploaded<> says in types what uploadBatch does
    return this.#iterate(true) as AsyncGenerator<Uploaded<Batch>, void, void>;
  }

  /**
   * One epoch, as host arrays and batches of images: the same as iterating the
   * loader gives, within the rounding of a `transform`, and without
   * `batchTransform`. Needs no GPU.
   *
   * @throws As iterating the loader does
   */
  host(): AsyncGenerator<Batch, void, void> {
    // `collate` makes a Batch, or getBatch and the default one a Collated<>
    return this.#iterate(false) as AsyncGenerator<Batch, void, void>;
  }

  /**
   * The batch that the next iteration begins with, made on this thread, or by
   * workers if they have an IterableDataset, or selected on the GPU. The next
   * iteration still begins with it.
   *
   * @throws {RangeError} If there are no batches
   * @throws {Error} If a sample can't be loaded
   */
  async first(): Promise<Uploaded<Batch>> {
    // rows only where they must be: all samples for one batch is much to upload
    const { dataset } = this;
    const { next } = this.#progress;
    const isStreamed = isStream(dataset);
    const isOnGPU = !isStreamed && dataset.isOnGPU?.();
    const resident = isOnGPU ? this.#residentRows() : undefined;
    const source = isStreamed || resident
      ? await this.#open(next, true, resident)
      : this.#onMain(next, this.#place(true));
    try {
      await this.#skip(source, next);
      let loaded = await source.next();
      while (loaded && loaded.batch === undefined) loaded = await source.next();
      if (!loaded) {
        throw new RangeError(
          `Cannot take the first batch of ` +
            `${describeSampler(this.#options.batchSampler)}: there is none`,
        );
      }
      // Uploaded<>, as in iterating
      return this.#upload(loaded.batch, next) as Uploaded<Batch>;
    } finally {
      await source.close();
    }
  }

  /**
   * Where the iteration is that began last: at its end, where the next begins.
   * Batches count when they have been given out, however many are prefetched.
   */
  state(): LoaderState {
    return this.#progress.state();
  }

  /**
   * Lets the next iteration go on where `state` was taken. Its seed is taken
   * over, unless this loader was given one.
   *
   * @throws {TypeError} If `state` is not that of a loader of the same batches
   * @throws {RangeError} If it lies beyond the epoch
   */
  resume(state: unknown): void {
    this.#progress.resume(state);
  }

  /** Ends workers that wait for another epoch (`persistentWorkers`). */
  async close(): Promise<void> {
    await this.#workers.close();
  }

  /** `await using` a loader closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Claims the next epoch now, though its first batch may be asked for late. */
  #iterate(isUploaded: boolean): AsyncGenerator<unknown, void, void> {
    const position = this.#progress.begin();
    const resident = isUploaded ? this.#residentRows() : undefined;
    return this.#batchesFrom(position, isUploaded, resident);
  }

  /** The samples on the GPU, if batches are to be selected from there. */
  #residentRows(): ResidentDataset | undefined {
    const { dataset } = this;
    if (isStream(dataset)) return undefined;
    const arrays = residentArrays(
      dataset,
      this.#given.transform,
      this.#options,
    );
    return arrays && (this.#resident ??= new ResidentDataset(dataset, arrays));
  }

  async *#batchesFrom(
    position: Position,
    isUploaded: boolean,
    resident: ResidentDataset | undefined,
  ): AsyncGenerator<unknown, void, void> {
    const { signal } = this.#given;
    if (signal?.aborted) await this.close();
    signal?.throwIfAborted();
    const source = await this.#open(position, isUploaded, resident);
    noteEpoch();
    const stop = () => {
      source.close().catch(() => {}); // the iteration's own error is the reason
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
        const place = { ...position };
        position.batches++;
        if (batch !== undefined) { // else its collate leaves it out
          if (isUploaded) {
            batch = this.#upload(batch, place);
            loaded.release();
          }
          yield batch;
          await (isUploaded ? throttle() : undefined);
        }
        await turn();
      }
      isOver = true;
      if (position.batches === 0) checkDropped(source.dropped, this.#options);
      position.epoch++;
      position.batches = 0;
    } finally {
      noteEpoch();
      signal?.removeEventListener("abort", stop);
      if (isOver) await this.#workers.leave(source);
      else await source.close();
    }
  }

  /** Throws away what was given before, where requests can't begin later. */
  async #skip(source: BatchSource, { batches }: Position): Promise<void> {
    if (!(isStream(this.dataset))) return;
    for (let i = 0; i < batches; i++) {
      const loaded = await source.next();
      if (!loaded) return;
      loaded.release();
    }
  }

  #requests(
    { epoch, batches }: Position,
    place: TransformPlace,
  ): IterableIterator<Request> {
    const { batchSampler, order } = this.#options;
    if (batchSampler instanceof StreamBatches) {
      return batchSampler.requests({ seed: this.#progress.seed, epoch, place });
    }
    if ("epoch" in order) order.epoch = epoch;
    // taken now: another iteration may set another epoch before the first batch
    const items = batchSampler[Symbol.iterator]();
    return requestsOf(Iterator.from(items), batchSampler, {
      seed: this.#progress.seed,
      epoch,
      skip: batches,
      place,
    });
  }

  #fetcher(): BatchMaker {
    const { dataset } = this;
    const { transform } = this.#given;
    const options = { collate: this.#options.collate, transform };
    return isStream(dataset)
      ? new StreamFetcher(dataset, { ...options, worker: workerInfo() })
      : new Fetcher({ dataset, ...options });
  }

  #place(isUploaded: boolean): TransformPlace {
    const { transform } = this.#given;
    return placeOf({ transform, collate: this.#options.collate }, isUploaded);
  }

  async #open(
    position: Position,
    isUploaded: boolean,
    resident: ResidentDataset | undefined,
  ): Promise<BatchSource> {
    if (resident) {
      return new ResidentSource(
        resident,
        // rows have indices: a stream is never resident
        this.#requests(position, "late") as Iterator<BatchRequest>,
        stagedOf(this.#given.transform),
      );
    }
    const place = this.#place(isUploaded);
    if (this.#options.numWorkers === 0) return this.#onMain(position, place);
    return await this.#workers.begin(() => this.#requests(position, place));
  }

  #onMain(position: Position, place: TransformPlace): MainSource {
    return new MainSource(this.#fetcher(), this.#requests(position, place));
  }

  #upload(batch: unknown, { epoch, batches }: Position): unknown {
    const { transform, batchTransform } = this.#given;
    const uploaded = uploadBatch(batch, stagedOf(transform));
    if (!batchTransform) return uploaded;
    const generator = Generator.ofBatch(this.#progress.seed, epoch, batches);
    return transformFirst(uploaded, batchTransform, generator);
  }
}
