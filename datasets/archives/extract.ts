/**
 * The one function through which archives are unpacked: nothing outside the
 * target, nothing without bounds, and never half there.
 *
 * Entries go to a temporary folder beside the target, which is renamed when all
 * of them are there, so that the target is whole whenever it exists. An archive
 * is believed nothing: neither its names nor its sizes.
 *
 * @module
 */

import { dirname } from "node:path";

import { checkOptionNames } from "../../src/tensor/arguments.ts";
import { formatBytes, joinPath, withPath } from "../_shared.ts";
import {
  type ArchiveEntry,
  type ArchiveFormat,
  checkFormat,
  entriesOf,
  formatOf,
} from "./entries.ts";
import { lockFile } from "../download/file_lock.ts";

/** What an archive may come to before it is taken for a bomb. */
export interface ExtractLimits {
  /** Bytes of all files. Default: 2^38, 256 GiB. */
  readonly totalBytes: number;
  /** Bytes of one file. Default: 2^36, 64 GiB. */
  readonly entryBytes: number;
  /** Files, folders and links. Default: 10,000,000. */
  readonly entries: number;
  /** Bytes that come of one byte of the archive, on average. Default: 200. */
  readonly ratio: number;
}

const LIMITS: ExtractLimits = {
  totalBytes: 2 ** 38,
  entryBytes: 2 ** 36,
  entries: 10_000_000,
  ratio: 200,
};

/** What any archive may come to, whatever its ratio: empty masks pack well. */
const HARMLESS_BYTES = 64 * 2 ** 20;

/** How to unpack an archive. */
export interface ExtractOptions {
  /** The archive's format. Default: what its name tells. */
  readonly format?: ArchiveFormat;
  /**
   * Folders to take off the front of every path, as tar's --strip-components;
   * what has no more than those is left out. Default: 0.
   */
  readonly strip?: number;
  /** Whether to unpack again where the folder is there. Default: false. */
  readonly replace?: boolean;
  /**
   * Asked when it is this call's turn, with `replace`: whether another has
   * unpacked what is wanted meanwhile, so that nothing is left to do.
   */
  readonly isThere?: () => Promise<boolean>;
  /** Bounds other than the usual ones. */
  readonly limits?: Partial<ExtractLimits>;
  /** Stops the unpacking. */
  readonly signal?: AbortSignal;
}

const OPTIONS = ["format", "strip", "replace", "isThere", "limits", "signal"];

/**
 * Unpacks the archive at `path` into `folder`, unless that is there already,
 * and returns `folder`: tar, tar.gz, zip, or gz (one file).
 *
 * Refused are paths that are absolute or lead out by "..", links that do the
 * same, devices, two entries of one path, and archives that come to more than
 * the limits. Symbolic links are made after all files, so none is written
 * through them; hard links become copies. Whatever is refused or goes wrong,
 * `folder` is as it was.
 *
 * @throws {SyntaxError} If the archive is damaged, cut off, of another format,
 * or has an entry that is refused
 * @throws {RangeError} If it comes to more than the limits, or the option
 * `format` is none
 * @throws {TypeError} If its name tells no format and there is no option
 * @throws {Deno.errors.NotFound} If there is no such archive
 * @throws The reason of `signal`, if it fires
 *
 * @example One compressed file
 * ```ts
 * import { extract } from "@kindling/kindling/datasets";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const text = new Blob(["a,b\n"]).stream();
 * const packed = text.pipeThrough(new CompressionStream("gzip"));
 * await Deno.writeFile(`${folder}/table.csv.gz`, packed);
 *
 * const target = await extract(`${folder}/table.csv.gz`, `${folder}/table`);
 * assertEquals(await Deno.readTextFile(`${target}/table.csv`), "a,b\n");
 * ```
 */
export async function extract(
  path: string,
  folder: string,
  options: ExtractOptions = {},
): Promise<string> {
  checkOptionNames("extract", options, OPTIONS);
  checkOptionNames("limits", options.limits ?? {}, Object.keys(LIMITS));
  const { format = formatOf(path), strip = 0, replace = false } = options;
  checkFormat(path, format);
  if (!Number.isInteger(strip) || strip < 0) {
    throw new RangeError(
      `Cannot unpack "${path}": strip must be a non-negative integer, ` +
        `got ${strip}`,
    );
  }
  const target = folder.replace(/(?<=.)[/\\]+$/, "");
  if (!replace && await exists(target)) return target;
  const { size: sizeBytes } = await Deno.stat(path);
  return await withPath("write", target, async () => {
    await Deno.mkdir(dirname(target), { recursive: true });
    const { signal } = options;
    const lockPath = `${target}.lock`;
    using _lock = await lockFile(lockPath, { signal });
    const { isThere = () => Promise.resolve(false) } = options;
    const isMade = replace ? await isThere() : await exists(target);
    if (isMade) { // meanwhile
      if (replace) await removeLock(lockPath);
      return target;
    }
    const part = `${target}.part`;
    await removeAll(part); // of a process that was ended
    try {
      await Deno.mkdir(part);
      const limits = { ...LIMITS, ...options.limits };
      const unpacking = new Unpacking(path, part, { sizeBytes, strip, limits });
      for await (const entry of entriesOf(path, format)) {
        await unpacking.add(entry, signal);
      }
      await unpacking.end();
      if (replace) await removeAll(target);
      await Deno.rename(part, target);
    } catch (error) {
      await removeAll(part);
      throw error;
    }
    // Whoever waits for this very lock file finds the target in place; it must
    // not go on failure, nor where the next one in line will replace it again.
    if (!replace || options.isThere) await removeLock(lockPath);
    return target;
  });
}

/** What an unpacking goes by. */
interface Rules {
  /** Bytes of the archive. */
  readonly sizeBytes: number;
  readonly strip: number;
  readonly limits: ExtractLimits;
}

/** An archive on its way to a folder, and what it came to so far. */
class Unpacking {
  readonly #archive: string;
  readonly #root: string;
  readonly #rules: Rules;
  readonly #symlinks: { name: string; path: string; target: string }[] = [];
  #entries = 0;
  #totalBytes = 0;

  constructor(archive: string, root: string, rules: Rules) {
    this.#archive = archive;
    this.#root = root;
    this.#rules = rules;
  }

  /** Writes an entry; a symbolic link waits for the end. */
  async add(entry: ArchiveEntry, signal?: AbortSignal): Promise<void> {
    const { entries } = this.#rules.limits;
    if (++this.#entries > entries) throw this.#bomb(`${entries} entries`);
    const { name, kind, target = "" } = entry;
    const parts = this.#partsOf(name);
    if (parts === undefined) return;
    try {
      switch (kind) {
        case "folder":
          await Deno.mkdir(this.#pathOf(parts), { recursive: true });
          return;
        case "file": {
          using file = await this.#create(parts);
          await this.#copy(entry, file, signal);
          return;
        }
        case "hardlink":
          return await this.#copyOf(name, parts, target);
        case "symlink":
          this.#checkSymlink(name, parts, target);
          await Deno.mkdir(this.#pathOf(parts.slice(0, -1)), {
            recursive: true,
          });
          this.#symlinks.push({ name, path: this.#pathOf(parts), target });
          return;
        case "other":
          throw this.#refusal(name, "it is no file, folder or link");
        default:
          kind satisfies never;
      }
    } catch (cause) {
      if (
        cause instanceof Deno.errors.AlreadyExists ||
        cause instanceof Deno.errors.NotADirectory ||
        cause instanceof Deno.errors.IsADirectory
      ) {
        throw this.#refusal(name, "another entry has the same path", cause);
      }
      throw cause;
    }
  }

  /** Makes the symbolic links, and sees where each of them leads. */
  async end(): Promise<void> {
    for (const { name, path, target } of this.#symlinks) {
      try {
        await Deno.symlink(target, path);
      } catch (cause) {
        if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
        throw this.#refusal(name, "another entry has the same path", cause);
      }
    }
    // a path through other links may leave where its text does not
    const root = await Deno.realPath(this.#root);
    for (const { name, path, target } of this.#symlinks) {
      const real = await Deno.realPath(path).catch(() => "");
      if (real === root || real.startsWith(joinPath(root, ""))) continue;
      const why = real === "" ? "leads nowhere" : "leads out of the folder";
      throw this.#refusal(name, `its target "${target}" ${why}`);
    }
  }

  /** A path in the archive, checked and stripped; undefined if nothing is left. */
  #partsOf(name: string, what: string = name): string[] | undefined {
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (name.startsWith("/") || /^[a-z]:/i.test(name)) {
      throw this.#refusal(what, "its path is absolute");
    }
    if (parts.includes("..")) {
      throw this.#refusal(what, 'its path has ".." in it');
    }
    if (/[\\\0]/.test(name)) {
      throw this.#refusal(what, "its path has a backslash or a zero in it");
    }
    const left = parts.slice(this.#rules.strip);
    return left.length === 0 ? undefined : left;
  }

  #checkSymlink(name: string, parts: readonly string[], target: string): void {
    let depth = parts.length - 1;
    for (const part of target.split("/")) {
      if (part === "..") depth--;
      else if (part !== "" && part !== ".") depth++;
      if (depth < 0) break;
    }
    if (depth < 0 || /^[/]|^[a-z]:|[\\\0]|^$/i.test(target)) {
      throw this.#refusal(
        name,
        `its target "${target}" leads out of the folder`,
      );
    }
  }

  #pathOf(parts: readonly string[]): string {
    return parts.reduce(joinPath, this.#root);
  }

  /** Opens the new file at `parts`, whose folders may not be there yet. */
  async #create(parts: readonly string[]): Promise<Deno.FsFile> {
    const path = this.#pathOf(parts);
    await Deno.mkdir(dirname(path), { recursive: true });
    return await Deno.open(path, { write: true, createNew: true });
  }

  async #copy(
    entry: ArchiveEntry,
    file: Deno.FsFile,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let sizeBytes = 0;
    await entry.read(async (bytes) => {
      signal?.throwIfAborted();
      sizeBytes += bytes.length;
      this.#count(entry.name, sizeBytes, bytes.length);
      for (let at = 0; at < bytes.length;) {
        at += await file.write(bytes.subarray(at));
      }
    });
  }

  /** A hard link becomes a copy of the file that came before it. */
  async #copyOf(
    name: string,
    parts: readonly string[],
    target: string,
  ): Promise<void> {
    const source = this.#partsOf(target, name);
    const from = source && this.#pathOf(source);
    const info = from === undefined
      ? undefined
      : await Deno.lstat(from).catch(() => undefined);
    if (from === undefined || !info?.isFile) {
      throw this.#refusal(name, `its target "${target}" is no file before it`);
    }
    this.#count(name, info.size, info.size);
    (await this.#create(parts)).close();
    await Deno.copyFile(from, this.#pathOf(parts));
  }

  /** Counts `added` bytes of a file that has come to `sizeBytes`. */
  #count(name: string, sizeBytes: number, added: number): void {
    const { limits, sizeBytes: archiveBytes } = this.#rules;
    this.#totalBytes += added;
    if (sizeBytes > limits.entryBytes) {
      throw this.#bomb(`${formatBytes(limits.entryBytes)} in "${name}"`);
    }
    if (this.#totalBytes > limits.totalBytes) {
      throw this.#bomb(formatBytes(limits.totalBytes));
    }
    const most = Math.max(HARMLESS_BYTES, limits.ratio * archiveBytes);
    if (this.#totalBytes > most) {
      throw this.#bomb(
        `${formatBytes(most)}, ${limits.ratio} times its own ` +
          `${formatBytes(archiveBytes)}`,
      );
    }
  }

  #bomb(limit: string): RangeError {
    return new RangeError(
      `Cannot unpack "${this.#archive}": it comes to more than ${limit} (if ` +
        `you trust it, raise the option limits)`,
    );
  }

  #refusal(name: string, why: string, cause?: unknown): SyntaxError {
    return new SyntaxError(
      `Cannot unpack "${this.#archive}": entry "${name}" is refused, ${why}`,
      { cause },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Removes a lock file, unless another that was done has. */
async function removeLock(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function removeAll(path: string): Promise<void> {
  if (await exists(path)) await Deno.remove(path, { recursive: true });
}
