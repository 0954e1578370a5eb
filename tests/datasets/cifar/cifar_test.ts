import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { CIFAR10 } from "../../../datasets/cifar/cifar10.ts";
import { CIFAR100 } from "../../../datasets/cifar/cifar100.ts";
import { type CIFARSource, openCIFAR } from "../../../datasets/cifar/files.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { type TarEntry, tarGz } from "../_archives.ts";
import {
  file,
  md5,
  namesIn,
  serve,
  type Served,
  someBytes,
  temporaryFolder,
  whole,
} from "../_server.ts";
import { Add, Look } from "../_transforms.ts";

/** A record: labels, then 3072 bytes. */
function record(
  labels: readonly number[],
  seed: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(labels.length + 3072);
  bytes.set(labels);
  bytes.set(someBytes(3072, seed), labels.length);
  return bytes;
}

function join(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** CIFAR-10 in small: two files of two images, and a test file of one. */
const TEN: TarEntry[] = [
  { name: "small-bin/", type: "directory" },
  { name: "small-bin/batches.meta.txt", body: "plane\ncar\nbird\n\n" },
  { name: "small-bin/one.bin", body: join([record([2], 1), record([0], 2)]) },
  { name: "small-bin/two.bin", body: join([record([1], 3), record([1], 4)]) },
  { name: "small-bin/test.bin", body: record([2], 5) },
  { name: "small-bin/readme.html", body: "<html>" },
];

/** CIFAR-100 in small: one image in each split. */
const HUNDRED: TarEntry[] = [
  { name: "small-bin/coarse.txt", body: "fish\nfood\n" },
  { name: "small-bin/fine.txt", body: "apple\r\nray\r\nshark\r\n" },
  { name: "small-bin/one.bin", body: record([0, 2], 1) },
  { name: "small-bin/test.bin", body: record([1, 0], 2) },
];

/** A source of a small archive, and a server that has it. */
async function offer(
  entries: TarEntry[],
  more: Partial<CIFARSource> = {},
): Promise<{ source: CIFARSource; server: Served }> {
  const bytes = await tarGz(entries);
  const server = serve((request) => file(request, bytes));
  const source: CIFARSource = {
    name: "Small",
    mirrors: [server.url],
    archive: { file: "s.tar.gz", sizeBytes: bytes.length, md5: md5(bytes) },
    folder: "small-bin",
    classFiles: ["batches.meta.txt"],
    train: [{ file: "one.bin", images: 2 }, { file: "two.bin", images: 2 }],
    test: [{ file: "test.bin", images: 1 }],
    ...more,
  };
  return { source, server };
}

const KINDS = {
  classFiles: ["coarse.txt", "fine.txt"],
  train: [{ file: "one.bin", images: 1 }],
};

/** The small CIFAR-10, opened. */
async function openTen(): Promise<CIFAR10> {
  using folder = temporaryFolder();
  const { source, server } = await offer(TEN);
  await using _server = server;
  const options = { root: folder.path, progress: false } as const;
  return new CIFAR10(await openCIFAR(source, options));
}

Deno.test("CIFAR10 is downloaded, unpacked and read, once", async () => {
  using folder = temporaryFolder();
  const { source, server } = await offer(TEN);
  await using _server = server;
  const options = { root: folder.path, progress: false } as const;
  const train = new CIFAR10(await openCIFAR(source, options));
  assertEquals(train.length, 4);
  assertEquals([...train.labels], [2, 0, 1, 1]);
  assertEquals(train.classes, ["plane", "car", "bird"]);
  assertEquals(train.classToIdx, { plane: 0, car: 1, bird: 2 });
  assertInstanceOf(train.pixels.buffer, SharedArrayBuffer);
  assertInstanceOf(train.labels.buffer, SharedArrayBuffer);
  const [image, label] = train.get(2);
  assertEquals(image.shape, [3, 32, 32]);
  assertEquals(image.data, someBytes(3072, 3));
  assertEquals(label, 1);

  const test = new CIFAR10(
    await openCIFAR(source, { ...options, train: false, download: false }),
  );
  assertEquals([test.length, ...test.labels], [1, 2]);
  assertEquals(server.requests, ["/s.tar.gz"]);
  assertEquals(namesIn(folder.path), ["s.tar.gz", "small-bin"]);
  assertEquals(
    test.toString(),
    `Dataset Small
    Number of datapoints: 1
    Root location: ${folder.path}
    Split: Test`,
  );
  assertEquals(Deno.inspect(test), test.toString());
});

Deno.test("CIFAR100 has labels of two kinds", async () => {
  using folder = temporaryFolder();
  const { source, server } = await offer(HUNDRED, KINDS);
  await using _server = server;
  const options = { root: folder.path, progress: false } as const;
  const train = new CIFAR100(await openCIFAR(source, options));
  assertEquals([...train.labels, ...train.coarseLabels], [2, 0]);
  assertEquals(train.classes, ["apple", "ray", "shark"]);
  assertEquals(train.coarseClasses, ["fish", "food"]);
  assertEquals(train.get(0)[0].data, someBytes(3072, 1));
});

Deno.test("CIFAR10 and CIFAR100 have the official sums and sizes", () => {
  for (const type of [CIFAR10, CIFAR100]) {
    const { train, test, archive, name } = type.source;
    const count = (files: typeof train) =>
      files.reduce((sum, { images }) => sum + images, 0);
    assertEquals([count(train), count(test)], [50_000, 10_000]);
    assertEquals(archive.md5.length, 32);
    assertEquals(type.name, name);
  }
  assert(CIFAR10.url !== CIFAR100.url);
});

Deno.test("CIFAR10.open() takes no other archive for its own", async () => {
  using folder = temporaryFolder();
  await using server = serve(() => whole(someBytes(10)));
  const options = { root: folder.path, mirrors: [server.url], progress: false };
  const size = await assertRejects(() => CIFAR10.open(options));
  assertInstanceOf(size, Error);
  assertStringIncludes(size.message, "has 10 bytes, expected 170052171");

  const { source, server: other } = await offer(TEN);
  await using _other = other;
  const archive = { ...source.archive, md5: CIFAR10.source.archive.md5 };
  const sum = await assertRejects(() =>
    openCIFAR({ ...source, archive }, { root: folder.path, progress: false })
  );
  assertInstanceOf(sum, Error);
  assertStringIncludes(
    sum.message,
    "expected md5 c32a1d4ab5d03f1284b67883e8d87530, got ",
  );
  assert(namesIn(folder.path).every((name) => name.endsWith(".lock")));
});

Deno.test("CIFAR10 is unpacked once by two that open it at once", async () => {
  using folder = temporaryFolder();
  const { source, server } = await offer(TEN);
  await using _server = server;
  const options = { root: folder.path, progress: false } as const;
  const numbers: (number | null)[] = [];
  const open = async (train: boolean) => {
    const { pixels } = await openCIFAR(source, { ...options, train });
    numbers.push((await Deno.stat(`${folder.path}/small-bin`)).ino);
    return pixels.length / 3072;
  };
  const all = [open(true), open(false), open(true), open(false)];
  assertEquals(await Promise.all(all), [4, 1, 4, 1]);
  numbers.push((await Deno.stat(`${folder.path}/small-bin`)).ino);
  assertEquals(new Set(numbers).size, 1); // the same folder all the time
  assertEquals(namesIn(folder.path), ["s.tar.gz", "small-bin"]);
});

Deno.test("CIFAR10 is unpacked again where a file is missing or cut off", async () => {
  using folder = temporaryFolder();
  const { source, server } = await offer(TEN);
  await using _server = server;
  const options = { root: folder.path, progress: false } as const;
  await openCIFAR(source, options);
  await Deno.remove(`${folder.path}/small-bin/two.bin`);
  await Deno.truncate(`${folder.path}/small-bin/one.bin`, 100);
  const missing = await assertRejects(
    () => openCIFAR(source, { ...options, download: false }),
    SyntaxError,
  );
  assertEquals(
    missing.message,
    'Cannot read "one.bin": expected 2 records of 3073 bytes, 6146 in all, ' +
      "got 100",
  );
  const { pixels } = await openCIFAR(source, options);
  assertEquals(pixels.length, 4 * 3072);
  assertEquals(server.requests.length, 1); // the archive was still there
});

Deno.test("CIFAR10 says so when an archive with the right sum can't be unpacked", async () => {
  using folder = temporaryFolder();
  const bytes = someBytes(500);
  await using server = serve((request) => file(request, bytes));
  const { source, server: other } = await offer(TEN);
  await other[Symbol.asyncDispose]();
  const archive = { file: "s.tar.gz", sizeBytes: 500, md5: md5(bytes) };
  const broken = { ...source, archive, mirrors: [server.url] };
  const error = await assertRejects(
    () => openCIFAR(broken, { root: folder.path, progress: false }),
    SyntaxError,
  );
  assertStringIncludes(error.message, 's.tar.gz": it is damaged, cut off or');
});

Deno.test("CIFAR10.open() names the file that is missing", async () => {
  using folder = temporaryFolder();
  const error = await assertRejects(
    () => CIFAR10.open({ root: folder.path, download: false }),
    Deno.errors.NotFound,
  );
  assertEquals(
    error.message,
    `Cannot open CIFAR10: no file "${folder.path}/cifar-10-batches-bin/` +
      `batches.meta.txt" (with the option download the archive is fetched and ` +
      `unpacked)`,
  );
});

Deno.test("CIFAR10 refuses labels that are no class", async () => {
  using folder = temporaryFolder();
  const entries = TEN.map((entry) =>
    entry.name.endsWith("two.bin")
      ? { ...entry, body: join([record([1], 3), record([3], 4)]) }
      : entry
  );
  const { source, server } = await offer(entries);
  await using _server = server;
  const error = await assertRejects(
    () => openCIFAR(source, { root: folder.path, progress: false }),
    SyntaxError,
  );
  assertEquals(
    error.message,
    'Cannot read "two.bin": a label of image 1 is 3, expected 0 to 2',
  );
});

Deno.test("CIFAR10 names the index it does not have", async () => {
  const ten = await openTen();
  for (const index of [-5, 4, 0.5]) {
    assertThrows(
      () => ten.get(index),
      RangeError,
      `Cannot load sample ${index}: Small has samples 0 to 3`,
    );
  }
});

Deno.test("CIFAR10.getBatch() is what get() gives, put together", async () => {
  const ten = await openTen();
  const [images, labels] = ten.getBatch([3, 0])!;
  assertEquals(images.shape, [2, 3, 32, 32]);
  assertEquals(images.data.slice(3072), ten.get(0)[0].data);
  assertEquals(labels.data, Int32Array.of(1, 2));
  const [all] = ten.resident()!;
  assert(all.data === ten.pixels);
  assertEquals(all.shape, ten.images.shape);
});

Deno.test("CIFAR10 gives transforms an image, its channels side by side", async () => {
  using folder = temporaryFolder();
  const { source, server } = await offer(TEN);
  await using _server = server;
  const split = await openCIFAR(source, {
    root: folder.path,
    progress: false,
  });
  const ten = new CIFAR10(split, {
    transform: new Look(),
    targetTransform: new Add(7),
  });
  const planes = someBytes(3072, 1);
  const sum = planes.reduce((sum, byte) => sum + byte, 0);
  const first = [planes[0]!, planes[1024]!, planes[2048]!];
  const [seen, label] = ten.get(0);
  assertEquals([...seen.data], [32, 32, 3, ...first, sum]);
  assertEquals(label, 9);
  assertEquals(ten.getBatch([0]), undefined);
  assertEquals(ten.resident(), undefined);
  assertStringIncludes(
    ten.toString(),
    `    Split: Train
    StandardTransform
Transform: Look(
               first=True
           )
Target transform: Add(7)`,
  );
});

Deno.test("CIFAR10 with a target's transform alone keeps its arrays", async () => {
  using folder = temporaryFolder();
  const { source, server } = await offer(TEN);
  await using _server = server;
  const split = await openCIFAR(source, {
    root: folder.path,
    progress: false,
  });
  const ten = new CIFAR10(split, { targetTransform: new Add(1) });
  const [image, label] = ten.get(0);
  assertInstanceOf(image, HostArray);
  assertEquals(label, 3);
});

for (const numWorkers of [0, 2]) {
  Deno.test(`CIFAR10 comes through a loader with ${numWorkers} workers, transformed or not`, async () => {
    using folder = temporaryFolder();
    const { source, server } = await offer(TEN);
    await using _server = server;
    const split = await openCIFAR(source, {
      root: folder.path,
      progress: false,
    });
    const options = { batchSize: 3, numWorkers };
    const plain = new DataLoader(new CIFAR10(split), options);
    const seen: number[] = [];
    for await (const [images, labels] of plain.host()) {
      assertEquals(images.shape.slice(1), [3, 32, 32]);
      seen.push(...labels.data);
    }
    assertEquals(seen, [2, 0, 1, 1]);

    const transforms = { transform: new Look(), targetTransform: new Add(1) };
    const ten = new CIFAR10(split, transforms);
    const rows: number[][] = [];
    for await (const [images, labels] of new DataLoader(ten, options).host()) {
      rows.push([...images.shape, ...labels.data]);
    }
    assertEquals(rows, [[3, 7, 3, 1, 2], [1, 7, 2]]);
  });
}
