/**
 * The house's plan: which folders import from which. CONTRIBUTING.md has the same
 * lists, with what is in each room.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

const SRC = new URL("../src/", import.meta.url);

/** Rooms of `src`, the lowest first. Those of one line import each other. */
const ROOMS: readonly (readonly string[])[] = [
  ["gpu"],
  ["tensor", "autograd", "ops"],
  ["compile"],
  ["nn"],
  ["io"],
  ["optim"],
  ["data"],
  ["vision"],
];

/**
 * Families of `src/ops`, the lowest first. Files of src/ops itself are low, but for
 * those that make and tune ops.
 */
const FAMILIES = [
  ["words"],
  ["map"],
  ["launch"],
  ["define"],
  ["movement"],
  ["elementwise"],
  ["reduce"],
  ["index"],
  ["matmul", "softmax", "random", "pool"],
  ["conv", "norm", "attention", "recurrent", "loss", "image"],
];

/** Floors of `src/vision`, the lowest first; files and codecs are one. */
const FLOORS = [["files"], ["models"], ["actions"], ["executors"], [
  "transforms",
]];

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Paths of two files of `folder`, of which the first imports the second. */
async function* importsIn(folder: URL): AsyncGenerator<Import> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* importsIn(new URL(`${name}/`, folder));
    if (!name.endsWith(".ts")) continue;
    const file = new URL(name, folder);
    const text = await Deno.readTextFile(file);
    for (const [, path] of text.matchAll(/\bfrom "(\.[^"]+\.ts)"/g)) {
      yield { from: file.pathname, to: new URL(path!, file).pathname };
    }
  }
}

async function upwardImports(
  root: URL,
  levels: readonly (readonly string[])[],
  placeOf: (path: string) => string | undefined,
): Promise<string[]> {
  const levelOf = new Map(
    levels.flatMap((names, level) => names.map((name) => [name, level])),
  );
  const found: string[] = [];
  for await (const { from, to } of importsIn(root)) {
    const [own, other] = [from, to].map((path) =>
      placeOf(path.slice(root.pathname.length))
    );
    if (!to.startsWith(root.pathname) || own === other) continue;
    if (own === undefined || other === undefined) continue;
    const [low, high] = [own, other].map((name) => levelOf.get(name));
    assert(low !== undefined, `no level for ${own}, of ${from}`);
    assert(high !== undefined, `no level for ${other}, of ${to}`);
    const isBeside = low === high && levels === ROOMS;
    if (high > low || (high === low && !isBeside)) {
      found.push(`${from} imports ${to}`);
    }
  }
  return found;
}

Deno.test("rooms of src import from lower rooms", async () => {
  const roomOf = (path: string) =>
    path.includes("/") ? path.split("/")[0] : undefined;
  assertEquals(await upwardImports(SRC, ROOMS, roomOf), []);
});

Deno.test("families of src/ops import from lower families", async () => {
  const makers = ["define.ts", "tune.ts"];
  const familyOf = (path: string) =>
    path.includes("/")
      ? path.split("/")[0]
      : makers.includes(path)
      ? "define"
      : "words";
  assertEquals(
    await upwardImports(new URL("ops/", SRC), FAMILIES, familyOf),
    [],
  );
});

Deno.test("floors of src/vision import from lower floors", async () => {
  const floorOf = (path: string) => {
    if (path === "mod.ts") return undefined;
    const [folder] = path.split("/");
    return FLOORS.flat().find((floor) => floor === folder) ?? "files";
  };
  assertEquals(
    await upwardImports(new URL("vision/", SRC), FLOORS, floorOf),
    [],
  );
});
