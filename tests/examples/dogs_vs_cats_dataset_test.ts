import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { readImage } from "../../src/vision/decode.ts";
import { runExample, temporaryFolder } from "./_run.ts";

const EXAMPLE = "dogs_vs_cats_dataset.ts";

for (const workers of ["0", "2"]) {
  Deno.test(`dogs_vs_cats_dataset.ts balances drawn classes with ${workers} workers`, async () => {
    using folder = temporaryFolder();
    const args = ["--workers", workers];
    const { code, out, err } = await runExample(EXAMPLE, folder.path, args);
    assertEquals(code, 0, err);
    assertMatch(out, /13 files, 4 of them dogs/);
    // a broken file is a ninth of the cats' half of 64: some 3.6
    const [, broken = "", dogs = ""] =
      /64 samples, (\d+) of them broken files; (\d+) % of the others are dogs/
        .exec(out) ?? [];
    assert(Number(broken) >= 1 && Number(broken) <= 12, out);
    assert(Number(dogs) > 33 && Number(dogs) < 67, out);
    const { width, channels } = await readImage(`${folder.path}/batch.png`);
    assertEquals([width, channels], [2 + 4 * (64 + 2), 3]);
  });
}

Deno.test("dogs_vs_cats_dataset.ts gives the same batches with and without workers", async () => {
  using folder = temporaryFolder();
  const pictures: Uint8Array[] = [];
  for (const workers of ["0", "2"]) {
    const out = `${folder.path}/${workers}.png`;
    const args = ["--workers", workers, "--out", out];
    const { code, err } = await runExample(EXAMPLE, folder.path, args);
    assertEquals(code, 0, err);
    pictures.push(await Deno.readFile(out));
  }
  assertEquals(pictures[0], pictures[1]);
});

Deno.test("dogs_vs_cats_dataset.ts reads a folder of photos", async () => {
  using folder = temporaryFolder();
  const photos = new URL("../datasets/fixtures/images/", import.meta.url);
  for (const group of ["cat", "dog"]) {
    await Deno.copyFile(
      new URL(`${group}/0000.jpg`, photos),
      `${folder.path}/${group}.0.jpg`,
    );
  }
  const out = `${folder.path}/grid.png`;
  const args = ["--data", folder.path, "--out", out, "--workers", "0"];
  const ran = await runExample(EXAMPLE, folder.path, args);
  assertEquals(ran.code, 0, ran.err);
  assertMatch(ran.out, /2 files, 1 of them dogs/);
  assertMatch(ran.out, /64 samples, 0 of them broken files/);
});

Deno.test("dogs_vs_cats_dataset.ts says what is wrong with its options, without a stack", async () => {
  using folder = temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  await Deno.mkdir(`${folder.path}/empty`);
  const folders = "a folder with files such as dog.1.jpg and cat.2.jpg";
  const whole = "an integer of at least 0";
  const cases: [args: string[], message: string][] = [
    [["--workers", "x"], `"x" as --workers: expected ${whole}`],
    [["--workers", "1.5"], `"1.5" as --workers: expected ${whole}`],
    [["--workers", ""], `"" as --workers: expected ${whole}`],
    [["--data", "/nope"], `"/nope" as --data: expected ${folders}`],
    [["--data", "file"], `"file" as --data: expected ${folders}`],
    [["--data", "empty"], `"empty" as --data: expected ${folders}`],
    [["--folder", "x"], "Unknown option '--folder'"],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await runExample(EXAMPLE, folder.path, args);
    assertEquals([code, out], [2, ""], err);
    assertStringIncludes(err, message);
    assertEquals(/\n +at /.test(err), false, err);
  }
});
