import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BatchSampler } from "../../../src/data/samplers/batch.ts";
import type { Dataset } from "../../../src/data/datasets/dataset.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import type { DataLoaderOptions } from "../../../src/data/loader/options.ts";
import { RandomSampler } from "../../../src/data/samplers/random.ts";
import { randomSplit } from "../../../src/data/datasets/random_split.ts";
import { Subset } from "../../../src/data/datasets/subset.ts";
import { TensorDataset } from "../../../src/data/datasets/tensor.ts";
import { WeightedRandomSampler } from "../../../src/data/samplers/weighted_random.ts";
import {
  type AdapterClass,
  overrideAdapterClass,
} from "../../../src/gpu/device.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { manualSeed } from "../../../src/tensor/generator.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { normalize, toFloat } from "../../../src/vision/transforms/colours.ts";
import { Batches, Faulty, Noise } from "../fixtures.ts";

/** The numbers 0 to n - 1. */
function numbers(n: number): TensorDataset<[HostArray]> {
  return new TensorDataset(new HostArray(Float32Array.from(Array(n).keys())));
}

function load(
  n: number,
  options: DataLoaderOptions<[HostArray], [HostArray]> = {},
): DataLoader<[HostArray], [HostArray]> {
  return new DataLoader(numbers(n), options);
}

async function listed(
  n: number,
  options: DataLoaderOptions<[HostArray], [HostArray]>,
): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const [x] of load(n, options).host()) batches.push([...x.data]);
  return batches;
}

/** All that a loader's epoch gives, to be compared by bits. */
async function bits<T>(loader: DataLoader<T>): Promise<unknown[]> {
  const batches: unknown[] = [];
  for await (const batch of loader.host()) batches.push(batch);
  return batches;
}

Deno.test("DataLoader gives batches in order, the last one smaller or left out", async () => {
  assertEquals(await listed(5, { batchSize: 2 }), [[0, 1], [2, 3], [4]]);
  assertEquals(
    await listed(5, { batchSize: 2, dropLast: true }),
    [[0, 1], [2, 3]],
  );
  assertEquals(await listed(3, {}), [[0], [1], [2]]);
  assertEquals(await listed(0, { batchSize: 2 }), []);
  assertEquals(load(5, { batchSize: 2 }).length, 3);
  assertEquals(load(5, { batchSize: 2, dropLast: true }).length, 2);
});

Deno.test("DataLoader takes samplers of indices and of batches", async () => {
  assertEquals(
    await listed(5, { batchSize: 2, sampler: [4, 0, 2] }),
    [[4, 0], [2]],
  );
  const batchSampler = [[1], [3, 2, 1]];
  assertEquals(await listed(5, { batchSampler }), batchSampler);
  assertEquals(
    await listed(5, { batchSampler: new BatchSampler([4, 3], 1) }),
    [[4], [3]],
  );
});

Deno.test("DataLoader shuffles each epoch anew, the same for the same seed", async () => {
  const epochs = async (seed: number) => {
    const loader = load(30, { batchSize: 30, shuffle: true, seed });
    const made: number[][] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      for await (const [x] of loader.host()) made.push([...x.data]);
    }
    return made;
  };
  const [first, second] = await epochs(1);
  assertEquals(first!.toSorted((a, b) => a - b), [...Array(30).keys()]);
  assertEquals(first!.join() === second!.join(), false);
  assertEquals(await epochs(1), [first, second]);
  assertEquals((await epochs(2))[0]!.join() === first!.join(), false);
});

Deno.test("DataLoader without a seed follows manualSeed()", async () => {
  const order = () => {
    manualSeed(8);
    return listed(20, { batchSize: 20, shuffle: true });
  };
  assertEquals(await order(), await order());
});

Deno.test("DataLoader gives samples their own random numbers each epoch", async () => {
  const loader = new DataLoader(new Noise(6), { batchSize: 3, seed: 1 });
  const [first, second] = [await bits(loader), await bits(loader)];
  assertEquals(JSON.stringify(first) === JSON.stringify(second), false);
  const other = new DataLoader(new Noise(6), { batchSize: 2, seed: 1 });
  const drawn = async (from: DataLoader<[HostArray, number, unknown]>) => {
    const values: number[] = [];
    for await (const [x] of from.host()) values.push(...x.data);
    return values;
  };
  const again = new DataLoader(new Noise(6), { batchSize: 3, seed: 1 });
  assertEquals(await drawn(again), await drawn(other));
});

Deno.test("DataLoader gives a sample that comes again other random numbers", async () => {
  const draws = async (sampler: Iterable<number>) => {
    const loader = new DataLoader(new Noise(6), {
      batchSize: 8,
      sampler,
      seed: 1,
    });
    for await (const [x] of loader.host()) {
      return Array.from(x.data).filter((_, i) => i % 3 === 1);
    }
    return [];
  };
  const [first, again, other] = await draws([2, 2, 1]);
  assertEquals(new Set([first, again, other]).size, 3);
  assertEquals(await draws([1, 2]), [other, first]);
});

Deno.test("DataLoader makes the same batch by getBatch and by get", async () => {
  const whole = new DataLoader(new Batches(9), { batchSize: 4, seed: 3 });
  const plain = new Batches(9);
  Object.defineProperty(plain, "getBatch", { value: undefined });
  const single = new DataLoader(plain, { batchSize: 4, seed: 3 });
  assertEquals(await bits(whole), await bits(single));
});

Deno.test("DataLoader asks once for batches that its transform can't take late", async () => {
  let asked = 0;
  class Floats extends TensorDataset<[HostArray]> {
    override getBatch(
      ...args: Parameters<TensorDataset<[HostArray]>["getBatch"]>
    ): [HostArray] | undefined {
      asked++;
      return super.getBatch(...args);
    }
  }
  const images = new HostArray(Float32Array.of(1, 2, 3), [3, 1, 1, 1]);
  overrideAdapterClass("gpu");
  try {
    const loader = new DataLoader(new Floats(images), {
      transform: normalize([1], [0.5]),
      resident: false,
    });
    const values: number[] = [];
    for await (const [x] of loader) values.push(...await x.data());
    assertEquals(values, [0, 2, 4]);
  } finally {
    overrideAdapterClass(undefined);
  }
  assertEquals(asked, 1);
});

Deno.test("DataLoader applies a collate of the user's", async () => {
  const loader = new DataLoader(numbers(3), {
    batchSize: 2,
    collate: (samples, { indices }) => ({
      sum: samples.reduce((sum, [x]) => sum + x.data[0]!, 0),
      indices,
    }),
  });
  const batches = [];
  for await (const batch of loader.host()) batches.push(batch);
  assertEquals(batches, [{ sum: 1, indices: [0, 1] }, {
    sum: 2,
    indices: [2],
  }]);
});

Deno.test("DataLoader uploads arrays and keeps what is none", async () => {
  const loader = new DataLoader(new Noise(3), { batchSize: 3, seed: 0 });
  for await (const [x, y, { name }] of loader) {
    assertEquals([x.shape, x.dtype], [[3, 3], "float32"]);
    assertEquals([await y.toArray(), y.dtype], [[0, 1, 4], "int32"]);
    assertEquals(name, ["sample 0", "sample 1", "sample 2"]);
  }
});

Deno.test("DataLoader applies batchTransform to the first item", async () => {
  const loader = new DataLoader(new Batches(3), {
    batchSize: 3,
    batchTransform: { call: (x: Tensor) => x.mul(2).add(1) },
  });
  for await (const [x, y] of loader) {
    assertEquals(await x.select(1, 0).toArray(), [1, 3, 5]);
    assertEquals(await y.toArray(), [0, 1, 2]);
  }
  const strings = new DataLoader(new Noise(2), {
    collate: () => ["a"],
    batchTransform: (x) => x,
  });
  await assertRejects(
    () => strings.first(),
    TypeError,
    "expected a tensor, got string",
  );
});

Deno.test("DataLoader selects rows on the GPU where it is told to", async () => {
  const whole = new TensorDataset(
    new HostArray(Float32Array.from(Array(10).keys()), [5, 2]),
    new HostArray(Int32Array.from(Array(5).keys())),
  );
  const options = { batchSize: 2, shuffle: true, seed: 2 } as const;
  for (const dataset of [whole, new Subset(whole, [3, 1, 4])]) {
    const expected: unknown[] = [];
    for await (const [x, y] of new DataLoader(dataset, options).host()) {
      expected.push([x.shape, ...x.data], [...y.data]);
    }
    const found: unknown[] = [];
    const resident = { ...options, resident: true };
    for await (const [x, y] of new DataLoader(dataset, resident)) {
      found.push([x.shape, ...await x.data()], [...await y.data()]);
    }
    assertEquals(found, expected);
  }
  const noise: Dataset<unknown> = new Noise(3);
  const loader = new DataLoader(noise, { resident: true });
  assertThrows(() => loader[Symbol.asyncIterator](), TypeError, "Noise");
});

Deno.test("DataLoader selects the rows of a dataset of tensors on the GPU", async () => {
  const x = tensor([[1, 2], [3, 4], [5, 6]]);
  const y = tensor([7, 8, 9]).to("int32");
  const whole = new TensorDataset(x, y);
  for await (const [a, b] of new DataLoader(whole, { sampler: [2] })) {
    assertEquals([await a.toArray(), await b.toArray()], [[[5, 6]], [9]]);
  }
  const [, part] = randomSplit(whole, [1, 2]);
  let sum = 0;
  for await (const [, b] of new DataLoader(part!, { batchSize: 2 })) {
    for (const label of await b.data()) sum += label;
  }
  const left = 24 - sum;
  assertEquals([7, 8, 9].includes(left), true);
  await assertRejects(
    () =>
      new DataLoader(whole, { sampler: [3] })[Symbol.asyncIterator]().next(),
    RangeError,
    "Cannot load sample 3: the dataset has samples 0 to 2",
  );
  await assertRejects(
    () => new DataLoader(whole, { numWorkers: 1 }).host().next(),
    TypeError,
    "Cannot send TensorDataset.arrays[0] to a worker: a Tensor is on the GPU",
  );
});

Deno.test("DataLoader asks for rows for the GPU only where it will select them", async () => {
  let asked = 0;
  class Costly extends TensorDataset<[HostArray]> {
    override resident(): [HostArray] {
      asked++;
      return super.resident();
    }
  }
  const costly = new Costly(new HostArray(Uint8Array.of(1, 2, 3)));
  const part = new Subset(costly, [2]);
  const askedBy = async (
    kind: AdapterClass,
    options: DataLoaderOptions<[HostArray], [HostArray]> = {},
  ) => {
    asked = 0;
    overrideAdapterClass(kind);
    try {
      for await (const [x] of new DataLoader(part, options)) {
        assertEquals([...await x.data()], [3]);
      }
    } finally {
      overrideAdapterClass(undefined);
    }
    return asked;
  };
  assertEquals(await askedBy("cpu"), 0);
  assertEquals(await askedBy("cpu", { resident: true }), 1);
  assertEquals(await askedBy("gpu"), 1);
  assertEquals(await askedBy("gpu", { transform: (image) => image }), 0);
});

Deno.test("DataLoader.first() gives the batch that the next epoch begins with", async () => {
  const loader = new DataLoader(new Batches(8), {
    batchSize: 3,
    shuffle: true,
    seed: 4,
  });
  const [x] = await loader.first();
  const first = await x.toArray();
  assertEquals(loader.epoch, 0);
  for await (const [same] of loader) {
    assertEquals(await same.toArray(), first);
    break;
  }
  const empty = new DataLoader(new Batches(0), { batchSize: 3 });
  await assertRejects(() => empty.first(), RangeError, "there is none");
});

Deno.test("DataLoader.first() selects rows where an iteration does", async () => {
  const whole = new TensorDataset(tensor([[1, 2], [3, 4], [5, 6]]));
  const loader = new DataLoader(whole, {
    sampler: [2, 0, 1],
    batchSize: 2,
    batchTransform: (x: Tensor) => x.mul(10),
  });
  const [x] = await loader.first();
  assertEquals(await x.toArray(), [[50, 60], [10, 20]]);
  const [same] = await loader.first();
  assertEquals(await same.toArray(), [[50, 60], [10, 20]]);
  const next = await loader[Symbol.asyncIterator]().next();
  assertEquals(await next.value?.[0].toArray(), [[50, 60], [10, 20]]);
  const empty = new DataLoader(whole, { sampler: [] });
  await assertRejects(() => empty.first(), RangeError, "there is none");
});

Deno.test("DataLoader says that tensors stay on the GPU", async () => {
  const loader = new DataLoader(new TensorDataset(tensor([[1, 2]])));
  await assertRejects(
    () => loader.host().next(),
    Error,
    "Cannot collate sample 0 at [0]: a Tensor stays on the GPU; use " +
      "batchTransform there, or HostArrays with host(), collate, transform",
  );
});

Deno.test("DataLoader can be iterated twice at once", async () => {
  const alone = load(6, { batchSize: 2, shuffle: true, seed: 5 });
  const [first, second] = [await bits(alone), await bits(alone)];
  const loader = load(6, { batchSize: 2, shuffle: true, seed: 5 });
  const [a, b] = [loader.host(), loader.host()];
  const found: [unknown[], unknown[]] = [[], []];
  for (let i = 0; i < 3; i++) {
    found[1].push((await b.next()).value);
    found[0].push((await a.next()).value);
  }
  assertEquals(found, [first, second]);
  assertEquals((await a.next()).done, true);
});

Deno.test("DataLoader names the sample that can't be loaded, with the cause", async () => {
  const loader = new DataLoader(new Noise(3), { sampler: [0, 7] });
  const batches = loader.host();
  await batches.next();
  const error = await assertRejects(
    () => batches.next(),
    Error,
    "Cannot load sample 7: the dataset has samples 0 to 2",
  );
  assertEquals(error instanceof RangeError, true);
  assertEquals(error.cause instanceof RangeError, true);
  const broken = new DataLoader(new Faulty("throw", 1), { batchSize: 4 });
  await assertRejects(
    () => broken.first(),
    Error,
    'Cannot load sample 1 ("file1.jpg"): JPEG data ends after 0 bytes',
  );
  const absent = new DataLoader(new Faulty("nothing", 1), { batchSize: 5 });
  await assertRejects(
    () => absent.first(),
    Error,
    "Cannot make a batch of samples 0, 1, 2, … (5 of them): Cannot collate sample 1",
  );
});

Deno.test("DataLoader refuses options that exclude each other", () => {
  const sampler = [0];
  const batchSampler = [[0]];
  const cases: [DataLoaderOptions<[HostArray], [HostArray]>, string][] = [
    [{ batchSampler, batchSize: 2 }, "both batchSampler and batchSize"],
    [{ batchSampler, shuffle: true }, "both batchSampler and shuffle"],
    [{ batchSampler, sampler }, "both batchSampler and sampler"],
    [{ batchSampler, dropLast: true }, "both batchSampler and dropLast"],
    [{ sampler, shuffle: true }, "both sampler and shuffle"],
    [{ prefetchFactor: 2 }, "prefetchFactor without workers"],
    [{ persistentWorkers: true }, "persistentWorkers without workers"],
    [{ resident: true, numWorkers: 1 }, "resident with numWorkers"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => load(3, options), TypeError, message);
  }
  assertEquals(load(3, { sampler, shuffle: false }).length, 1);
});

Deno.test("DataLoader says what an option should be that is of another type", async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ sampler: 5 }, "Cannot use 5 as sampler: expected a Sampler, or another"],
    [{ sampler: {} }, "Cannot use an object as sampler: expected a Sampler"],
    [{ sampler: "abc" }, 'Cannot use "abc" as sampler: expected a Sampler'],
    [{ batchSampler: 3 }, "begins anew, as [[2, 0], [1]]"],
    [{ collate: 3 }, "Cannot use 3 as collate: expected a function, or an"],
    [{ collate: { call: 3 } }, "Cannot use an object as collate"],
    [{ transform: 3 }, "object with `call`, as T.toFloat()"],
    [{ batchTransform: 3 }, "Cannot use 3 as batchTransform"],
    [{ workerInit: "init" }, 'Cannot use "init" as workerInit'],
  ];
  for (const [options, message] of cases) {
    assertThrows(
      () => Reflect.construct(DataLoader, [numbers(3), options]),
      TypeError,
      message,
    );
  }
  const transform = toFloat; // not called
  const loader = new DataLoader(numbers(3), { transform });
  await assertRejects(
    () => loader.first(),
    Error,
    "the option transform made a transform, expected an image; call the " +
      "factory: T.toFloat()",
  );
});

Deno.test("DataLoader refuses values outside their range", () => {
  const cases: [DataLoaderOptions<[HostArray], [HostArray]>, string][] = [
    [{ batchSize: 0 }, "Cannot use 0 as a batch size"],
    [{ batchSize: 2.5 }, "Cannot use 2.5 as a batch size"],
    [{ numWorkers: -1 }, "Cannot use -1 as numWorkers"],
    [{ numWorkers: 1, prefetchFactor: 0 }, "prefetchFactor"],
    [{ timeout: -1 }, "Cannot use -1 as timeout"],
    [{ timeout: NaN }, "Cannot use NaN as timeout"],
    [{ seed: -1 }, "Cannot seed with -1"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => load(3, options), RangeError, message);
  }
  assertThrows(() => load(0, { shuffle: true }), RangeError, "positive");
});

Deno.test("DataLoader refuses a sampler that gives no indices", async () => {
  const cases: [Record<string, unknown>, new () => Error, string][] = [
    [
      { batchSampler: ["ab"] },
      TypeError,
      'Cannot load batch 0 of Array(1): expected a list of indices, got "ab"',
    ],
    [{ batchSampler: [[0], [1, null]] }, TypeError, "got null at [1]"],
    [
      { batchSampler: [[0], ["a"]] },
      TypeError,
      "batch 1 of Array(2): expected",
    ],
    [{ sampler: [0, "a"], batchSize: 2 }, TypeError, 'got "a" at [1]'],
    [{ batchSampler: [tensor([1])] }, TypeError, "got a Tensor"],
    [
      { batchSampler: [[0], []] },
      RangeError,
      "Cannot load batch 1 of Array(2): expected one index or more, got none",
    ],
  ];
  for (const [options, type, message] of cases) {
    await assertRejects(() => listed(3, options), type, message);
  }
});

Deno.test("DataLoader lets timers run between batches", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const loader = load(20_000, { batchSize: 1 });
  for await (const _ of loader.host());
  clearInterval(timer);
  assertEquals(ticks > 2, true);
});

Deno.test("DataLoader.state() goes on mid-epoch to the same bits", async () => {
  const options = { batchSize: 2, shuffle: true, seed: 6 } as const;
  const whole = new DataLoader(new Noise(9), options);
  const epochs = [await bits(whole), await bits(whole), await bits(whole)];
  for (const [epoch, given] of [[0, 0], [0, 1], [1, 4], [1, 5]] as const) {
    const before = new DataLoader(new Noise(9), options);
    for (let e = 0; e < epoch; e++) await bits(before);
    let batches = 0;
    let saved = JSON.stringify(before.state());
    if (given > 0) {
      for await (const _ of before.host()) {
        if (++batches === given) {
          saved = JSON.stringify(before.state());
          break;
        }
      }
    }
    const after = new DataLoader(new Noise(9), options);
    after.resume(JSON.parse(saved));
    assertEquals(after.state(), JSON.parse(saved));
    assertEquals(after.epoch, epoch);
    assertEquals(await bits(after), epochs[epoch]!.slice(given));
    assertEquals(await bits(after), epochs[epoch + 1]);
  }
});

Deno.test("DataLoader.state() counts repeated samples through a resume", async () => {
  const options = () => ({
    batchSize: 3,
    seed: 6,
    sampler: new WeightedRandomSampler([1, 5, 1], { numSamples: 12 }),
  });
  const whole = await bits(new DataLoader(new Noise(3), options()));
  const loader = new DataLoader(new Noise(3), options());
  const batches = loader.host();
  await batches.next();
  await batches.next();
  const state = loader.state();
  await batches.return();
  const after = new DataLoader(new Noise(3), options());
  after.resume(state);
  assertEquals(await bits(after), whole.slice(2));
});

Deno.test("DataLoader.resume() takes over the seed where none was given", async () => {
  const first = load(20, { batchSize: 20, shuffle: true });
  const other = load(20, { batchSize: 20, shuffle: true });
  other.resume(first.state());
  assertEquals(other.seed, first.seed);
  assertEquals(await bits(other), await bits(first));
});

Deno.test("DataLoader.state() at an epoch's end is the next one's beginning", async () => {
  const loader = load(3, { seed: 1 });
  await bits(loader);
  assertEquals(loader.state(), {
    version: 1,
    datasetLength: 3,
    sampler: "BatchSampler(SequentialSampler(3), 1)",
    seed: 1,
    epoch: 1,
    batches: 0,
  });
});

Deno.test("DataLoader.resume() refuses a state of other batches, naming both", () => {
  const state = load(3, { batchSize: 2, seed: 1 }).state();
  const cases: [DataLoader<[HostArray], [HostArray]>, string][] = [
    [load(4, { batchSize: 2, seed: 1 }), "datasetLength was 3 and is 4"],
    [load(3, { batchSize: 2, seed: 2 }), "seed was 1 and is 2"],
    [
      load(3, { batchSize: 3, seed: 1 }),
      "sampler was BatchSampler(SequentialSampler(3), 2) and is " +
      "BatchSampler(SequentialSampler(3), 3)",
    ],
    [
      load(3, { sampler: new RandomSampler(3, { seed: 9 }), batchSize: 2 }),
      "and is BatchSampler(RandomSampler(3, seed 9), 2)",
    ],
  ];
  for (const [loader, message] of cases) {
    const before = loader.state();
    assertThrows(() => loader.resume(state), TypeError, message);
    assertEquals(loader.state(), before);
  }
});

Deno.test("DataLoader.resume() refuses a place beyond the epoch", () => {
  const loader = load(7, { batchSize: 2, seed: 1 });
  const before = loader.state();
  assertThrows(
    () => loader.resume({ ...before, batches: 99 }),
    RangeError,
    "Cannot resume a loader after 99 batches of an epoch: an epoch has 4",
  );
  assertEquals(loader.state(), before);
  loader.resume({ ...before, batches: 4 });
  assertEquals(loader.state().batches, 4);
});

Deno.test("DataLoader.resume() refuses what is no state", () => {
  const loader = load(3);
  const state = loader.state();
  const states = [null, {}, { ...state, version: 2 }, { ...state, epoch: -1 }];
  for (const wrong of [...states, { ...state, sampler: 3 }]) {
    assertThrows(() => loader.resume(wrong), TypeError, "Cannot resume");
  }
});

Deno.test("DataLoader counts the milliseconds that its batches were waited for", async () => {
  const quick = load(8, { batchSize: 4 });
  const slow = load(8, {
    batchSize: 4,
    collate: async ([first]) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return first!;
    },
  });
  assertEquals(slow.waitedMs, 0);
  for (const loader of [quick, slow]) {
    for await (const _ of loader.host()) continue;
  }
  assert(slow.waitedMs >= 18, `waited ${slow.waitedMs} ms`); // two batches
  assert(quick.waitedMs < slow.waitedMs);
});
