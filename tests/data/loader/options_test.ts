import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { DataLoaderOptions } from "../../../src/data/loader/options.ts";
import * as data from "../../../src/data/mod.ts";
import {
  certainLength,
  resolveOptions,
} from "../../../src/data/loader/resolve.ts";
import { zeros } from "../../../src/tensor/create.ts";
import { toFloat } from "../../../src/vision/transforms/mod.ts";
import { testUnknownOptions } from "../../unknown_options.ts";
import { Stream } from "../fixtures.ts";

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
    "Cannot use a Tensor as argument 1 of toFloat: expected none (as a " +
      "step, call it: T.toFloat())",
  );
});

/** Makes a loader as a program without types may. */
const load = (options: Record<string, unknown>) => () =>
  Reflect.construct(DataLoader, [rows(), options]);

Deno.test("DataLoader says what an option should be that is of another kind", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ shuffle: "yes" }, 'Cannot use "yes" as shuffle: expected true or false'],
    [{ dropLast: "false" }, 'Cannot use "false" as dropLast: expected true or'],
    [
      { persistentWorkers: 1 },
      "Cannot use 1 as persistentWorkers: expected tr",
    ],
    [{ timeout: "3" }, 'Cannot use "3" as timeout: expected a number'],
    [{ batchSize: "2" }, 'Cannot use "2" as batchSize: expected a number'],
    [{ numWorkers: "2" }, 'Cannot use "2" as numWorkers: expected a number'],
    [{ resident: "yes" }, 'Cannot use "yes" as resident: expected true, false'],
    [{ generator: 5 }, "Cannot use 5 as generator: expected a Generator"],
    [{ signal: {} }, "Cannot use an object as signal: expected an AbortSignal"],
  ];
  for (const [options, message] of cases) {
    assertThrows(load(options), TypeError, message);
  }
});

Deno.test("DataLoader refuses a sampler that one epoch uses up", () => {
  const generated = (function* () {
    yield [0];
  })();
  const cases: [Record<string, unknown>, string][] = [
    [
      { sampler: [2, 0].values() },
      "Cannot use an iterator as sampler: expected a Sampler, or another " +
      "iterable that each epoch begins anew, as [2, 0, 1]; [...iterator] makes",
    ],
    [{ batchSampler: generated }, "Cannot use an iterator as batchSampler"],
    [{ sampler: new Set([1]).values() }, "Cannot use an iterator as sampler"],
  ];
  for (const [options, message] of cases) {
    assertThrows(load(options), TypeError, message);
  }
  assertEquals([...generated], [[0]]); // looked at, and not asked
});

Deno.test("DataLoader takes no epoch of a sampler to look at it", () => {
  const sampler = new data.RandomSampler(3, { seed: 1 });
  new DataLoader(rows(), { sampler });
  assertEquals(sampler.epoch, 0);
});

Deno.test("DataLoader says that a collate is a factory", () => {
  const { collate, replaceBroken, skipBroken } = data;
  const { padded, replaceNulls, skipNulls } = collate;
  const makers = {
    "collate.skipNulls()": skipNulls,
    "collate.replaceNulls()": replaceNulls,
    "collate.padded()": padded,
    "skipBroken()": skipBroken,
    "replaceBroken()": replaceBroken,
  };
  for (const [written, made] of Object.entries(makers)) {
    assertThrows(
      load({ collate: made }),
      TypeError,
      `Cannot use the factory ${written.slice(0, -2)} as collate: call it, ` +
        `as in collate: ${written}`,
    );
  }
});

Deno.test("DataLoader takes 0 for an option that is given, false for none", () => {
  const batchSampler = [[0]];
  assertThrows(
    load({ batchSampler, batchSize: 0 }),
    TypeError,
    "both batchSampler and batchSize",
  );
  const off = { shuffle: false, dropLast: false, persistentWorkers: false };
  assertEquals(new DataLoader(rows(), { batchSampler, ...off }).length, 1);
  const stream = new DataLoader(new Stream(3), { shuffle: false });
  assertEquals(stream.length, 3);
});

Deno.test("certainLength() is that of an epoch, but of a stream's or an endless one", () => {
  const lengthOf = (options: DataLoaderOptions<never, unknown>) =>
    certainLength(resolveOptions(rows(), options));
  assertEquals(lengthOf({ batchSize: 2 }), 2);
  assertEquals(lengthOf({ batchSampler: [[0], [1], [2]] }), 3);
  assertEquals(lengthOf({ sampler: new Set([1]) }), undefined);
  assertEquals(certainLength(resolveOptions(new Stream(3), {})), undefined);
});
