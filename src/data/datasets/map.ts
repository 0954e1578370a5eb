/**
 * Datasets made of another one: with each sample transformed, or some left out.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import { type Callable, invoke } from "../checks/callable.ts";
import { Dataset } from "./dataset.ts";
import { checkKind, KINDS } from "../checks/kinds.ts";
import { Subset } from "./subset.ts";

/** The samples of a dataset, each transformed when it is loaded. */
export class MapDataset<From, To> extends Dataset<To> {
  /** The module of this class, for workers. */
  static url: string = import.meta.url;
  /** The dataset of the samples. */
  readonly dataset: Dataset<From>;
  /** The transform of each sample. */
  readonly transform: Callable<
    [sample: From, generator: Generator],
    To | Promise<To>
  >;

  /**
   * Transforms `dataset` by a function, or by an object with `call`, which
   * workers need. The generator is the sample's, after the numbers that `get`
   * has drawn.
   *
   * @throws {TypeError} If `dataset` has no indices, or `transform` can't be
   * called
   */
  constructor(
    dataset: Dataset<From>,
    transform: Callable<
      [sample: From, generator: Generator],
      To | Promise<To>
    >,
  ) {
    super();
    this.dataset = checkKind(KINDS.dataset, "the dataset of map", dataset);
    this.transform = checkKind(
      KINDS.callable,
      "the transform of map",
      transform,
    );
  }

  /** The number of samples. */
  override get length(): number {
    return this.dataset.length;
  }

  /** Returns sample `index`, transformed. */
  override get(index: number, generator: Generator): To | Promise<To> {
    const sample = this.dataset.get(index, generator);
    return sample instanceof Promise
      ? sample.then((loaded) => invoke(this.transform, loaded, generator))
      : invoke(this.transform, sample, generator);
  }

  /** The name of the sample in the dataset. */
  override sampleName(index: number): string | undefined {
    return this.dataset.sampleName?.(index);
  }
}

/**
 * Returns a dataset that transforms each sample when it is loaded.
 *
 * @throws {TypeError} If `dataset` has no indices, or `transform` can't be
 * called
 *
 * @example Numbers, halved
 * ```ts
 * import { data, Generator, HostArray } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = new data.TensorDataset(new HostArray(Float32Array.of(2, 4)));
 * const halves = data.map(numbers, ([x]) => (x.data[0] ?? 0) / 2);
 * assertEquals(halves.get(1, new Generator(0)), 2);
 * ```
 */
export function map<From, To>(
  dataset: Dataset<From>,
  transform: Callable<
    [sample: NoInfer<From>, generator: Generator],
    To | Promise<To>
  >,
): MapDataset<From, To> {
  return new MapDataset(dataset, transform);
}

/**
 * Returns the part of a dataset whose samples pass the filter. This thread
 * loads every sample once, now, with the random numbers of seed 0; the part
 * does not change afterwards.
 *
 * @throws {TypeError} If `dataset` has no indices, or the filter is no function
 * @throws The error of a sample that can't be loaded
 *
 * @example The even numbers
 * ```ts
 * import { data, HostArray } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = new data.TensorDataset(new HostArray(Int32Array.of(1, 2, 4)));
 * const even = await data.filter(numbers, ([x]) => x.data[0]! % 2 === 0);
 * assertEquals([...even.indices], [1, 2]);
 * ```
 */
export async function filter<Sample>(
  dataset: Dataset<Sample>,
  isIn: (sample: NoInfer<Sample>, index: number) => boolean | Promise<boolean>,
): Promise<Subset<Sample>> {
  checkKind(KINDS.dataset, "the dataset of filter", dataset);
  checkKind(KINDS.function, "the filter of a dataset", isIn);
  const indices: number[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const generator = Generator.ofSample(0, 0, index);
    const sample = await dataset.get(index, generator);
    if (await isIn(sample, index)) indices.push(index);
  }
  return new Subset(dataset, indices);
}
