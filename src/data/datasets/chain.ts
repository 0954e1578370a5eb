/**
 * Several iterable datasets as one.
 *
 * @module
 */

import { IterableDataset, type StreamContext } from "./iterable.ts";
import {
  type ArgumentKind,
  checkKind,
  KINDS,
  withExample,
} from "../checks/kinds.ts";

const PARTS: ArgumentKind = withExample(KINDS.iterable, "[a, b]");
const PART: ArgumentKind = {
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
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** The datasets, in order. */
  readonly datasets: readonly IterableDataset<Sample>[];

  /**
   * Joins `datasets`.
   *
   * @throws {TypeError} If `datasets` is not iterable, or one is no
   * IterableDataset
   */
  constructor(datasets: Iterable<IterableDataset<Sample>>) {
    super();
    checkKind(PARTS, "the datasets of a ChainDataset", datasets);
    this.datasets = [...datasets];
    for (const [i, part] of this.datasets.entries()) {
      checkKind(PART, `dataset ${i} of a ChainDataset`, part);
    }
  }

  /** The number of samples of all datasets, if each knows its own. */
  override get length(): number | undefined {
    let total = 0;
    for (const { length } of this.datasets) {
      if (length === undefined) return undefined;
      total += length;
    }
    return total;
  }

  /** Iterates over the samples of each dataset in turn. */
  override async *iterate(context: StreamContext): AsyncIterable<Sample> {
    for (const part of this.datasets) yield* part.iterate(context);
  }
}
