/**
 * A JSR registry on loopback that knows one version of one package.
 *
 * It answers the three requests that Deno makes: the package's versions, one
 * version's manifest with sizes and checksums, and the files. It leaves out the
 * module graph that JSR adds, so Deno reads imports from the sources, and it
 * serves sources as they are: JSR would have rewritten bare imports.
 *
 * @module
 */

import type { Package } from "./package.ts";

/** A registry that is running. */
export interface Registry extends AsyncDisposable {
  /** What to set `JSR_URL` to. */
  readonly url: string;
  /** Paths that were asked for and that the package lacks. */
  readonly missed: readonly string[];
}

/** Serves a package until the registry is disposed of. */
export async function serveRegistry(pack: Package): Promise<Registry> {
  const answers = new Map<string, string | Uint8Array<ArrayBuffer>>();
  const home = `/${pack.name}`;
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const [path, bytes] of pack.files) {
    answers.set(`${home}/${pack.version}${path}`, bytes);
    const checksum = `sha256-${await sha256(bytes)}`;
    manifest[path] = { size: bytes.length, checksum };
  }
  answers.set(
    `${home}/meta.json`,
    JSON.stringify({ versions: { [pack.version]: {} }, latest: pack.version }),
  );
  answers.set(
    `${home}/${pack.version}_meta.json`,
    JSON.stringify({ manifest, exports: pack.exports }),
  );

  const missed: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) => {
      const { pathname } = new URL(url);
      const answer = answers.get(pathname);
      if (answer !== undefined) {
        return new Response(answer, {
          headers: { "content-type": type(pathname) },
        });
      }
      missed.push(pathname);
      return new Response("not in the package", { status: 404 });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    missed,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function type(path: string): string {
  if (path.endsWith(".ts")) return "text/typescript";
  if (path.endsWith(".js")) return "text/javascript";
  if (path.endsWith(".wasm")) return "application/wasm";
  return path.endsWith(".json") ? "application/json" : "text/plain";
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}
