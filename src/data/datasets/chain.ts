/**
 * Several iterable datasets, one after another.
 *
 * @module
 */

import { IterableDataset, type StreamContext } from "./iterable.ts";
import { checkKind, type Kind, KINDS, withExample } from "../checks/kinds.ts";

const PARTS: Kind = withExample(KINDS.iterable, "[a, b]");
const PART: Kind = {
  is: KINDS.stream.is,
  expected:
    `${KINDS.stream.expected}; ConcatDataset joins datasets with indices`,
};

/**
 * The samples of the first dataset, then those of the second, and so on.
 *
 * Source: torch.utils.data.ChainDataset.
 */
export class ChainDataset<Sample> extends IterableDataset<Sample> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** The parts. */
  readonly datasets: readonly IterableDataset<Sample>[];

  /**
   * Chains `datasets`.
   *
   * @throws {TypeError} If `datasets` is not iterable, or one no IterableDataset
   */
  constructor(datasets: Iterable<IterableDataset<Sample>>) {
    super();
    checkKind(PARTS, "the datasets of a ChainDataset", datasets);
    this.datasets = [...datasets];
    for (const [i, part] of this.datasets.entries()) {
      checkKind(PART, `dataset ${i} of a ChainDataset`, part);
    }
  }

  /** The number of samples of all parts, if all of them know theirs. */
  override get length(): number | undefined {
    let total = 0;
    for (const { length } of this.datasets) {
      if (length === undefined) return undefined;
      total += length;
    }
    return total;
  }

  /** The samples of each part in turn. */
  override async *iterate(context: StreamContext): AsyncIterable<Sample> {
    for (const part of this.datasets) yield* part.iterate(context);
  }
}
