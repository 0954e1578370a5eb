/**
 * Datasets seen in another way: each sample changed, or some left out.
 *
 * @module
 */

import { Generator } from "../../tensor/generator.ts";
import { type Callable, invoke } from "../checks/callable.ts";
import { Dataset } from "./dataset.ts";
import { checkKind, KINDS } from "../checks/kinds.ts";
import { Subset } from "./subset.ts";

/** The samples of a dataset, each as a transform makes it when it is loaded. */
export class MapDataset<From, To> extends Dataset<To> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** What the samples come from. */
  readonly dataset: Dataset<From>;
  /** What is done to each. */
  readonly transform: Callable<
    [sample: From, generator: Generator],
    To | Promise<To>
  >;

  /**
   * `dataset` as `transform` makes it: a function, or with workers an object
   * with `call` of a class that they can find. It gets the sample's generator
   * as `get` has left it.
   *
   * @throws {TypeError} If there is no dataset with indices, or no transform
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

  /** Sample `index`, transformed. */
  override get(index: number, generator: Generator): To | Promise<To> {
    const sample = this.dataset.get(index, generator);
    return sample instanceof Promise
      ? sample.then((loaded) => invoke(this.transform, loaded, generator))
      : invoke(this.transform, sample, generator);
  }

  /** What the dataset calls the sample. */
  override sampleName(index: number): string | undefined {
    return this.dataset.sampleName?.(index);
  }
}

/**
 * A dataset of what a transform makes of each sample.
 *
 * @throws {TypeError} If there is no dataset with indices, or no transform
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
 * The part of a dataset whose samples `isIn` wants. Every sample is loaded once,
 * now and on this thread, with the random numbers of seed 0: which samples are
 * in does not change afterwards.
 *
 * @throws {TypeError} If there is no dataset with indices, or no function
 * @throws What loading a sample throws
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
  checkKind(KINDS.dataset, "what filter looks at", dataset);
  checkKind(KINDS.function, "the filter of a dataset", isIn);
  const indices: number[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const generator = Generator.ofSample(0, 0, index);
    const sample = await dataset.get(index, generator);
    if (await isIn(sample, index)) indices.push(index);
  }
  return new Subset(dataset, indices);
}
