import { assertEquals, assertRejects } from "@std/assert";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { Faulty, FaultyStream, Noise } from "../fixtures.ts";

const reason = new Error("the user left");

/** Iterates to the error; fails if that takes longer than a busy machine needs. */
async function aborts(batches: AsyncIterable<unknown>): Promise<void> {
  const start = performance.now();
  const error = await assertRejects(() => Array.fromAsync(batches), Error);
  assertEquals(error, reason);
  assertEquals(performance.now() - start < 10_000, true);
}

Deno.test("DataLoader's signal ends an iteration that waits for a sample", async () => {
  for (const numWorkers of [0, 2]) {
    const datasets = [new Faulty("sleep", 3), new FaultyStream("wait")];
    for (const dataset of datasets) {
      const stop = new AbortController();
      const { signal } = stop;
      const timer = setTimeout(() => stop.abort(reason), 200);
      await aborts(new DataLoader(dataset, { numWorkers, signal }).host());
      clearTimeout(timer);
    }
  }
});

Deno.test("DataLoader's signal ends an iteration between batches", async () => {
  for (const numWorkers of [0, 2]) {
    const stop = new AbortController();
    const { signal } = stop;
    const loader = new DataLoader(new Noise(20), { numWorkers, signal });
    let given = 0;
    const error = await assertRejects(async () => {
      for await (const _ of loader.host()) {
        if (++given === 3) stop.abort(reason);
      }
    }, Error);
    assertEquals([error, given], [reason, 3]);
    assertEquals(loader.state().batches, 3);
  }
});

Deno.test("DataLoader's signal ends the workers of a loop that nobody goes on with", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  const loader = new DataLoader(new Noise(20), { numWorkers: 2, signal });
  const batches = loader.host();
  await batches.next();
  stop.abort(reason);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await assertRejects(() => batches.next(), Error, "the user left");
});

Deno.test("DataLoader starts no worker after its signal, and ends idle ones", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  const loader = new DataLoader(new Noise(4), {
    numWorkers: 1,
    persistentWorkers: true,
    signal,
  });
  await Array.fromAsync(loader.host());
  stop.abort(reason);
  await aborts(loader.host());
  await aborts(
    new DataLoader(new Noise(4), {
      batchTransform: (x) => x,
      signal,
    }),
  );
});
