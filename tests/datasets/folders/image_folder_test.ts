import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ImageFolder } from "../../../datasets/folders/image_folder.ts";
import { replaceBroken, skipBroken } from "../../../src/data/collate/nulls.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import type { HostArray } from "../../../src/tensor/host_array.ts";
import { Generator } from "../../../src/tensor/generator.ts";
import { readImage } from "../../../src/vision/decode.ts";
import * as T from "../../../src/vision/transforms/mod.ts";
import { temporaryFolder } from "../_server.ts";
import { Add, Draw, Look, Together } from "../_transforms.ts";

const IMAGES = new URL("../fixtures/images/", import.meta.url);

/** A copy of the fixtures, with these files over or beside them. */
function copyWith(
  files: Readonly<Record<string, string>> = {},
): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder();
  for (const { name: group } of Deno.readDirSync(IMAGES)) {
    Deno.mkdirSync(`${folder.path}/${group}`);
    const from = new URL(`${group}/`, IMAGES);
    for (const { name } of Deno.readDirSync(from)) {
      Deno.copyFileSync(new URL(name, from), `${folder.path}/${group}/${name}`);
    }
  }
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, text);
  }
  return folder;
}

Deno.test("ImageFolder gives images and the numbers of their classes", async () => {
  const folder = new ImageFolder(IMAGES);
  assertEquals(folder.classes, ["cat", "dog"]);
  assertEquals(folder.classToIdx, { cat: 0, dog: 1 });
  assertEquals([...folder.targets], [0, 0, 1, 1, 1]);
  assertEquals(folder.imgs, folder.samples);
  const [image, target] = await folder.get(3);
  const path = new URL("dog/0001.jpg", IMAGES).pathname;
  assertEquals(folder.sampleName(3), path);
  assertEquals(image, await readImage(path));
  assertEquals([image.width, image.height, image.channels], [32, 32, 3]);
  assertEquals(target, 1);
});

Deno.test("ImageFolder prints what torchvision prints", () => {
  const folder = new ImageFolder(IMAGES, { transform: new Look() });
  assertEquals(
    folder.toString(),
    `Dataset ImageFolder
    Number of datapoints: 5
    Root location: ${IMAGES.pathname}
    StandardTransform
Transform: Look(
               first=True
           )`,
  );
});

Deno.test("ImageFolder takes torchvision's extensions, others if told so, or a judge", () => {
  using folder = copyWith({
    "cat/a.webp": "?",
    "cat/b.gif": "?",
    "cat/c": "?",
  });
  const targets = (options = {}) =>
    [...new ImageFolder(folder.path, options).targets].join("");
  assertEquals(targets(), "000111");
  assertEquals(targets({ extensions: [".JPG", ".gif"] }), "000111");
  assertEquals(targets({ extensions: [".jpg"] }), "00111");
  assertEquals(targets({ isValidFile: () => true }), "00000111");
  assertThrows(
    () => targets({ extensions: [".gif"], isValidFile: () => true }),
    TypeError,
    "with both extensions and isValidFile",
  );
});

Deno.test("ImageFolder refuses classes without an image, as torchvision does", () => {
  using folder = copyWith();
  Deno.mkdirSync(`${folder.path}/bird`);
  assertThrows(
    () => new ImageFolder(folder.path),
    Deno.errors.NotFound,
    `Cannot find files of class bird in "${folder.path}": expected names that ` +
      `end in .jpg, .jpeg, .png, `,
  );
});

Deno.test("ImageFolder reads with a loader of one's own", async () => {
  const folder = new ImageFolder(IMAGES, {
    loader: (path) => readImage(path, { mode: "gray" }),
  });
  assertEquals((await folder.get(0))[0].channels, 1);
});

Deno.test("ImageFolder has the sample's random numbers for its transforms", async () => {
  const folder = new ImageFolder(IMAGES, { transform: new Draw() });
  const generator = Generator.ofSample(5, 2, 1);
  const [drawn] = await folder.get(1, generator);
  assertEquals(drawn, Generator.ofSample(5, 2, 1).random());
  assertEquals(await folder.get(1), await folder.get(1));
});

for (const numWorkers of [0, 2]) {
  const with_ = `with ${numWorkers} workers`;

  Deno.test(`ImageFolder comes through a loader ${with_}, the same each way`, async () => {
    const folder = new ImageFolder(IMAGES, {
      transform: new Look(),
      targetTransform: new Add(3),
    });
    const loader = new DataLoader(folder, {
      batchSize: 2,
      numWorkers,
      shuffle: true,
      seed: 1,
    });
    const rows: number[][] = [];
    for await (const [looks, targets] of loader.host()) {
      for (let i = 0; i < targets.data.length; i++) {
        rows.push([targets.data[i]!, ...looks.data.slice(7 * i, 7 * i + 7)]);
      }
    }
    const expected: number[][] = [];
    for (let i = 0; i < folder.length; i++) {
      const [look, target] = await folder.get(i);
      expected.push([target, ...look.data]);
    }
    const sorted = (rows: number[][]) => rows.map(String).sort();
    assertEquals(sorted(rows), sorted(expected));
  });

  Deno.test(`ImageFolder's images become batches on the GPU ${with_}`, async () => {
    const folder = new ImageFolder(IMAGES);
    const options = { batchSize: 3, numWorkers };
    const [images, targets] = await new DataLoader(folder, options).first();
    assertEquals([images.shape, images.dtype], [[3, 3, 32, 32], "uint8"]);
    assertEquals([...await targets.data()], [0, 0, 1]);
    const [image] = await folder.get(2);
    const bytes = await images.select(0, 2).permute([1, 2, 0]).data();
    assertEquals(bytes, image.data);

    const transform = T.compose([T.centerCrop(8), T.toFloat()]);
    const cut = new DataLoader(folder, { ...options, transform });
    assertEquals((await cut.first())[0].shape, [3, 3, 8, 8]);
    const own = new DataLoader(new ImageFolder(IMAGES, { transform }), options);
    assertEquals(
      await (await own.first())[0].data(),
      await (await cut.first())[0].data(),
    );
  });

  Deno.test(`ImageFolder's joint transforms get image and target ${with_}`, async () => {
    const folder = new ImageFolder(IMAGES, { transforms: new Together() });
    const loader = new DataLoader(folder, { batchSize: 5, numWorkers });
    const [widths, targets] = await first(loader);
    assertEquals([...widths.data], [32, 32, 32, 32, 32]);
    assertEquals([...targets.data], [100, 100, 101, 101, 101]);
  });

  Deno.test(`ImageFolder names a broken image, or does without it, ${with_}`, async () => {
    using copy = copyWith({ "cat/0001.jpg": "", "dog/0003.jpg": "<html>" });
    const folder = new ImageFolder(copy.path, { transform: new Look() });
    const options = { batchSize: 3, numWorkers };
    const error = await assertRejects(async () => {
      for await (const _ of new DataLoader(folder, options).host());
    });
    assertStringIncludes(
      String(error),
      `Cannot load sample 1 ("${copy.path}/cat/0001.jpg")`,
    );
    assertStringIncludes(String(error), "JPEG data ends after 0 bytes");

    type Sample = [HostArray, number];
    const skipped = new DataLoader(folder, {
      ...options,
      collate: skipBroken<Sample>(),
    });
    const left: number[][] = [];
    for await (const [, targets] of skipped.host()) {
      left.push([...targets.data]);
    }
    assertEquals(left, [[0, 1], [1, 1]]);

    const replaced = new DataLoader(folder, {
      ...options,
      collate: replaceBroken<Sample>(),
    });
    const whole: number[] = [];
    for await (const [, targets] of replaced.host()) {
      whole.push(...targets.data);
    }
    assertEquals(whole.length, 6);
  });
}

/** The first host batch of a loader. */
async function first<Sample, Batch>(
  loader: DataLoader<Sample, Batch>,
): Promise<Batch> {
  for await (const batch of loader.host()) return batch;
  throw new Error("the loader has no batch");
}

Deno.test("ImageFolder says that a loader that is a function can't go to workers", async () => {
  const folder = new ImageFolder(IMAGES, { loader: (path) => readImage(path) });
  const loader = new DataLoader(folder, { numWorkers: 1 });
  const error = await assertRejects(async () => {
    for await (const _ of loader.host());
  }, TypeError);
  assertStringIncludes(
    error.message,
    "loader to a worker: a function can't be",
  );
});
