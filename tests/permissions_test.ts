/**
 * The permission set of deno.json that `-P` loads lets the examples run
 * without a question, and no program start or native code.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** What `deno run -P` grants. */
interface PermissionSet {
  readonly read?: unknown;
  readonly write?: unknown;
  readonly env?: unknown;
  readonly net: readonly string[];
}

async function defaultSet(): Promise<PermissionSet> {
  const config: { permissions: { default: PermissionSet } } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  return config.permissions.default;
}

/** The text of every module in a folder and in those below it. */
async function* modulesIn(folder: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* modulesIn(new URL(`${name}/`, folder));
    if (name.endsWith(".ts")) {
      yield await Deno.readTextFile(new URL(name, folder));
    }
  }
}

Deno.test("the default set reaches every data set's mirrors", async () => {
  const { net } = await defaultSet();
  const hosts = new Set<string>();
  for await (const text of modulesIn(new URL("datasets/", ROOT))) {
    for (const [list] of text.matchAll(/mirrors: \[[^\]]*\]/g)) {
      for (const [, host] of list.matchAll(/"https?:\/\/([^/:"]+)/g)) {
        hosts.add(host!);
      }
    }
  }
  assert(hosts.size > 0, "no mirror was found in datasets/");
  assertEquals([...hosts].filter((host) => !net.includes(host)), []);
});

Deno.test("the default set grants files, some variables, some hosts", async () => {
  assertEquals(Object.keys(await defaultSet()).sort(), [
    "env",
    "net",
    "read",
    "write",
  ]);
});
