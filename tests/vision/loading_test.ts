/**
 * Images in programs: in the loader's workers, and in programs that have none.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";

import { DataLoader } from "../../src/data/loader/loader.ts";
import {
  decodeImageSync,
  loadCodecs,
  readImageSync,
} from "../../src/vision/decode.ts";
import { encodeImage } from "../../src/vision/encode.ts";
import { Image } from "../../src/vision/image.ts";
import { Sums } from "./fixtures.ts";

const IMAGES = `${import.meta.dirname}/images`;
const PHOTO = `${IMAGES}/baseline_420.jpg`;

async function sumsOf(dataset: Sums, numWorkers: number): Promise<number[]> {
  const loader = new DataLoader(dataset, { batchSize: 4, numWorkers });
  const sums: number[] = [];
  for await (const { data } of loader.host()) sums.push(...data);
  return sums;
}

Deno.test("images decode to the same bytes in workers", async () => {
  const files = ["progressive.jpg", "cmyk.jpg", "rgb_16.png", "palette_4.png"]
    .flatMap((name) => Array<string>(3).fill(`${IMAGES}/${name}`));
  const dataset = new Sums(files, true);
  const sums = await sumsOf(dataset, 0);
  assertEquals(new Set(sums).size, 4);
  assertEquals(await sumsOf(dataset, 2), sums);
});

Deno.test("a broken file in a worker is named with the sample, once", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const broken = `${folder}/cat.12484.jpg`;
    await Deno.writeFile(broken, new Uint8Array());
    const files = Array<string>(20).fill(PHOTO).with(17, broken);
    const why = "JPEG data ends after 0 bytes";
    for (const numWorkers of [0, 2]) {
      const where = numWorkers ? " in DataLoader worker " : "";
      const run = (isNamed: boolean) => () =>
        sumsOf(new Sums(files, isNamed), numWorkers);
      const named = await assertRejects(run(true), Error, why);
      assert(
        named.message.startsWith(
          `Cannot load sample 17 ("${broken}")${where}`,
        ) && !named.message.includes("Cannot read"),
        named.message,
      );
      const nameless = await assertRejects(run(false), Error, why);
      assert(
        nameless.message.startsWith(`Cannot load sample 17${where}`) &&
          nameless.message.endsWith(`Cannot read "${broken}": ${why}`),
        nameless.message,
      );
      assert(named.cause instanceof SyntaxError);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Runs a module's text in a process without any permission. */
async function runAlone(
  text: string,
  env: Record<string, string> = {},
): Promise<{ output: string; errors: string }> {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--config", config, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  });
  await using child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { output: decode(stdout), errors: decode(stderr) };
}

const MOD = new URL("../../mod.ts", import.meta.url).href;

Deno.test("decodeImage() and encodeImage() need no permission", async () => {
  const { output, errors } = await runAlone(`
    import { vision } from "${MOD}";
    const red = new vision.Image(Uint8Array.of(255, 0, 0), 1, 1);
    for (const format of ["png", "jpeg"]) {
      const bytes = await vision.encodeImage(red, { format });
      const { width, height } = await vision.decodeImage(bytes);
      console.log(format, width, height);
    }
  `);
  assertEquals(output, "png 1 1\njpeg 1 1", errors);
});

Deno.test("a program that touches no image loads no codec", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // no cache and no registry: what is not imported is not missed
    const { output, errors } = await runAlone(
      `
      import { vision } from "${MOD}";
      const gray = new vision.Image(Uint8Array.of(1), 1, 1, 1);
      console.log(String(vision.convertImage(gray, "rgb")));
      const png = await vision.encodeImage(gray);
      await vision.decodeImage(png).catch(({ message }) => {
        console.log(/lodepng/.test(message));
      });
    `,
      { DENO_DIR: folder, NPM_CONFIG_REGISTRY: "http://127.0.0.1:9" },
    );
    assertEquals(output, "Image(1 x 1, 3 channels)\ntrue", errors);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("decodeImageSync() says what to do before codecs are loaded", async () => {
  const { output } = await runAlone(`
    import { vision } from "${MOD}";
    try {
      vision.decodeImageSync(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0));
    } catch (error) {
      console.log(error.message);
    }
  `);
  assertEquals(
    output,
    "Cannot decode an image yet: the JPEG decoder is not loaded, " +
      "await vision.loadCodecs() first",
  );
  await loadCodecs();
  const { width } = decodeImageSync(await Deno.readFile(PHOTO));
  assertEquals(width, 33);
});

Deno.test("readImageSync() reads files of every length, one after the other", async () => {
  await loadCodecs();
  const path = await Deno.makeTempFile();
  try {
    for (const width of [700, 3, 300]) { // 1.4 MB, 100 B and 260 KB of noise
      const noise = Uint8Array.from(
        { length: width * width * 3 },
        (_, i) => Math.imul(i, 0x9e3779b1) >>> 24,
      );
      const bytes = await encodeImage(new Image(noise, width, width));
      await Deno.writeFile(path, bytes);
      assertEquals(readImageSync(path).data, noise);
    }
  } finally {
    await Deno.remove(path);
  }
});
