import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { FashionMNIST } from "../../../datasets/mnist/fashion_mnist.ts";
import { KMNIST } from "../../../datasets/mnist/kmnist.ts";
import { MNIST, openSplit } from "../../../datasets/mnist/mnist.ts";
import { SyntheticDigits } from "../../../datasets/synthetic/digits.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { Add, Look } from "../_transforms.ts";
import { gzip, idx } from "../_idx.ts";
import {
  file,
  md5,
  namesIn,
  serve,
  someBytes,
  temporaryFolder,
  whole,
} from "../_server.ts";

/** The official files, on machines that have them beside the project. */
const OFFICIAL = new URL("../../../../shared/data/mnist/", import.meta.url);

/** A test that needs the official files, ignored by name where there are none. */
function officialTest(name: string, fn: () => Promise<void>): void {
  let missing = false;
  try {
    Deno.statSync(OFFICIAL);
  } catch {
    missing = true;
  }
  const reason = missing ? " (../shared/data/mnist is missing)" : "";
  Deno.test({ name: name + reason, ignore: missing, fn });
}

/** Serves the official files, and says what it was asked for. */
function serveOfficial(): ReturnType<typeof serve> {
  return serve(async (request) => {
    const name = new URL(request.url).pathname.slice(1);
    return file(request, await Deno.readFile(new URL(name, OFFICIAL)));
  });
}

const QUIET = { progress: false } as const;

officialTest("MNIST.open() reads the training files", async () => {
  using folder = temporaryFolder();
  await using server = serveOfficial();
  const options = { ...QUIET, root: folder.path, mirrors: [server.url] };
  const train = await MNIST.open(options);
  assertEquals(train.length, 60_000);
  assertEquals([...train.labels.subarray(0, 5)], [5, 0, 4, 1, 9]);
  // mean 0.1307 of 47,040,000 pixels
  const sum = train.pixels.reduce((sum, pixel) => sum + pixel, 0);
  assertEquals((sum / train.pixels.length / 255).toFixed(4), "0.1307");
  const counts = new Array<number>(10).fill(0);
  for (const label of train.labels) counts[label]!++;
  assertEquals(
    counts,
    [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
  );
  assertInstanceOf(train.pixels.buffer, SharedArrayBuffer);
  assertInstanceOf(train.labels.buffer, SharedArrayBuffer);

  // once more, from the cache: nobody is asked
  const asked = server.requests.length;
  assertEquals((await MNIST.open(options)).length, 60_000);
  assertEquals(
    (await MNIST.open({ ...options, download: false })).length,
    60_000,
  );
  assertEquals(server.requests.length, asked);
  assertEquals(namesIn(`${folder.path}/MNIST/raw`), [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
  ]);
});

officialTest("MNIST.open() reads the test files", async () => {
  using folder = temporaryFolder();
  await using server = serveOfficial();
  const mirrors = [server.url.slice(0, -1)]; // without a slash at the end
  const options = { ...QUIET, root: folder.path, mirrors, train: false };
  const test = await MNIST.open(options);
  assertEquals(test.length, 10_000);
  assertEquals([...test.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
  assertEquals(server.requests, [
    "/t10k-images-idx3-ubyte.gz",
    "/t10k-labels-idx1-ubyte.gz",
  ]);
  assertEquals(
    test.toString(),
    "Dataset MNIST\n" +
      "    Number of datapoints: 10000\n" +
      "    Split: test\n" +
      "    Sample: uint8 [1, 28, 28], label 0 to 9\n" +
      "    Classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n" +
      `    Location: ${folder.path}/MNIST/raw`,
  );
});

/** A folder of datasets, MNIST's training files in it being these. */
async function folderWith(
  images: Uint8Array<ArrayBuffer>,
  labels: Uint8Array<ArrayBuffer>,
): Promise<ReturnType<typeof temporaryFolder>> {
  const folder = temporaryFolder();
  const raw = `${folder.path}/MNIST/raw`;
  Deno.mkdirSync(raw, { recursive: true });
  const write = Deno.writeFile;
  await write(`${raw}/train-images-idx3-ubyte.gz`, await gzip(images));
  await write(`${raw}/train-labels-idx1-ubyte.gz`, await gzip(labels));
  return folder;
}

/** MNIST of the first four drawn digits, in files of MNIST's form. */
async function openFixture(): Promise<MNIST> {
  const { images, labels } = new SyntheticDigits({ length: 4 });
  using folder = await folderWith(
    idx(2051, [4, 28, 28], new Uint8Array(images.data)),
    idx(2049, [4], [...labels]),
  );
  return await MNIST.open({ root: folder.path, download: false });
}

Deno.test("MNIST.get() is the image and the label", async () => {
  const digits = new SyntheticDigits({ length: 4 });
  const mnist = await openFixture();
  assertEquals(mnist.length, 4);
  for (let index = 0; index < 4; index++) {
    const [image, label] = mnist.get(index);
    assertEquals(image.shape, [1, 28, 28]);
    assertEquals(image.dtype, "uint8");
    assertEquals([image, label], digits.get(index));
  }
});

Deno.test("MNIST.get() is a copy: changing it leaves the dataset alone", async () => {
  const mnist = await openFixture();
  mnist.get(0)[0].data.fill(77);
  assert(!mnist.get(0)[0].data.includes(77));
});

Deno.test("MNIST.getBatch() is what get() gives, put together", async () => {
  const mnist = await openFixture();
  const indices = [3, 0, 0, 2];
  const [images, labels] = mnist.getBatch(indices)!;
  assertEquals(images.shape, [4, 1, 28, 28]);
  assertEquals([images.dtype, labels.dtype], ["uint8", "int32"]);
  indices.forEach((index, i) => {
    const [image, label] = mnist.get(index);
    assertEquals(images.data.slice(784 * i, 784 * (i + 1)), image.data);
    assertEquals(labels.data[i], label);
  });
  const [none] = mnist.getBatch([])!;
  assertEquals(none.shape, [0, 1, 28, 28]);
});

Deno.test("MNIST.getBatch() fills the memory that a loader lends", async () => {
  const mnist = await openFixture();
  const lent = new HostArray(new Uint8Array(784).fill(9), [1, 1, 28, 28]);
  const [images] = mnist.getBatch([2], {
    empty: (shape, dtype) =>
      dtype === "uint8" ? lent : new HostArray(new Int32Array(1), shape, dtype),
  })!;
  assert(images === lent);
  assertEquals(lent.data, mnist.get(2)[0].data);
});

Deno.test("MNIST names the index it does not have, and its length", async () => {
  const mnist = await openFixture();
  for (const index of [-5, 4, 0.5, NaN]) {
    const message = `Cannot load sample ${index}: MNIST has samples 0 to 3`;
    assertThrows(() => mnist.get(index), RangeError, message);
    assertThrows(() => mnist.getBatch([0, index]), RangeError, message);
  }
});

Deno.test("MNIST gives all of its images and labels", async () => {
  const mnist = await openFixture();
  assertEquals(mnist.images.shape, [4, 28, 28]);
  assertEquals(mnist.targets.shape, [4]);
  assertEquals(mnist.targets.dtype, "int32");
  const [images, labels] = mnist.resident()!;
  assertEquals(images.shape, [4, 1, 28, 28]);
  assertEquals([images.data, labels.data], [mnist.pixels, mnist.labels]);
});

Deno.test("MNIST shows itself on the console as toString() says", async () => {
  const mnist = await openFixture();
  assertEquals(Deno.inspect(mnist), mnist.toString());
});

Deno.test("MNIST works without its constructor, as in a worker", async () => {
  const mnist = await openFixture();
  const rebuilt: MNIST = Object.assign(Object.create(MNIST.prototype), mnist);
  assertEquals(rebuilt.get(1), mnist.get(1));
  assertEquals(rebuilt.getBatch([1, 2]), mnist.getBatch([1, 2]));
  assertEquals(rebuilt.toString(), mnist.toString());
});

Deno.test("MNIST.open() refuses files that do not fit together", async () => {
  const cases: [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, string][] = [
    [
      idx(2051, [2, 28, 28], new Uint8Array(2 * 784)),
      idx(2049, [3], [1, 2, 3]),
      'Cannot open MNIST: "train-images-idx3-ubyte.gz" has 2 images and ' +
      '"train-labels-idx1-ubyte.gz" 3 labels',
    ],
    [
      idx(2051, [1, 32, 32], new Uint8Array(1024)),
      idx(2049, [1], [1]),
      'Cannot read "train-images-idx3-ubyte.gz": expected images of 28x28, ' +
      "got 32x32",
    ],
    [
      idx(2051, [2, 28, 28], new Uint8Array(2 * 784)),
      idx(2049, [2], [9, 10]),
      'Cannot read "train-labels-idx1-ubyte.gz": label 1 is 10, expected 0 to 9',
    ],
    [
      idx(2051, [2, 28, 28], new Uint8Array(2 * 784)),
      idx(2051, [2, 28, 28], new Uint8Array(2 * 784)),
      'Cannot read "train-labels-idx1-ubyte.gz": expected magic 2049, got 2051 ' +
      "(is this an image file?)",
    ],
  ];
  for (const [images, labels, message] of cases) {
    using folder = await folderWith(images, labels);
    const open = () => MNIST.open({ root: folder.path, download: false });
    const error = await assertRejects(open, SyntaxError);
    assertEquals(error.message, message);
  }
});

Deno.test("MNIST.open() names the file that is missing", async () => {
  using folder = temporaryFolder();
  const error = await assertRejects(
    () => MNIST.open({ root: folder.path, download: false }),
    Deno.errors.NotFound,
  );
  assertEquals(
    error.message,
    `Cannot open MNIST: no file "${folder.path}/MNIST/raw/train-images-idx3-` +
      `ubyte.gz", and the option download is false`,
  );
});

Deno.test("MNIST.open() takes no other file for its own", async () => {
  using folder = temporaryFolder();
  await using server = serve(() => whole(new Uint8Array(9912422)));
  const options = { ...QUIET, root: folder.path, mirrors: [server.url] };
  const error = await assertRejects(() => MNIST.open(options));
  assertInstanceOf(error, Error);
  assertStringIncludes(
    error.message,
    "expected md5 f68b3c2dcbeaaa9fbdd348bbdeb94873, got ",
  );
});

for (const type of [FashionMNIST, KMNIST]) {
  const { name, classes, files } = type.source;

  Deno.test(`${name} has its own sums and classes`, () => {
    const sums = (source: typeof MNIST.source) =>
      [...source.files.train, ...source.files.test].map(({ md5 }) => md5);
    assertEquals(
      new Set([...sums(type.source), ...sums(MNIST.source)]).size,
      8,
    );
    assertEquals(new Set(classes).size, 10);
    assertEquals(type.name, name);
    assertEquals(
      files.train.map(({ file }) => file),
      MNIST.source.files.train.map(({ file }) => file),
    );
  });

  Deno.test(`${name}.open() asks for its own folder and is of its class`, async () => {
    using folder = await folderWith(
      idx(2051, [1, 28, 28], new Uint8Array(784)),
      idx(2049, [1], [3]),
    );
    Deno.renameSync(`${folder.path}/MNIST`, `${folder.path}/${name}`);
    const dataset = await type.open({ root: folder.path, download: false });
    assertInstanceOf(dataset, type);
    assertEquals(dataset.classes, classes);
    assertEquals(dataset.toString().split("\n")[0], `Dataset ${name}`);
    assert(type.url !== MNIST.url);
  });
}

Deno.test("openSplit() reads a dataset of MNIST's form from anywhere", async () => {
  using folder = temporaryFolder();
  const images = await gzip(idx(2051, [1, 28, 28], new Uint8Array(784)));
  const labels = await gzip(idx(2049, [1], [0]));
  await using server = serve((request) =>
    file(request, request.url.endsWith("images") ? images : labels)
  );
  const split = [
    { file: "images", sizeBytes: images.length, md5: md5(images) },
    { file: "labels", sizeBytes: labels.length, md5: md5(labels) },
  ] as const;
  const source = {
    name: "Blank",
    mirrors: [server.url],
    classes: ["nothing"],
    files: { train: split, test: split },
  };
  const opened = await openSplit(source, { ...QUIET, root: folder.path });
  assertEquals(new MNIST(opened).get(0)[1], 0);
});

Deno.test("MNIST gives transforms an image of one channel", async () => {
  using folder = await folderWith(
    idx(2051, [2, 28, 28], someBytes(2 * 784)),
    idx(2049, [2], [3, 5]),
  );
  const options = { root: folder.path, download: false } as const;
  const plain = await MNIST.open(options);
  const mnist = await MNIST.open({
    ...options,
    transform: new Look(),
    targetTransform: new Add(10),
  });
  const [seen, label] = mnist.get(1);
  const { data } = plain.get(1)[0];
  const sum = [...data].reduce((sum, byte) => sum + byte, 0);
  assertEquals([...seen.data], [28, 28, 1, data[0], sum]);
  assertEquals(label, 15);
  assertEquals(mnist.getBatch([0]), undefined);
  assertEquals(mnist.resident(), undefined);
  assertStringIncludes(
    mnist.toString(),
    "\n    StandardTransform\nTransform: ",
  );
});
