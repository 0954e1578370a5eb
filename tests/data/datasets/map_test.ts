import { assertEquals, assertRejects } from "@std/assert";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { filter, map } from "../../../src/data/datasets/map.ts";
import { Generator } from "../../../src/tensor/generator.ts";
import { Faulty, Jitter, Noise } from "../fixtures.ts";

Deno.test("map() changes samples as they are loaded, in workers too", async () => {
  const run = (numWorkers: number) =>
    Array.fromAsync(
      new DataLoader(map(new Noise(10), new Jitter()), {
        batchSize: 4,
        seed: 2,
        numWorkers,
      }).host(),
    );
  const batches = await run(0);
  // what the transform draws comes after what the sample drew
  const generator = Generator.ofSample(2, 0, 0);
  const [x] = await new Noise(10).get(0, generator);
  assertEquals(batches[0]?.[0].data.slice(0, 3), x.data);
  assertEquals(batches[0]?.[1].data[0], Math.fround(generator.random()));
  assertEquals(await run(2), batches);
});

Deno.test("map() keeps length and names, and takes functions without workers", async () => {
  const doubled = map(new Faulty("nothing", -1), (x) => Promise.resolve(2 * x));
  assertEquals(doubled.length, 40);
  assertEquals(doubled.sampleName(3), "file3.jpg");
  assertEquals(await doubled.get(3, new Generator(0)), 6);
  const loader = new DataLoader(doubled, { numWorkers: 1 });
  await assertRejects(
    () => loader.host().next(),
    TypeError,
    "Cannot send MapDataset.transform to a worker: a function can't be sent",
  );
});

Deno.test("filter() is the part that is wanted", async () => {
  const even = await filter(new Faulty("nothing", -1), (x) => x % 8 === 0);
  assertEquals([...even.indices], [0, 8, 16, 24, 32]);
  const none = await filter(new Noise(3), async ([_, square], index) => {
    await Promise.resolve();
    return square !== index ** 2;
  });
  assertEquals(none.length, 0);
});
