/**
 * Several datasets, one after another.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import { Dataset } from "./dataset.ts";
import { checkKind, type Kind, KINDS, withExample } from "../checks/kinds.ts";

const PARTS: Kind = withExample(KINDS.iterable, "[a, b]");
const PART: Kind = {
  is: KINDS.dataset.is,
  expected: `${KINDS.dataset.expected}; ChainDataset joins IterableDatasets`,
};

/**
 * The samples of the first dataset, then those of the second, and so on.
 * Negative indices count from the end.
 *
 * Source: torch.utils.data.ConcatDataset.
 */
export class ConcatDataset<Sample> extends Dataset<Sample> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** The parts. */
  readonly datasets: readonly Dataset<Sample>[];
  /** The number of samples up to the end of each part. */
  readonly cumulativeSizes: readonly number[];

  /**
   * Joins `datasets`, whose lengths must not change afterwards.
   *
   * @throws {TypeError} If `datasets` is not iterable, or one has no indices
   * @throws {RangeError} If there are none
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

  /** The number of samples of all parts. */
  override get length(): number {
    return this.cumulativeSizes.at(-1)!; // there is at least one part
  }

  /**
   * Sample `index` of the whole.
   *
   * @throws {RangeError} If it is not an integer from `-length` to `length - 1`
   */
  override get(
    index: number,
    generator: Generator,
  ): Sample | Promise<Sample> {
    const [part, at] = find(this, index);
    return part.get(at, generator);
  }

  /** What the sample's part calls it. */
  override sampleName(index: number): string | undefined {
    const [part, at] = find(this, index);
    return part.sampleName?.(at);
  }
}

// A function, not a private method: workers rebuild the fields of a dataset,
// and what is private would be missing there.
function find<Sample>(
  { datasets, cumulativeSizes, length }: ConcatDataset<Sample>,
  index: number,
): [part: Dataset<Sample>, index: number] {
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new RangeError(
      `Cannot get sample ${index} of ${datasets.length} datasets ` +
        `with ${length} samples: expected ${-length} to ${length - 1}`,
    );
  }
  const global = index < 0 ? index + length : index;
  const part = cumulativeSizes.findIndex((end) => global < end);
  const start = part === 0 ? 0 : cumulativeSizes[part - 1]!;
  return [datasets[part]!, global - start];
}
