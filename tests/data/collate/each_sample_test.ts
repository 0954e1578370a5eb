/**
 * Tests of loaders with `batchSize: null`: samples as they are.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeData } from "../../../datasets/synthetic/fake_data.ts";
import { BatchSampler } from "../../../src/data/samplers/batch.ts";
import { collate } from "../../../src/data/collate/collate.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { replaceBroken, skipBroken } from "../../../src/data/collate/nulls.ts";
import { SequentialSampler } from "../../../src/data/samplers/sampler.ts";
import { TensorDataset } from "../../../src/data/datasets/tensor.ts";
import { WeightedRandomSampler } from "../../../src/data/samplers/weighted_random.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { Image } from "../../../src/vision/image.ts";
import * as T from "../../../src/vision/transforms/mod.ts";
import {
  Batches,
  Holes,
  Mixture,
  Noise,
  PairHoles,
  Stream,
  Summary,
  Twice,
} from "../fixtures.ts";

const WORKERS = [0, 2];

for (const numWorkers of WORKERS) {
  const common = { batchSize: null, numWorkers, seed: 7 } as const;

  Deno.test(`DataLoader of batchSize null gives samples as they are, with ${numWorkers} workers`, async () => {
    const loader = new DataLoader(new Noise(5), common);
    assertEquals(loader.length, 5);
    const seen: number[] = [];
    for await (const [x, square, { name }] of loader) {
      assert(x instanceof Tensor);
      assertEquals([x.shape, x.dtype], [[3], "float32"]);
      const [index] = await x.data();
      assertEquals([square, name], [index! ** 2, `sample ${index}`]);
      seen.push(square);
    }
    assertEquals(seen, [0, 1, 4, 9, 16]);
    // the same random numbers as in batches
    const [batch] = await Array.fromAsync(
      new DataLoader(new Noise(5), { batchSize: 5, seed: 7 }).host(),
    );
    const rows = await Array.fromAsync(loader.host());
    loader.resume({ ...loader.state(), epoch: 0, batches: 0 });
    const again = await Array.fromAsync(loader.host());
    assertEquals(
      again.flatMap(([x]) => [...x.data]),
      [...batch![0].data],
    );
    assertEquals(rows.length, 5);
    const [first] = await new DataLoader(new Noise(5), common).first();
    assertEquals(first.shape, [3]);
  });

  Deno.test(`DataLoader of batchSize null keeps shuffle, samplers and places, with ${numWorkers} workers`, async () => {
    const shuffled = (batchSize: 1 | null) => {
      const options = { shuffle: true, seed: 3, numWorkers };
      return batchSize === null
        ? new DataLoader(new Batches(9), { ...options, batchSize })
        : new DataLoader(new Batches(9), { ...options, batchSize });
    };
    const order: number[] = [];
    for await (const [, label] of shuffled(null).host()) {
      assertEquals(typeof label, "number");
      order.push(Number(label));
    }
    const inBatches: number[] = [];
    for await (const [, labels] of shuffled(1).host()) {
      inBatches.push(...Object(labels).data);
    }
    assertEquals(order, inBatches);

    const make = () =>
      new DataLoader(new Batches(9), { ...common, shuffle: true });
    const whole = await Array.fromAsync(make().host());
    const broken = make();
    const seen: unknown[] = [];
    for await (const sample of broken.host()) {
      if (seen.push(sample) === 4) break;
    }
    const later = make();
    later.resume(JSON.parse(JSON.stringify(broken.state())));
    assertEquals([...seen, ...await Array.fromAsync(later.host())], whole);

    for (
      const sampler of [
        [4, 4, 0],
        new WeightedRandomSampler([0, 1, 0], { numSamples: 3 }),
      ]
    ) {
      const loader = new DataLoader(new Batches(9), { ...common, sampler });
      assertEquals(loader.length, 3);
      const labels: number[] = [];
      for await (const [, label] of loader) labels.push(label);
      assertEquals(labels, Array.isArray(sampler) ? sampler : [1, 1, 1]);
    }
  });

  Deno.test(`DataLoader of batchSize null reads streams, with ${numWorkers} workers`, async () => {
    const loader = new DataLoader(new Stream(5), common);
    assertEquals(loader.length, 5);
    const seen: number[] = [];
    for await (const [i, x] of loader) {
      assertEquals(x.shape, [2]);
      seen.push(i);
    }
    assertEquals(seen, [0, 1, 2, 3, 4]); // of two workers in turn
    const broken = new DataLoader(new Stream(5), common);
    for await (const [i] of broken.host()) if (i === 2) break;
    const later = new DataLoader(new Stream(5), common);
    later.resume(broken.state());
    const rest = await Array.fromAsync(later.host());
    assertEquals(rest.map(([i]) => i), [3, 4]);
  });

  Deno.test(`DataLoader of batchSize null calls a collate with each sample, with ${numWorkers} workers`, async () => {
    const loader = new DataLoader(new Batches(4), {
      ...common,
      sampler: [3, 1],
      collate: new Summary(),
    });
    const rows: number[][] = [];
    for await (const row of loader) rows.push(row);
    assertEquals(rows, [[3, 3, 3], [1, 1, 1]]);
    assertEquals(await Array.fromAsync(loader.host()), rows);
  });

  Deno.test(`DataLoader of batchSize null leaves out and replaces samples, with ${numWorkers} workers`, async () => {
    const nulls = new DataLoader(new Holes(6), common);
    const whole = await Array.fromAsync(nulls.host());
    assertEquals(whole.map((pair) => pair && pair[0]), [
      null,
      1,
      2,
      null,
      4,
      5,
    ]);
    for (const dataset of [new Holes(6), new PairHoles(6)]) {
      const loader = new DataLoader(dataset, {
        ...common,
        collate: collate.skipNulls(),
        transform: new Twice(),
      });
      const indices: unknown[] = [];
      for await (const pair of loader) indices.push(pair?.[0]);
      assertEquals(indices, [2, 4, 8, 10]);
    }
    const skipping = new DataLoader(new Holes(11, true), {
      ...common,
      collate: skipBroken(),
    });
    const kept = await Array.fromAsync(skipping.host());
    assertEquals(kept.map((pair) => pair?.[0]), [1, 2, 4, 7, 8]);
    const replacing = new DataLoader(new Holes(11, true), {
      ...common,
      collate: replaceBroken(),
    });
    const replaced = await Array.fromAsync(replacing.host());
    assertEquals(replaced.length, 11);
    assert(replaced.every((pair) => pair && pair[0] % 3 && pair[0] % 5));
  });

  Deno.test(`DataLoader of batchSize null keeps images and transforms them, with ${numWorkers} workers`, async () => {
    const fake = new FakeData({ size: 3, imageSize: [3, 4, 6] });
    for await (const [image, label] of new DataLoader(fake, common)) {
      assert(image instanceof Image);
      assertEquals([image.height, image.width, typeof label], [4, 6, "number"]);
    }
    const transform = T.compose([T.resize([2, 2]), T.toFloat()]);
    const options = { ...common, transform };
    for await (const [image] of new DataLoader(fake, options)) {
      const x: unknown = image; // what a transform makes is not in the type
      assert(x instanceof Tensor);
      assertEquals([x.shape, x.dtype], [[3, 2, 2], "float32"]);
    }
  });

  Deno.test(`DataLoader of batchSize null keeps what is no array, with ${numWorkers} workers`, async () => {
    const loader = new DataLoader(new Mixture(), common);
    const [host] = await Array.fromAsync(loader.host());
    assertEquals(host, new Mixture().get());
    assert(host!.bare instanceof Float32Array);
    for await (const { bare, precise, when, flag, big, none } of loader) {
      assertEquals(await bare.toArray(), [1, 2]);
      assertEquals(precise, Float64Array.of(0.1));
      assertEquals([when, flag, big, none], [
        new Date(0),
        true,
        2n ** 70n,
        null,
      ]);
    }
  });
}

Deno.test("DataLoader of batchSize null takes a function, rows on the GPU and a batchTransform", async () => {
  const labels = await Array.fromAsync(
    new DataLoader(new Batches(3), {
      batchSize: null,
      collate: ([, label]) => 10 * label,
    }),
  );
  assertEquals(labels, [0, 10, 20]);
  const rows = new TensorDataset(tensor([[1, 2], [3, 4]]));
  const loader = new DataLoader(rows, {
    batchSize: null,
    batchTransform: (x) => x.mul(2),
  });
  const seen: unknown[] = [];
  for await (const [x] of loader) seen.push(await x.toArray());
  assertEquals(seen, [[2, 4], [6, 8]]);
  await assertRejects(
    async () => {
      const noTensor = { batchSize: null, batchTransform: (x: Tensor) => x };
      for await (const _ of new DataLoader(new Holes(3), noTensor as never));
    },
    TypeError,
    "Cannot apply batchTransform to the first item of a batch",
  );
});

Deno.test("DataLoader of batchSize null refuses what is about batches", () => {
  const make = (options: object) => () =>
    new DataLoader(new Noise(4), { ...options, batchSize: null } as never);
  const cases: [object, string][] = [
    [{ dropLast: true }, "Cannot use dropLast with batchSize null"],
    [
      { batchSampler: new BatchSampler(new SequentialSampler(4), 2) },
      "Cannot use batchSampler with batchSize null",
    ],
    [{ resident: true }, "Cannot use resident with batchSize null"],
    [{ shuffle: true, sampler: [1] }, "Cannot use both sampler and shuffle"],
    [{ collate }, "Cannot use a function as collate with batchSize null"],
    [{ collate: collate.padded() }, "Cannot use a Padded as collate"],
    [
      { collate: collate.skipNulls(collate) },
      "Cannot use a SkipNulls as collate with batchSize null: expected a " +
      "function of one sample, or a collate that leaves out or replaces",
    ],
    [
      { collate: collate.skipNulls },
      "Cannot use the factory collate.skipNulls as collate",
    ],
    [{ persistentWorkers: true }, "without workers"],
  ];
  for (const [options, message] of cases) {
    assertThrows(make(options), TypeError, message);
  }
  assertThrows(
    () =>
      new DataLoader(
        new Stream(4),
        { batchSize: null, dropLast: true } as never,
      ),
    TypeError,
    "Cannot use dropLast with batchSize null",
  );
  make({ dropLast: false, resident: "auto", collate: undefined })();
  for (const batchSize of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => new DataLoader(new Noise(4), { batchSize }),
      RangeError,
      "as a batch size: expected a positive integer",
    );
  }
});

Deno.test("DataLoader of batchSize null says that a sample is undefined", async () => {
  const dataset = { length: 2, get: () => undefined };
  const loader = new DataLoader(dataset, { batchSize: null });
  await assertRejects(
    async () => await Array.fromAsync(loader.host()),
    Error,
    "got undefined as a sample: give null, or leave it out",
  );
});
