import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { DatasetFolder } from "../../../datasets/folders/dataset_folder.ts";
import { skipBroken } from "../../../src/data/collate/nulls.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { temporaryFolder } from "../_server.ts";
import { Add, ReadText } from "../_transforms.ts";

type Folder = ReturnType<typeof temporaryFolder>;

/** A folder with these files; each holds its own path. */
function folderWith(...files: string[]): Folder {
  const folder = temporaryFolder();
  for (const file of files) {
    const path = `${folder.path}/${file}`;
    Deno.mkdirSync(path.replace(/\/[^/]*$/, ""), { recursive: true });
    if (!file.endsWith("/")) Deno.writeTextFileSync(path, file);
  }
  return folder;
}

const TEXT = { extensions: [".txt"] } as const;
const read = new ReadText();

/** Paths below the folder, and targets. */
function samplesOf(
  dataset: DatasetFolder<string, unknown, unknown>,
): [string, number][] {
  return dataset.samples.map(([path, target]) => [
    path.slice(dataset.root.length + 1),
    target,
  ]);
}

Deno.test("DatasetFolder lists classes and files in torchvision's order", () => {
  using folder = folderWith(
    "b/2.txt",
    "b/10.txt",
    "a/z/1.TXT", // after those of a/z-1 and a/z.d: "-" and "." come before "/"
    "a/z/y/1.txt",
    "a/z-1/1.txt",
    "a/z.d/1.txt",
    "a/9.txt",
    "a/no.jpg",
    "Z/é.txt",
    "Z/e.txt",
    "Z/\u{1f600}.txt", // above all of the Basic Multilingual Plane
    "Z/\uff5e.txt",
    "loose.txt",
  );
  const dataset = new DatasetFolder(folder.path, read, TEXT);
  assertEquals(dataset.classes, ["Z", "a", "b"]);
  assertEquals(dataset.classToIdx, { Z: 0, a: 1, b: 2 });
  assertEquals(samplesOf(dataset), [
    ["Z/e.txt", 0],
    ["Z/é.txt", 0],
    ["Z/\uff5e.txt", 0],
    ["Z/\u{1f600}.txt", 0],
    ["a/9.txt", 1],
    ["a/z/1.TXT", 1],
    ["a/z-1/1.txt", 1],
    ["a/z.d/1.txt", 1],
    ["a/z/y/1.txt", 1],
    ["b/10.txt", 2],
    ["b/2.txt", 2],
  ]);
  assertEquals([...dataset.targets], [0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2]);
  assertEquals(dataset.length, 11);
});

Deno.test("DatasetFolder follows links, but not in circles", () => {
  using folder = folderWith("a/1.txt", "a/sub/2.txt");
  using other = folderWith("far/3.txt");
  Deno.symlinkSync(`${other.path}/far`, `${folder.path}/b`);
  Deno.symlinkSync("1.txt", `${folder.path}/a/same.txt`);
  Deno.symlinkSync("itself", `${folder.path}/a/itself`);
  const dataset = new DatasetFolder(folder.path, read, TEXT);
  assertEquals(samplesOf(dataset), [
    ["a/1.txt", 0],
    ["a/same.txt", 0],
    ["a/sub/2.txt", 0],
    ["b/3.txt", 1],
  ]);
  Deno.symlinkSync("..", `${folder.path}/a/sub/up`);
  assertThrows(
    () => new DatasetFolder(folder.path, read, TEXT),
    RangeError,
    `Cannot list "${folder.path}/a/sub/up": it is a link to a folder around it`,
  );
});

Deno.test("DatasetFolder.get() is what the loader reads, and the class", async () => {
  using folder = folderWith("a/1.txt", "b/1.txt");
  const dataset = new DatasetFolder(folder.path, read, TEXT);
  assertEquals(await dataset.get(1), ["b/1.txt", 1]);
  assertEquals(dataset.sampleName(1), `${folder.path}/b/1.txt`);
  const upper = new DatasetFolder(folder.path, read, {
    ...TEXT,
    transform: (text: string) => text.toUpperCase(),
    targetTransform: new Add(10),
  });
  assertEquals(await upper.get(0), ["A/1.TXT", 10]);
  for (const index of [-3, 2, 0.5]) {
    assertThrows(
      () => dataset.get(index),
      RangeError,
      `Cannot load sample ${index}: DatasetFolder has samples 0 to 1`,
    );
  }
});

Deno.test("DatasetFolder takes a URL, a loader that is a function, and isValidFile", async () => {
  using folder = folderWith("a/1.txt", "a/2.txt");
  const dataset = new DatasetFolder(
    new URL(`file://${folder.path}`),
    (path: string) => path.length,
    { isValidFile: (path) => path.endsWith("2.txt") },
  );
  assertEquals(dataset.length, 1);
  assertEquals(await dataset.get(0), [`${folder.path}/a/2.txt`.length, 0]);
});

Deno.test("DatasetFolder has a joint transform or separate ones", async () => {
  using folder = folderWith("a/1.txt");
  const joint = new DatasetFolder(folder.path, read, {
    ...TEXT,
    transforms: ([text, target]: [string, number]): [number, string] => [
      target,
      text,
    ],
  });
  assertEquals(await joint.get(0), [0, "a/1.txt"]);
  assertThrows(
    () =>
      new DatasetFolder(folder.path, read, {
        ...TEXT,
        transforms: (pair) => pair,
        targetTransform: new Add(1),
      }),
    TypeError,
    "with transforms and targetTransform: expected a joint transform or " +
      "separate ones, not both",
  );
});

Deno.test("DatasetFolder prints what torchvision prints", () => {
  using folder = folderWith("a/1.txt");
  const plain = new DatasetFolder(folder.path, read, TEXT);
  const head = `Dataset DatasetFolder
    Number of datapoints: 1
    Root location: ${folder.path}`;
  assertEquals(Deno.inspect(plain), head);
  const transform = { toString: () => "A(\n    b\n)", call: () => 1 };
  const added = new DatasetFolder(folder.path, read, {
    ...TEXT,
    transform,
    targetTransform: new Add(1),
  });
  assertEquals(
    added.toString(),
    `${head}
    StandardTransform
Transform: A(
               b
           )
Target transform: Add(1)`,
  );
  const transforms = {
    toString: () => "Together()",
    call: (pair: [string, number]) => pair,
  };
  const joint = new DatasetFolder(folder.path, read, { ...TEXT, transforms });
  assertEquals(joint.toString(), `${head}\n    Together()`);
});

Deno.test("DatasetFolder refuses classes without a file, unless they may be empty", () => {
  using folder = folderWith("a/1.txt", "b/", "c/1.jpg");
  assertThrows(
    () => new DatasetFolder(folder.path, read, TEXT),
    Deno.errors.NotFound,
    `Cannot find files of classes b, c in "${folder.path}": expected names ` +
      `that end in .txt`,
  );
  assertThrows(
    () =>
      new DatasetFolder(folder.path, read, { isValidFile: (p) => /a/.test(p) }),
    Deno.errors.NotFound,
    "expected files that isValidFile takes",
  );
  const empty = new DatasetFolder(folder.path, read, {
    ...TEXT,
    allowEmpty: true,
  });
  assertEquals(empty.classes, ["a", "b", "c"]);
  assertEquals(empty.length, 1);
});

Deno.test("DatasetFolder names the folder that is missing, a file, flat or shut", () => {
  using folder = folderWith("loose.txt", "shut/a/1.txt");
  const make = (path: string) => () => new DatasetFolder(path, read, TEXT);
  assertThrows(
    make(`${folder.path}/none`),
    Deno.errors.NotFound,
    `Cannot list "${folder.path}/none": there is no such folder`,
  );
  assertThrows(
    make(`${folder.path}/loose.txt`),
    Deno.errors.NotADirectory,
    `Cannot list "${folder.path}/loose.txt": it is a file, expected a folder`,
  );
  assertThrows(
    make(`${folder.path}/shut/a`),
    Deno.errors.NotFound,
    `Cannot find classes in "${folder.path}/shut/a": expected a folder for ` +
      "each class, got none",
  );
});

Deno.test({
  name: "DatasetFolder names the folder that may not be read",
  ignore: Deno.uid() === 0 || Deno.build.os === "windows", // root may all
  fn: () => {
    using folder = folderWith("a/1.txt", "b/shut/1.txt");
    Deno.chmodSync(`${folder.path}/b/shut`, 0);
    try {
      assertThrows(
        () => new DatasetFolder(folder.path, read, TEXT),
        Deno.errors.PermissionDenied,
        `Cannot list "${folder.path}/b/shut": the operating system denies it`,
      );
    } finally {
      Deno.chmodSync(`${folder.path}/b/shut`, 0o755);
    }
  },
});

Deno.test({
  name: "DatasetFolder says what to run again with where Deno may not read",
  permissions: { read: false },
  fn: () =>
    void assertThrows(
      () => new DatasetFolder("some/folder", read, TEXT),
      Deno.errors.NotCapable,
      'Cannot list "some/folder": no permission (run again with --allow-read',
    ),
});

Deno.test("DatasetFolder wants extensions or isValidFile, and not both", () => {
  using folder = folderWith("a/1.txt");
  assertThrows(
    () => new DatasetFolder(folder.path, read, {}),
    TypeError,
    "with neither extensions nor isValidFile: expected one of them",
  );
  assertThrows(
    () =>
      new DatasetFolder(folder.path, read, { ...TEXT, isValidFile: Boolean }),
    TypeError,
    "with both extensions and isValidFile: expected one of them",
  );
});

for (const numWorkers of [0, 2]) {
  const where = numWorkers === 0 ? "" : " in DataLoader worker ";

  Deno.test(`DatasetFolder comes through a loader with ${numWorkers} workers`, async () => {
    using folder = folderWith("a/1.txt", "a/2.txt", "b/1.txt");
    const dataset = new DatasetFolder(folder.path, read, {
      ...TEXT,
      targetTransform: new Add(5),
    });
    const batches: unknown[] = [];
    const loader = new DataLoader(dataset, { batchSize: 2, numWorkers });
    for await (const [texts, targets] of loader.host()) {
      batches.push([texts, [...targets.data]]);
    }
    assertEquals(batches, [
      [["a/1.txt", "a/2.txt"], [5, 5]],
      [["b/1.txt"], [6]],
    ]);
  });

  Deno.test(`DatasetFolder names a file that is removed during an epoch, with ${numWorkers} workers`, async () => {
    const names = Array.from({ length: 40 }, (_, i) => `a/${100 + i}.txt`);
    using folder = folderWith(...names);
    const dataset = new DatasetFolder(folder.path, read, TEXT);
    const options = {
      batchSize: 1,
      numWorkers,
      ...(numWorkers > 0 ? { prefetchFactor: 1 } : {}),
    };
    const gone = `${folder.path}/a/131.txt`;
    const error = await assertRejects(async () => {
      let batches = 0;
      for await (const _ of new DataLoader(dataset, options).host()) {
        if (++batches === 2) Deno.removeSync(gone);
      }
    });
    assertStringIncludes(
      String(error),
      `Cannot load sample 31 ("${gone}")${where}`,
    );
    // and goes on without it where that is asked for
    const left: string[] = [];
    const collate = skipBroken<[string, number]>();
    const skipping = new DataLoader(dataset, { ...options, collate });
    for await (const [texts] of skipping.host()) left.push(...texts);
    assertEquals(left, names.filter((name) => name !== "a/131.txt"));
  });
}
