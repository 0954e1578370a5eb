/**
 * The rows of a table's CSV file: the path of each image and its numbers.
 *
 * @module
 */

import { dirname, isAbsolute } from "node:path";

import { holds } from "../../src/data/checks/values.ts";
import { joinPath, toPath } from "../_shared.ts";
import { type CsvOptions, parseCsv } from "./csv.ts";
import { decodeText } from "./text_file.ts";

/** A CSV file, read: what a table consists of. */
export interface TableRows {
  /** The CSV file. */
  readonly file: string;
  /** The folder that paths start from. */
  readonly root: string;
  /** The columns with numbers. */
  readonly classes: readonly string[];
  /** The path of each image. */
  readonly paths: readonly string[];
  /** The numbers, row by row. */
  readonly labels: Float32Array<ArrayBuffer>;
}

/** Options of a table that decide how its file is read. */
export interface ReadOptions extends CsvOptions {
  readonly root?: string | URL;
  readonly path?: string;
  readonly labels?: readonly string[];
  readonly encoding?: string;
  readonly missing?: "refuse" | "skip";
}

/**
 * Reads the CSV file `file`; the options are checked.
 *
 * @throws As `Table.open`
 */
export async function readTable(
  file: string,
  options: ReadOptions,
): Promise<TableRows> {
  const text = decodeText(file, await readBytes(file), options.encoding);
  const { header, rows } = parseCsv(file, text, options);
  const columnOf = (name: string): number => {
    const column = header.indexOf(name);
    if (column !== -1) return column;
    throw new SyntaxError(
      `Cannot read "${file}": its header has no column "${name}", only ` +
        header.join(", "),
    );
  };
  const root = toPath(options.root ?? dirname(file));
  const pathColumn = columnOf(options.path ?? header[0] ?? "");
  const classes = options.labels ??
    header.filter((_, column) => column !== pathColumn);
  const columns = classes.map(columnOf);

  const paths: string[] = [];
  const labels: number[] = [];
  for (const { line, cells } of rows) {
    const refuse = (why: string, cause?: unknown) =>
      new SyntaxError(`Cannot read "${file}": line ${line}${why}`, { cause });
    const name = cells[pathColumn]!; // rows are as wide as the header
    if (name.trim() === "") {
      throw refuse(` has no path in column "${header[pathColumn]}"`);
    }
    const numbers = columns.map((column) => {
      const cell = cells[column]!;
      const value = numberOf(cell);
      if (typeof value === "number") return value;
      throw refuse(
        `, column "${header[column]}": expected ${value}, got "${cell}"`,
      );
    });
    const path = isAbsolute(name) ? name : joinPath(root, name);
    const isThere = await isFile(path, (cause) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw refuse(` names "${path}", which can't be a file: ${why}`, cause);
    });
    if (!isThere) {
      if (options.missing === "skip") continue;
      throw new Deno.errors.NotFound(
        `Cannot read "${file}": line ${line} names "${path}", which is not ` +
          `there (with missing: "skip" such rows are left out)`,
      );
    }
    paths.push(path);
    labels.push(...numbers);
  }
  return { file, root, classes, paths, labels: Float32Array.from(labels) };
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number in a cell, or what was expected there. */
function numberOf(cell: string): number | string {
  const text = cell.replace(/^[ \t]+|[ \t]+$/g, ""); // between quotes, too
  if (!DECIMAL.test(text)) return "a number";
  const value = Number(text);
  const isZero = !/[1-9]/.test(text.replace(/e.*/i, ""));
  const isHeld = Number.isFinite(value) && holds("float32", value) &&
    isZero === (value === 0) && isExact(text, value);
  return isHeld ? value : "a number that float32 holds";
}

/** Beyond 2^53 the number of an integer's digits may be another integer. */
function isExact(text: string, value: number): boolean {
  if (!/^[+-]?\d+$/.test(text)) return true;
  return BigInt(text.replace("+", "")) === BigInt(Math.fround(value));
}

async function readBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(file);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(
      `Cannot read "${file}": there is no such file`,
      { cause },
    );
  }
}

async function isFile(
  path: string,
  onError: (cause: unknown) => never,
): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return false;
    if (error instanceof Deno.errors.NotCapable) throw error; // Deno's words
    return onError(error);
  }
}
