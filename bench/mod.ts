/**
 * The bench: Kindling's times, and those of other libraries on the same
 * adapter, taken in turns in one run.
 *
 *     ./run bench [GROUP…] [--versus jax,tfjs,…] [--rounds N] [--help]
 *     ./run bench --table      writes the table in README.md
 *
 * Each library runs each group in a process of its own, one after the other, as
 * often as `--rounds` says. What is printed at the end is the best median of
 * the rounds, the spread of the medians, and ratios larger than 1 where
 * Kindling is better.
 *
 * @module
 */

import { cacheOf, type GroupName } from "./groups.ts";
import { drawFolder } from "./images.ts";
import { type LibraryName, runGroup } from "./libraries.ts";
import { describeMachine, formatMachine } from "./machine.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { formatTable, replaceTable } from "./readme_table.ts";
import { README_SKIPS } from "./readme_rows.ts";
import { Results } from "./results.ts";
import { formatResults } from "./tables.ts";

function print(text: string): void {
  write(Deno.stdout, `${text}\n`);
}

function write(
  out: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    at += out.writeSync(bytes.subarray(at));
  }
}

/** Runs all rounds of all groups; what is under way goes to standard error. */
async function measureAll(options: Options): Promise<Results> {
  const { groups, versus, rounds, isJson, readme } = options;
  const results = new Results();
  const run = async (group: GroupName, name: LibraryName, round: string) => {
    const start = performance.now();
    const lines = await runGroup(name, group, options);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    write(Deno.stderr, `${group} ${round}: ${name}, ${seconds} s\n`);
    return lines;
  };
  for (const group of groups) {
    const skipped = readme === undefined ? [] : README_SKIPS[group] ?? [];
    const names = new Set<LibraryName>(["kindling", ...versus]);
    for (const name of skipped) names.delete(name);
    if (cacheOf(group) === "filled") {
      for (const name of names) await run(group, name, "fills the cache");
    }
    // results are right or wrong whatever the round
    const count = group === "verify" ? 1 : rounds;
    for (let round = 1; round <= count; round++) {
      for (const name of names) {
        if (results.absent.has(name)) continue;
        const lines = await run(group, name, `${round}/${count}`);
        if (lines.length === 0) names.delete(name); // it can't do that
        for (const line of lines) {
          if (isJson) print(JSON.stringify({ round, ...line }));
          results.add(name, line);
        }
      }
    }
  }
  return results;
}

/** Runs with a folder of images for the group that needs one. */
async function withImages<T>(
  options: Options,
  run: (options: Options) => Promise<T>,
): Promise<T> {
  const { groups, images } = options;
  if (!groups.includes("jpeg") || images !== undefined) return run(options);
  const folder = await drawFolder();
  try {
    return await run({ ...options, images: folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What `--json` ends with: the best of each, and ratios. */
function summaryOf(results: Results, { versus }: Options): unknown {
  return Object.fromEntries(results.workloads.flatMap((workload) => {
    const libraries = (["kindling", ...versus] as const).flatMap((name) => {
      const figure = results.figure(workload, name);
      if (!figure) return [];
      const { unit, best, spread } = figure;
      const times = name === "kindling"
        ? undefined
        : results.ratio(workload, name);
      return [[name, { unit, best, spread, times }] as const];
    });
    if (libraries.length === 0) return []; // right or wrong, not measured
    return [[workload, Object.fromEntries(libraries)]];
  }));
}

/** Whether a library of ours failed, or any gave a wrong result. */
function isBad(results: Results): boolean {
  return results.workloads.some((workload) =>
    results.lines(workload, "kindling").some(({ error, ok }) =>
      error !== undefined || ok === false
    )
  );
}

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words);
  const { versus, rounds, isEager, isJson, readme } = options;
  if (options.isHelp) {
    print(usage());
    return 0;
  }
  const text = readme === undefined ? "" : await Deno.readTextFile(readme);
  if (readme !== undefined) replaceTable(text, ""); // refuses before it runs
  const machine = await describeMachine();
  write(Deno.stderr, `${formatMachine(machine)}\n`);
  const results = await withImages(options, measureAll);
  if (isJson) {
    print(JSON.stringify({
      machine,
      rounds,
      isEager,
      absent: Object.fromEntries(results.absent),
      summary: summaryOf(results, options),
    }));
  } else print(formatResults(results, versus));
  if (readme !== undefined) {
    const table = formatTable(results, { machine, versus, rounds, isEager });
    await Deno.writeTextFile(readme, replaceTable(text, table));
    await new Deno.Command(Deno.execPath(), {
      args: ["fmt", "--quiet", readme],
    }).output();
  }
  return isBad(results) ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    const isUsage = error instanceof RangeError || error instanceof TypeError ||
      error instanceof SyntaxError;
    if (!isUsage) throw error;
    write(Deno.stderr, `${error.message}\n`);
    Deno.exit(2);
  }
}
