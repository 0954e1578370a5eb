/**
 * Several datasets as one.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import { Dataset } from "./dataset.ts";
import {
  type ArgumentKind,
  checkKind,
  KINDS,
  withExample,
} from "../checks/kinds.ts";
import { wrapIndex } from "../checks/check.ts";

const PARTS: ArgumentKind = withExample(KINDS.iterable, "[a, b]");
const PART: ArgumentKind = {
  is: KINDS.dataset.is,
  expected: `${KINDS.dataset.expected}; ChainDataset joins IterableDatasets`,
};

/**
 * The samples of the first dataset, then those of the second, and so on.
 *
 * Source: torch.utils.data.ConcatDataset.
 */
export class ConcatDataset<Sample> extends Dataset<Sample> {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** The datasets, in order. */
  readonly datasets: readonly Dataset<Sample>[];
  /** The number of samples up to the end of each dataset. */
  readonly cumulativeSizes: readonly number[];

  /**
   * Joins `datasets`. Their lengths must not change afterwards.
   *
   * @throws {TypeError} If `datasets` is not iterable, or one has no indices
   * @throws {RangeError} If there are no datasets
   */
  constructor(datasets: Iterable<Dataset<Sample>>) {
    super();
    checkKind(PARTS, "the datasets of a ConcatDataset", datasets);
    this.datasets = [...datasets];
    for (const [i, part] of this.datasets.entries()) {
      checkKind(PART, `dataset ${i} of a ConcatDataset`, part);
    }
    if (this.datasets.length === 0) {
      throw new RangeError("Cannot join no datasets: expected at least one");
    }
    let total = 0;
    this.cumulativeSizes = this.datasets.map(({ length }) => total += length);
  }

  /** The number of samples of all datasets. */
  override get length(): number {
    return this.cumulativeSizes.at(-1)!; // there is at least one part
  }

  /**
   * Returns sample `index`; negative indices count from the end.
   *
   * @throws {RangeError} If there is no such sample
   */
  override get(
    index: number,
    generator: Generator,
  ): Sample | Promise<Sample> {
    const [part, at] = find(this, index);
    return part.get(at, generator);
  }

  /** The name of the sample in its own dataset. */
  override sampleName(index: number): string | undefined {
    const [part, at] = find(this, index);
    return part.sampleName?.(at);
  }
}

// Not a private method: the copy in a worker lacks those.
function find<Sample>(
  { datasets, cumulativeSizes, length }: ConcatDataset<Sample>,
  index: number,
): [part: Dataset<Sample>, index: number] {
  const global = wrapIndex(index, length, "the ConcatDataset");
  const part = cumulativeSizes.findIndex((end) => global < end);
  const start = part === 0 ? 0 : cumulativeSizes[part - 1]!;
  return [datasets[part]!, global - start];
}
