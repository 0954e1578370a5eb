/**
 * Images and transforms in the loader: batches of images, where a transform is
 * done, and that the random numbers do not depend on it.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";

import { collate } from "../../src/data/collate/collate.ts";
import { skipBroken } from "../../src/data/collate/nulls.ts";
import type { Collated } from "../../src/data/collate/batch.ts";
import { ImageBatch } from "../../src/data/images/image_batch.ts";
import { DataLoader } from "../../src/data/loader/loader.ts";
import { TensorDataset } from "../../src/data/datasets/tensor.ts";
import {
  type AdapterClass,
  overrideAdapterClass,
} from "../../src/gpu/device.ts";
import { streamCounts } from "../../src/gpu/stream.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Image } from "../../src/vision/image.ts";
import * as T from "../../src/vision/transforms/mod.ts";
import { Holes, picture, Pictures, PictureStream } from "./_pictures.ts";

const AUGMENT = T.compose([
  T.randomResizedCrop(12),
  T.randomHorizontalFlip(),
  T.randomApply([T.colorJitter({ brightness: 0.4, contrast: 0.4, hue: 0.1 })]),
  T.toFloat(),
  T.normalize(T.IMAGENET),
]);

/** The first items and the labels of an epoch's batches. */
async function epochOf(
  loader: AsyncIterable<readonly [Tensor, Tensor]>,
): Promise<{ images: number[][]; labels: number[] }> {
  const images: number[][] = [];
  const labels: number[] = [];
  for await (const [x, y] of loader) {
    images.push([...await x.data()]);
    labels.push(...await y.data());
  }
  return { images, labels };
}

async function withKernelsOf<R>(
  kind: AdapterClass,
  body: () => Promise<R>,
): Promise<R> {
  overrideAdapterClass(kind);
  try {
    return await body();
  } finally {
    overrideAdapterClass(undefined);
  }
}

/** The share of values that differ by more than half a level. */
function shareOff(got: readonly number[], want: readonly number[]): number {
  assertEquals(got.length, want.length);
  const level = 1 / 255 / 0.225;
  const off = got.filter((value, i) => Math.abs(value - want[i]!) > level / 2);
  return off.length / got.length;
}

const OPTIONS = { batchSize: 4, shuffle: true, seed: 11 };

for (const kind of ["cpu", "gpu"] as const) {
  Deno.test(`DataLoader gives the same augmented bits with 0, 1, 3 and 8 workers (${kind} kernels)`, async () => {
    await withKernelsOf(kind, async () => {
      const dataset = new Pictures(22);
      const options = { ...OPTIONS, transform: AUGMENT };
      const want = await epochOf(new DataLoader(dataset, options));
      assertEquals(want.images.length, 6);
      assertEquals(new Set(want.labels).size, 22);
      for (const numWorkers of [1, 3, 8]) {
        const loader = new DataLoader(dataset, { ...options, numWorkers });
        assertEquals(await epochOf(loader), want);
      }
    });
  });

  Deno.test(`DataLoader goes on with the same augmented bits after resume (${kind} kernels)`, async () => {
    await withKernelsOf(kind, async () => {
      const dataset = new Pictures(22);
      const options = { ...OPTIONS, transform: AUGMENT, numWorkers: 2 };
      const whole = new DataLoader(dataset, options);
      await epochOf(whole);
      const second = await epochOf(whole); // other random numbers each epoch

      const stopped = new DataLoader(dataset, options);
      for await (const _ of stopped) { /* the first epoch */ }
      let batches = 0;
      for await (const _ of stopped) if (++batches === 2) break;
      const resumed = new DataLoader(dataset, { ...options, numWorkers: 0 });
      resumed.resume(JSON.parse(JSON.stringify(stopped.state())));
      const rest = await epochOf(resumed);
      assertEquals(rest.images, second.images.slice(2));
    });
  });

  Deno.test(`DataLoader transforms as the dataset would (${kind} kernels)`, async () => {
    await withKernelsOf(kind, async () => {
      const late = new DataLoader(new Pictures(10), {
        ...OPTIONS,
        transform: AUGMENT,
      });
      const early = new DataLoader(
        new Pictures(10, undefined, AUGMENT),
        OPTIONS,
      );
      const [got, want] = [await epochOf(late), await epochOf(early)];
      assertEquals(got.labels, want.labels);
      for (const [i, images] of got.images.entries()) {
        assert(shareOff(images, want.images[i]!) < 0.03);
      }
    });
  });
}

Deno.test("DataLoader.host() has the whole transform done with the samples", async () => {
  const options = { ...OPTIONS, transform: AUGMENT, numWorkers: 1 };
  const loader = new DataLoader(new Pictures(5), options);
  const { images } = await epochOf(loader);
  const again = new DataLoader(new Pictures(5), options);
  let batches = 0;
  for await (const [x] of again.host()) {
    const array = x as unknown as HostArray; // floats are arrays
    assertEquals(array.shape.slice(1), [3, 12, 12]);
    assert(shareOff([...array.data], images[batches++]!) < 0.03);
  }
  assertEquals(batches, 2);
});

Deno.test("DataLoader makes of images of one size a view [N, C, H, W]", async () => {
  for (const numWorkers of [0, 2]) {
    const loader = new DataLoader(new Pictures(6, 8), {
      batchSize: 3,
      numWorkers,
    });
    const batches: number[][] = [];
    for await (const [x] of loader) {
      assertEquals([x.dtype, x.shape], ["uint8", [3, 3, 8, 8]]);
      assertEquals(x.layout.strides, [192, 1, 24, 3]); // of [N, H, W, C]
      batches.push([...await x.data()]);
    }
    const third = picture(4, 8).data;
    const red = [...third].filter((_, i) => i % 3 === 0);
    assertEquals(batches[1]!.slice(192, 256), red); // sample 4, channel 0
  }
});

Deno.test("collate() stacks images and says how they differ", async () => {
  const batch = collate([picture(0, 4), picture(1, 4)]);
  assert(batch instanceof ImageBatch);
  assertEquals(batch.shape, [2, 3, 4, 4]);
  assertEquals(batch.toHostArray().data[16], picture(0, 4).data[1]); // green
  const loader = new DataLoader(new Pictures(4), { batchSize: 4 });
  await assertRejects(
    () => Array.fromAsync(loader),
    Error,
    "Cannot stack samples 0 and 1 at [0]: images of 24 x 20 and 25 x 21 " +
      "pixels must have one size; resize or crop them, with T.resize([h, w])",
  );
  const grey = new Image(new Uint8Array(16), 4, 4, 1);
  await assertRejects(
    async () => await Promise.resolve(collate([picture(0, 4), grey])),
    TypeError,
    "images of 3 and 1 channels must have as many",
  );
});

Deno.test("DataLoader says which images a transform leaves in two sizes", async () => {
  for (const numWorkers of [0, 1]) {
    for (const kind of ["cpu", "gpu"] as const) {
      await withKernelsOf(kind, async () => {
        const loader = new DataLoader(new Pictures(4), {
          batchSize: 4,
          numWorkers,
          transform: T.compose([T.resize(10), T.toFloat()]),
        });
        await assertRejects(
          () => Array.fromAsync(loader),
          Error,
          "Cannot stack samples 0 and 1 at [0]: images of 12 x 10 and 11 x 10",
        );
      });
    }
  }
});

Deno.test("DataLoader names the sample that a transform refuses", async () => {
  for (const numWorkers of [0, 1]) {
    const loader = new DataLoader(new Pictures(9), {
      numWorkers,
      transform: T.randomCrop([22, 24]),
    });
    await assertRejects(
      () => Array.fromAsync(loader),
      Error,
      'Cannot load sample 0 ("picture-0.jpg")' +
        (numWorkers === 0 ? ": " : " in DataLoader worker 0: ") +
        "Cannot crop 22 x 24 out of an image of 20 x 24",
    );
  }
});

Deno.test("DataLoader transforms what its collates leave or replace", async () => {
  const transform = T.compose([T.centerCrop(10), T.toFloat()]);
  const count = async (
    loader: AsyncIterable<Collated<[Image, number]> | readonly Tensor[]>,
  ): Promise<number> => {
    let images = 0;
    for await (const [x] of loader as AsyncIterable<[Tensor, Tensor]>) {
      assertEquals(x.shape.slice(1), [3, 10, 10]);
      images += x.shape[0]!;
    }
    return images;
  };
  const options = { batchSize: 5, transform, seed: 1 };
  for (const numWorkers of [0, 2]) {
    const skipping = new DataLoader(new Holes(), {
      ...options,
      numWorkers,
      collate: collate.skipNulls<[Image, number]>(),
    });
    assertEquals(await count(skipping), 6);
    const replacing = new DataLoader(new Holes(), {
      ...options,
      numWorkers,
      collate: collate.replaceNulls<[Image, number]>(),
    });
    assertEquals(await count(replacing), 9);
  }
  // what a transform refuses is no sample that can't be read
  const broken = new DataLoader(new Pictures(5), {
    batchSize: 5,
    transform: T.compose([T.randomCrop([23, 24]), T.toFloat()]),
    collate: skipBroken<[T.HostImage, number]>(),
  });
  await assertRejects(
    () => Array.fromAsync(broken),
    Error,
    "Cannot crop 23 x 24 out of an image of 20 x 24",
  );
});

Deno.test("A collate of the user's gets images after the whole transform", async () => {
  const seen: unknown[] = [];
  const loader = new DataLoader(new Pictures(2), {
    batchSize: 2,
    transform: T.compose([T.centerCrop(4), T.toFloat()]),
    collate: (samples) => {
      seen.push(...samples.map(([image]) => image));
      return collate(samples.map(([, label]) => label));
    },
  });
  await Array.fromAsync(loader);
  assertEquals(seen.map((each) => each instanceof HostArray), [true, true]);
});

/** Digits in memory: getBatch gives them, and they could stay on the GPU. */
function digits(): TensorDataset<[HostArray, HostArray]> {
  const bytes = new Uint8Array(12 * 64).map((_, i) => i * 7);
  return new TensorDataset(
    new HostArray(bytes, [12, 1, 8, 8]),
    new HostArray(Int32Array.from({ length: 12 }, (_, i) => i)),
  );
}

Deno.test("DataLoader augments batches of getBatch and of rows on the GPU", async () => {
  const transform = T.compose([
    T.randomCrop(8, { padding: 2 }),
    T.randomHorizontalFlip(),
    T.toFloat(),
    T.normalize([0.5], [0.25]),
  ]);
  assert(transform.isLate("late"));
  const options = { ...OPTIONS, transform };
  const want = await epochOf(
    new DataLoader(digits(), {
      ...options,
      collate: (samples) => collate(samples),
    }),
  );
  for (const rest of [{}, { numWorkers: 2 }, { resident: true }]) {
    const got = await withKernelsOf(
      "gpu",
      () => epochOf(new DataLoader(digits(), { ...options, ...rest })),
    );
    assertEquals(got.labels, want.labels);
    for (const [i, images] of got.images.entries()) {
      images.forEach((value, at) =>
        assert(Math.abs(value - want.images[i]![at]!) < 1e-5)
      );
    }
  }
  const before = streamCounts().dispatches;
  await withKernelsOf(
    "gpu",
    () => new DataLoader(digits(), options).first(),
  );
  assertEquals(streamCounts().dispatches - before, 1); // all of it
});

Deno.test("DataLoader does on the host what has no batch kernel", async () => {
  const transform = T.compose([T.gaussianBlur(3), T.toFloat()]);
  assertEquals(transform.isLate("late"), false);
  const loader = new DataLoader(digits(), { batchSize: 12, transform });
  const [x] = await loader.first();
  assertEquals([x.dtype, x.shape], ["float32", [12, 1, 8, 8]]);
  await assertRejects(
    () =>
      Array.fromAsync(new DataLoader(digits(), { transform, resident: true })),
    TypeError,
    "a step of the transform runs on the host",
  );
});

Deno.test("DataLoader transforms arrays of floats with their samples", async () => {
  const floats = new TensorDataset(
    new HostArray(Float32Array.of(1, 2, 3, 4), [2, 1, 1, 2]),
  );
  const transform = T.normalize([1], [2]);
  const [x] = await new DataLoader(floats, { batchSize: 2, transform }).first();
  assertEquals(await x.toArray(), [[[[0, 0.5]]], [[[1, 1.5]]]]);
});

Deno.test("DataLoader calls functions with the image and its generator", async () => {
  const draws: number[] = [];
  const transform = (image: Image, generator: Generator): Image => {
    draws.push(generator.random());
    return image;
  };
  const loader = new DataLoader(new Pictures(2, 4), { transform, seed: 3 });
  await Array.fromAsync(loader);
  const want = [0, 1].map((i) => Generator.ofSample(3, 0, i).random());
  assertEquals(draws, want);
  const sent = new DataLoader(new Pictures(2, 4), { transform, numWorkers: 1 });
  await assertRejects(
    () => Array.fromAsync(sent),
    TypeError,
    "Cannot send transform to a worker: a function can't be sent",
  );
});

Deno.test("DataLoader transforms the images of a stream", async () => {
  for (const numWorkers of [0, 1]) {
    const loader = new DataLoader(new PictureStream(), {
      batchSize: 3,
      numWorkers,
      seed: 2,
      transform: AUGMENT,
    });
    const shapes: (readonly number[])[] = [];
    for await (const x of loader) shapes.push(x.shape);
    assertEquals(shapes, [[3, 3, 12, 12], [3, 3, 12, 12]]);
  }
});
