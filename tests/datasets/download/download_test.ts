import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  download,
  DownloadError,
  type DownloadOptions,
} from "../../../datasets/download/download.ts";
import {
  file,
  md5,
  namesIn,
  never,
  nobodysUrl,
  serve,
  serveWithCut,
  someBytes,
  stall,
  temporaryFolder,
  whole,
} from "../_server.ts";

const BYTES = someBytes(300_000);
const OTHER = someBytes(300_000, 2);

/** What every test asks for; the tests are quiet and wait for no one. */
function options(
  folder: string,
  mirrors: readonly string[],
  more: Partial<DownloadOptions> = {},
): DownloadOptions {
  return {
    file: "data.gz",
    mirrors,
    folder,
    sizeBytes: BYTES.length,
    md5: md5(BYTES),
    timeoutMs: 5_000,
    progress: false,
    ...more,
  };
}

async function failure(options: DownloadOptions): Promise<string> {
  const error = await assertRejects(() => download(options), DownloadError);
  return error.message;
}

Deno.test("download() leaves the checked file and nothing else", async () => {
  using folder = temporaryFolder();
  await using server = serve((request) => file(request, BYTES));
  const inside = `${folder.path}/a/b`;
  const path = await download(options(inside, [server.url]));
  assertEquals(path, `${inside}/data.gz`);
  assertEquals(await Deno.readFile(path), BYTES);
  assertEquals(namesIn(inside), ["data.gz"]);
});

Deno.test("download() asks nobody for a file that is there", async () => {
  using folder = temporaryFolder();
  await using server = serve((request) => file(request, BYTES));
  await download(options(folder.path, [server.url]));
  await download(options(folder.path, [server.url]));
  assertEquals(server.requests, ["/data.gz"]);
});

Deno.test("download() replaces a file that does not match its sum", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz`, OTHER);
  await using server = serve((request) => file(request, BYTES));
  const path = await download(options(folder.path, [server.url]));
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() takes a mirror with or without a slash at its end", async () => {
  using folder = temporaryFolder();
  await using server = serve((request) => file(request, BYTES));
  await download(options(folder.path, [`${server.url}sub`]));
  assertEquals(server.requests, ["/sub/data.gz"]);
});

Deno.test("download() checks a sha256 rather than an md5", async () => {
  using folder = temporaryFolder();
  await using server = serve((request) => file(request, BYTES));
  const digest = await crypto.subtle.digest("SHA-256", BYTES);
  const sha256 = new Uint8Array(digest).toHex().toUpperCase();
  const more = { sha256, md5: md5(OTHER) };
  await download(options(folder.path, [server.url], more));
  assertEquals(namesIn(folder.path), ["data.gz"]);
});

Deno.test("download() goes on where a cut connection ended", async () => {
  using folder = temporaryFolder();
  await using server = serveWithCut(BYTES, 100_000);
  const path = await download(options(folder.path, [server.url]));
  assertEquals(server.requests, ["/data.gz", "/data.gz bytes=100000-"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() goes on at the next mirror after a cut", async () => {
  using folder = temporaryFolder();
  await using first = serveWithCut(BYTES, 100_000);
  await using second = serve((request) => file(request, BYTES));
  const path = await download(options(folder.path, [first.url, second.url]));
  assertEquals(first.requests, ["/data.gz"]);
  assertEquals(second.requests, ["/data.gz bytes=100000-"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() goes on with the .part of an earlier call", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz.part`, BYTES.slice(0, 1234));
  await using server = serve((request) => file(request, BYTES));
  const path = await download(options(folder.path, [server.url]));
  assertEquals(server.requests, ["/data.gz bytes=1234-"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() asks nobody for a .part that is whole", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz.part`, BYTES);
  await download(options(folder.path, [await nobodysUrl()]));
  assertEquals(namesIn(folder.path), ["data.gz"]);
});

Deno.test("download() starts over where the server ignores Range", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz.part`, BYTES.slice(0, 1234));
  await using server = serve(() => whole(BYTES));
  const path = await download(options(folder.path, [server.url]));
  assertEquals(server.requests, ["/data.gz bytes=1234-"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() starts over where Content-Range is another", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz.part`, BYTES.slice(0, 1234));
  await using server = serve((request) => {
    if (!request.headers.has("range")) return whole(BYTES);
    const headers = { "content-range": "bytes 0-299999/300000" };
    return new Response(BYTES.slice(), { status: 206, headers });
  });
  const path = await download(options(folder.path, [server.url]));
  assertEquals(server.requests, ["/data.gz bytes=1234-", "/data.gz"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() starts over where the .part is too long", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz.part`, someBytes(400_000));
  await using server = serve((request) => file(request, BYTES));
  const path = await download(options(folder.path, [server.url]));
  assertEquals(server.requests, ["/data.gz bytes=400000-", "/data.gz"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() starts over where the .part is of another file", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz.part`, OTHER.slice(0, 1234));
  await using server = serve((request) => file(request, BYTES));
  const more = { retries: 0 };
  const path = await download(options(folder.path, [server.url], more));
  assertEquals(server.requests, ["/data.gz bytes=1234-", "/data.gz"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() without a sum does not trust a .part", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/data.gz.part`, OTHER.slice(0, 1234));
  await using server = serve((request) => file(request, BYTES));
  const { md5: _, ...unsummed } = options(folder.path, [server.url]);
  const path = await download(unsummed);
  assertEquals(server.requests, ["/data.gz"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() leaves a mirror that never answers", async () => {
  using folder = temporaryFolder();
  await using silent = serve(never);
  await using good = serve((request) => file(request, BYTES));
  const more = { timeoutMs: 200 };
  await download(options(folder.path, [silent.url, good.url], more));
  assertEquals(good.requests.length, 1);
});

Deno.test("download() leaves a mirror that falls silent, and goes on", async () => {
  using folder = temporaryFolder();
  await using silent = serve(() => stall(BYTES, 50_000));
  await using good = serve((request) => file(request, BYTES));
  const more = { timeoutMs: 300 };
  const mirrors = [silent.url, good.url];
  const path = await download(options(folder.path, mirrors, more));
  assertEquals(good.requests, ["/data.gz bytes=50000-"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() says how long a mirror was silent", async () => {
  using folder = temporaryFolder();
  await using silent = serve(() => stall(BYTES, 50_000));
  const more = { timeoutMs: 200, retries: 0 };
  const message = await failure(options(folder.path, [silent.url], more));
  assertStringIncludes(message, `${silent.url}data.gz: no byte for 0.2 s`);
  assertEquals(namesIn(folder.path), ["data.gz.lock", "data.gz.part"]);
});

for (const status of [403, 404]) {
  Deno.test(`download() asks a mirror once that answers ${status}`, async () => {
    using folder = temporaryFolder();
    await using bad = serve(() => new Response("no", { status }));
    await using cut = serveWithCut(BYTES, 1000);
    await download(options(folder.path, [bad.url, cut.url]));
    assertEquals([bad.requests.length, cut.requests.length], [1, 2]);
  });
}

for (const status of [429, 500, 503]) {
  Deno.test(`download() asks a mirror again that answered ${status}`, async () => {
    using folder = temporaryFolder();
    await using server = serve((request, count) =>
      count === 0 ? new Response("later", { status }) : file(request, BYTES)
    );
    await download(options(folder.path, [server.url]));
    assertEquals(server.requests.length, 2);
  });
}

Deno.test("download() names file, both sums and the next step", async () => {
  using folder = temporaryFolder();
  await using server = serve((request) => file(request, OTHER));
  const message = await failure(options(folder.path, [server.url]));
  assertEquals(
    message,
    `Cannot download "data.gz": no mirror had it\n` +
      `  ${server.url}data.gz: expected md5 ${md5(BYTES)}, got ${md5(OTHER)} ` +
      `(300.0 kB of another file, or damaged; the partial file was removed)\n` +
      `Check the network connection, or name another source with the option ` +
      `mirrors`,
  );
  assertEquals(server.requests.length, 1);
  assertEquals(namesIn(folder.path), ["data.gz.lock"]);
});

Deno.test("download() tries the next mirror after a wrong sum", async () => {
  using folder = temporaryFolder();
  await using bad = serve((request) => file(request, OTHER));
  await using good = serve((request) => file(request, BYTES));
  const path = await download(options(folder.path, [bad.url, good.url]));
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() refuses another size before it writes a byte", async () => {
  using folder = temporaryFolder();
  await using page = serve(() => new Response("<p>Please log in</p>"));
  const message = await failure(options(folder.path, [page.url]));
  assertStringIncludes(
    message,
    "has 20 bytes, expected 300000 (another file?)",
  );
  assertEquals(namesIn(folder.path), ["data.gz.lock"]);
});

Deno.test("download() stops a body that is longer than the file", async () => {
  using folder = temporaryFolder();
  await using server = serve(() => {
    const chunks = [BYTES, OTHER];
    return new Response(ReadableStream.from(chunks)); // no content-length
  });
  const message = await failure(options(folder.path, [server.url]));
  assertStringIncludes(message, "sends more than 300000 bytes");
});

Deno.test("download() keeps the compression that belongs to the file", async () => {
  using folder = temporaryFolder();
  const stream = new Blob([BYTES]).stream();
  const gzipped = await new Response(
    stream.pipeThrough(new CompressionStream("gzip")),
  ).bytes();
  await using server = serve(() =>
    new Response(gzipped, { headers: { "content-encoding": "gzip" } })
  );
  const more = { md5: md5(gzipped), sizeBytes: gzipped.length };
  const path = await download(options(folder.path, [server.url], more));
  assertEquals(await Deno.readFile(path), gzipped);
});

Deno.test("download() lists what each mirror said", async () => {
  using folder = temporaryFolder();
  const gone = await nobodysUrl();
  await using missing = serve(() => new Response("no", { status: 404 }));
  const mirrors = [gone, missing.url];
  const error = await assertRejects(
    () => download(options(folder.path, mirrors, { retries: 0 })),
    DownloadError,
  );
  assertEquals(error.file, "data.gz");
  const [first, second] = error.failures;
  assertEquals(second, {
    url: `${missing.url}data.gz`,
    reason: "404 Not Found",
  });
  assertStringIncludes(first?.reason ?? "", "Connection refused");
  assertStringIncludes(error.message, `\n  ${gone}data.gz: `);
  assertStringIncludes(
    error.message,
    `\n  ${missing.url}data.gz: 404 Not Found`,
  );
});

Deno.test("download() fetches once for two calls at a time", async () => {
  using folder = temporaryFolder();
  await using server = serve(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return file(request, BYTES);
  });
  const one = () => download(options(folder.path, [server.url]));
  const paths = await Promise.all([one(), one(), one()]);
  assertEquals(new Set(paths).size, 1);
  assertEquals(server.requests, ["/data.gz"]);
  assertEquals(namesIn(folder.path), ["data.gz"]);
});

Deno.test("download() lets the next in line try after a failure", async () => {
  using folder = temporaryFolder();
  await using server = serve((request, count) =>
    count === 0 ? new Response("no", { status: 404 }) : file(request, BYTES)
  );
  const one = () => download(options(folder.path, [server.url]));
  const results = await Promise.allSettled([one(), one()]);
  const states = results.map(({ status }) => status).sort();
  assertEquals(states, ["fulfilled", "rejected"]);
  assertEquals(server.requests.length, 2);
});

Deno.test("download() stops at once when told to, and goes on later", async () => {
  using folder = temporaryFolder();
  await using server = serve((request, count) =>
    count === 0 ? stall(BYTES, 70_000) : file(request, BYTES)
  );
  const controller = new AbortController();
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    download(options(folder.path, [server.url], {
      signal: controller.signal,
      progress: ({ receivedBytes }) => {
        if (receivedBytes === 70_000) controller.abort(reason);
      },
    }))
  );
  assertEquals(error, reason);
  const path = await download(options(folder.path, [server.url]));
  assertEquals(server.requests, ["/data.gz", "/data.gz bytes=70000-"]);
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("download() stops while it waits for another", async () => {
  using folder = temporaryFolder();
  await using server = serve(() => stall(BYTES, 10));
  const controller = new AbortController();
  const { signal } = controller;
  const first = download(options(folder.path, [server.url], { signal }));
  const second = download(
    options(folder.path, [server.url], { signal: AbortSignal.timeout(100) }),
  );
  await assertRejects(() => second, DOMException, "due to timeout");
  controller.abort();
  await assertRejects(() => first, DOMException, "aborted");
});

Deno.test("download() tells its progress, from 0 to the whole", async () => {
  using folder = temporaryFolder();
  await using server = serve((request) => file(request, BYTES));
  const received: number[] = [];
  await download(options(folder.path, [server.url], {
    progress: (state) => {
      assertEquals(state.file, "data.gz");
      assertEquals(state.url, `${server.url}data.gz`);
      assertEquals(state.totalBytes, BYTES.length);
      received.push(state.receivedBytes);
    },
  }));
  assertEquals([received[0], received.at(-1)], [0, BYTES.length]);
  assertEquals(received, received.toSorted((a, b) => a - b));
});

Deno.test("download() checks its arguments before it does anything", async () => {
  using folder = temporaryFolder();
  const url = await nobodysUrl();
  const wrong: [Partial<DownloadOptions>, string][] = [
    [{ file: "../data.gz" }, 'Cannot download "../data.gz": expected a plain'],
    [{ file: ".." }, 'Cannot download "..": expected a plain file name'],
    [{ mirrors: [] }, "expected at least one mirror"],
    [{ mirrors: ["data"] }, 'Cannot use "data" as a mirror: expected a URL'],
    [{ md5: "abc" }, 'Cannot use "abc" as md5: expected 32 hexadecimal digits'],
    [{ retries: -1 }, "retries must be a non-negative integer, got -1"],
  ];
  for (const [more, message] of wrong) {
    await assertRejects(
      () => download(options(`${folder.path}/new`, [url], more)),
      Error,
      message,
    );
  }
  assert(namesIn(folder.path).length === 0);
});
