import { assertEquals, assertRejects } from "@std/assert";
import type { Dataset } from "../../../src/data/datasets/dataset.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { ConcatDataset } from "../../../src/data/datasets/concat.ts";
import type { DataLoaderOptions } from "../../../src/data/loader/options.ts";
import { Subset } from "../../../src/data/datasets/subset.ts";
import { WeightedRandomSampler } from "../../../src/data/samplers/weighted_random.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import {
  Backwards,
  Batches,
  Faulty,
  Fields,
  Init,
  Noise,
  OwnWay,
  Who,
} from "../fixtures.ts";

/** All batches of some epochs, to be compared by bits. */
async function epochs<Sample, Batch>(
  loader: DataLoader<Sample, Batch>,
  count: number,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let epoch = 0; epoch < count; epoch++) {
    for await (const batch of loader.host()) batches.push(batch);
  }
  return batches;
}

Deno.test("DataLoader gives the same bits with 0, 1 and 3 workers", async () => {
  const options = { batchSize: 4, shuffle: true, seed: 9 };
  const run = async (numWorkers: number) => [
    ...await epochs(
      new DataLoader(new Noise(30), { ...options, numWorkers }),
      2,
    ),
    ...await epochs(
      new DataLoader(new Batches(30), { ...options, numWorkers }),
      1,
    ),
  ];
  const expected = await run(0);
  assertEquals(await run(1), expected);
  assertEquals(await run(3), expected);
});

Deno.test("DataLoader gives parts and joined sets to workers", async () => {
  const part = new Subset(new Noise(9), [8, 1, 5, 2]);
  const parts = new Subset(new Batches(9), [3, 0, 7]);
  const joined = new ConcatDataset([new Noise(3), part]);
  const datasets: Dataset<unknown>[] = [part, parts, joined];
  for (const dataset of datasets) {
    const run = (numWorkers: number) =>
      epochs(new DataLoader(dataset, { batchSize: 2, seed: 4, numWorkers }), 1);
    assertEquals(await run(2), await run(0));
  }
});

Deno.test("DataLoader repeats samples to the same bits with workers", async () => {
  const run = (numWorkers: number) => {
    const sampler = new WeightedRandomSampler([1, 2, 3], { numSamples: 20 });
    const options = { batchSize: 3, seed: 2, sampler, numWorkers };
    return epochs(new DataLoader(new Noise(3), options), 2);
  };
  assertEquals(await run(2), await run(0));
});

Deno.test("DataLoader goes on mid-epoch with workers as without", async () => {
  const options = { batchSize: 2, shuffle: true, seed: 6 };
  const whole = await epochs(new DataLoader(new Noise(15), options), 1);
  const before = new DataLoader(new Noise(15), { ...options, numWorkers: 2 });
  let given = 0;
  for await (const _ of before.host()) if (++given === 3) break;
  const after = new DataLoader(new Noise(15), { ...options, numWorkers: 1 });
  after.resume(JSON.parse(JSON.stringify(before.state())));
  assertEquals(await epochs(after, 1), whole.slice(3));
});

Deno.test("DataLoader sends a dataset's fields, collate and workerInit", async () => {
  const fields = new Fields();
  const [[told]] = await epochs(
    new DataLoader(fields, { numWorkers: 1 }),
    1,
  ) as [[string]];
  assertEquals(told, fields.get());
  assertEquals(fields.shared[0], 2);

  const [products] = await epochs(
    new DataLoader(new OwnWay(3), { batchSize: 4, numWorkers: 1 }),
    1,
  );
  assertEquals(products, new HostArray(Int32Array.of(0, 3, 6, 9)));

  const init = new Init();
  const loader = new DataLoader(new Faulty("throw", -1), {
    batchSize: 3,
    sampler: [5, 6, 7],
    numWorkers: 1,
    collate: new Backwards(),
    workerInit: init,
  });
  assertEquals(await epochs(loader, 1), [
    new HostArray(Int32Array.of(7, 6, 5)),
  ]);
  assertEquals([...init.started], [1, 0, 0, 0]);
});

Deno.test("DataLoader keeps persistent workers, and closes them", async () => {
  const run = async (persistentWorkers: boolean) => {
    const init = new Init();
    await using loader = new DataLoader(new Noise(6), {
      batchSize: 2,
      numWorkers: 1,
      seed: 1,
      persistentWorkers,
      workerInit: init,
    });
    const batches = await epochs(loader, 3);
    return { batches, started: init.started[0] };
  };
  const [kept, renewed] = [await run(true), await run(false)];
  assertEquals([kept.started, renewed.started], [1, 3]);
  assertEquals(kept.batches, renewed.batches);
});

Deno.test("DataLoader stops its workers when the loop is left", async () => {
  const loader = new DataLoader(new Noise(100), { numWorkers: 2 });
  for await (const _ of loader.host()) break;
  try {
    for await (const _ of loader.host()) throw new Error("the user's");
  } catch (error) {
    assertEquals(error instanceof Error && error.message, "the user's");
  }
  const batches = loader.host();
  await batches.next();
  await batches.return();
  assertEquals((await batches.next()).done, true);
});

Deno.test("DataLoader with workers can be iterated twice at once", async () => {
  const options: DataLoaderOptions<unknown, unknown> = {
    seed: 1,
    numWorkers: 1,
  };
  const expected = await epochs(new DataLoader(new Noise(4), { seed: 1 }), 2);
  await using loader = new DataLoader(new Noise(4), {
    seed: options.seed,
    numWorkers: 1,
    persistentWorkers: true,
  });
  const [a, b] = [loader.host(), loader.host()];
  const found: [unknown[], unknown[]] = [[], []];
  for (let i = 0; i < 5; i++) {
    const [x, y] = await Promise.all([a.next(), b.next()]);
    if (!x.done) found[0].push(x.value);
    if (!y.done) found[1].push(y.value);
  }
  assertEquals(found.flat(), expected);
});

Deno.test("DataLoader has at most prefetchFactor batches a worker ahead", async () => {
  const fields = new Fields();
  const loader = new DataLoader(fields, {
    sampler: new Array(50).fill(0),
    numWorkers: 2,
    prefetchFactor: 3,
  });
  const batches = loader.host();
  await batches.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  // one given out; then 2 workers with 3 each
  assertEquals(fields.shared[0]! <= 7, true, `${fields.shared[0]} loaded`);
  await batches.return();
});

Deno.test("workerInfo() tells a worker which it is, and main nothing", async () => {
  const [told] = await epochs(
    new DataLoader(new Who(), { batchSize: 2, numWorkers: 2 }),
    1,
  );
  assertEquals(told, [
    new HostArray(Int32Array.of(2, 2)),
    new HostArray(Uint8Array.of(1, 1), [2], "bool"),
  ]);
  assertEquals(new Who().get(), [0, false]);
});

Deno.test("DataLoader refuses functions before it starts a worker", async () => {
  const dataset = new Noise(4);
  Object.assign(dataset, { transform: () => 1 });
  const cases: [DataLoader<unknown, unknown>, string][] = [
    [new DataLoader(dataset, { numWorkers: 1 }), "Cannot send Noise.transform"],
    [
      new DataLoader(new Noise(4), { numWorkers: 1, collate: () => 1 }),
      "Cannot send collate to a worker: a function can't be sent",
    ],
    [
      new DataLoader(new Noise(4), { numWorkers: 1, workerInit: () => 1 }),
      "Cannot send workerInit to a worker",
    ],
  ];
  for (const [loader, message] of cases) {
    await assertRejects(() => loader.host().next(), TypeError, message);
  }
});
