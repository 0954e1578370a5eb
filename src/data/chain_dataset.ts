/**
 * Several iterable datasets, one after another.
 *
 * @module
 */

import { nameOfType } from "./_shared.ts";
import { IterableDataset, type StreamContext } from "./iterable_dataset.ts";

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
   * @throws {TypeError} If one is no IterableDataset
   */
  constructor(datasets: Iterable<IterableDataset<Sample>>) {
    super();
    this.datasets = [...datasets];
    const wrong = this.datasets.findIndex((part) =>
      !(part instanceof IterableDataset)
    );
    if (wrong !== -1) {
      throw new TypeError(
        `Cannot chain dataset ${wrong}: expected an IterableDataset, ` +
          `got ${nameOfType(this.datasets[wrong])}; ` +
          `ConcatDataset joins datasets with indices`,
      );
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
