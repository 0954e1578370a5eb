import { assert, assertEquals, assertRejects } from "@std/assert";

import { withEmptyCache } from "../../bench/driver_cache.ts";
import { cacheOf, GROUPS, isGroup } from "../../bench/groups.ts";

const adapter = await navigator.gpu?.requestAdapter();
const isMesa = /llvmpipe/.test(adapter?.info.description ?? "");

function deno(
  args: string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), { args, env }).output();
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("withEmptyCache() gives each run a new folder and removes it", async () => {
  const folder = await withEmptyCache(async (env) => {
    const inner = await withEmptyCache((other) =>
      Promise.resolve(other.XDG_CACHE_HOME!)
    );
    assert(inner !== env.XDG_CACHE_HOME && !exists(inner));
    assertEquals([...Deno.readDirSync(env.XDG_CACHE_HOME!)], []);
    return env.XDG_CACHE_HOME!;
  });
  assert(!exists(folder));
});

Deno.test("withEmptyCache() removes the folder of a run that fails, too", async () => {
  let folder = "";
  const run = ({ XDG_CACHE_HOME }: Readonly<Record<string, string>>) => {
    folder = XDG_CACHE_HOME!;
    return Promise.reject(new Error("no Python"));
  };
  await assertRejects(() => withEmptyCache(run), Error, "no Python");
  assert(folder !== "" && !exists(folder));
});

Deno.test("withEmptyCache() leaves Deno its packages", async () => {
  const info = async (env = {}) =>
    JSON.parse( // deno's own line
      new TextDecoder().decode((await deno(["info", "--json"], env)).stdout),
    ).npmCache;
  assertEquals(await withEmptyCache(info), await info());
});

Deno.test({
  name: "withEmptyCache() is where Mesa's driver keeps what it compiles",
  ignore: !isMesa,
  fn: () =>
    withEmptyCache(async (env) => {
      const { href } = new URL("../../mod.ts", import.meta.url);
      const program = `import { ones } from "${href}";
        await ones([4]).add(1).data();`;
      const { success } = await deno(["eval", "--no-check", program], env);
      assert(success);
      const folders = [...Deno.readDirSync(env.XDG_CACHE_HOME!)];
      assert(folders.some(({ name }) => name.startsWith("mesa_shader_cache")));
    }),
});

Deno.test("cacheOf() is empty for cold, filled for warm and open for all others", () => {
  const known = Object.keys(GROUPS).filter(isGroup)
    .flatMap((group) => cacheOf(group) ? [[group, cacheOf(group)]] : []);
  assertEquals(known, [["cold", "empty"], ["warm", "filled"]]);
});
