/**
 * A file server on loopback that misbehaves as a test wants it to, and the
 * folders and programs that the tests of this folder work with.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** A running server, stopped at the end of its `await using` block. */
export interface Served extends AsyncDisposable {
  /** Its address, with a slash at the end. */
  readonly url: string;
  /** What it was asked for: `path` or `path range`. */
  readonly requests: readonly string[];
}

/**
 * How a server answers its request number `count`, counted from 0; `stopped`
 * resolves when the test is over.
 */
export type Answer = (
  request: Request,
  count: number,
  stopped: Promise<void>,
) => Response | Promise<Response>;

/** Starts a server on a free port. */
export function serve(answer: Answer): Served {
  const requests: string[] = [];
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: () => new Response("broken", { status: 500 }),
  }, (request) => {
    const range = request.headers.get("range");
    const path = new URL(request.url).pathname;
    requests.push(range === null ? path : `${path} ${range}`);
    return answer(request, requests.length - 1, stopped);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      stop();
      await server.shutdown();
    },
  };
}

/** All of `bytes`, or the part that the request's Range asks for. */
export function file(
  request: Request,
  bytes: Uint8Array<ArrayBuffer>,
): Response {
  const range = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "");
  if (range === null) return whole(bytes);
  const start = Number(range[1]);
  if (start >= bytes.length) return new Response(null, { status: 416 });
  return new Response(bytes.slice(start), {
    status: 206,
    headers: {
      "content-length": `${bytes.length - start}`,
      "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
    },
  });
}

/** All of `bytes`, whatever was asked for. */
export function whole(bytes: Uint8Array<ArrayBuffer>): Response {
  const headers = { "content-length": `${bytes.length}` };
  return new Response(bytes.slice(), { headers });
}

/** Promises all of `bytes`, sends `count` of them, and then nothing for ever. */
export function stall(
  bytes: Uint8Array<ArrayBuffer>,
  count: number,
): Response {
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(bytes.slice(0, count)),
  });
  const headers = { "content-length": `${bytes.length}` };
  return new Response(stream, { headers });
}

/** Answers when the server is stopped. */
export async function never(
  _request: Request,
  _count: number,
  stopped: Promise<void>,
): Promise<Response> {
  await stopped;
  return new Response();
}

/**
 * Starts a server that cuts its first connection after `count` of the bytes it
 * promised, and then serves `bytes` as `file` does.
 */
export function serveWithCut(
  bytes: Uint8Array<ArrayBuffer>,
  count: number,
): Served {
  const good = serve((request) => file(request, bytes));
  const requests: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const running = (async () => {
    for await (const connection of listener) {
      using socket = connection;
      const buffer = new Uint8Array(4096);
      const read = await socket.read(buffer) ?? 0;
      const text = new TextDecoder().decode(buffer.subarray(0, read));
      const path = text.split(" ")[1] ?? "/";
      const range = /^range: (.*)$/im.exec(text)?.[1]?.trim();
      requests.push(range === undefined ? path : `${path} ${range}`);
      if (requests.length === 1) {
        await send(socket, bytes.length, bytes.subarray(0, count));
        continue;
      }
      // the rest comes from the good server, over a connection of its own
      const headers = range === undefined ? undefined : { range };
      const response = await fetch(new URL(path, good.url), { headers });
      const lines = [`HTTP/1.1 ${response.status} OK`, "connection: close"];
      for (const [name, value] of response.headers) {
        lines.push(`${name}: ${value}`);
      }
      await writeAll(socket, encode(`${lines.join("\r\n")}\r\n\r\n`));
      await writeAll(socket, await response.bytes());
    }
  })();
  const { port } = listener.addr;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await running;
      await good[Symbol.asyncDispose]();
    },
  };
}

async function send(
  socket: Deno.Conn,
  promised: number,
  bytes: Uint8Array,
): Promise<void> {
  await writeAll(
    socket,
    encode(`HTTP/1.1 200 OK\r\ncontent-length: ${promised}\r\n\r\n`),
  );
  await writeAll(socket, bytes);
}

async function writeAll(socket: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await socket.write(bytes.subarray(at));
  }
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The address of a server that is not there any more. */
export async function nobodysUrl(): Promise<string> {
  await using server = serve(() => new Response());
  return server.url;
}

/** A folder that is removed at the end of its `using` block. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "kindling_" });
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** `length` bytes without a pattern. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** The MD5 of `bytes` in hexadecimal. */
export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Names of the files in a folder. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** What a program wrote, and whether it went well. */
export interface Ran {
  readonly success: boolean;
  readonly text: string;
}

/** Runs TypeScript in a process of its own, with these arguments of `deno run`. */
export async function runProgram(
  source: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  using program = spawnProgram(source, args, env);
  const { success, stdout, stderr } = await program.child.output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Starts TypeScript in a process of its own; `from` is this folder's URL. */
export function spawnProgram(
  source: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Disposable & { readonly child: Deno.ChildProcess } {
  const folder = temporaryFolder();
  const path = `${folder.path}/program.ts`;
  Deno.writeTextFileSync(path, source);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--no-config", ...args, path],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return { child, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** The URL of a module, as a program in another folder imports it. */
export function moduleUrl(path: string): string {
  return import.meta.resolve(`../../${path}`);
}
