/**
 * The package as it would be published: the files that `deno publish` lists.
 *
 * @module
 */

import { AssertionError } from "@std/assert";

/** A package, ready to be served. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** Entry points, by the name under which they are imported. */
  readonly exports: Readonly<Record<string, string>>;
  /** What would be uploaded, by its path from the package's root: `/mod.ts`. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Reads the package at `root`, a file URL with a slash at its end. */
export async function readPackage(root: URL): Promise<Package> {
  const config: unknown = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  if (!isConfig(config)) {
    throw new AssertionError("deno.json lacks a name, a version or exports");
  }
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const url of await publishedFiles(root)) {
    files.set(
      `/${url.slice(root.href.length)}`,
      await Deno.readFile(new URL(url)),
    );
  }
  const { name, version, exports } = config;
  return { name, version, exports, files };
}

/** The URLs that `deno publish --dry-run` lists. */
async function publishedFiles(root: URL): Promise<string[]> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stderr);
  if (!success) throw new AssertionError(`deno publish fails:\n${output}`);
  const listed = /^\s+(file:\S+) \([\d.]+\s?\w+\)$/gm;
  return [...output.matchAll(listed)].map(([, url]) => url!);
}

type Config = Pick<Package, "name" | "version" | "exports">;

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null &&
    "name" in value && typeof value.name === "string" &&
    "version" in value && typeof value.version === "string" &&
    "exports" in value && typeof value.exports === "object";
}
