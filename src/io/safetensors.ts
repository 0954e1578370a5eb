/**
 * safetensors: named arrays in one file, by a JSON header and raw bytes.
 *
 * A file is the length of its header (u64), the header, and the elements of all
 * arrays without a gap. Offsets count bytes from the end of the header. What is
 * read may come from a stranger: every number in the header is checked before
 * it is used, and nothing is allocated on its word. Opening files, and what the
 * names mean to a model, is the affair of others.
 *
 * Bytes are little-endian, in the file and on every machine that Deno runs on.
 *
 * Source: https://huggingface.co/docs/safetensors
 *
 * @module
 */

import { type DType, DTYPES } from "../tensor/dtype.ts";
import { HostArray } from "../tensor/host_array.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { arrayOf, isStored, STORED, type StoredType } from "./stored_types.ts";

/** What a file holds. */
export interface Safetensors {
  /** The arrays by name, in the order of the header, numbers first. */
  readonly tensors: Map<string, HostArray>;
  /** What else the writer noted. */
  readonly metadata: Record<string, string>;
}

/** Bytes that a header may have, as in the reference implementation. */
const HEADER_LIMIT = 100_000_000;
/** The key of the header under which no array stands. */
const METADATA = "__metadata__";

/** Where an array lies, by its header entry, all of it checked. */
interface Entry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  /** First byte, and the one after the last, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** A file of which arrays are read one by one. */
export interface SafetensorsIndex {
  /** The names of the arrays, in the order of the header, numbers first. */
  readonly names: readonly string[];
  /** What else the writer noted. */
  readonly metadata: Record<string, string>;
  /**
   * The array of a name.
   *
   * @throws {RangeError} If there is none, or a value does not fit its type
   */
  read(name: string): HostArray;
}

/**
 * The arrays of a file. Types that Kindling lacks are widened or narrowed:
 * F64 and BF16 become float32; I64, I16 and I8 int32.
 *
 * Arrays share memory with `bytes` where type and alignment allow.
 *
 * @throws {SyntaxError} If the bytes are not a well-formed file
 * @throws {RangeError} If a value does not fit the type it is read into
 */
export function parseSafetensors(bytes: Uint8Array): Safetensors {
  const { names, metadata, read } = indexSafetensors(bytes);
  const tensors = new Map(names.map((name) => [name, read(name)]));
  return { tensors, metadata };
}

/**
 * What `parseSafetensors` reads, with the elements left where they are until
 * somebody asks for an array.
 *
 * @throws {SyntaxError} If the bytes are not a well-formed file
 */
export function indexSafetensors(bytes: Uint8Array): SafetensorsIndex {
  const { header, data } = split(bytes);
  const fields = parseHeader(header);
  const metadata = checkMetadata(fields[METADATA]);
  const entries = Object.entries(fields).filter(([name]) => name !== METADATA)
    .map(([name, value]) => checkEntry(name, value, data.length));
  checkCover(entries, data.length);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    names: [...byName.keys()],
    metadata,
    read(name: string): HostArray {
      const entry = byName.get(name);
      if (!entry) {
        throw new RangeError(
          `Cannot read "${name}" of safetensors: it holds none`,
        );
      }
      const { type, shape, begin, end } = entry;
      const elements = arrayOf(name, type, data.subarray(begin, end));
      return new HostArray(elements, shape, STORED[type].dtype);
    },
  };
}

/**
 * The bytes of a file, piece by piece: the header, then every array where it
 * lies. The header keeps the order of `tensors`; elements lie by falling size,
 * so that each array is aligned.
 *
 * @throws {TypeError} If an array is called `__metadata__`
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, HostArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push([METADATA, metadata]);
  const places = place(tensors);
  for (const [name, array] of tensors) {
    if (name === METADATA) {
      throw new TypeError(`Cannot write a tensor named "${METADATA}"`);
    }
    const begin = places.get(name)!;
    header.push([name, {
      dtype: STORED_AS[array.dtype],
      shape: array.shape,
      data_offsets: [begin, begin + array.data.byteLength],
    }]);
  }
  // by hand, because an object would sort names like "10" to the front
  const fields = header.map((pair) => pair.map((part) => JSON.stringify(part)));
  const text = new TextEncoder().encode(
    `{${fields.map((pair) => pair.join(":")).join(",")}}`,
  );
  const head = new Uint8Array(Math.ceil((8 + text.length) / 8) * 8);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(text, 8);
  head.fill(0x20, 8 + text.length); // spaces, up to a multiple of 8
  const arrays = [...places.keys()].map((name) => {
    const { buffer, byteOffset, byteLength } = tensors.get(name)!.data;
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  return [head, ...arrays];
}

/**
 * The bytes of a file, as `safetensorsPieces` has them.
 *
 * @throws {TypeError} If an array is called `__metadata__`
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, HostArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const pieces = safetensorsPieces(tensors, metadata);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

const STORED_AS: Readonly<Record<DType, StoredType>> = {
  float32: "F32",
  float16: "F16",
  int32: "I32",
  uint32: "U32",
  uint8: "U8",
  bool: "BOOL",
};

/** Where arrays begin, from the end of the header, in the order they lie in. */
function place(
  tensors: ReadonlyMap<string, HostArray>,
): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  let length = 0;
  const bySize = [...tensors].sort(([, a], [, b]) =>
    DTYPES[b.dtype].bytes - DTYPES[a.dtype].bytes
  );
  for (const [name, { data }] of bySize) {
    offsets.set(name, length);
    length += data.byteLength;
  }
  return offsets;
}

// --- reading, from the outside in ---

function refuse(why: string): never {
  throw new SyntaxError(`Cannot read safetensors: ${why}`);
}

function split(bytes: Uint8Array): { header: string; data: Uint8Array } {
  if (bytes.length < 8) {
    refuse(`expected 8 bytes of header length, got ${bytes.length} in all`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getBigUint64(0, true);
  if (length > HEADER_LIMIT) {
    refuse(`a header has at most ${HEADER_LIMIT} bytes, this one ${length}`);
  }
  const end = 8 + Number(length);
  if (end > bytes.length) {
    refuse(`the header ends at byte ${end}, the file at ${bytes.length}`);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const header = decoder.decode(bytes.subarray(8, end));
    return { header, data: bytes.subarray(end) };
  } catch {
    refuse("the header is not UTF-8");
  }
}

function parseHeader(text: string): Record<string, unknown> {
  if (!text.startsWith("{")) refuse(`the header does not begin with "{"`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse(
      `the header is not JSON (${error instanceof Error && error.message})`,
    );
  }
  checkKeys(text);
  return isRecord(value) ? value : refuse("the header is no JSON object");
}

/** Refuses a key that stands twice in an object: JSON.parse takes the last. */
function checkKeys(text: string): void {
  const open: Set<string>[] = [];
  const colon = /\s*:/y;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{") open.push(new Set());
    if (text[i] === "}") open.pop();
    if (text[i] !== '"') continue;
    const start = i++;
    while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
    colon.lastIndex = i + 1;
    if (!colon.test(text)) continue;
    const key: string = JSON.parse(text.slice(start, i + 1));
    const keys = open.at(-1)!; // valid JSON: a key stands in an object
    if (keys.has(key)) refuse(`"${key}" stands twice in the header`);
    keys.add(key);
  }
}

function checkMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) refuse(`"${METADATA}" is no object`);
  const strings: [string, string][] = [];
  for (const [key, each] of Object.entries(value)) {
    if (typeof each !== "string") {
      refuse(`"${key}" of "${METADATA}" is no string`);
    }
    strings.push([key, each]);
  }
  return Object.fromEntries(strings);
}

function checkEntry(name: string, value: unknown, available: number): Entry {
  if (!isRecord(value)) refuse(`the entry of "${name}" is no object`);
  const { dtype: type, shape, data_offsets: offsets } = value;
  if (!isStored(type)) {
    refuse(
      `"${name}" has dtype ${JSON.stringify(type)}, expected one of ` +
        Object.keys(STORED).join(", "),
    );
  }
  if (!isCounts(shape)) refuse(`"${name}" has no shape of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    refuse(`"${name}" has no two data_offsets`);
  }
  const [begin, end] = [offsets[0]!, offsets[1]!];
  if (begin > end || end > available) {
    refuse(
      `"${name}" lies at bytes ${begin} to ${end} of ${available}`,
    );
  }
  const expected = sizeOf(shape) * STORED[type].bytes;
  if (expected !== end - begin) {
    refuse(
      `"${name}" of ${type} ${formatShape(shape)} needs ${expected} bytes, ` +
        `its offsets span ${end - begin}`,
    );
  }
  return { name, type, shape, begin, end };
}

/** Refuses overlaps, gaps and bytes that no array owns. */
function checkCover(entries: readonly Entry[], length: number): void {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== covered) {
      const what = begin < covered ? "overlaps the one before" : "leaves a gap";
      refuse(`"${name}" ${what}: expected byte ${covered}, got ${begin}`);
    }
    covered = end;
  }
  if (covered !== length) {
    refuse(`the arrays end at byte ${covered} of ${length}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((each) => Number.isSafeInteger(each) && each >= 0);
}
