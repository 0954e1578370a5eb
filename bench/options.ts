/**
 * The command line of the bench. Nothing here runs anything.
 *
 * @module
 */

import { parseArgs } from "node:util";

import { type GroupName, GROUPS, isGroup } from "./groups.ts";
import { isPeer, type PeerName, PEERS } from "./libraries.ts";
import { README_GROUPS } from "./readme_rows.ts";

/** What the command line asks for. */
export interface Options {
  readonly groups: readonly GroupName[];
  /** Libraries to compare with, in the order of the columns. */
  readonly versus: readonly PeerName[];
  /** How often each library runs each group. */
  readonly rounds: number;
  /** Milliseconds that the samples of one workload may take. */
  readonly budgetMs: number;
  /** Whether Kindling's steps run op by op instead of compiled. */
  readonly isEager: boolean;
  /** A folder of JPEG files; undefined: some are drawn for it. */
  readonly images: string | undefined;
  readonly isJson: boolean;
  /** The file whose table is to be written, if one is. */
  readonly readme: string | undefined;
  readonly isHelp: boolean;
}

const README = new URL("../README.md", import.meta.url).pathname;

/** What `--help` prints. */
export function usage(): string {
  const width = Math.max(...Object.keys(GROUPS).map((name) => name.length));
  const groups = Object.entries(GROUPS)
    .map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  const peers = Object.entries(PEERS)
    .map(([name, { title }]) => `  ${name.padEnd(width)}  ${title}`);
  return `./run bench [groups] [options]

  --versus A,B     libraries to take turns with, or "all"
  --rounds N       how often each runs; the best median counts
                   (default: 1, with --versus 3, with --table 2)
  --seconds X      what the samples of one workload may take
                   (default: 8, with --table 2)
  --eager          Kindling's steps op by op instead of compiled
  --images FOLDER  JPEG files in a folder for each class, for the group jpeg
                   (default: some that are drawn for it)
  --json           a line of JSON for each measurement, and one at the end
  --table          writes the table in README.md: its groups, all libraries
  --readme FILE    another file for --table

Groups (all of them unless named):
${groups.join("\n")}

Libraries:
${peers.join("\n")}`;
}

/**
 * What the words ask for.
 *
 * @throws {RangeError} If a group or a library has another name, or a number
 * is out of range
 * @throws {TypeError} If an option is unknown or lacks its value
 */
export function parseOptions(words: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      versus: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      eager: { type: "boolean", default: false },
      images: { type: "string" },
      json: { type: "boolean", default: false },
      table: { type: "boolean", default: false },
      readme: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const isTable = values.table || values.readme !== undefined;
  const named = positionals.map(groupOf);
  const usual = isTable ? README_GROUPS : groupNames();
  const versus = values.versus === undefined
    ? (isTable ? peerNames() : [])
    : peersOf(values.versus);
  const usualRounds = isTable ? "2" : versus.length > 0 ? "3" : "1";
  const rounds = values.rounds ?? usualRounds;
  const seconds = values.seconds ?? (isTable ? "2" : "8");
  return {
    groups: named.length > 0 ? named : usual,
    versus,
    rounds: positive("--rounds", rounds, Number.isInteger),
    budgetMs: 1000 * positive("--seconds", seconds, Number.isFinite),
    isEager: values.eager,
    images: values.images,
    isJson: values.json,
    readme: isTable ? values.readme ?? README : undefined,
    isHelp: values.help,
  };
}

function groupNames(): GroupName[] {
  return Object.keys(GROUPS).filter(isGroup);
}

function peerNames(): PeerName[] {
  return Object.keys(PEERS).filter(isPeer);
}

function groupOf(word: string): GroupName {
  if (isGroup(word)) return word;
  throw new RangeError(
    `Cannot run "${word}": expected ${groupNames().join(", ")}`,
  );
}

function peersOf(text: string): PeerName[] {
  if (text === "all") return peerNames();
  return text.split(",").map((name) => {
    if (isPeer(name)) return name;
    throw new RangeError(
      `Cannot compare with "${name}": expected ${
        peerNames().join(", ")
      } or all`,
    );
  });
}

function positive(
  flag: string,
  text: string,
  isFit: (value: number) => boolean,
): number {
  const value = Number(text);
  if (isFit(value) && value > 0) return value;
  throw new RangeError(
    `Cannot take "${text}" for ${flag}: expected a positive ` +
      (isFit === Number.isInteger ? "integer" : "number"),
  );
}
