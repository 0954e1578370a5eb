/**
 * What a loader does to whole batches on the GPU.
 *
 * @module
 */

import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";

import { Dataset } from "../../../src/data/datasets/dataset.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { TensorDataset } from "../../../src/data/datasets/tensor.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { tensor, zeros } from "../../../src/tensor/create.ts";
import * as T from "../../../src/vision/transforms/mod.ts";

/** Twelve images of one row, 0 to 3. */
const rows = new TensorDataset(
  new HostArray(
    Uint8Array.from({ length: 12 * 4 }, (_, i) => i % 4),
    [12, 1, 1, 4],
  ),
);

/** Which batches of an epoch were mirrored, from batch `from` on. */
async function mirrored(epochs: number, from = 0): Promise<string> {
  const loader = new DataLoader(rows, {
    batchSize: 2,
    seed: 5,
    batchTransform: T.randomHorizontalFlip(),
  });
  if (from > 0) loader.resume({ ...loader.state(), batches: from });
  let seen = "";
  for (let epoch = 0; epoch < epochs; epoch++) {
    for await (const [images] of loader) {
      seen += Number((await images.data())[0] === 3);
    }
  }
  return seen;
}

Deno.test("batchTransform draws by seed, epoch and batch, also after a resume", async () => {
  const twice = await mirrored(2);
  assertEquals(await mirrored(2), twice);
  assertNotEquals(twice.slice(0, 6), twice.slice(6));
  assertEquals(await mirrored(1, 4), twice.slice(4, 6));
});

Deno.test("batchTransform must make a tensor of the batch", async () => {
  const cases: [unknown, string][] = [
    [async (x: unknown) => await x, "got Promise"],
    [() => undefined, "got undefined"],
    [() => 5, "got number"],
  ];
  for (const [batchTransform, what] of cases) {
    const loader = new DataLoader(rows, {
      batchTransform: batchTransform as never, // as in a program without types
    });
    await assertRejects(
      () => loader.first(),
      TypeError,
      "Cannot use the result of batchTransform: expected a tensor, " +
        what,
    );
  }
});

Deno.test("DataLoader says what to do with samples on the GPU that are no images", async () => {
  const floats = new TensorDataset(zeros([4, 3, 8, 8]));
  const transform = T.normalize([0.5], [0.5]);
  await assertRejects(
    () => Promise.try(() => new DataLoader(floats, { transform }).first()),
    TypeError,
    "Cannot transform the samples of TensorDataset one by one: they are on " +
      "the GPU, and no uint8 images; use batchTransform in place of transform",
  );
  const [made] = await new DataLoader(floats, { batchTransform: transform })
    .first();
  assertEquals(await made.at(0, 0, 0, 0).item(), -1);
  const bytes = tensor(new HostArray(new Uint8Array(4), [4, 1, 1, 1]));
  const [kept] = await new DataLoader(new TensorDataset(bytes), {
    transform: T.compose([T.toFloat(), transform]),
  }).first();
  assertEquals(await kept.item(), -1);
});

class Nameless extends Dataset<number> {
  readonly length = 1;
  override get(): number {
    throw new Error("no more paper");
  }
  override sampleName(): string {
    throw new Error("no more names");
  }
}

Deno.test("an error of a sample that can't be named is the sample's own", async () => {
  await assertRejects(
    () => new DataLoader(new Nameless()).first(),
    Error,
    "Cannot load sample 0: no more paper",
  );
});
