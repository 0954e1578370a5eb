/**
 * Downloads in processes of their own: two at a time, one that is killed, and
 * some that may not do what they need.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { download } from "../../../datasets/download/download.ts";
import {
  file,
  md5,
  moduleUrl,
  namesIn,
  runProgram,
  serve,
  someBytes,
  spawnProgram,
  temporaryFolder,
} from "../_server.ts";

const BYTES = someBytes(100_000);

/** A program that downloads, and prints the path or the error. */
function downloader(mirror: string, folder: string): string {
  const options = {
    file: "data.gz",
    mirrors: [mirror],
    folder,
    sizeBytes: BYTES.length,
    md5: md5(BYTES),
    progress: false,
  };
  return `
    import { download } from "${moduleUrl("datasets/download/download.ts")}";
    try {
      console.log(await download(${JSON.stringify(options)}));
    } catch (error) {
      console.log(error.name + ": " + error.message);
      Deno.exitCode = 1;
    }
  `;
}

Deno.test("download() fetches once for two processes at a time", async () => {
  using folder = temporaryFolder();
  const { promise: bothAsked, resolve } = Promise.withResolvers<void>();
  await using server = serve(async (request) => {
    await bothAsked;
    return file(request, BYTES);
  });
  const source = downloader(server.url, folder.path);
  const first = runProgram(source, ["--allow-all"]);
  const second = runProgram(source, ["--allow-all"]);
  // long enough for the second to find the first at work, most of the time
  setTimeout(resolve, 400);
  const text = `${folder.path}/data.gz\n`;
  assertEquals(await first, { success: true, text });
  assertEquals(await second, { success: true, text });
  assertEquals(server.requests, ["/data.gz"]);
  assertEquals(namesIn(folder.path), ["data.gz"]);
});

Deno.test("download() goes on after a process that was killed", async () => {
  using folder = temporaryFolder();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  await using server = serve((request, count) => {
    if (count > 0) return file(request, BYTES);
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(BYTES.slice(0, 40_000)),
    });
    resolve();
    const headers = { "content-length": `${BYTES.length}` };
    return new Response(stream, { headers });
  });
  {
    const source = downloader(server.url, folder.path);
    using program = spawnProgram(source, ["--allow-all"]);
    await asked;
    await fileOfSize(`${folder.path}/data.gz.part`, 40_000);
    program.child.kill("SIGKILL");
    await program.child.output();
  }
  assertEquals(namesIn(folder.path), ["data.gz.lock", "data.gz.part"]);
  const path = await download({
    file: "data.gz",
    mirrors: [server.url],
    folder: folder.path,
    md5: md5(BYTES),
    progress: false,
  });
  assertEquals(server.requests[1], "/data.gz bytes=40000-");
  assertEquals(await Deno.readFile(path), BYTES);
  assertEquals(namesIn(folder.path), ["data.gz"]);
});

/** Resolves when the file at `path` has `size` bytes. */
async function fileOfSize(path: string, size: number): Promise<void> {
  for (;;) {
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.size === size) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("download() says which flag the network needs", async () => {
  using folder = temporaryFolder();
  const source = downloader("http://127.0.0.1:8321/", folder.path);
  const args = [`--allow-read=${folder.path}`, `--allow-write=${folder.path}`];
  const { success, text } = await runProgram(source, args);
  assert(!success);
  assertEquals(
    text,
    `NotCapable: Cannot download "data.gz": no permission to reach ` +
      `127.0.0.1:8321 (run again with --allow-net=127.0.0.1:8321, or with -P where ` +
      `deno.json grants it)\n`,
  );
});

Deno.test("download() says which flag the folder needs", async () => {
  using folder = temporaryFolder();
  const source = downloader("http://127.0.0.1:8321/", `${folder.path}/new`);
  const reader = await runProgram(source, [`--allow-read=${folder.path}`]);
  assert(!reader.success);
  assertStringIncludes(
    reader.text,
    `NotCapable: Cannot write "${folder.path}/new": no permission (run again ` +
      `with --allow-write="${folder.path}/new"`,
  );
  const blind = await runProgram(source, ["--allow-net"]);
  assert(!blind.success);
  assertStringIncludes(
    blind.text,
    `NotCapable: Cannot read "${folder.path}/new/data.gz": no permission`,
  );
});

Deno.test("download() needs to read only where the file is there", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz`, BYTES);
  const source = downloader("http://127.0.0.1:8321/", folder.path);
  const args = [`--allow-read=${folder.path}`];
  const { success, text } = await runProgram(source, args);
  assertEquals({ success, text }, {
    success: true,
    text: `${folder.path}/data.gz\n`,
  });
});

Deno.test({
  name: "download() names the file that a full disk could not take",
  ignore: Deno.build.os !== "linux", // /dev/full is a disk that is full
  async fn() {
    using folder = temporaryFolder();
    const path = `${folder.path}/data.gz`;
    await new Deno.Command("ln", { args: ["-s", "/dev/full", `${path}.part`] })
      .output();
    await using server = serve((request) => file(request, BYTES));
    const source = downloader(server.url, folder.path);
    const { text } = await runProgram(source, ["--allow-all"]);
    assertStringIncludes(
      text,
      `Error: Cannot write "${path}.part": the disk is full (free some space, ` +
        `or choose another folder with the option root or with KINDLING_HOME)`,
    );
  },
});
