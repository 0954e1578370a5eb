/**
 * What is in an archive, entry by entry: tar, tar.gz, zip, and gz (one file).
 *
 * The formats are read by packages that load when an archive is opened. Nothing
 * here writes or judges names: extract.ts does. Sizes count bytes.
 *
 * @module
 */

import { checkChoice } from "../../src/tensor/arguments.ts";

/** The formats that can be unpacked. */
export type ArchiveFormat = "tar" | "tar.gz" | "zip" | "gz";

/** What an entry is; "other" are devices, pipes and the like. */
export type EntryKind = "file" | "folder" | "symlink" | "hardlink" | "other";

/** Takes bytes of a file, in order. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/** One thing in an archive. */
export interface ArchiveEntry {
  /** Its path, as the archive has it. */
  readonly name: string;
  readonly kind: EntryKind;
  /** What a link refers to, as the archive has it. */
  readonly target?: string | undefined;
  /** Writes the bytes of a file; to be called before the next entry is asked for. */
  read(write: Write): Promise<void>;
}

const SUFFIXES: readonly (readonly [suffix: string, ArchiveFormat])[] = [
  [".tar", "tar"],
  [".tar.gz", "tar.gz"],
  [".tgz", "tar.gz"],
  [".zip", "zip"],
  [".gz", "gz"],
];

/**
 * The format that a file's name tells.
 *
 * @throws {TypeError} If it tells none
 */
export function formatOf(path: string): ArchiveFormat {
  const name = path.toLowerCase();
  const found = SUFFIXES.find(([suffix]) => name.endsWith(suffix));
  if (found) return found[1];
  const expected = SUFFIXES.map(([suffix]) => suffix).join(", ");
  throw new TypeError(
    `Cannot unpack "${path}": expected a name that ends in ${expected}, or ` +
      `the option format`,
  );
}

/**
 * `format`, if archives can have it.
 *
 * @throws {RangeError} If there is none of that name
 */
export function checkFormat(
  path: string,
  format: ArchiveFormat,
): ArchiveFormat {
  return checkChoice(`unpack "${path}"`, "format", format, READERS);
}

/**
 * The entries of the archive at `path`.
 *
 * @throws {SyntaxError} If it is damaged, cut off or of another format
 */
export async function* entriesOf(
  path: string,
  format: ArchiveFormat,
): AsyncIterable<ArchiveEntry> {
  using file = await Deno.open(path);
  const entries = READERS[format](file, path);
  try {
    for await (const entry of entries) {
      const read: ArchiveEntry["read"] = async (write) => {
        const guard = new WriteGuard(write);
        try {
          await entry.read((bytes) => guard.write(bytes));
        } catch (cause) {
          throw guard.failure ?? broken(path, cause);
        }
      };
      yield { ...entry, read };
    }
  } catch (cause) {
    throw broken(path, cause);
  }
}

/** Tells what a writer throws from what a damaged archive does. */
class WriteGuard {
  failure: unknown;
  readonly #write: Write;

  constructor(write: Write) {
    this.#write = write;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#write(bytes);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

/** The error of an archive that its format's reader gave up on. */
function broken(path: string, cause: unknown): unknown {
  const isOurs = cause instanceof SyntaxError;
  const isSystems = cause instanceof Error && "code" in cause;
  if (isOurs || isSystems || !(cause instanceof Error)) return cause;
  return new SyntaxError(
    `Cannot unpack "${path}": it is damaged, cut off or of another format ` +
      `(${cause.message})`,
    { cause },
  );
}

type Reader = (
  file: Deno.FsFile,
  path: string,
) => AsyncIterable<ArchiveEntry>;

const READERS: Readonly<Record<ArchiveFormat, Reader>> = {
  tar: (file) => tarEntries(file.readable),
  "tar.gz": (file) => tarEntries(gunzip(file)),
  zip: zipEntries,
  async *gz(file, path) {
    const bytes = gunzip(file);
    const name = path.split(/[/\\]/).at(-1)!.replace(/\.gz$/i, "");
    yield { name, kind: "file", read: (write) => copy(bytes, write) };
  },
};

function gunzip(file: Deno.FsFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  return file.readable.pipeThrough(new DecompressionStream("gzip"));
}

async function copy(
  stream: ReadableStream<Uint8Array>,
  write: Write,
): Promise<void> {
  for await (const bytes of stream) await write(bytes);
}

const TAR_KINDS: Readonly<Record<string, EntryKind>> = {
  file: "file",
  directory: "folder",
  symlink: "symlink",
  link: "hardlink",
};

async function* tarEntries(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncIterable<ArchiveEntry> {
  const { createTarDecoder } = await import("npm:modern-tar@^0.8.6");
  // strict: checksums count, and an archive without its end is cut off
  const entries = bytes.pipeThrough(createTarDecoder({ strict: true }));
  for await (const { header, body } of entries) {
    let isRead = false;
    yield {
      name: header.name,
      kind: TAR_KINDS[header.type ?? "file"] ?? "other",
      target: header.linkname,
      read: (write) => {
        isRead = true;
        return copy(body, write);
      },
    };
    if (!isRead) await body.cancel(); // else the next entry never comes
  }
}

async function* zipEntries(file: Deno.FsFile): AsyncIterable<ArchiveEntry> {
  const zip = await import("npm:@zip.js/zip.js@^2.24.0");
  class FileReader extends zip.Reader<Deno.FsFile> {
    override async init(): Promise<void> {
      await super.init?.();
      this.size = (await file.stat()).size;
    }
    override async readUint8Array(
      index: number,
      length: number,
    ): Promise<Uint8Array<ArrayBuffer>> {
      const bytes = new Uint8Array(Math.min(length, this.size - index));
      await file.seek(index, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) {
        const count = await file.read(bytes.subarray(at));
        if (count === null) return bytes.slice(0, at);
        at += count;
      }
      return bytes;
    }
  }
  const reader = new zip.ZipReader(new FileReader(file), {
    useWebWorkers: false,
    checkCrc32: true,
    checkOverlappingEntry: true,
    filenameValidation: "tolerant", // names are extract.ts's to judge
  });
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (entry.encrypted) throw new Error("it is encrypted");
      const read: ArchiveEntry["read"] = async (write) => {
        if (!entry.directory) {
          await entry.getData(new WritableStream({ write }));
        }
      };
      const target = entry.symlink ? await textOf(read) : undefined;
      yield {
        name: entry.filename,
        kind: entry.symlink ? "symlink" : entry.directory ? "folder" : "file",
        target,
        read,
      };
    }
  } finally {
    await reader.close();
  }
}

/** The longest path that systems know: a zip keeps a link's target as a file. */
const MAX_TARGET_BYTES = 4096;

async function textOf(read: ArchiveEntry["read"]): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  await read((bytes) => {
    text += decoder.decode(bytes, { stream: true });
    return text.length > MAX_TARGET_BYTES
      ? Promise.reject(new Error("a link's target is no path"))
      : Promise.resolve();
  });
  return text + decoder.decode();
}
