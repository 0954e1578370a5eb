/**
 * The package works when it comes from JSR: what would be published is served
 * on loopback, and a program in an empty folder imports it from there.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as datasets from "@kindling/kindling/datasets";
import * as kindling from "@kindling/kindling";
import { readPackage } from "./jsr/package.ts";
import { serveRegistry } from "./jsr/registry.ts";

const ROOT = new URL("../", import.meta.url);

/** The folders and files that ship. */
const SHIPPED =
  /^\/(src\/|shaders\/|datasets\/|docs\/|(mod\.ts|deno\.json|README\.md|LICENSE|CHANGELOG\.md)$)/;

/** The folder in which Deno keeps npm packages. */
async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

Deno.test("the package holds the sources and nothing else", async () => {
  const { files, exports } = await readPackage(ROOT);
  const paths = [...files.keys()];
  assertEquals(paths.filter((path) => !SHIPPED.test(path)), []);
  for (const path of ["/LICENSE", "/README.md", "/CHANGELOG.md"]) {
    assert(files.has(path), `${path} is missing`);
  }
  for (const entry of Object.values(exports)) {
    assert(files.has(entry.slice(1)), `${entry} is missing`);
  }
  assert(paths.some((path) => path.endsWith(".wgsl")), "no shader is in it");
});

Deno.test("a program in an empty folder imports it from JSR", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(
      new URL("jsr/program.ts", import.meta.url),
      `${folder}/program.ts`,
    );
    // codecs are npm packages, which the tests beside this one have in the cache
    await Deno.mkdir(`${folder}/cache`);
    await Deno.symlink(await npmCache(), `${folder}/cache/npm`);
    await using registry = await serveRegistry(await readPackage(ROOT));
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["run", "--check", "--no-prompt", "program.ts"],
        cwd: folder,
        stdin: "null",
        clearEnv: true,
        env: {
          HOME: folder,
          DENO_DIR: `${folder}/cache`,
          JSR_URL: registry.url,
          NO_COLOR: "1",
          XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? folder,
        },
      },
    ).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(registry.missed, []);
    const { losses, ...rest } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(rest, {
      kindling: Object.keys(kindling),
      datasets: Object.keys(datasets),
      gradient: [[2, 4], [6, 8]], // 2 * x
      loaded: 320,
      pixel: [255, 0, 0],
    });
    assertEquals(losses.length, 10);
    assert(losses.at(-1) < losses[0], `it did not learn: ${losses}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
