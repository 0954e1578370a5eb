/**
 * The table in README.md: its text from results, and its place between two
 * markers. What is outside of them stays as it is.
 *
 * @module
 */

import type { PeerName } from "./libraries.ts";
import { formatMachine, type Machine } from "./machine.ts";
import {
  README_COLUMNS,
  README_ROWS,
  README_SKIPS,
  type Row,
} from "./readme_rows.ts";
import type { Results } from "./results.ts";
import { formatNumber, formatRatio, formatSpread } from "./tables.ts";

/** What comes before the table. */
export const BEGIN = "<!-- ./run bench --table writes from here -->";
/** What comes after it. */
export const END = "<!-- to here -->";

/**
 * A text with another table between its markers.
 *
 * @throws {SyntaxError} If the text does not have each marker once, in order
 */
export function replaceTable(text: string, table: string): string {
  const [before, rest, ...more] = text.split(BEGIN);
  const [, after, ...others] = (rest ?? "").split(END);
  if (after === undefined || more.length > 0 || others.length > 0) {
    throw new SyntaxError(
      `Cannot write the table: expected the lines "${BEGIN}" and "${END}" ` +
        `once each, in this order`,
    );
  }
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

/** How a run was made. */
export interface Run {
  readonly machine: Machine;
  readonly versus: readonly PeerName[];
  readonly rounds: number;
  readonly isEager: boolean;
}

/** The table, with what a reader must know of the run. */
export function formatTable(results: Results, run: Run): string {
  const { versus } = run;
  const present = versus.filter((name) => !results.absent.has(name));
  const head = ["work", "Kindling"];
  head.push(...present.map((name) => README_COLUMNS[name]), "group");
  const rule = head.map((_, i) =>
    i === 0 || i === head.length - 1 ? "---" : "---:"
  );
  const rows = README_ROWS.map((row) => [
    row.work,
    oursOf(row, results),
    ...present.map((name) => theirsOf(row, results, name)),
    `\`${row.group}\``,
  ]);
  const lines = [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`);
  return [
    introduction(run),
    lines.join("\n"),
    notes(results, versus, present),
  ].join("\n\n");
}

/** What is not in the table and why, and how a row is taken alone. */
function notes(
  results: Results,
  versus: readonly PeerName[],
  present: readonly PeerName[],
): string {
  const sentences: string[] = [];
  const absent = versus.filter((name) => results.absent.has(name));
  if (absent.length > 0) {
    sentences.push(`Not on this machine: ${titles(absent)}.`);
  }
  for (const [group, names] of Object.entries(README_SKIPS)) {
    const skipped = titles(names.filter((name) => present.includes(name)));
    if (skipped === "") continue;
    sentences.push(`\`${group}\` takes ${skipped} too long for the table.`);
  }
  sentences.push("A dash: the library can't do it, or wasn't asked.");
  if (present.includes("torch")) sentences.push("PyTorch needs no WebGPU.");
  sentences.push(
    `A row alone: \`./run bench GROUP --versus ${versus.join(",")}\`.`,
  );
  return sentences.join(" ");
}

function titles(names: readonly PeerName[]): string {
  return names.map((name) => README_COLUMNS[name]).join(" and ");
}

function introduction({ machine, rounds, isEager }: Run): string {
  return `Milliseconds, if a row says nothing else. ` +
    `${formatMachine(machine)}; Kindling's steps are ` +
    `${isEager ? "eager" : "compiled"}. The libraries took turns in ` +
    `${rounds} ${
      rounds === 1 ? "round" : "rounds"
    } of one run, each group in a fresh process: the best ` +
    `median, the spread of the medians over the rounds, and how many times ` +
    `faster Kindling is (or how many times less memory it takes), with the ` +
    `spread of that.`;
}

function oursOf(row: Row, results: Results): string {
  const figure = results.figure(row.workload, "kindling");
  if (!figure) return "-";
  const { gflops } = figure.line;
  const rate = row.hasRate && gflops !== undefined
    ? `, ${formatNumber(gflops)} GFLOP/s`
    : "";
  const text = formatSpread(figure.spread);
  const spread = text.includes("–") ? ` (${text})` : "";
  return `**${formatNumber(figure.best)}**${spread}${rate}`;
}

function theirsOf(row: Row, results: Results, name: PeerName): string {
  const figure = results.figure(row.workload, name);
  const ratio = results.ratio(row.workload, name);
  if (!figure) return "-";
  const number = formatNumber(figure.best);
  return ratio ? `${number}: ${formatRatio(ratio)}` : number;
}
