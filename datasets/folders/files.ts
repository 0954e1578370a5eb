/**
 * The files of a folder of classes: every folder in it is a class, and every
 * valid file below that is a sample of the class.
 *
 * The order is torchvision's, by code points: classes by name, then the folders
 * of a class by path, then the files of a folder by name. Symbolic links are
 * followed. Nothing here opens a file.
 *
 * @module
 */

import { joinPath } from "../_shared.ts";

/** Names of a folder's folders and of its files, in order. */
interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/**
 * The classes of a folder: the names of the folders in it, in order.
 *
 * @throws {Deno.errors.NotFound} If there is no such folder, or none in it
 */
export function findClasses(root: string): string[] {
  const { folders } = list(root);
  if (folders.length > 0) return [...folders];
  throw new Deno.errors.NotFound(
    `Cannot find classes in "${root}": expected a folder for each class, got ` +
      `none`,
  );
}

/**
 * The paths of the valid files below `folder`, in order.
 *
 * @throws {RangeError} If a symbolic link leads back to a folder it is in
 */
export function filesBelow(
  folder: string,
  isValid: (path: string) => boolean,
): string[] {
  const found: { folder: string; files: string[] }[] = [];
  const open = new Set<string>(); // real paths of the folders around
  function walk(folder: string): void {
    const listing = list(folder);
    const real = Deno.realPathSync(folder);
    if (open.has(real)) {
      throw new RangeError(
        `Cannot list "${folder}": it is a link to a folder around it`,
      );
    }
    open.add(real);
    const { folders, files } = listing;
    const paths = files.map((name) => joinPath(folder, name)).filter(isValid);
    found.push({ folder, files: paths });
    for (const name of folders) walk(joinPath(folder, name));
    open.delete(real);
  }
  walk(folder);
  found.sort((a, b) => byCodePoints(a.folder, b.folder));
  return found.flatMap(({ files }) => files);
}

function list(folder: string): Listing {
  const folders: string[] = [];
  const files: string[] = [];
  for (const { name, isDirectory, isSymlink } of readFolder(folder)) {
    const isFolder = isDirectory ||
      isSymlink && leadsToFolder(joinPath(folder, name));
    (isFolder ? folders : files).push(name);
  }
  return {
    folders: folders.sort(byCodePoints),
    files: files.sort(byCodePoints),
  };
}

/** What keeps a folder from being listed. */
const REASONS = [
  [Deno.errors.NotFound, "there is no such folder"],
  [Deno.errors.NotADirectory, "it is a file, expected a folder"],
  [Deno.errors.PermissionDenied, "the operating system denies it"],
  [
    Deno.errors.NotCapable,
    "no permission (run again with --allow-read or -P)",
  ],
] as const;

/**
 * The entries of a folder.
 *
 * @throws {Deno.errors.NotFound} If there is none of this name
 * @throws {Deno.errors.NotADirectory} If it is a file
 * @throws {Deno.errors.PermissionDenied} If the operating system refuses
 * @throws {Deno.errors.NotCapable} If Deno may not read it
 */
export function readFolder(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (cause) {
    for (const [type, reason] of REASONS) {
      if (cause instanceof type) {
        throw new type(`Cannot list "${folder}": ${reason}`, { cause });
      }
    }
    throw cause;
  }
}

/** Whether a link leads to a folder; one to nowhere or to itself does not. */
function leadsToFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.FilesystemLoop
    ) return false;
    throw error;
  }
}

/** The order of Python's strings: code units, with surrogates above the rest. */
export function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
