/**
 * CSV files as rows of cells, each with its line, for datasets that are listed
 * in a table. RFC 4180; what cells mean is the caller's affair.
 *
 * @module
 */

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
  /** The other rows, as wide as the header; empty lines are left out. */
  readonly rows: readonly CsvRow[];
}

/**
 * Parses `text`, which messages call `name`.
 *
 * @throws {SyntaxError} If there is no header, two columns have one name, a row
 * is not as wide as the header, or quotes don't match; the message has the line
 */
export async function parseCsv(
  name: string,
  text: string,
  delimiter: string = ",",
): Promise<Csv> {
  const { CsvError, parse } = await import("npm:csv-parse@^7.0.3/sync");
  const records: CsvRow[] = [];
  try {
    parse(text, {
      bom: true,
      delimiter,
      onRecord: (cells: string[], { lines: line }) => {
        records.push({ line, cells });
        return null;
      },
      relaxColumnCount: true, // widths are checked below
      skipEmptyLines: true,
      trim: true,
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new SyntaxError(`Cannot read "${name}": ${cause.message}`, { cause });
  }
  const [first, ...rows] = records;
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
