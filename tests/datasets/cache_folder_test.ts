import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cacheFolder } from "../../src/cache_folder.ts";
import { moduleUrl, runProgram } from "./_server.ts";

const SOURCE = `
  import { cacheFolder } from "${moduleUrl("src/cache_folder.ts")}";
  try {
    console.log(cacheFolder());
  } catch (error) {
    console.log(error.name + ": " + error.message);
    Deno.exitCode = 1;
  }
`;

const VARIABLES = ["KINDLING_HOME", "XDG_CACHE_HOME", "HOME"] as const;

/** cacheFolder() with these variables and no others of its own. */
function withVariables(values: Partial<Record<string, string>>): string {
  const before = VARIABLES.map((name) => Deno.env.get(name));
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  try {
    for (const name of VARIABLES) set(name, values[name]);
    return cacheFolder();
  } finally {
    VARIABLES.forEach((name, i) => set(name, before[i]));
  }
}

Deno.test("cacheFolder() is KINDLING_HOME where that is set", () => {
  assertEquals(withVariables({ KINDLING_HOME: "/a/b", HOME: "/h" }), "/a/b");
  assertEquals(withVariables({ KINDLING_HOME: "/a/b/", HOME: "/h" }), "/a/b");
  assertEquals(withVariables({ KINDLING_HOME: "/", HOME: "/h" }), "/");
});

Deno.test({
  name: "cacheFolder() follows the XDG specification on Linux",
  ignore: Deno.build.os !== "linux", // other platforms have other folders
  fn() {
    const home = "/home/ada";
    assertEquals(withVariables({ HOME: home }), `${home}/.cache/kindling`);
    assertEquals(
      withVariables({ HOME: home, XDG_CACHE_HOME: "/c" }),
      "/c/kindling",
    );
    assertEquals(
      withVariables({ HOME: home, XDG_CACHE_HOME: "relative" }),
      `${home}/.cache/kindling`,
    );
  },
});

Deno.test({
  name: "cacheFolder() says which variables it may not read",
  ignore: Deno.build.os === "windows", // where the variable is another
  async fn() {
    const { success, text } = await runProgram(SOURCE, []);
    assert(!success);
    assertStringIncludes(
      text,
      `NotCapable: Cannot find the cache folder: no permission to read the ` +
        `environment variable "HOME" (run again with ` +
        `--allow-env=KINDLING_HOME,XDG_CACHE_HOME,HOME or -P, or say where`,
    );
  },
});

Deno.test({
  name: "cacheFolder() needs no other variable than HOME",
  ignore: Deno.build.os !== "linux", // other platforms have other folders
  async fn() {
    const env = { HOME: "/home/ada", KINDLING_HOME: "/a" };
    const one = await runProgram(SOURCE, ["--allow-env=HOME"], env);
    assertEquals(one.text, "/home/ada/.cache/kindling\n");
    const all = await runProgram(SOURCE, ["--allow-env=KINDLING_*"], env);
    assertEquals(all.text, "/a\n");
  },
});
