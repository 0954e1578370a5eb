/**
 * Results as text: the cells, and the table that a terminal shows. Numbers have
 * three significant digits.
 *
 * @module
 */

import type { LibraryName } from "./libraries.ts";
import type { Line } from "./library.ts";
import type { Ratio, Results } from "./results.ts";
import type { Spread } from "./statistics.ts";

/** Three significant digits, thousands marked. */
export function formatNumber(value: number): string {
  const digits = Number(value.toPrecision(3));
  return digits.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** Both ends of a spread, or the one number that both are. */
export function formatSpread({ least, most }: Spread): string {
  const [from, to] = [formatNumber(least), formatNumber(most)];
  return from === to ? from : `${from}–${to}`;
}

/** How many times, as a number and its spread. */
export function formatRatio({ best, spread }: Ratio): string {
  const digits = (value: number) => value.toPrecision(2);
  const [from, to] = [digits(spread.least), digits(spread.most)];
  const short = (text: string) => `${Number(text)}`;
  return from === to
    ? `${short(digits(best))}x`
    : `${short(digits(best))}x (${short(from)}–${short(to)})`;
}

/** What a line says that has no figure. */
function formatPlain(line: Line | undefined): string {
  if (!line) return "-";
  if (line.error !== undefined) return `error: ${line.error}`;
  const { ok, relative_error: error } = line;
  return ok === undefined ? "-" : `${ok ? "ok" : "WRONG"} ${error}`;
}

/** Rows of cells, their columns aligned. */
export function alignRows(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  return rows.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()
  ).join("\n");
}

/** The best figures, their spread over the rounds, and the ratios. */
export function formatResults(
  results: Results,
  versus: readonly LibraryName[],
): string {
  const rows = [["workload", "unit", "kindling", "rounds", "rate"]];
  for (const name of versus) rows[0]!.push(name, "rounds", "times");
  for (const workload of results.workloads) {
    const ours = results.figure(workload, "kindling");
    const { gflops, gbps } = ours?.line ?? {};
    const rate = gflops !== undefined
      ? `${formatNumber(gflops)} GFLOP/s`
      : gbps !== undefined
      ? `${formatNumber(gbps)} GB/s`
      : "";
    const units = ["kindling" as const, ...versus]
      .flatMap((name) => results.figure(workload, name)?.unit ?? []);
    const row = [workload, units[0] ?? "", ...cells(results, workload)];
    row.push(rate);
    for (const name of versus) {
      const ratio = results.ratio(workload, name);
      row.push(...cells(results, workload, name));
      row.push(ratio ? formatRatio(ratio) : "");
    }
    rows.push(row);
  }
  const missing = [...results.absent].map(([name, reason]) =>
    `${name} is not here: ${reason}`
  );
  return [alignRows(rows), ...missing].join("\n");
}

function cells(
  results: Results,
  workload: string,
  name: LibraryName = "kindling",
): [string, string] {
  const figure = results.figure(workload, name);
  if (figure) return [formatNumber(figure.best), formatSpread(figure.spread)];
  return [formatPlain(results.lines(workload, name)[0]), ""];
}
