/**
 * The choice of a source for an epoch's batches: rows on the GPU, this thread,
 * or workers.
 *
 * @module
 */

import { isStream, type IterableDataset } from "../datasets/iterable.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { BatchMaker } from "../fetchers/batch_maker.ts";
import { type BatchSource, MainSource } from "../fetchers/batch_source.ts";
import { Fetcher } from "../fetchers/fetcher.ts";
import type { BatchRequest, LoadRequest } from "../fetchers/request.ts";
import { StreamFetcher } from "../fetchers/stream_fetcher.ts";
import {
  type SampleTransform,
  stagedOf,
  type TransformPlace,
} from "../images/transform.ts";
import { workerInfo } from "../workers/info.ts";
import { KeptWorkers } from "../workers/kept.ts";
import type { LoaderPosition, Progress } from "./progress.ts";
import { requestsOf } from "./requests.ts";
import { residentArrays, ResidentDataset, ResidentSource } from "./resident.ts";
import type { ResolvedOptions } from "./resolve.ts";
import { StreamBatches } from "./stream_batches.ts";
import { placeOf } from "./transform_place.ts";

/** The parts of a loader that its sources need. */
export interface SourceParts {
  readonly dataset: Dataset<unknown> | IterableDataset<unknown>;
  readonly transform: SampleTransform | undefined;
  readonly workerInit: unknown;
  readonly options: ResolvedOptions;
  readonly progress: Progress;
}

/** The position to start at, and the use of the batches. */
export interface SourceRequest {
  readonly position: LoaderPosition;
  /** Whether the batches go to the GPU. */
  readonly isUploaded: boolean;
  /** The samples on the GPU, if batches are selected from there. */
  readonly resident: ResidentDataset | undefined;
}

/** Opens the sources of a loader, and keeps workers and rows between epochs. */
export class BatchSources {
  readonly #parts: SourceParts;
  readonly #workers: KeptWorkers;
  #resident: ResidentDataset | undefined;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.#workers = new KeptWorkers(parts.options, parts);
  }

  /** Returns the samples on the GPU, if batches are selected from there. */
  residentRows(): ResidentDataset | undefined {
    const { dataset, transform, options } = this.#parts;
    if (isStream(dataset)) return undefined;
    const arrays = residentArrays(dataset, transform, options);
    return arrays && (this.#resident ??= new ResidentDataset(dataset, arrays));
  }

  /**
   * Opens the source of the batches from a position on. A stream starts at its
   * beginning, whatever the position.
   *
   * @throws {TypeError} If a value can't be sent to a worker
   */
  async open(request: SourceRequest): Promise<BatchSource> {
    const { position, isUploaded, resident } = request;
    const { options, transform } = this.#parts;
    if (resident) {
      return new ResidentSource(
        resident,
        // rows have indices: a stream is never resident
        this.#requests(position, "late") as Iterator<BatchRequest>,
        stagedOf(transform),
      );
    }
    if (options.numWorkers === 0) return this.openOnMain(position, isUploaded);
    const place = this.#place(isUploaded);
    return await this.#workers.begin(() => this.#requests(position, place));
  }

  /** Opens a source that makes the batches on this thread. */
  openOnMain(position: LoaderPosition, isUploaded: boolean): BatchSource {
    const requests = this.#requests(position, this.#place(isUploaded));
    return new MainSource(this.#fetcher(), requests);
  }

  /**
   * Takes a source back after an epoch: to close it, or to keep its workers.
   */
  async leave(source: BatchSource): Promise<void> {
    await this.#workers.leave(source);
  }

  /** Ends the workers that wait for another epoch. */
  async close(): Promise<void> {
    await this.#workers.close();
  }

  #requests(
    { epoch, batches }: LoaderPosition,
    place: TransformPlace,
  ): IterableIterator<LoadRequest> {
    const { options, progress } = this.#parts;
    const { batchSampler, order } = options;
    const { seed } = progress;
    if (batchSampler instanceof StreamBatches) {
      return batchSampler.requests({ seed, epoch, place });
    }
    if ("epoch" in order) order.epoch = epoch;
    // now: another iteration may set another epoch before the first batch
    const items = Iterator.from(batchSampler[Symbol.iterator]());
    const part = { seed, epoch, skip: batches, place };
    return requestsOf(items, batchSampler, part);
  }

  #fetcher(): BatchMaker {
    const { dataset, transform, options: { collate } } = this.#parts;
    const options = { collate, transform };
    return isStream(dataset)
      ? new StreamFetcher(dataset, { ...options, worker: workerInfo() })
      : new Fetcher({ dataset, ...options });
  }

  #place(isUploaded: boolean): TransformPlace {
    const { transform, options: { collate } } = this.#parts;
    return placeOf({ transform, collate }, isUploaded);
  }
}
