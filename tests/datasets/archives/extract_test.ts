import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  extract,
  type ExtractOptions,
} from "../../../datasets/archives/extract.ts";
import { tar, type TarEntry, tarGz, zip } from "../_archives.ts";
import { gzip } from "../_idx.ts";
import { namesIn, someBytes, temporaryFolder } from "../_server.ts";

const TREE: TarEntry[] = [
  { name: "top/", type: "directory" },
  { name: "top/a.txt", body: "first" },
  { name: "top/deep/er/b.bin", body: someBytes(300_000) },
  { name: "top/empty", body: "" },
];

/** Every file below a folder, with its size. */
function filesIn(folder: string, under = ""): Record<string, number> {
  const files: Record<string, number> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(files, filesIn(path, `${under}${name}/`));
    else files[under + name] = Deno.statSync(path).size;
  }
  return files;
}

/** Unpacks bytes from a file of this name; says what was left behind. */
async function unpack(
  name: string,
  bytes: Uint8Array,
  options: ExtractOptions = {},
): Promise<{ files?: Record<string, number>; error?: Error; left: string[] }> {
  using folder = temporaryFolder();
  const archive = `${folder.path}/${name}`;
  await Deno.writeFile(archive, bytes);
  const target = `${folder.path}/target`;
  try {
    assertEquals(await extract(archive, target, options), target);
    return { files: filesIn(target), left: namesIn(folder.path) };
  } catch (error) {
    assert(error instanceof Error);
    return { error, left: namesIn(folder.path) };
  }
}

const TREE_FILES = {
  "top/a.txt": 5,
  "top/deep/er/b.bin": 300_000,
  "top/empty": 0,
};

for (
  const [name, make] of [
    ["a.tar", tar],
    ["a.tar.gz", tarGz],
    ["a.tgz", tarGz],
    ["a.TAR.GZ", tarGz],
  ] as const
) {
  Deno.test(`extract() unpacks ${name} and leaves nothing else`, async () => {
    const { files, left } = await unpack(name, await make(TREE));
    assertEquals(files, TREE_FILES);
    assertEquals(left, [name, "target"].sort());
  });
}

Deno.test("extract() unpacks a zip", async () => {
  const bytes = await zip([
    { name: "top/a.txt", body: "first" },
    { name: "b.txt", body: "second".repeat(10_000) },
  ]);
  const { files } = await unpack("a.zip", bytes);
  assertEquals(files, { "top/a.txt": 5, "b.txt": 60_000 });
});

Deno.test("extract() unpacks a gz into one file of its name", async () => {
  const { files } = await unpack("labels.csv.gz", await gzip(someBytes(777)));
  assertEquals(files, { "labels.csv": 777 });
});

Deno.test("extract() writes the bytes that the archive has", async () => {
  using folder = temporaryFolder();
  await Deno.writeFile(`${folder.path}/a.tar.gz`, await tarGz(TREE));
  const target = await extract(`${folder.path}/a.tar.gz`, `${folder.path}/t/u`);
  assertEquals(
    await Deno.readFile(`${target}/top/deep/er/b.bin`),
    someBytes(300_000),
  );
  assertEquals(await Deno.readTextFile(`${target}/top/a.txt`), "first");
});

Deno.test("extract() takes leading folders off with strip", async () => {
  const { files } = await unpack("a.tar", await tar(TREE), { strip: 1 });
  assertEquals(files, { "a.txt": 5, "deep/er/b.bin": 300_000, "empty": 0 });
});

Deno.test("extract() goes by the option format where the name says nothing", async () => {
  const { files } = await unpack("data", await tar(TREE), { format: "tar" });
  assertEquals(files, TREE_FILES);
  const { error } = await unpack("data.rar", await tar(TREE));
  assert(error instanceof TypeError);
  assertStringIncludes(error.message, "expected a name that ends in .tar, ");
});

Deno.test("extract() leaves a folder alone that is there, unless told to replace it", async () => {
  using folder = temporaryFolder();
  const [archive, target] = [`${folder.path}/a.tar`, `${folder.path}/target`];
  await Deno.writeFile(archive, await tar(TREE));
  await Deno.mkdir(target);
  await Deno.writeTextFile(`${target}/mine`, "");
  await extract(archive, target);
  assertEquals(namesIn(target), ["mine"]);
  await extract(archive, target, { replace: true });
  assertEquals(namesIn(target), ["top"]);
});

Deno.test("extract() keeps the folder that it can't replace", async () => {
  using folder = temporaryFolder();
  const [archive, target] = [`${folder.path}/a.tar`, `${folder.path}/target`];
  await Deno.writeFile(archive, new Uint8Array(100));
  await Deno.mkdir(target);
  await Deno.writeTextFile(`${target}/mine`, "");
  await assertRejects(
    () => extract(archive, target, { replace: true }),
    SyntaxError,
  );
  assertEquals(namesIn(target), ["mine"]);
});

Deno.test("extract() clears what an ended process left, and may run twice at once", async () => {
  using folder = temporaryFolder();
  const [archive, target] = [`${folder.path}/a.tar`, `${folder.path}/target`];
  await Deno.writeFile(archive, await tar(TREE));
  await Deno.mkdir(`${target}.part`);
  await Deno.writeTextFile(`${target}.part/old`, "");
  await Promise.all([extract(archive, target), extract(archive, target)]);
  assertEquals(filesIn(target), TREE_FILES);
  assertEquals(namesIn(folder.path), ["a.tar", "target"]);
});

Deno.test("extract() replaces a folder for two at once, one after the other", async () => {
  using folder = temporaryFolder();
  const [archive, target] = [`${folder.path}/a.tar`, `${folder.path}/target`];
  await Deno.writeFile(archive, await tar(TREE));
  const replaced = () => extract(archive, target, { replace: true });
  await Promise.all([replaced(), replaced(), replaced()]);
  assertEquals(filesIn(target), TREE_FILES);
  // who waits holds this very file, who comes new must find it
  assertEquals(namesIn(folder.path), ["a.tar", "target", "target.lock"]);
});

Deno.test("extract() makes links that stay inside, hard ones as copies", async () => {
  using folder = temporaryFolder();
  const [archive, target] = [`${folder.path}/a.tar`, `${folder.path}/target`];
  const entries: TarEntry[] = [
    { name: "early", type: "symlink", linkname: "top/a.txt" },
    ...TREE,
    { name: "top/deep/up", type: "symlink", linkname: "../a.txt" },
    { name: "same", type: "link", linkname: "top/a.txt" },
  ];
  await Deno.writeFile(archive, await tar(entries));
  await extract(archive, target);
  for (const name of ["early", "top/deep/up", "same"]) {
    assertEquals(await Deno.readTextFile(`${target}/${name}`), "first");
  }
  assert(Deno.lstatSync(`${target}/early`).isSymlink);
  assert(Deno.lstatSync(`${target}/same`).isFile);
  await Deno.writeTextFile(`${target}/same`, "other");
  assertEquals(await Deno.readTextFile(`${target}/top/a.txt`), "first");
});

const HOSTILE: Record<string, [TarEntry[], string]> = {
  "a path that leads out": [
    [{ name: "../evil", body: "x" }],
    'entry "../evil" is refused, its path has ".." in it',
  ],
  'a path with ".." in its middle': [
    [{ name: "top/../../evil", body: "x" }],
    'its path has ".." in it',
  ],
  "an absolute path": [
    [{ name: "/tmp/evil", body: "x" }],
    "its path is absolute",
  ],
  "a path with a drive": [
    [{ name: "C:/evil", body: "x" }],
    "its path is absolute",
  ],
  "a path of Windows": [
    [{ name: "..\\evil", body: "x" }],
    "its path has a backslash",
  ],
  "a folder that leads out": [
    [{ name: "../evil/", type: "directory" }],
    'its path has ".." in it',
  ],
  "a symbolic link that leads out": [
    [{ name: "up", type: "symlink", linkname: "../.." }],
    'its target "../.." leads out of the folder',
  ],
  "an absolute symbolic link": [
    [{ name: "etc", type: "symlink", linkname: "/etc" }],
    'its target "/etc" leads out of the folder',
  ],
  "a symbolic link that leads out through others": [
    [
      { name: "here/x", body: "" },
      { name: "b", type: "symlink", linkname: "here/.." },
      { name: "up", type: "symlink", linkname: "b/b/b/../../.." },
    ],
    "leads out of the folder",
  ],
  "a symbolic link to nothing": [
    [{ name: "dangling", type: "symlink", linkname: "nothing" }],
    'its target "nothing" leads nowhere',
  ],
  "a file written through a symbolic link": [
    [
      { name: "d", type: "symlink", linkname: "." },
      { name: "d/evil", body: "x" },
    ],
    'entry "d" is refused, another entry has the same path',
  ],
  "a hard link that leads out": [
    [{ name: "shadow", type: "link", linkname: "../../etc/passwd" }],
    'entry "shadow" is refused, its path has ".." in it',
  ],
  "an absolute hard link": [
    [{ name: "shadow", type: "link", linkname: "/etc/passwd" }],
    "its path is absolute",
  ],
  "a hard link to no file": [
    [{ name: "same", type: "link", linkname: "nothing" }],
    'its target "nothing" is no file before it',
  ],
  "a device": [
    [{ name: "null", type: "character-device" }],
    "it is no file, folder or link",
  ],
  "two files of one path": [
    [{ name: "a", body: "1" }, { name: "./a", body: "2" }],
    'entry "./a" is refused, another entry has the same path',
  ],
  "a file where a folder is": [
    [{ name: "a/b", body: "1" }, { name: "a", body: "2" }],
    'entry "a" is refused, another entry has the same path',
  ],
  "a folder where a file is": [
    [{ name: "a", body: "1" }, { name: "a/b", body: "2" }],
    'entry "a/b" is refused, another entry has the same path',
  ],
};

for (const [what, [entries, message]] of Object.entries(HOSTILE)) {
  Deno.test(`extract() refuses ${what} and leaves nothing`, async () => {
    const bytes = await tar([{ name: "good", body: "1" }, ...entries]);
    const { error, left } = await unpack("a.tar", bytes);
    assert(error instanceof SyntaxError, String(error));
    assertStringIncludes(error.message, message);
    assertEquals(left.filter((name) => !name.endsWith(".lock")), ["a.tar"]);
  });
}

Deno.test("extract() refuses the same in zips", async () => {
  const cases = [
    [{ name: "../evil", body: "x" }, 'its path has ".." in it'],
    [{ name: "/evil", body: "x" }, "its path is absolute"],
    [
      { name: "up", body: "../../etc", mode: 0o120777 },
      'its target "../../etc" leads out of the folder',
    ],
  ] as const;
  for (const [entry, message] of cases) {
    const { error, left } = await unpack("a.zip", await zip([entry]));
    assert(error instanceof SyntaxError, String(error));
    assertStringIncludes(error.message, message);
    assertEquals(left.filter((name) => !name.endsWith(".lock")), ["a.zip"]);
  }
});

Deno.test("extract() stops at what comes to more than the limits", async () => {
  const zeros = new Uint8Array(70 * 2 ** 20); // packs 1 : 1000
  const bomb = await tarGz([{ name: "zeros", body: zeros }]);
  const small = await tarGz(TREE);
  const cases: [Uint8Array<ArrayBuffer>, ExtractOptions, string][] = [
    [bomb, {}, "it comes to more than 67.1 MB, 200 times its own "],
    [small, { limits: { totalBytes: 200_000 } }, "more than 200.0 kB (if"],
    [
      small,
      { limits: { entryBytes: 1000 } },
      'more than 1.0 kB in "top/deep/er/b.bin"',
    ],
    [small, { limits: { entries: 2 } }, "more than 2 entries"],
  ];
  for (const [bytes, options, message] of cases) {
    const { error, left } = await unpack("a.tar.gz", bytes, options);
    assert(error instanceof RangeError, String(error));
    assertStringIncludes(error.message, message);
    assertEquals(left.filter((name) => !name.endsWith(".lock")), ["a.tar.gz"]);
  }
  const { files } = await unpack("a.tar.gz", bomb, { limits: { ratio: 2000 } });
  assertEquals(files, { zeros: zeros.length });
});

Deno.test("extract() stops at a zip whose entry is a bomb", async () => {
  const bytes = await zip([{ name: "zeros", body: "0".repeat(70 * 2 ** 20) }]);
  const { error, left } = await unpack("a.zip", bytes);
  assert(error instanceof RangeError, String(error));
  assertStringIncludes(error.message, "it comes to more than 67.1 MB");
  assertEquals(left.filter((name) => !name.endsWith(".lock")), ["a.zip"]);
});

Deno.test("extract() refuses a hard link that multiplies a file past the limits", async () => {
  const bytes = await tar([
    { name: "a", body: someBytes(1000) },
    ...Array.from({ length: 9 }, (_, i): TarEntry => ({
      name: `copy${i}`,
      type: "link",
      linkname: "a",
    })),
  ]);
  const limits = { totalBytes: 5000 };
  const { error } = await unpack("a.tar", bytes, { limits });
  assert(error instanceof RangeError, String(error));
});

Deno.test("extract() says so when an archive is cut off or damaged", async () => {
  const [plain, packed, zipped] = [
    await tar(TREE),
    await tarGz(TREE),
    await zip([{ name: "a", body: "text".repeat(1000) }]),
  ];
  const flipped = zipped.slice();
  flipped[40]! ^= 255; // in the compressed bytes: the CRC-32 tells
  const wrongSum = plain.slice();
  wrongSum[148]! ^= 1; // in a header's checksum
  const cases: [string, Uint8Array][] = [
    ["a.tar", plain.subarray(0, plain.length - 1024)], // the end is missing
    ["a.tar", plain.subarray(0, 100_000)], // in a file
    ["a.tar", plain.subarray(0, 700)], // in a header
    ["a.tar", wrongSum],
    ["a.tar", new Uint8Array(0)],
    ["a.tar", someBytes(5000)],
    ["a.tar.gz", packed.subarray(0, packed.length - 4)],
    ["a.tar.gz", packed.subarray(0, 1000)],
    ["a.tar.gz", plain],
    ["a.gz", packed.subarray(0, 1000)],
    ["a.zip", zipped.subarray(0, zipped.length - 10)],
    ["a.zip", zipped.subarray(0, 50)],
    ["a.zip", flipped],
    ["a.zip", packed],
  ];
  for (const [name, bytes] of cases) {
    const { error, left } = await unpack(name, bytes);
    assert(error instanceof SyntaxError, `${name} ${bytes.length}: ${error}`);
    assertStringIncludes(error.message, `${name}": it is damaged, cut off or `);
    assertEquals(left.filter((name) => !name.endsWith(".lock")), [name]);
  }
});

Deno.test("extract() names the archive that is missing", async () => {
  using folder = temporaryFolder();
  const error = await assertRejects(
    () => extract(`${folder.path}/none.zip`, `${folder.path}/target`),
    Deno.errors.NotFound,
  );
  assertStringIncludes(error.message, "none.zip");
});

Deno.test("extract() stops when its signal fires", async () => {
  const { error, left } = await unpack("a.tar", await tar(TREE), {
    signal: AbortSignal.abort(new Error("enough")),
  });
  assertEquals(error?.message, "enough");
  assertEquals(left.filter((name) => !name.endsWith(".lock")), ["a.tar"]);
});

Deno.test("extract() takes no part of a folder off", async () => {
  const { error } = await unpack("a.tar", await tar(TREE), { strip: -1 });
  assert(error instanceof RangeError);
  assertStringIncludes(error.message, "strip must be a non-negative integer");
});
