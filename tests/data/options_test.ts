import { assertRejects } from "@std/assert";
import * as data from "../../src/data/mod.ts";
import { zeros } from "../../src/tensor/create.ts";
import { toFloat } from "../../src/vision/transforms/mod.ts";
import { testUnknownOptions } from "../unknown_options.ts";

const { DataLoader } = data;
const rows = () => new data.TensorDataset(zeros([3, 1]));

testUnknownOptions([
  ["DataLoader", (options) => new DataLoader(rows(), options)],
  ["RandomSampler", (options) => new data.RandomSampler(3, options)],
  [
    "SubsetRandomSampler",
    (options) => new data.SubsetRandomSampler([0, 1], options),
  ],
  [
    "WeightedRandomSampler",
    (options) => new data.WeightedRandomSampler([1, 2], options),
  ],
  ["DistributedSampler", (options) => new data.DistributedSampler(3, options)],
  ["BatchSampler", (options) => new data.BatchSampler([0, 1], 2, options)],
  ["randomSplit", (options) => data.randomSplit(rows(), [1, 2], options)],
  ["Padded", (options) => data.collate.padded(options)],
]);

Deno.test("DataLoader says that a batchTransform lacks its brackets", async () => {
  const batchTransform = toFloat as never; // as in a program without types
  await assertRejects(
    () => new DataLoader(rows(), { batchTransform }).first(),
    TypeError,
    "the option batchTransform made a transform, expected a tensor; give it " +
      "with the brackets: T.toFloat()",
  );
});
