import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConcatDataset } from "../../../src/data/datasets/concat.ts";
import { Dataset } from "../../../src/data/datasets/dataset.ts";
import { map } from "../../../src/data/datasets/map.ts";
import { randomSplit } from "../../../src/data/datasets/random_split.ts";
import { Subset } from "../../../src/data/datasets/subset.ts";
import { TensorDataset } from "../../../src/data/datasets/tensor.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { Generator } from "../../../src/tensor/generator.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { Noise } from "../fixtures.ts";

/** Sample i is `from` + i. */
class Count extends Dataset<number> {
  readonly from: number;
  readonly length: number;

  constructor(from: number, length: number) {
    super();
    this.from = from;
    this.length = length;
  }

  override get(index: number): number {
    return this.from + index;
  }

  override sampleName(index: number): string {
    return `number ${this.from + index}`;
  }
}

const generator = new Generator(0);

function items<T>(dataset: Dataset<T>): (T | Promise<T>)[] {
  return Array.from(
    { length: dataset.length },
    (_, index) => dataset.get(index, generator),
  );
}

Deno.test("TensorDataset gives row i of each array", () => {
  const x = new HostArray(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
  const y = new HostArray(Int32Array.of(7, 8, 9));
  const [row, label] = new TensorDataset(x, y).get(1);
  assertEquals(row, new HostArray(Float32Array.of(3, 4)));
  assertEquals(label, new HostArray(Int32Array.of(8), []));
  row.data[0] = 0;
  assertEquals(x.data[2], 3);
});

Deno.test("TensorDataset refuses unequal lengths and rows it does not have", () => {
  const x = new HostArray(new Float32Array(6), [3, 2]);
  const y = new HostArray(new Int32Array(2));
  assertThrows(() => new TensorDataset(x, y), TypeError, "[3, 2], [2]");
  assertThrows(() => new TensorDataset(), TypeError, "(none)");
  const scalar = new HostArray(new Float32Array(1), []);
  assertThrows(() => new TensorDataset(scalar), TypeError, "first sizes");
  for (const index of [3, -4, 0.5]) {
    assertThrows(
      () => new TensorDataset(x).get(index),
      RangeError,
      `Cannot load sample ${index}: the dataset has samples 0 to 2`,
    );
  }
});

Deno.test("the last sample is sample -1 of every dataset, and no index of a loader", async () => {
  const set = new TensorDataset(new HostArray(Float32Array.of(1, 2, 3)));
  const part = new Subset(set, [2, 0]);
  const datasets = [
    set,
    part,
    map(set, (row) => row),
    new ConcatDataset([set]),
  ];
  for (const dataset of datasets) {
    const { length } = dataset;
    for (let index = -length; index < 0; index++) {
      assertEquals(
        dataset.get(index, generator),
        dataset.get(index + length, generator),
      );
    }
  }
  assertEquals(part.get(-1, generator), [
    new HostArray(Float32Array.of(1), []),
  ]);
  for (const index of [-3, 2, NaN, -0.5]) {
    assertThrows(() => part.get(index, generator), RangeError, `${index}: the`);
  }
  for (const dataset of datasets) {
    const loader = new DataLoader(dataset as Dataset<[HostArray]>, {
      sampler: [-1],
      resident: false,
    });
    await assertRejects(
      () => loader.host().next(),
      RangeError,
      "Cannot load sample -1: ",
    );
  }
});

Deno.test("TensorDataset and its parts say whether they are on the GPU", () => {
  const host = new HostArray(Float32Array.of(1, 2));
  const [x, y] = [
    new TensorDataset(host),
    new TensorDataset(host, tensor([1, 2])),
  ];
  assertEquals([x.isOnGPU(), y.isOnGPU()], [false, true]);
  assertEquals(new Subset(x, [1]).isOnGPU(), false);
  assertEquals(new Subset(y, [1]).isOnGPU(), true);
});

Deno.test("Subset gives the whole's samples at its indices, nested too", () => {
  const subset = new Subset(new Count(50, 10), [0, 7, 6, 3, 9]);
  assertEquals(items(subset), [50, 57, 56, 53, 59]);
  assertEquals(items(new Subset(subset, [4, 4])), [59, 59]);
  assertEquals(subset.sampleName(1), "number 57");
  assertThrows(() => subset.get(5, generator), RangeError, "samples 0 to 4");
  assertThrows(() => new Subset(subset, [5]), RangeError, "sample 5");
});

Deno.test("ConcatDataset joins datasets and counts from the end too", () => {
  const joined = new ConcatDataset([
    new Count(0, 3),
    new Count(100, 0),
    new Count(100, 2),
    new ConcatDataset([new Count(200, 4)]),
  ]);
  assertEquals(joined.length, 9);
  assertEquals(joined.cumulativeSizes, [3, 3, 5, 9]);
  assertEquals(items(joined), [0, 1, 2, 100, 101, 200, 201, 202, 203]);
  assertEquals(joined.get(-1, generator), 203);
  assertEquals(joined.get(-9, generator), 0);
  assertEquals(joined.sampleName(4), "number 101");
  assertThrows(() => joined.get(9, generator), RangeError, "samples 0 to 8");
  assertThrows(() => joined.get(-10, generator), RangeError, "sample -10");
  assertThrows(() => new ConcatDataset([]), RangeError, "at least one");
});

Deno.test("randomSplit() splits by counts and by fractions", () => {
  const lengths = (n: number, parts: number[]) =>
    randomSplit(new Count(0, n), parts).map((part) => part.length);
  assertEquals(lengths(10, [7, 3]), [7, 3]);
  assertEquals(lengths(7, [0.34, 0.33, 0.33]), [3, 2, 2]);
  assertEquals(lengths(10, [0.9, 0.1]), [9, 1]);
  assertEquals(lengths(10, [1]), [10]);
  assertEquals(lengths(0, [0, 0]), [0, 0]);
  assertEquals(lengths(1, [1, 0]), [1, 0]);
});

Deno.test("randomSplit() gives every sample to one part, the same for a seed", () => {
  const split = (seed: number) =>
    randomSplit(new Count(0, 20), [15, 5], { generator: new Generator(seed) })
      .map(items);
  const [all, rest] = split(1);
  assertEquals(
    new Set([...all!, ...rest!]).size,
    20,
  );
  assertEquals(split(1), [all, rest]);
  assertEquals(String(split(2)) === String([all, rest]), false);
});

Deno.test("randomSplit() says what the lengths should add up to", () => {
  const split = (parts: number[]) => () => randomSplit(new Noise(10), parts);
  assertThrows(split([0.5, 0.6]), RangeError, "fractions to 1, got 1.1");
  assertThrows(split([7, 4]), RangeError, "must add up to 10 and");
  assertThrows(split([11, -1]), RangeError, "-1");
  assertThrows(split([1.5, -0.5]), RangeError, "1.5");
});
