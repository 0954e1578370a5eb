import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  clear,
  PUBLISHED,
  publishedCIFAR,
  publishedMNIST,
  stateOf,
  verify,
} from "../../datasets/catalog.ts";
import type { CIFARSource } from "../../datasets/cifar/files.ts";
import type { MNISTSource } from "../../datasets/mnist/mnist.ts";
import { tarGz } from "../datasets/_archives.ts";
import {
  file,
  md5,
  namesIn,
  nobodysUrl,
  serve,
  someBytes,
  temporaryFolder,
} from "../datasets/_server.ts";

const config = new URL("../../deno.json", import.meta.url).pathname;
const program = new URL("../../tools/data.ts", import.meta.url).pathname;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program as `./run data` does. */
async function data(args: readonly string[], home = ""): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-P", "--config", config, program, ...args],
    env: { NO_COLOR: "1", KINDLING_HOME: home },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

const FILES = ["a.gz", "b.gz", "c.gz", "d.gz"].map((name, i) => ({
  name,
  bytes: someBytes(1000 + i, i),
}));

/** A source of MNIST's form with four small files. */
function smallSource(mirror: string): MNISTSource {
  const [a, b, c, d] = FILES.map(({ name, bytes }) => ({
    file: name,
    sizeBytes: bytes.length,
    md5: md5(bytes),
  }));
  return {
    name: "Small",
    mirrors: [mirror],
    classes: ["nothing"],
    files: { train: [a!, b!], test: [c!, d!] },
  };
}

function serveFiles(): ReturnType<typeof serve> {
  return serve((request) => {
    const name = new URL(request.url).pathname.slice(1);
    const found = FILES.find((file) => file.name === name);
    return found
      ? file(request, found.bytes)
      : new Response("", { status: 404 });
  });
}

const QUIET = { progress: false } as const;

Deno.test("a published set goes from absent over partial to present, and back", async () => {
  using folder = temporaryFolder();
  await using server = serveFiles();
  const set = publishedMNIST(smallSource(server.url), "small");
  const state = async () => (await stateOf(set, folder.path)).state;
  assertEquals(await state(), "absent");
  assertEquals(await clear(set, folder.path), []);

  const raw = `${folder.path}/Small/raw`;
  await Deno.mkdir(raw, { recursive: true });
  await Deno.writeFile(`${raw}/a.gz`, FILES[0]!.bytes);
  assertEquals(await state(), "partial");

  await set.fetch(folder.path, { mirrors: set.mirrors, ...QUIET });
  assertEquals(await stateOf(set, folder.path), {
    state: "present",
    bytesOnDisk: 4006,
  });
  assertEquals(server.requests, ["/b.gz", "/c.gz", "/d.gz"]);
  assertEquals(await verify(set, folder.path), []);

  assertEquals((await clear(set, folder.path)).length, 4);
  assertEquals(namesIn(folder.path), []);
});

Deno.test("clear() leaves what is not the set's own", async () => {
  using folder = temporaryFolder();
  await using server = serveFiles();
  const set = publishedMNIST(smallSource(server.url), "small");
  await set.fetch(folder.path, { mirrors: set.mirrors, ...QUIET });
  await Deno.writeTextFile(`${folder.path}/Small/notes.txt`, "mine");
  await clear(set, folder.path);
  assertEquals(namesIn(`${folder.path}/Small`), ["notes.txt"]);
});

Deno.test("verify() says what is wrong with each file", async () => {
  using folder = temporaryFolder();
  await using server = serveFiles();
  const set = publishedMNIST(smallSource(server.url), "small");
  await set.fetch(folder.path, { mirrors: set.mirrors, ...QUIET });
  const raw = `${folder.path}/Small/raw`;
  await Deno.remove(`${raw}/a.gz`);
  await Deno.truncate(`${raw}/b.gz`, 7);
  await Deno.writeFile(`${raw}/c.gz`, someBytes(1002, 99));
  assertEquals(await verify(set, folder.path), [
    { path: `${raw}/a.gz`, problem: "not there" },
    { path: `${raw}/b.gz`, problem: "expected 1001 bytes, got 7" },
    {
      path: `${raw}/c.gz`,
      problem: `expected md5 ${md5(FILES[2]!.bytes)}, got ` +
        md5(someBytes(1002, 99)),
    },
  ]);
  await set.fetch(folder.path, { mirrors: set.mirrors, ...QUIET });
  assertEquals(await verify(set, folder.path), []);
});

Deno.test("a published archive is unpacked when it is fetched", async () => {
  using folder = temporaryFolder();
  const bytes = await tarGz([
    { name: "bin/names.txt", body: "a\nb\n" },
    { name: "bin/train.bin", body: new Uint8Array(3073) },
    { name: "bin/test.bin", body: new Uint8Array(3073) },
  ]);
  await using server = serve((request) => file(request, bytes));
  const source: CIFARSource = {
    name: "Small",
    mirrors: [server.url],
    archive: { file: "s.tar.gz", sizeBytes: bytes.length, md5: md5(bytes) },
    folder: "bin",
    classFiles: ["names.txt"],
    train: [{ file: "train.bin", images: 1 }],
    test: [{ file: "test.bin", images: 1 }],
  };
  const set = publishedCIFAR(source, "small");
  const options = { mirrors: set.mirrors, ...QUIET };
  await Deno.writeFile(`${folder.path}/s.tar.gz`, bytes);
  assertEquals((await stateOf(set, folder.path)).state, "partial");
  await set.fetch(folder.path, options);
  assertEquals((await stateOf(set, folder.path)).state, "present");
  assertEquals(namesIn(`${folder.path}/bin`).length, 3);
  assertEquals(server.requests, []);
  await clear(set, folder.path);
  assertEquals(namesIn(folder.path), []);
});

Deno.test("./run data list shows every set, also as JSON", async () => {
  using folder = temporaryFolder();
  const plain = await data(["list"], folder.path);
  assertEquals(plain.code, 0, plain.err);
  for (const { name } of PUBLISHED) assertStringIncludes(plain.out, name);
  assertMatch(plain.out, /MNIST +11\.6 MB +0 bytes +absent/);
  assertStringIncludes(plain.out, `in ${folder.path}/datasets`);

  const json = await data(["list", "cifar10", "--json", "--root", "/nowhere"]);
  assertEquals(JSON.parse(json.out), {
    root: "/nowhere",
    sets: [{
      name: "CIFAR10",
      sizeBytes: 170052171,
      bytesOnDisk: 0,
      state: "absent",
      about: "60,000 photos of 10 classes, colour 32x32",
    }],
  });
});

Deno.test("./run data verify and clear go by the files that are there", async () => {
  using folder = temporaryFolder();
  const raw = `${folder.path}/KMNIST/raw`;
  await Deno.mkdir(raw, { recursive: true });
  await Deno.writeTextFile(`${raw}/t10k-labels-idx1-ubyte.gz`, "?");
  const root = ["--root", folder.path];

  const plain = await data(["verify", "kmnist", ...root]);
  assertEquals(plain.code, 1);
  assertStringIncludes(plain.out, "KMNIST: 4 of 4 files are wrong");
  assertStringIncludes(plain.out, "expected 5120 bytes, got 1");
  assertStringIncludes(plain.out, "./run data fetch NAME downloads missing");
  const json = await data(["verify", "kmnist", "--json", ...root]);
  assertEquals(json.code, 1);
  assertEquals(JSON.parse(json.out).sets[0].problems.length, 4);

  const cleared = await data(["clear", "KMNIST", ...root]);
  assertEquals(cleared.code, 0, cleared.err);
  assertEquals(
    cleared.out,
    `removed ${raw}/t10k-labels-idx1-ubyte.gz\n`,
  );
  assertEquals(namesIn(folder.path), []);
  const again = await data(["clear", "KMNIST", ...root]);
  assertEquals([again.code, again.out], [0, "KMNIST: nothing to remove\n"]);
});

Deno.test("./run data fetch fails with what each mirror said", async () => {
  using folder = temporaryFolder();
  await using server = serve(() => new Response("", { status: 404 }));
  const { code, out, err } = await data([
    "fetch",
    "mnist",
    "--mirror",
    server.url,
    "--mirror",
    await nobodysUrl(),
    "--root",
    folder.path,
    "--json",
  ]);
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(err, `${server.url}train-images-idx3-ubyte.gz: 404`);
});

Deno.test("./run data says how it is called when it is called wrongly", async () => {
  const cases: [string[], string][] = [
    [[], "Expected a command"],
    [["get", "mnist"], 'No command "get": expected list, fetch, verify, clear'],
    [["fetch"], "Cannot fetch: expected a name, got none"],
    [["fetch", "imagenet"], 'No dataset "imagenet": expected MNIST, '],
    [["list", "--rot", "x"], "--rot"],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await data(args);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, message);
    assertStringIncludes(err, "Usage: ./run data list | fetch");
  }
  for (const args of [["--help"], ["help"], ["fetch", "-h"]]) {
    const { code, out } = await data(args);
    assertEquals(code, 0);
    assertStringIncludes(out, "Usage: ./run data");
  }
});

/** The official files, on machines that have them beside the project. */
const OFFICIAL = new URL("../../../shared/data/mnist/", import.meta.url);
const hasMNIST = await Deno.stat(OFFICIAL).then(() => true, () => false);

Deno.test({
  name: "./run data fetches MNIST, which then verifies" +
    (hasMNIST ? "" : " (../shared/data/mnist is missing)"),
  ignore: !hasMNIST, // the files are not part of the project
  fn: async () => {
    using folder = temporaryFolder();
    await using server = serve(async (request) => {
      const name = new URL(request.url).pathname.slice(1);
      return file(request, await Deno.readFile(new URL(name, OFFICIAL)));
    });
    const root = ["--root", folder.path];
    const fetched = await data([
      "fetch",
      "MNIST",
      "--mirror",
      server.url,
      ...root,
    ]);
    assertEquals(fetched.code, 0, fetched.err);
    assertEquals(fetched.out, `MNIST is in ${folder.path}\n`);
    const verified = await data(["verify", "mnist", ...root]);
    assertEquals([verified.code, verified.out], [
      0,
      "MNIST: 4 files are correct\n",
    ]);
    const listed = await data(["list", "mnist", ...root]);
    assertMatch(listed.out, /MNIST +11\.6 MB +11\.6 MB +present/);
  },
});
