/**
 * What a worker has to load before its first sample: none of the GPU's modules,
 * which take longer than starting the thread.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

import * as T from "../../../src/vision/transforms/mod.ts";

const ROOT = new URL("../../../", import.meta.url);

/** What `deno info --json` says of a program's modules. */
interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      /** Where it is at run time; types have none. */
      readonly code?: { readonly specifier?: string };
    }[];
  }[];
}

/** The modules of the project that a program loads, types left out. */
async function loadedBy(start: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-remote", start],
    cwd: ROOT,
    stdout: "piped",
    stderr: "null",
  }).output();
  const { modules }: Info = JSON.parse(new TextDecoder().decode(stdout));
  const bySpecifier = new Map(modules.map((each) => [each.specifier, each]));
  const loaded = new Set<string>();
  const open = [new URL(start, ROOT).href];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (loaded.has(at)) continue;
    loaded.add(at);
    for (const { code } of bySpecifier.get(at)?.dependencies ?? []) {
      if (code?.specifier?.startsWith(ROOT.href)) open.push(code.specifier);
    }
  }
  return new Set([...loaded].map((url) => url.slice(ROOT.href.length)));
}

Deno.test("workers, datasets of images and transforms load no module of the GPU", async () => {
  const transforms = [
    T.compose([]),
    T.randomApply([T.toFloat()]),
    T.resize(2),
    T.randomResizedCrop(2),
    T.colorJitter({ hue: 0.1 }),
    T.randomAffine(1),
    T.randomErasing(),
    T.joint([T.randomHorizontalFlip()]),
  ];
  const starts = new Set([
    "src/data/workers/worker.ts",
    "datasets/folders/image_folder.ts",
    "datasets/voc/segmentation.ts",
    ...transforms.map(({ constructor }) =>
      String(Reflect.get(constructor, "url")).slice(ROOT.href.length)
    ),
  ]);
  for (const start of starts) {
    const loaded = await loadedBy(start);
    assert(loaded.size > 5, `${start} was not found`);
    // recorder.ts only keeps a variable, which a Generator looks at
    const ofGpu = [...loaded].filter((name) =>
      /^src\/(gpu\/(?!recorder)|ops|autograd|tensor\/tensor)/.test(name)
    );
    assertEquals(ofGpu, [], start);
  }
});
