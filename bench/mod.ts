/**
 * The bench: Kindling's times, and those of other libraries on the same
 * adapter, taken in turns in one run.
 *
 *     ./run bench [GROUP…] [--versus jax,tfjs] [--rounds N]
 *
 * Each library runs each group in a process of its own, one after the other, as
 * often as `--rounds` says; the best median of the rounds counts. A line of
 * output is one workload as JSON; with `--versus` a table of ratios follows,
 * larger than 1 where Kindling is faster.
 *
 * @module
 */

import { type Group, GROUPS, type Line, measure } from "./workloads.ts";

/** Where the adapter of each library is. */
const LIBRARIES = {
  kindling: "./libraries/kindling.ts",
  jax: "./libraries/jax.ts",
  tfjs: "./libraries/tfjs.ts",
} as const;

type LibraryName = keyof typeof LIBRARIES;

interface Options {
  readonly groups: readonly Group[];
  readonly versus: readonly LibraryName[];
  readonly rounds: number;
}

function isGroup(word: string): word is Group {
  return GROUPS.some((group) => group === word);
}

function isLibrary(word: string): word is LibraryName {
  return Object.hasOwn(LIBRARIES, word);
}

function parse(words: readonly string[]): Options {
  const groups: Group[] = [];
  let versus: LibraryName[] = [];
  let rounds = 1;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const [flag, given] = word.split("=", 2);
    if (flag === "--versus") {
      const names = (given ?? words[++i] ?? "").split(",");
      versus = names.filter(isLibrary);
      if (versus.length !== names.length || versus.includes("kindling")) {
        throw new RangeError(
          `Cannot compare with "${names.join(",")}": expected jax, tfjs`,
        );
      }
      rounds = Math.max(rounds, 2);
    } else if (flag === "--rounds") {
      rounds = Number(given ?? words[++i]);
      if (!Number.isInteger(rounds) || rounds < 1) {
        throw new RangeError("--rounds expects a positive integer");
      }
    } else if (isGroup(word)) {
      groups.push(word);
    } else {
      throw new RangeError(
        `Cannot run "${word}": expected ${GROUPS.join(", ")}`,
      );
    }
  }
  return { groups: groups.length > 0 ? groups : GROUPS, versus, rounds };
}

function print(text: string): void {
  const bytes = new TextEncoder().encode(`${text}\n`);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

// One library, one group, in this process: what the children below do.
async function runHere(name: LibraryName, group: Group): Promise<void> {
  const { library } = await import(LIBRARIES[name]);
  await measure(library, group, (line) => print(JSON.stringify(line)));
}

async function runChild(name: LibraryName, group: Group): Promise<Line[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      "--no-lock",
      "--no-check",
      import.meta.url,
      `--child=${name}`,
      group,
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): Line => JSON.parse(line)); // our own child's lines
  if (!success) {
    const reason = new TextDecoder().decode(stderr).trim().split("\n").at(0);
    lines.push({ peer: name, workload: group, error: reason });
  }
  return lines;
}

/** The best of a workload's rounds, by library. */
type Best = Map<string, Map<LibraryName, Line>>;

function isBetter(line: Line, than: Line | undefined): boolean {
  if (!than) return true;
  return line.median_ms !== undefined
    ? line.median_ms < (than.median_ms ?? Infinity)
    : (line.samples_per_s ?? 0) > (than.samples_per_s ?? 0);
}

function ratio(ours: Line | undefined, theirs: Line | undefined): string {
  if (ours?.median_ms && theirs?.median_ms) {
    return `${(theirs.median_ms / ours.median_ms).toFixed(2)}x`;
  }
  return "-";
}

function printTable(best: Best, versus: readonly LibraryName[]): void {
  const head = ["workload", "kindling ms", "GFLOP/s or GB/s"];
  for (const name of versus) head.push(`${name} ms`, `vs ${name}`);
  const rows = [head];
  for (const [workload, lines] of best) {
    const ours = lines.get("kindling");
    const rate = ours?.gflops ?? ours?.gbps ?? ours?.samples_per_s;
    const row = [workload, `${ours?.median_ms ?? "-"}`, `${rate ?? "-"}`];
    for (const name of versus) {
      const theirs = lines.get(name);
      row.push(`${theirs?.median_ms ?? "-"}`, ratio(ours, theirs));
    }
    rows.push(row);
  }
  const widths = head.map((_, i) =>
    Math.max(...rows.map((row) => row[i]!.length))
  );
  for (const row of rows) {
    print(row.map((cell, i) => cell.padEnd(widths[i]!)).join("  "));
  }
}

async function main(words: readonly string[]): Promise<void> {
  const [first = "", second = ""] = words;
  const child = first.startsWith("--child=") ? first.slice(8) : undefined;
  if (child !== undefined && isLibrary(child) && isGroup(second)) {
    return await runHere(child, second);
  }
  const { groups, versus, rounds } = parse(words);
  const best: Best = new Map();
  for (const group of groups) {
    for (let round = 0; round < rounds; round++) {
      for (const name of ["kindling", ...versus] as const) {
        for (const line of await runChild(name, group)) {
          print(JSON.stringify(line));
          const lines = best.get(line.workload) ?? new Map();
          best.set(line.workload, lines);
          if (isBetter(line, lines.get(name))) lines.set(name, line);
        }
      }
    }
  }
  if (versus.length > 0) printTable(best, versus);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
    Deno.exit(0); // other libraries leave timers behind
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    print(error.message);
    Deno.exit(2);
  }
}
