import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { BatchContext } from "../../../src/data/collate/batch_context.ts";
import { ChainDataset } from "../../../src/data/datasets/chain.ts";
import { collate } from "../../../src/data/collate/collate.ts";
import type { IterableDataset } from "../../../src/data/datasets/iterable.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import type { DataLoaderOptions } from "../../../src/data/loader/options.ts";
import type { HostArray } from "../../../src/tensor/host_array.ts";
import { FaultyStream, Noise, Stream, Uneven } from "../fixtures.ts";

/** An epoch of numbers. */
async function numbers(
  dataset: IterableDataset<number>,
  options: DataLoaderOptions<number, HostArray>,
): Promise<number[][]> {
  const loader = new DataLoader<number, HostArray>(dataset, options);
  return (await Array.fromAsync(loader.host())).map(({ data }) => [...data]);
}

/** The numbers of an epoch of pairs. */
async function firsts(
  loader: DataLoader<[number, HostArray], [HostArray, HostArray]>,
): Promise<number[][]> {
  return (await Array.fromAsync(loader.host())).map(([x]) => [...x.data]);
}

Deno.test("DataLoader makes batches of an IterableDataset, sync or async", async () => {
  for (const isSync of [true, false]) {
    const dataset = new Stream(5, isSync);
    const all = new DataLoader(dataset, { batchSize: 2 });
    assertEquals(await firsts(all), [[0, 1], [2, 3], [4]]);
    assertEquals(all.length, 3);
    const full = new DataLoader(dataset, { batchSize: 2, dropLast: true });
    assertEquals(await firsts(full), [[0, 1], [2, 3]]);
    assertEquals(full.length, 2);
  }
  assertEquals(await firsts(new DataLoader(new Stream(0), {})), []);
});

Deno.test("DataLoader takes workers of an IterableDataset in turn", async () => {
  for (let i = 0; i < 3; i++) {
    const loader = new DataLoader(new Stream(11), {
      batchSize: 2,
      numWorkers: 2,
    });
    assertEquals(
      await firsts(loader),
      [[0, 2], [1, 3], [4, 6], [5, 7], [8, 10], [9]],
    );
    // as torch does: those that have ended are passed over
    const uneven = await numbers(new Uneven(), { numWorkers: 4 });
    assertEquals(
      uneven.flat(),
      [0, 10, 20, 30, 11, 21, 31, 22, 32, 33],
    );
  }
  assertEquals(
    await numbers(new Uneven(), {
      numWorkers: 3,
      batchSize: 2,
      dropLast: true,
    }),
    [[10, 11], [20, 21]],
  );
});

Deno.test("DataLoader refuses a stream that dropLast leaves nothing of", async () => {
  const few = (numWorkers: number, length: number, batchSize: number) =>
    new DataLoader(new Stream(length), {
      batchSize,
      numWorkers,
      dropLast: true,
      persistentWorkers: numWorkers > 0,
    });
  // shares of 3, 3, 2 and 2 samples
  await using scattered = few(4, 10, 4);
  assertEquals(scattered.length, 2); // what one thread makes of ten
  for (let epoch = 0; epoch < 2; epoch++) {
    await assertRejects(
      async () => await Array.fromAsync(scattered.host()),
      RangeError,
      "with dropLast all 10 samples are left out, as no worker has enough for " +
        "one; use fewer workers, or a smaller batchSize",
    );
  }
  await assertRejects(
    async () => await Array.fromAsync(few(0, 3, 4)),
    RangeError,
    "with dropLast all 3 samples are left out, as there are too few for one",
  );
  // something is left: 4 of 9, in shares of 5 and 4
  await using some = few(2, 9, 5);
  assertEquals(await firsts(some), [[0, 2, 4, 6, 8]]);
  assertEquals(await firsts(few(0, 0, 4)), []); // nothing is left out
});

Deno.test("DataLoader reads an IterableDataset anew in each epoch, by persistent workers too", async () => {
  for (const numWorkers of [0, 2]) {
    await using loader = new DataLoader(new Stream(6), {
      batchSize: 3,
      numWorkers,
      persistentWorkers: numWorkers > 0,
      seed: 3,
    });
    const epochs = [
      await Array.fromAsync(loader.host()),
      await Array.fromAsync(loader.host()),
    ];
    const [first, second] = epochs.map((batches) =>
      batches.map(([x]) => [...x.data])
    );
    assertEquals(first, second);
    // column 0 is common to all samples of an epoch, column 1 of no two
    const values = epochs.map((batches) =>
      batches.flatMap(([_, noise]) => [...noise.data])
    );
    const column = (at: number) =>
      values.map((all) => new Set(all.filter((_, i) => i % 2 === at)).size);
    assertEquals(column(0), [1, 1]);
    assertEquals(column(1), [6, 6]);
    assertEquals(values[0]![0] === values[1]![0], false);
  }
});

Deno.test("DataLoader.state() goes on in the middle of a stream to the same bits", async () => {
  for (const numWorkers of [0, 2]) {
    const options = { batchSize: 2, numWorkers, seed: 8 };
    const whole = await Array.fromAsync(
      new DataLoader(new Stream(11), options).host(),
    );
    const before = new DataLoader(new Stream(11), options);
    let given = 0;
    for await (const _ of before.host()) if (++given === 3) break;
    const after = new DataLoader(new Stream(11), options);
    after.resume(before.state());
    const [x] = await after.first();
    assertEquals(await x.data(), whole[3]?.[0].data);
    assertEquals(await Array.fromAsync(after.host()), whole.slice(3));
    const other = new DataLoader(new Stream(11), { ...options, numWorkers: 1 });
    assertThrows(
      () => other.resume(before.state()),
      TypeError,
      "and is StreamBatches(2, 1 workers)",
    );
  }
});

Deno.test("DataLoader refuses an order for an IterableDataset", () => {
  const make = (options: DataLoaderOptions<unknown, unknown>) => () =>
    new DataLoader<unknown, unknown>(new Uneven(), options);
  const why = "with Uneven: an IterableDataset has an order of its own";
  assertThrows(make({ shuffle: true }), TypeError, `shuffle ${why}`);
  assertThrows(make({ sampler: [1] }), TypeError, `sampler ${why}`);
  assertThrows(make({ batchSampler: [[1]] }), TypeError, `batchSampler ${why}`);
  assertThrows(make({ resident: true }), TypeError, "has no rows");
  assertThrows(make({ batchSize: 0 }), RangeError, "0 as a batch size");
  make({ shuffle: false })();
  assertThrows(
    () => new DataLoader(new Uneven()).length,
    TypeError,
    "StreamBatches(1, 0 workers): it has no length",
  );
});

Deno.test("a stream that throws gives what came before, and names the sample", async () => {
  for (const numWorkers of [0, 1]) {
    const loader = new DataLoader(new FaultyStream("throw"), { numWorkers });
    const batches = loader.host();
    assertEquals((await batches.next()).done, false);
    assertEquals((await batches.next()).done, false);
    const where = numWorkers > 0 ? " in DataLoader worker 0" : "";
    await assertRejects(
      () => batches.next(),
      Error,
      `Cannot load sample 2 of FaultyStream${where}: line 2 has no value`,
    );
  }
});

Deno.test("a stream without an end can be left", async () => {
  for (const numWorkers of [0, 2]) {
    const dataset = new FaultyStream("endless");
    let given = 0;
    const loader = new DataLoader(dataset, { numWorkers, batchSize: 3 });
    for await (const _ of loader.host()) if (++given === 20) break;
    if (numWorkers === 0) assertEquals(dataset.ended[0], 1);
  }
});

Deno.test("a worker whose stream hangs ends the epoch after the timeout", async () => {
  const loader = new DataLoader(new FaultyStream("wait"), {
    numWorkers: 1,
    timeout: 0.3,
  });
  await assertRejects(
    () => Array.fromAsync(loader.host()),
    Error,
    "worker 0 made no progress for 0.3 s while it loaded sample 2",
  );
});

Deno.test("a collate of holes takes a stream's samples, and draws no others", async () => {
  assertEquals(
    await numbers(new Uneven(), {
      numWorkers: 2,
      collate: collate.skipNulls<number>(),
    }),
    [[0], [10], [11]],
  );
  const holes = new DataLoader(new FaultyStream("endless"), {
    collate: {
      call: (_: unknown, { draw, generator }: BatchContext) =>
        draw(generator(0)),
    },
  });
  await assertRejects(() => holes.first(), Error, "samples have no index");
});

Deno.test("ChainDataset gives one dataset after another, in workers too", async () => {
  const chain = () => new ChainDataset([new Uneven(), new Uneven()]);
  assertEquals(await numbers(chain(), { batchSize: 2 }), [[0, 0]]);
  assertEquals(
    (await numbers(chain(), { numWorkers: 2 })).flat(),
    [0, 10, 0, 11, 10, 11],
  );
  assertEquals(chain().length, undefined);
  const counted = new ChainDataset([new Stream(2), new Stream(3)]);
  assertEquals(counted.length, 5);
  assertEquals(await firsts(new DataLoader(counted)), [
    [0],
    [1],
    [0],
    [1],
    [2],
  ]);
  const wrong: unknown[] = [new Noise(2)];
  assertThrows(
    () => Reflect.construct(ChainDataset, [wrong]),
    TypeError,
    "Cannot use a Noise as dataset 0 of a ChainDataset: expected an",
  );
});
