/**
 * CSV files as rows of cells, each with its line, for datasets that are listed
 * in a table. What cells mean is the caller's affair.
 *
 * NOTE [csv]: the rules are those of RFC 4180 and of Python's csv module, but
 * for what would be a guess. "\r\n", "\n" and "\r" each end a row, also in turns;
 * between quotes they belong to the cell. Blanks (spaces and tabs) around a cell
 * are no part of it, those between its quotes are. A quote inside a cell without
 * quotes, or behind a closing one, is refused; without quoting it is a character
 * as any other. The parser skips rows that hold only blanks.
 *
 * @module
 */

import { formatValue } from "../../src/tensor/arguments.ts";

/** A row of a file. */
export interface CsvRow {
  /** The line that it ends in, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A CSV file with a header. */
export interface Csv {
  /** The names of the columns, no two of them equal. */
  readonly header: readonly string[];
  /** The other rows, as wide as the header. */
  readonly rows: readonly CsvRow[];
}

/** How a CSV file is written. */
export interface CsvOptions {
  /** The separator of two cells. Default: ",". */
  readonly delimiter?: string | undefined;
  /**
   * "minimal" reads quoted cells, in which two quotes stand for one. "none" takes
   * quotes as characters, as csv.QUOTE_NONE does. Default: "minimal".
   */
  readonly quoting?: "minimal" | "none" | undefined;
}

/**
 * Parses `text`, which messages call `name`.
 *
 * @throws {SyntaxError} If there is no header, two columns have one name, a row
 * is not as wide as the header, or quotes don't match; the message has the line
 */
export function parseCsv(
  name: string,
  text: string,
  options: CsvOptions = {},
): Csv {
  const [first, ...rows] = new Reader(name, text, options).rows();
  if (first === undefined) {
    throw new SyntaxError(
      `Cannot read "${name}": expected a header, got no line`,
    );
  }
  const header = first.cells;
  const twice = header.find((column, i) => header.indexOf(column) !== i);
  if (twice !== undefined) {
    throw new SyntaxError(
      `Cannot read "${name}": line ${first.line} has two columns "${twice}"`,
    );
  }
  for (const { line, cells } of rows) {
    if (cells.length === header.length) continue;
    throw new SyntaxError(
      `Cannot read "${name}": line ${line} has ${cells.length} cells, ` +
        `expected ${header.length} as in the header`,
    );
  }
  return { header, rows };
}

/**
 * `delimiter`, if it can be one.
 *
 * @throws {TypeError} If it is no text, or one that ends rows or quotes cells
 */
export function checkDelimiter(delimiter: string): string {
  if (typeof delimiter === "string" && /^[^"\r\n]+$/.test(delimiter)) {
    return delimiter;
  }
  throw new TypeError(
    `Cannot use ${formatValue(delimiter)} as the delimiter of a CSV file: ` +
      `expected a text without quotes and line ends`,
  );
}

/** A place in the text of a file. */
class Reader {
  readonly #name: string;
  readonly #text: string;
  readonly #delimiter: string;
  readonly #isQuoted: boolean;
  /** Blanks that don't part cells. */
  readonly #blanks: string;
  /** Characters that end an unquoted cell, or that it must not hold. */
  readonly #special: RegExp;
  #at = 0;
  #line = 1;

  constructor(
    name: string,
    text: string,
    { delimiter = ",", quoting = "minimal" }: CsvOptions,
  ) {
    this.#name = name;
    this.#text = text;
    this.#delimiter = delimiter;
    this.#isQuoted = quoting === "minimal";
    this.#blanks = [" ", "\t"].filter((c) => !delimiter.includes(c)).join("");
    const escaped = delimiter.replace(/\W/g, "\\$&");
    const quote = this.#isQuoted ? '|"' : "";
    this.#special = new RegExp(`[\\r\\n]|${escaped}${quote}`, "g");
  }

  /** The rows that are left, the header among them. */
  *rows(): IterableIterator<CsvRow> {
    while (this.#at < this.#text.length) {
      const start = this.#at;
      const cells = [this.#cell()];
      while (this.#takes(this.#delimiter)) cells.push(this.#cell());
      const isBlank = cells.length === 1 && cells[0] === "" &&
        this.#text.slice(start, this.#at).trim() === "";
      if (!isBlank) yield { line: this.#line, cells };
      this.#endRow();
    }
  }

  #takes(part: string): boolean {
    if (!this.#text.startsWith(part, this.#at)) return false;
    this.#at += part.length;
    return true;
  }

  #endRow(): void {
    if (this.#takes("\r\n") || this.#takes("\n") || this.#takes("\r")) {
      this.#line++;
    }
  }

  #cell(): string {
    const text = this.#text;
    let start = this.#at;
    while (this.#isBlank(start)) start++;
    if (this.#isQuoted && text[start] === '"') return this.#quotedCell(start);
    this.#special.lastIndex = start;
    let end = this.#special.exec(text)?.index ?? text.length;
    if (text[end] === '"') throw this.#strayQuote();
    this.#at = end;
    while (end > start && this.#isBlank(end - 1)) end--;
    return text.slice(start, end);
  }

  #quotedCell(start: number): string {
    const [text, firstLine] = [this.#text, this.#line];
    let cell = "";
    for (let from = start + 1;;) {
      const to = text.indexOf('"', from);
      if (to === -1) {
        throw this.#refuse(firstLine, "opens a quote that is not closed");
      }
      const part = text.slice(from, to);
      cell += part;
      this.#line += part.match(/\r\n|\n|\r/g)?.length ?? 0;
      from = to + 1;
      this.#at = from;
      if (text[from] !== '"') break;
      cell += '"';
      from++;
    }
    while (this.#isBlank(this.#at)) this.#at++;
    if (this.#at < text.length && !this.#endsCell(this.#at)) {
      throw this.#strayQuote();
    }
    return cell;
  }

  #isBlank(at: number): boolean {
    const c = this.#text[at];
    return c !== undefined && this.#blanks.includes(c);
  }

  #endsCell(at: number): boolean {
    const c = this.#text[at];
    return c === "\n" || c === "\r" ||
      this.#text.startsWith(this.#delimiter, at);
  }

  #strayQuote(): SyntaxError {
    return this.#refuse(
      this.#line,
      `has a quote inside a cell: expected "" for it in a cell between ` +
        `quotes, or the option quoting: "none"`,
    );
  }

  #refuse(line: number, why: string): SyntaxError {
    return new SyntaxError(`Cannot read "${this.#name}": line ${line} ${why}`);
  }
}
