/**
 * Compares the library with PyTorch: runs the golden cases of a folder and
 * prints, per category and in all, how many passed, failed and are unsupported.
 * Any folder of the goldens' format will do.
 *
 *   ./run conformance DIR [--only CATEGORY[,…]] [--binding BYTES]
 *                         [--verbose] [--json]
 *
 * `--binding` lets kernels bind so many bytes of a tensor at most, so that the
 * cases' tensors are large: NOTE [parts] in src/ops/launch/launch.ts.
 *
 * Each failed case has a line: where it is farthest off, and by how much.
 * `--verbose` also lists what is unsupported, and why, and what is noteworthy
 * about cases that passed; `--json` prints one
 * object with everything instead. Exits with 1 if a case failed, 2 if it was
 * called wrongly.
 *
 * @module
 */

import { overrideBindingLimit } from "../src/gpu/device.ts";
import { listCategories } from "./conformance/case.ts";
import type { Result } from "./conformance/outcome.ts";
import {
  count,
  formatCounts,
  formatResult,
  toJson,
} from "./conformance/report.ts";
import { runCategory } from "./conformance/run.ts";

const USAGE =
  "Usage: ./run conformance DIR [--only CATEGORY[,…]] [--binding BYTES] " +
  "[--verbose] [--json]";

interface CommandLine {
  readonly folder: string;
  readonly only: readonly string[] | undefined;
  readonly binding: number | undefined;
  readonly verbose: boolean;
  readonly json: boolean;
}

function print(line: string, to: typeof Deno.stdout = Deno.stdout): void {
  let bytes = new TextEncoder().encode(`${line}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
}

/** Says what was wrong with the call, and ends. */
function refuse(why: string): never {
  print(`${why}\n${USAGE}`, Deno.stderr);
  Deno.exit(2);
}

function parseArguments(args: readonly string[]): CommandLine {
  const folders: string[] = [];
  let only: string[] | undefined;
  let binding: number | undefined;
  let [verbose, json] = [false, false];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--verbose") verbose = true;
    else if (arg === "--json") json = true;
    else if (arg === "--binding") {
      binding = Number(args[++i]);
      if (!(binding >= 256)) refuse(`Cannot bind ${args[i]} bytes`);
    } else if (arg === "--only") only = args[++i]?.split(",");
    else if (arg.startsWith("--only=")) only = arg.slice(7).split(",");
    else if (arg.startsWith("-")) refuse(`Unknown option "${arg}"`);
    else folders.push(arg);
  }
  const [folder] = folders;
  if (folder === undefined || folders.length > 1) {
    refuse(`Expected one folder, got ${folders.length}`);
  }
  return { folder, only, binding, verbose, json };
}

async function categoriesOf({ folder, only }: CommandLine): Promise<string[]> {
  let names: string[];
  try {
    names = await listCategories(folder);
  } catch (error) {
    refuse(`Cannot read "${folder}": ${error}`);
  }
  const missing = only?.filter((name) => !names.includes(name)) ?? [];
  if (missing.length > 0) {
    refuse(`No ${missing.join(", ")} in "${folder}": ${names.join(", ")}`);
  }
  return only ? names.filter((name) => only.includes(name)) : names;
}

if (import.meta.main) {
  const command = parseArguments(Deno.args);
  overrideBindingLimit(command.binding);
  const start = performance.now();
  const all: Result[] = [];
  for (const name of await categoriesOf(command)) {
    const results = await runCategory(command.folder, name);
    all.push(...results);
    if (command.json) continue;
    for (const result of results) {
      const line = formatResult(result);
      if (result.outcome.kind === "failed" || (line && command.verbose)) {
        print(line!);
      }
    }
    print(formatCounts(name, count(results)));
  }
  const seconds = (performance.now() - start) / 1000;
  if (command.json) print(toJson(command.folder, all, seconds));
  else print(formatCounts("total", count(all)));
  Deno.exit(count(all).failed > 0 ? 1 : 0);
}
