import { assertEquals, assertRejects } from "@std/assert";
import * as data from "../../../src/data/mod.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { Noise, Uneven } from "../fixtures.ts";

const dataset = new Noise(3);
const stream = new Uneven();
const array = new HostArray(Float32Array.of(1, 2));

/** Makes one of the room's classes, as a program without types may. */
const make = (name: keyof typeof data, ...args: unknown[]) => () =>
  Reflect.construct(data[name], args);

/** Calls one of the room's functions, as a program without types may. */
const call = (name: keyof typeof data, ...args: unknown[]) => () =>
  Reflect.apply(data[name], undefined, args);

const READ = "; read the tensor first, with await x.data()";
const LIST = "expected a list, or another iterable";
const DATASET = "expected a Dataset, with get and length";

/** What is called, how, and the error's words. */
const MISTAKES: [string, () => unknown, string][] = [
  [
    "Subset",
    make("Subset", dataset, 3),
    `Cannot use 3 as the indices of a Subset: ${LIST}`,
  ],
  ["Subset", make("Subset", dataset, tensor([1, 2])), LIST + READ],
  [
    "Subset",
    make("Subset", stream, [0]),
    `Cannot use a Uneven as the dataset of a Subset: ${DATASET}`,
  ],
  [
    "ConcatDataset",
    make("ConcatDataset", dataset, dataset),
    `Cannot use a Noise as the datasets of a ConcatDataset: ${LIST}, as [a, b]`,
  ],
  [
    "ConcatDataset",
    make("ConcatDataset", [dataset, 5]),
    `Cannot use 5 as dataset 1 of a ConcatDataset: ${DATASET}`,
  ],
  [
    "ConcatDataset",
    make("ConcatDataset", [stream, dataset]),
    `Cannot use a Uneven as dataset 0 of a ConcatDataset: ${DATASET}; ` +
    "ChainDataset joins IterableDatasets",
  ],
  [
    "ChainDataset",
    make("ChainDataset", stream, stream),
    `Cannot use a Uneven as the datasets of a ChainDataset: ${LIST}, as [a, b]`,
  ],
  [
    "ChainDataset",
    make("ChainDataset", [stream, dataset]),
    "Cannot use a Noise as dataset 1 of a ChainDataset: expected an " +
    "IterableDataset, with iterate; ConcatDataset joins datasets with indices",
  ],
  [
    "TensorDataset",
    make("TensorDataset", [1, 2]),
    "Cannot use an array as array 0 of a TensorDataset: expected a HostArray, " +
    "as new HostArray(Float32Array.of(1, 2)), or a Tensor",
  ],
  [
    "TensorDataset",
    make("TensorDataset", array, Float32Array.of(1, 2)),
    "Cannot use a Float32Array as array 1 of a TensorDataset",
  ],
  [
    "randomSplit()",
    call("randomSplit", stream, [0.5, 0.5]),
    `Cannot use a Uneven as the dataset of randomSplit: ${DATASET}`,
  ],
  [
    "randomSplit()",
    call("randomSplit", dataset, 2),
    "Cannot use 2 as the lengths of randomSplit: expected an array, as " +
    "[0.9, 0.1]",
  ],
  [
    "randomSplit()",
    call("randomSplit", dataset, [1, 2], { generator: 1 }),
    "Cannot use 1 as generator: expected a Generator",
  ],
  [
    "map()",
    call("map", dataset, 5),
    "Cannot use 5 as the transform of map: expected a function, or an object " +
    "with `call`",
  ],
  [
    "map()",
    call("map", stream, () => 1),
    `Cannot use a Uneven as the dataset of map: ${DATASET}`,
  ],
  [
    "filter()",
    call("filter", dataset, 5),
    "Cannot use 5 as the filter of a dataset: expected a function",
  ],
  [
    "filter()",
    call("filter", stream, () => true),
    `Cannot use a Uneven as the dataset of filter: ${DATASET}`,
  ],
  [
    "RandomSampler",
    make("RandomSampler"),
    "Cannot use undefined as the dataset of a sampler: expected a Dataset, or " +
    "the number of its samples",
  ],
  [
    "RandomSampler",
    make("RandomSampler", 3, { replacement: "no" }),
    'Cannot use "no" as replacement: expected true or false',
  ],
  [
    "RandomSampler",
    make("RandomSampler", 3, { generator: 5 }),
    "Cannot use 5 as generator: expected a Generator",
  ],
  [
    "SequentialSampler",
    make("SequentialSampler", stream),
    "a Uneven as the dataset of",
  ],
  [
    "SubsetRandomSampler",
    make("SubsetRandomSampler", 5),
    `Cannot use 5 as the indices of a SubsetRandomSampler: ${LIST}`,
  ],
  [
    "WeightedRandomSampler",
    make("WeightedRandomSampler", tensor([1, 2]), { numSamples: 1 }),
    "Cannot use a Tensor as the weights of a WeightedRandomSampler: " + LIST +
    READ,
  ],
  [
    "WeightedRandomSampler",
    make("WeightedRandomSampler", 5, { numSamples: 1 }),
    "Cannot use 5 as the weights",
  ],
  [
    "DistributedSampler",
    make("DistributedSampler", 3, { numReplicas: 1, rank: "0" }),
    'Cannot use "0" as rank: expected a number',
  ],
  [
    "BatchSampler",
    make("BatchSampler", 5, 2),
    "Cannot use 5 as the sampler of a BatchSampler: expected a Sampler, or " +
    "another iterable that each epoch begins anew, as [2, 0, 1]",
  ],
  [
    "BatchSampler",
    make("BatchSampler", [1, 2].values(), 2),
    "Cannot use an iterator as the sampler of a BatchSampler: expected a " +
    "Sampler, or another iterable that each epoch begins anew, as [2, 0, 1]; " +
    "[...iterator] makes a list",
  ],
  [
    "BatchSampler",
    make("BatchSampler", [1, 2], 2, { dropLast: "false" }),
    'Cannot use "false" as dropLast: expected true or false',
  ],
  [
    "Padded",
    () =>
      Reflect.apply(data.collate.padded, undefined, [{ paddingValue: "0" }]),
    'Cannot use "0" as paddingValue: expected a number',
  ],
];

const byName = Map.groupBy(MISTAKES, ([name]) => name);
for (const [name, mistakes] of byName) {
  Deno.test(`${name} refuses arguments of another kind`, async () => {
    for (const [_, run, message] of mistakes) {
      await assertRejects(async () => await run(), TypeError, message);
    }
  });
}

Deno.test("SubsetRandomSampler takes an iterator, as it reads it once", () => {
  const sampler = new data.SubsetRandomSampler([2, 0].values());
  assertEquals([[...sampler].length, [...sampler].length], [2, 2]);
});
