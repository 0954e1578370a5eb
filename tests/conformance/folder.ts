/**
 * Folders of goldens made by hand, for tests of the runner.
 *
 * @module
 */

import { encodeSafetensors } from "../../src/io/safetensors.ts";
import type { HostArray } from "../../src/tensor/host_array.ts";
import { formatResult } from "./report.ts";
import { runCategory } from "./run.ts";

/** A case as it stands in a file: what is missing is filled in. */
export type Described = Readonly<Record<string, unknown>>;

/**
 * Runs cases of a category and says of each what came of it: "passed", or the
 * line of the report without the names.
 */
export async function runCases(
  category: string,
  cases: readonly Described[],
  tensors: Readonly<Record<string, HostArray>> = {},
): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const filled = cases.map((each, i) => ({
      id: String(i),
      atol: 0,
      rtol: 0,
      ...each,
    }));
    await Deno.writeTextFile(
      `${folder}/${category}.json`,
      JSON.stringify({ category, cases: filled }),
    );
    await Deno.writeFile(
      `${folder}/${category}.safetensors`,
      encodeSafetensors(new Map(Object.entries(tensors))),
    );
    const results = await runCategory(folder, category);
    return results.map((result) =>
      result.outcome.kind === "passed"
        ? "passed"
        : formatResult(result)!.replace(/^(\w+) .*? \(.*?\): /, "$1: ")
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
