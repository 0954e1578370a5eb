/**
 * Datasets on the GPU: uploaded once, and a batch is a selection of rows.
 *
 * @module
 */

import { adapterClass } from "../gpu/device.ts";
import { indexSelect } from "../ops/indexing.ts";
import { fromHost } from "../tensor/create.ts";
import { HostArray } from "../tensor/host_array.ts";
import { unscoped } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkIndex } from "./_shared.ts";
import type { Dataset } from "./dataset.ts";
import type { ResolvedOptions } from "./loader_options.ts";

/** Bytes of samples that "auto" keeps on the GPU. */
const MAX_AUTO_BYTES = 512 * 2 ** 20;

/** The samples of a dataset as tensors. */
export class ResidentDataset {
  readonly #dataset: Dataset<unknown>;
  readonly #tensors: readonly Tensor[];

  /** Uploads what is not on the GPU yet; `arrays` are the dataset's. */
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
   * The rows of some samples of each tensor.
   *
   * @throws {RangeError} If there is no such sample
   */
  select(indices: readonly number[]): Tensor[] {
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
      return batch;
    });
  }
}

/**
 * The arrays that a loader with these options keeps on the GPU, if it does:
 * because it must (they are tensors), because it was told to, or because it is
 * faster. On an adapter that runs on the CPU the bus is no cost, and `getBatch`
 * is.
 *
 * @throws {TypeError} If it was told to and the dataset can't
 */
export function residentArrays(
  dataset: Dataset<unknown>,
  hasCollate: boolean,
  { resident, numWorkers }: ResolvedOptions,
): readonly (HostArray | Tensor)[] | undefined {
  if (hasCollate || numWorkers > 0 || resident === false) return undefined;
  const arrays = dataset.resident?.();
  if (!arrays) {
    if (resident === "auto") return undefined;
    throw new TypeError(
      `Cannot keep ${dataset.constructor.name} on the GPU: ` +
        `it does not offer its samples as \`resident()\``,
    );
  }
  if (resident === true) return arrays;
  if (arrays.some((array) => array instanceof Tensor)) return arrays;
  let bytes = 0;
  for (const array of arrays) {
    if (array instanceof HostArray) bytes += array.data.byteLength;
  }
  return bytes <= MAX_AUTO_BYTES && adapterClass() === "gpu"
    ? arrays
    : undefined;
}
