import { assertEquals } from "@std/assert";

import { type AdapterClass, overrideAdapterClass } from "../src/gpu/device.ts";
import { isCompiled } from "../src/gpu/pipelines.ts";
import { listCategories } from "./conformance/case.ts";
import { formatResult } from "./conformance/report.ts";
import { runCategory } from "./conformance/run.ts";
import { runLargeShapes } from "./large_shapes.ts";

const FOLDER = `${import.meta.dirname}/goldens`;
const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

for (const kind of CLASSES) {
  for (const name of await listCategories(FOLDER)) {
    Deno.test(`the goldens of ${name} equal PyTorch with kernels for a ${kind.toUpperCase()}`, async () => {
      overrideAdapterClass(kind);
      const results = await runCategory(FOLDER, name)
        .finally(() => overrideAdapterClass(undefined));
      const wrong = results.filter(({ outcome }) => outcome.kind !== "passed");
      assertEquals(wrong.map(formatResult), []);
    });
  }
}

/** Every kernel's text, by its path. */
async function shaders(folder: URL): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) found.push(...await shaders(path));
    else found.push([path.pathname, await Deno.readTextFile(path)]);
  }
  return found;
}

// After the tests above: what they have not run is compiled for large shapes.
Deno.test("every kernel has been compiled with a header of its own", async () => {
  for (const kind of CLASSES) {
    overrideAdapterClass(kind);
    await runLargeShapes().finally(() => overrideAdapterClass(undefined));
  }
  const folder = new URL("../shaders/", import.meta.url);
  const missing = (await shaders(folder))
    .filter(([_, text]) => text.includes("@compute") && !isCompiled(text))
    .map(([path]) => path.slice(folder.pathname.length));
  assertEquals(missing, []);
});
