/**
 * Datasets on the command line: lists, downloads, checks and removes them.
 *
 *   ./run data list                 every dataset, its size, what is on disk
 *   ./run data fetch NAME…          downloads and unpacks what is missing
 *   ./run data verify NAME…         checks the files against their checksums
 *   ./run data clear NAME…          removes the files
 *
 *   --root DIR      the folder of datasets (default: in the cache folder)
 *   --mirror URL    a folder to fetch from instead; may be repeated
 *   --json          one object or list on the standard output
 *
 * Names ignore case; "all" means every dataset. The exit status is 1 if a
 * command fails or finds wrong files, and 2 for wrong arguments.
 *
 * @module
 */

import { parseArgs } from "node:util";

import { formatBytes } from "../datasets/_shared.ts";
import {
  clear,
  PUBLISHED,
  type PublishedSet,
  stateOf,
  verify,
} from "../datasets/catalog.ts";
import { datasetsFolder } from "../datasets/source_options.ts";

const USAGE = `Usage: ./run data list | fetch NAME… | verify NAME… | clear NAME…
       [--root DIR] [--mirror URL]… [--json]

  list      every dataset, its size, and what is on disk
  fetch     download and unpack what is missing
  verify    check the files against their checksums
  clear     remove the files

  --root DIR     the folder of datasets (default: in the cache folder)
  --mirror URL   a folder to fetch from instead; may be repeated
  --json         one object or list on the standard output

NAME is one of ${PUBLISHED.map(({ name }) => name).join(", ")}, or all`;

/** Error of wrong arguments. */
class UsageError extends Error {}

interface Call {
  readonly command: keyof typeof COMMANDS;
  readonly sets: readonly PublishedSet[];
  readonly root: string;
  readonly mirrors: readonly string[];
  readonly json: boolean;
}

/** Result of a command. `ok` is false if files are wrong. */
interface Report {
  readonly ok: boolean;
  readonly lines: readonly string[];
  readonly json: unknown;
}

const COMMANDS = {
  list,
  fetch: fetchSets,
  verify: verifySets,
  clear: clearSets,
};

async function list({ sets, root }: Call): Promise<Report> {
  const rows: string[][] = [["NAME", "SIZE", "HERE", "STATE", "WHAT"]];
  const json: unknown[] = [];
  for (const set of sets) {
    const { name, about, files } = set;
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const { state, bytesOnDisk } = await stateOf(set, root);
    const [size, here] = [sizeBytes, bytesOnDisk].map(formatBytes);
    rows.push([name, size!, here!, state, about]);
    json.push({ name, sizeBytes, bytesOnDisk, state, about });
  }
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  );
  lines.push(`in ${root}`);
  return { ok: true, lines, json: { root, sets: json } };
}

async function fetchSets({ sets, root, mirrors, json }: Call): Promise<Report> {
  const lines: string[] = [];
  for (const set of sets) {
    await set.fetch(root, {
      mirrors: mirrors.length > 0 ? mirrors : set.mirrors,
      progress: !json,
    });
    lines.push(`${set.name} is in ${root}`);
  }
  const names = sets.map(({ name }) => name);
  return { ok: true, lines, json: { root, fetched: names } };
}

async function verifySets({ sets, root }: Call): Promise<Report> {
  const lines: string[] = [];
  const found: unknown[] = [];
  let ok = true;
  for (const set of sets) {
    const problems = await verify(set, root);
    found.push({ name: set.name, ok: problems.length === 0, problems });
    if (problems.length > 0) ok = false;
    const { name } = set;
    lines.push(
      problems.length === 0
        ? `${name}: ${set.files.length} files are correct`
        : `${name}: ${problems.length} of ${set.files.length} files are wrong`,
      ...problems.map(({ path, problem }) => `  ${path}: ${problem}`),
    );
  }
  if (!ok) {
    lines.push("./run data fetch NAME downloads missing and wrong files");
  }
  return { ok, lines, json: { root, sets: found } };
}

async function clearSets({ sets, root }: Call): Promise<Report> {
  const lines: string[] = [];
  const removed: string[] = [];
  for (const set of sets) {
    const paths = await clear(set, root);
    removed.push(...paths);
    lines.push(
      ...paths.map((path) => `removed ${path}`),
      ...(paths.length === 0 ? [`${set.name}: nothing to remove`] : []),
    );
  }
  return { ok: true, lines, json: { root, removed } };
}

function parse(args: string[]): Call | "help" {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        root: { type: "string" },
        mirror: { type: "string", multiple: true },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "");
  }
  const { values, positionals: [command, ...names] } = parsed;
  if (values.help || command === "help") return "help";
  if (command === undefined) throw new UsageError("Expected a command");
  if (!isCommand(command)) {
    throw new UsageError(
      `No command "${command}": expected ${Object.keys(COMMANDS).join(", ")}`,
    );
  }
  if (command !== "list" && names.length === 0) {
    throw new UsageError(`Cannot ${command}: expected a name, got none`);
  }
  return {
    command,
    sets: names.length === 0 ? PUBLISHED : names.flatMap(setsOf),
    root: datasetsFolder(values.root),
    mirrors: values.mirror ?? [],
    json: values.json ?? false,
  };
}

function isCommand(name: string): name is keyof typeof COMMANDS {
  return Object.hasOwn(COMMANDS, name);
}

function setsOf(name: string): readonly PublishedSet[] {
  if (name.toLowerCase() === "all") return PUBLISHED;
  const set = PUBLISHED.find((set) =>
    set.name.toLowerCase() === name.toLowerCase()
  );
  if (set) return [set];
  const known = PUBLISHED.map(({ name }) => name).join(", ");
  throw new UsageError(`No dataset "${name}": expected ${known} or all`);
}

function print(text: string, to: typeof Deno.stdout = Deno.stdout): void {
  let bytes = new TextEncoder().encode(`${text}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
}

async function main(args: string[]): Promise<number> {
  try {
    const call = parse(args);
    if (call === "help") {
      print(USAGE);
      return 0;
    }
    const { ok, lines, json } = await COMMANDS[call.command](call);
    print(call.json ? JSON.stringify(json) : lines.join("\n"));
    return ok ? 0 : 1;
  } catch (error) {
    if (error instanceof UsageError) {
      print(`${error.message}\n\n${USAGE}`, Deno.stderr);
      return 2;
    }
    print(error instanceof Error ? error.message : String(error), Deno.stderr);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
