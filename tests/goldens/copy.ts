/**
 * Copies a small part of a folder of goldens here, so that a clone alone can be
 * tested:
 *
 *   deno run -P=tools tests/goldens/copy.ts DIR
 *
 * Taken are cases that pass when they are copied: of each op the first, the
 * first with views, and the first of each tag, if they are small and need no
 * files beside the goldens. What is unsupported or failed is left out;
 * `./run conformance DIR` shows that. Run it again when the table has grown.
 * int64 becomes int32, and float64 float32, as the reader reads them. The
 * category large takes too long to be copied.
 *
 * @module
 */

import { encodeSafetensors } from "../../src/io/safetensors.ts";
import type { HostArray } from "../../src/tensor/host_array.ts";
import {
  type Case,
  type Category,
  listCategories,
  readCategory,
  tensorOf,
} from "../conformance/case.ts";
import { runCategory } from "../conformance/run.ts";
import { pictureKey } from "../conformance/run_images.ts";

/** Bytes that one case may bring: small ones first, larger ones if need be. */
const CASE_LIMITS = [2_500, 10_000];
/** Bytes that one category may bring. */
const CATEGORY_LIMIT = 200_000;

/** The keys of all tensors that a case refers to. */
function keysOf(golden: Case): string[] {
  const { inputs, outputs, cotangents, grads } = golden;
  const keys = [inputs, outputs, cotangents, grads].flatMap(Object.values);
  return [...new Set([...keys, pictureKey(golden) ?? []].flat())];
}

/** Bytes that a case adds to the copy. */
function bytesOf(category: Category, golden: Case): number {
  return keysOf(golden).reduce(
    (sum, key) => sum + tensorOf(category, key).data.byteLength + 100,
    JSON.stringify(golden.fields).length,
  );
}

/** What makes a case worth a place beside others of its op. */
function traitsOf({ op, kwargs, views, fields }: Case): string[] {
  const name = op === "program" ? `${kwargs.program}` : op;
  const tags = Array.isArray(fields.tags) ? fields.tags : [];
  const traits = tags.map((tag) => `${name} ${tag}`);
  if (Object.keys(views).length > 0) traits.push(`${name} views`);
  return [name, ...traits];
}

/** The cases to copy, in their order. */
function choose(category: Category, passed: ReadonlySet<string>): Case[] {
  const seen = new Set<string>();
  const chosen = new Set<Case>();
  let bytes = 0;
  for (const limit of CASE_LIMITS) {
    for (const golden of category.cases) {
      const traits = traitsOf(golden).filter((trait) => !seen.has(trait));
      if (!passed.has(golden.id) || traits.length === 0) continue;
      if ("root" in golden.kwargs || "file" in golden.kwargs) continue;
      const size = bytesOf(category, golden);
      if (size > limit || bytes + size > CATEGORY_LIMIT) continue;
      for (const trait of traits) seen.add(trait);
      chosen.add(golden);
      bytes += size;
    }
  }
  return category.cases.filter((golden) => chosen.has(golden));
}

/** A file of the category with these cases alone. */
async function write(
  folder: string,
  category: Category,
  chosen: readonly Case[],
): Promise<void> {
  const head = JSON.stringify(category.head).slice(1, -1);
  const lines = chosen.map(({ fields }) => JSON.stringify(fields));
  const path = `${folder}/${category.name}`;
  await Deno.writeTextFile(
    `${path}.json`,
    `{${head},"cases":[\n${lines.join(",\n")}\n]}\n`,
  );
  const tensors = new Map<string, HostArray>();
  for (const key of chosen.flatMap(keysOf)) {
    tensors.set(key, tensorOf(category, key));
  }
  if (tensors.size > 0) {
    await Deno.writeFile(`${path}.safetensors`, encodeSafetensors(tensors));
  }
}

/** Lays out the JSON files as all files of the project are. */
async function format(folder: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", folder],
  });
  const { success } = await command.output();
  if (!success) throw new Error(`Cannot format ${folder}`);
}

if (import.meta.main) {
  const [source] = Deno.args;
  if (source === undefined) throw new TypeError("Expected a folder of goldens");
  const folder = import.meta.dirname!; // a file of this disk, not a URL
  for (const name of await listCategories(source)) {
    if (name === "large") continue;
    const category = await readCategory(source, name);
    const results = await runCategory(source, name);
    const passed = new Set(
      results.filter(({ outcome }) => outcome.kind === "passed")
        .map(({ id }) => id),
    );
    const chosen = choose(category, passed);
    if (chosen.length > 0) await write(folder, category, chosen);
  }
  await format(folder);
}
