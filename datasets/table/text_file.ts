/**
 * The text of a file's bytes, by its encoding: never a guess, and no character
 * in place of bytes that are none.
 *
 * @module
 */

import { formatValue } from "../../src/tensor/arguments.ts";

/** Encodings by the mark that their texts may begin with. */
const MARKS: readonly (readonly [encoding: string, mark: readonly number[]])[] =
  [
    ["utf-8", [0xef, 0xbb, 0xbf]],
    ["utf-16le", [0xff, 0xfe]],
    ["utf-16be", [0xfe, 0xff]],
  ];

/**
 * The name of an encoding, as TextDecoder has it.
 *
 * @throws {RangeError} If there is no such encoding
 */
export function checkEncoding(encoding: string): string {
  try {
    return new TextDecoder(encoding).encoding;
  } catch (cause) {
    throw new RangeError(
      `Cannot read a text of encoding ${formatValue(encoding)}: expected a ` +
        `name that TextDecoder knows, as "utf-8", "latin1" or "utf-16le"`,
      { cause },
    );
  }
}

/**
 * The text of `bytes`, without its mark; messages call it `name`.
 *
 * @throws {SyntaxError} If it is of another encoding, or has a NUL character; the
 * message has the line
 * @throws {RangeError} If there is no such encoding
 */
export function decodeText(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  encoding = "utf-8",
): string {
  const own = checkEncoding(encoding);
  const refuse = (line: number, why: string, instead: string) =>
    new SyntaxError(
      `Cannot read "${name}": line ${line} ${why}; give the file's encoding, ` +
        `as encoding: "${instead}"`,
    );
  const marked = MARKS.find(([, mark]) => mark.every((b, i) => bytes[i] === b));
  if (marked && marked[0] !== own) {
    throw refuse(
      1,
      `begins with the mark of ${marked[0]}, not ${own}`,
      marked[0],
    );
  }
  const wide = own.startsWith("utf-16") ? undefined : wideEncoding(bytes);
  if (wide) throw refuse(1, `is not ${own}: its letters have two bytes`, wide);
  let text: string;
  try {
    text = new TextDecoder(own, { fatal: true }).decode(bytes);
  } catch {
    const other = own === "utf-8" ? "latin1" : "utf-8";
    throw refuse(firstBadLine(bytes, own), `is not ${own}`, other);
  }
  const nul = text.indexOf("\0");
  if (nul === -1) return text;
  throw new SyntaxError(
    `Cannot read "${name}": line ${lineOf(text.slice(0, nul))} has a NUL ` +
      `character`,
  );
}

/** Bytes that are looked at for zeros. */
const LOOKED_AT = 4096;

/** UTF-16, if half of the bytes are zeros as with ASCII's letters in it. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const zeros = [0, 0];
  const length = Math.min(bytes.length, LOOKED_AT);
  for (let i = 0; i < length; i++) if (bytes[i] === 0) zeros[i % 2]!++;
  const [even, odd] = zeros as [number, number]; // two, as above
  const few = length / 32;
  const many = length / 4;
  if (odd >= many && even <= few && odd > 0) return "utf-16le";
  return even >= many && odd <= few && even > 0 ? "utf-16be" : undefined;
}

/** The line at the end of a text, from 1. */
function lineOf(text: string): number {
  return 1 + (text.match(/\r\n|\n|\r/g)?.length ?? 0);
}

/** The line of the first bytes that are no character. */
function firstBadLine(bytes: Uint8Array, encoding: string): number {
  const begin = (length: number, fatal: boolean) =>
    new TextDecoder(encoding, { fatal })
      .decode(bytes.subarray(0, length), { stream: true });
  // of beginnings, the longest that is a text
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    try {
      begin(middle, true);
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return lineOf(begin(good, false));
}
