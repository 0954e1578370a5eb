import { assert, assertEquals, assertThrows } from "@std/assert";
import { FakeData } from "../../../datasets/synthetic/fake_data.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { Add, Look } from "../_transforms.ts";

Deno.test("FakeData has torchvision's sizes when nothing is said", () => {
  const noise = new FakeData();
  assertEquals(noise.length, 1000);
  const [image, label] = noise.get(0);
  assertEquals([image.channels, image.height, image.width], [3, 224, 224]);
  assert(label >= 0 && label < 10);
});

Deno.test("FakeData depends on the index and randomOffset alone", () => {
  const options = { size: 20, imageSize: [1, 5, 7] } as const;
  const noise = new FakeData(options);
  assertEquals(noise.get(7), new FakeData({ ...options, size: 8 }).get(7));
  assert(noise.get(7)[0].data.join() !== noise.get(8)[0].data.join());
  const other = new FakeData({ ...options, randomOffset: 1 });
  assert(noise.get(7)[0].data.join() !== other.get(7)[0].data.join());
  for (const index of noise.targets.keys()) {
    assertEquals(noise.get(index)[1], noise.targets[index]);
  }
});

Deno.test("FakeData draws every byte and label equally often", () => {
  const noise = new FakeData({ size: 2000, imageSize: [3, 16, 16] });
  const counts = new Array<number>(10).fill(0);
  for (const target of noise.targets) counts[target]!++;
  // binomial(2000, 0.1): standard deviation 13.4
  assert(
    counts.every((count) => Math.abs(count - 200) < 5 * 13.4),
    `${counts}`,
  );
  let sum = 0;
  for (let index = 0; index < 50; index++) {
    for (const byte of noise.get(index)[0].data) sum += byte;
  }
  // uniform on 0 to 255: mean 127.5, deviation of the mean 73.9 / sqrt(38400)
  const mean = sum / (50 * 768);
  assert(Math.abs(mean - 127.5) < 5 * 73.9 / Math.sqrt(38_400), `${mean}`);
});

Deno.test("FakeData refuses sizes that are none, and the index it has not", () => {
  assertThrows(
    () => new FakeData({ size: 0 }),
    RangeError,
    "size must be a positive integer, got 0",
  );
  assertThrows(
    () => new FakeData({ imageSize: [3, 0, 8] }),
    RangeError,
    "height must be a positive integer, got 0",
  );
  const two = Number(2) as 3; // as from JavaScript
  assertThrows(
    () => new FakeData({ imageSize: [two, 8, 8] }),
    RangeError,
    "FakeData of 2 channels: expected 1, 3 or 4",
  );
  assertThrows(
    () => new FakeData({ size: 3 }).get(3),
    RangeError,
    "Cannot load sample 3: FakeData has samples 0 to 2",
  );
});

Deno.test("FakeData prints what torchvision prints", () => {
  const noise = new FakeData({ size: 3, targetTransform: new Add(1) });
  assertEquals(
    Deno.inspect(noise),
    `Dataset FakeData
    Number of datapoints: 3
    StandardTransform
Target transform: Add(1)`,
  );
});

for (const numWorkers of [0, 2]) {
  Deno.test(`FakeData comes through a loader with ${numWorkers} workers`, async () => {
    const noise = new FakeData({
      size: 7,
      imageSize: [3, 4, 4],
      transform: new Look(),
    });
    const loader = new DataLoader(noise, { batchSize: 4, numWorkers });
    const sums: number[] = [];
    const labels: number[] = [];
    for await (const [looks, targets] of loader.host()) {
      for (let at = 6; at < looks.data.length; at += 7) {
        sums.push(looks.data[at]!);
      }
      labels.push(...targets.data);
    }
    assertEquals(labels, [...noise.targets]);
    assertEquals(sums, Array.from(labels, (_, i) => noise.get(i)[0].data[6]!));
  });
}
