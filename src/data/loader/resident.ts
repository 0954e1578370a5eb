/**
 * Datasets on the GPU: they are uploaded once, and a batch is a selection of
 * rows.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { indexSelect } from "../../ops/index/index.ts";
import { fromHost } from "../../tensor/create.ts";
import { Generator } from "../../tensor/generator.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { unscoped } from "../../tensor/scope.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkIndex } from "../checks/check.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { BatchSource, LoadedBatch } from "../fetchers/batch_source.ts";
import type { BatchRequest } from "../fetchers/request.ts";
import { extentOfImages } from "../images/image_batch.ts";
import {
  type SampleTransform,
  stagedOf,
  type StagedTransform,
  type WaitingImages,
} from "../images/transform.ts";
import type { ResolvedOptions } from "./resolve.ts";
import { finishImages } from "./upload.ts";

/** Largest dataset that "auto" keeps on the GPU, in bytes. */
const MAX_AUTO_BYTES = 512 * 2 ** 20;

/** The samples of a dataset as tensors. */
export class ResidentDataset {
  readonly #dataset: Dataset<unknown>;
  readonly #tensors: readonly Tensor[];

  /** Uploads the arrays of a dataset that are not on the GPU yet. */
  constructor(
    dataset: Dataset<unknown>,
    arrays: readonly (HostArray | Tensor)[],
  ) {
    this.#dataset = dataset;
    this.#tensors = unscoped(() =>
      arrays.map((array) => array instanceof Tensor ? array : fromHost(array))
    );
  }

  /**
   * Selects the rows of the samples from each tensor, and transforms those of
   * the first tensor.
   *
   * @throws {RangeError} If there is no such sample
   */
  select(request: BatchRequest, transform?: StagedTransform): Tensor[] {
    const { indices } = request;
    const dataset = this.#dataset;
    const { length } = dataset;
    const rows = Int32Array.from(indices, (index) => {
      checkIndex(index, length);
      return dataset.residentRow?.(index) ?? index;
    });
    return unscoped(() => {
      const index = fromHost(new HostArray(rows));
      const batch = this.#tensors.map((all) => indexSelect(all, 0, index));
      index.dispose();
      const [first, ...rest] = batch;
      return transform && first
        ? [
          finishImages(waitingImages(first, request, transform), transform),
          ...rest,
        ]
        : batch;
    });
  }
}

/** Selects each batch on demand. */
export class ResidentSource implements BatchSource {
  readonly #dataset: ResidentDataset;
  readonly #requests: Iterator<BatchRequest>;
  readonly #transform: StagedTransform | undefined;

  constructor(
    dataset: ResidentDataset,
    requests: Iterator<BatchRequest>,
    transform: StagedTransform | undefined,
  ) {
    this.#dataset = dataset;
    this.#requests = requests;
    this.#transform = transform;
  }

  next(): Promise<LoadedBatch | undefined> {
    return Promise.try(() => {
      const request = this.#requests.next();
      if (request.done) return undefined;
      const batch = this.#dataset.select(request.value, this.#transform);
      return { batch, release: () => {} };
    });
  }

  close(): Promise<void> {
    this.#requests.return?.();
    return Promise.resolve();
  }
}

/** Draws the second stage of the transform for rows that are images. */
function waitingImages(
  tensor: Tensor,
  { seed, epoch, indices, repeats }: BatchRequest,
  transform: StagedTransform,
): WaitingImages {
  const extent = extentOfImages(tensor)!; // residentArrays has checked it
  const { channels, height, width } = extent;
  const pending = indices.map((index, position) =>
    transform.pend(
      extent,
      Generator.ofSample(seed, epoch, index, repeats?.[position]),
    )
  );
  const sizes = indices.map(() => [height, width] as const);
  return { tensor, sizes, channels, pending };
}

/**
 * Returns the arrays that a loader with these options keeps on the GPU, if any.
 * It keeps arrays that are tensors, those that the option `resident` asks for,
 * and others if that is faster. On a CPU adapter `getBatch` is faster.
 *
 * @throws {TypeError} If the options ask for it and the dataset has no such
 * arrays
 */
export function residentArrays(
  dataset: Dataset<unknown>,
  transform: SampleTransform | undefined,
  { collate, resident, numWorkers }: ResolvedOptions,
): readonly (HostArray | Tensor)[] | undefined {
  if (collate || numWorkers > 0 || resident === false) return undefined;
  const isAuto = resident === "auto" && !dataset.isOnGPU?.();
  if (isAuto) {
    // before the call of `resident`, which may be slow
    const isLate = !transform || stagedOf(transform)?.isLate("late");
    if (!isLate || adapterClass() !== "gpu") return undefined;
  }
  const arrays = dataset.resident?.();
  if (!arrays) {
    if (resident === "auto") return undefined;
    throw new TypeError(
      `Cannot keep ${dataset.constructor.name} on the GPU: the dataset has no ` +
        `arrays of all its samples (its method \`resident\` is missing or ` +
        `returns undefined)`,
    );
  }
  if (transform && !isTransformable(arrays[0], transform)) {
    if (dataset.isOnGPU?.()) {
      throw new TypeError(
        `Cannot transform the samples of ${dataset.constructor.name} one by ` +
          `one: they are on the GPU, and no uint8 images; use batchTransform ` +
          `in place of transform`,
      );
    }
    if (resident === "auto") return undefined;
    throw new TypeError(
      `Cannot keep ${dataset.constructor.name} on the GPU: a step of the ` +
        `transform runs on the host, sample by sample`,
    );
  }
  if (!isAuto) return arrays;
  let bytes = 0;
  for (const array of arrays) {
    if (array instanceof HostArray) bytes += array.data.byteLength;
  }
  return bytes <= MAX_AUTO_BYTES ? arrays : undefined;
}

/** Whether the whole transform runs on the GPU, and the rows are images. */
function isTransformable(
  rows: HostArray | Tensor | undefined,
  transform: SampleTransform,
): boolean {
  return stagedOf(transform)?.isLate("late") === true && rows !== undefined &&
    extentOfImages(rows) !== undefined;
}
