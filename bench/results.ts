/**
 * What the rounds of a run have shown: for each workload and library the best
 * figure, its spread over the rounds, and how many times better Kindling is.
 *
 * @module
 */

import type { LibraryName } from "./libraries.ts";
import type { Line } from "./library.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** What is measured: milliseconds and mebibytes are better when less. */
export type Unit = "ms" | "samples/s" | "MB";

/** A figure of a workload. */
export interface Figure {
  readonly unit: Unit;
  /** The best of the rounds. */
  readonly best: number;
  /** Over the rounds. */
  readonly spread: Spread;
  /** The line of the best. */
  readonly line: Line;
}

/** How many times better Kindling is, more than 1, or worse, less. */
export interface Ratio {
  /** Of the best figures. */
  readonly best: number;
  /** Of the figures that were taken in the same round. */
  readonly spread: Spread;
}

/** The figure of a line: a time, else a rate, else memory. */
export function figureOf(line: Line): [Unit, number] | undefined {
  if (line.median_ms !== undefined) return ["ms", line.median_ms];
  if (line.samples_per_s !== undefined) {
    return ["samples/s", line.samples_per_s];
  }
  return line.rss_mb === undefined ? undefined : ["MB", line.rss_mb];
}

/** The lines of all rounds. */
export class Results {
  /** Lines by workload and library, in the order of the rounds. */
  readonly #lines = new Map<string, Map<LibraryName, Line[]>>();
  /** Why libraries can't run. */
  readonly absent = new Map<LibraryName, string>();

  /** Takes a library's line. */
  add(name: LibraryName, line: Line): void {
    if (line.absent !== undefined) {
      this.absent.set(name, line.absent);
      return;
    }
    const row = this.#lines.get(line.workload) ?? new Map();
    this.#lines.set(line.workload, row);
    row.set(name, [...(row.get(name) ?? []), line]);
  }

  /** The workloads, in the order in which they came. */
  get workloads(): string[] {
    return [...this.#lines.keys()];
  }

  /** The lines of a library's rounds. */
  lines(workload: string, name: LibraryName): readonly Line[] {
    return this.#lines.get(workload)?.get(name) ?? [];
  }

  /** A library's figure, if it has one. */
  figure(workload: string, name: LibraryName): Figure | undefined {
    const taken = this.lines(workload, name).flatMap((line) => {
      const figure = figureOf(line);
      return figure ? [{ line, unit: figure[0], value: figure[1] }] : [];
    });
    if (taken.length === 0) return undefined;
    const { unit } = taken[0]!;
    const best = taken.reduce((a, b) => {
      const isBetter = unit === "samples/s"
        ? b.value > a.value
        : b.value < a.value;
      return isBetter ? b : a;
    });
    return {
      unit,
      best: best.value,
      spread: spreadOf(taken.map(({ value }) => value)),
      line: best.line,
    };
  }

  /** How many times better Kindling is than another library. */
  ratio(workload: string, name: LibraryName): Ratio | undefined {
    const ours = this.figure(workload, "kindling");
    const theirs = this.figure(workload, name);
    if (!ours || !theirs) return undefined;
    const times = (a: number, b: number) =>
      ours.unit === "samples/s" ? a / b : b / a;
    const other = this.lines(workload, name);
    const rounds = this.lines(workload, "kindling").flatMap((line, i) => {
      const [a, b] = [figureOf(line), other[i] && figureOf(other[i])];
      return a && b ? [times(a[1], b[1])] : [];
    });
    const best = times(ours.best, theirs.best);
    return { best, spread: spreadOf(rounds.length > 0 ? rounds : [best]) };
  }
}
