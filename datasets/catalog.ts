/**
 * The datasets with published files: what they are, what is there of them in a
 * folder of datasets, and how to get, check and remove it. `./run data` is this
 * on the command line.
 *
 * @module
 */

import { joinPath, requestAccess, withPath } from "./_shared.ts";
import { checksumOf } from "./download/checksum.ts";
import { CIFAR10 } from "./cifar/cifar10.ts";
import { CIFAR100 } from "./cifar/cifar100.ts";
import { type CIFARSource, fetchFiles } from "./cifar/files.ts";
import { download, type DownloadOptions } from "./download/download.ts";
import { FashionMNIST } from "./mnist/fashion_mnist.ts";
import { KMNIST } from "./mnist/kmnist.ts";
import { MNIST, type MNISTSource } from "./mnist/mnist.ts";

/** A file that is downloaded. */
export interface PublishedFile {
  /** Where it lies, from the folder of datasets. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly md5: string;
}

/** How to get a dataset. */
export type FetchOptions = Pick<
  DownloadOptions,
  "mirrors" | "progress" | "signal"
>;

/** A dataset with published files. */
export interface PublishedSet {
  readonly name: string;
  /** What is in it, in a few words. */
  readonly about: string;
  /** URLs of the folders that hold the files. */
  readonly mirrors: readonly string[];
  readonly files: readonly PublishedFile[];
  /** Folders of unpacked files, from the folder of datasets. */
  readonly unpacked: readonly string[];
  /** Downloads what is missing, and unpacks it. */
  fetch(root: string, options: FetchOptions): Promise<void>;
}

/** What can be fetched, in the order of lists. */
export const PUBLISHED: readonly PublishedSet[] = [
  publishedMNIST(MNIST.source, "70,000 handwritten digits, grey 28x28"),
  publishedMNIST(FashionMNIST.source, "70,000 pieces of clothing, grey 28x28"),
  publishedMNIST(KMNIST.source, "70,000 Japanese characters, grey 28x28"),
  publishedCIFAR(CIFAR10.source, "60,000 photos of 10 classes, colour 32x32"),
  publishedCIFAR(CIFAR100.source, "60,000 photos of 100 classes, colour 32x32"),
];

/** A dataset of MNIST's form: four files. */
export function publishedMNIST(
  source: MNISTSource,
  about: string,
): PublishedSet {
  const { name, mirrors, files } = source;
  const all = [...files.train, ...files.test];
  return {
    name,
    about,
    mirrors,
    unpacked: [],
    files: all.map(({ file, sizeBytes, md5 }) => ({
      path: joinPath(joinPath(name, "raw"), file),
      sizeBytes,
      md5,
    })),
    async fetch(root, options) {
      const folder = joinPath(joinPath(root, name), "raw");
      for (const file of all) await download({ ...file, ...options, folder });
    },
  };
}

/** A dataset of CIFAR's form: an archive and its folder. */
export function publishedCIFAR(
  source: CIFARSource,
  about: string,
): PublishedSet {
  const { file, sizeBytes, md5 } = source.archive;
  return {
    name: source.name,
    about,
    mirrors: source.mirrors,
    files: [{ path: file, sizeBytes, md5 }],
    unpacked: [source.folder],
    async fetch(root, options) {
      await download({ ...source.archive, ...options, folder: root });
      await fetchFiles(source, root, options); // which unpacks it
    },
  };
}

/** What is there of a dataset, by names and sizes alone. */
export type SetState = "absent" | "partial" | "present";

/** What is there of `set` in `root`, and how many bytes that is. */
export async function stateOf(
  set: PublishedSet,
  root: string,
): Promise<{ state: SetState; bytesOnDisk: number }> {
  let bytesOnDisk = 0;
  let whole = 0;
  for (const { path, sizeBytes } of set.files) {
    const size = await sizeAt(joinPath(root, path)) ??
      await sizeAt(joinPath(root, `${path}.part`));
    bytesOnDisk += size ?? 0;
    if (size === sizeBytes) whole++;
  }
  let folders = 0;
  for (const folder of set.unpacked) {
    const size = await sizeAt(joinPath(root, folder));
    bytesOnDisk += size ?? 0;
    if (size !== undefined) folders++;
  }
  const { files, unpacked } = set;
  const isUnpacked = unpacked.length > 0 && folders === unpacked.length;
  if (bytesOnDisk === 0) return { state: "absent", bytesOnDisk };
  const state = isUnpacked || whole === files.length && unpacked.length === 0
    ? "present"
    : "partial";
  return { state, bytesOnDisk };
}

/** What is wrong with the published files of `set`; empty if nothing is. */
export async function verify(
  set: PublishedSet,
  root: string,
): Promise<{ path: string; problem: string }[]> {
  const problems: { path: string; problem: string }[] = [];
  for (const { path: name, sizeBytes, md5 } of set.files) {
    const path = joinPath(root, name);
    const size = await sizeAt(path);
    if (size === undefined) problems.push({ path, problem: "not there" });
    else if (size !== sizeBytes) {
      const problem = `expected ${sizeBytes} bytes, got ${size}`;
      problems.push({ path, problem });
    } else {
      const sum = await withPath("read", path, () => checksumOf(path, "md5"));
      if (sum === md5) continue;
      problems.push({ path, problem: `expected md5 ${md5}, got ${sum}` });
    }
  }
  return problems;
}

/** Removes what there is of `set` in `root`; the paths of what was removed. */
export async function clear(
  set: PublishedSet,
  root: string,
): Promise<string[]> {
  await requestAccess("write", root);
  const removed: string[] = [];
  for (const name of [...set.files.map(({ path }) => path), ...set.unpacked]) {
    for (const suffix of ["", ".part", ".lock"]) {
      const path = joinPath(root, name + suffix);
      if (await sizeAt(path) === undefined) continue;
      await withPath(
        "write",
        path,
        () => Deno.remove(path, { recursive: true }),
      );
      if (suffix !== ".lock") removed.push(path);
    }
  }
  // folders of its own, deepest first, if nothing else is in them
  for (const { path } of set.files) {
    for (let at = path; (at = parentOf(at)) !== "";) {
      await Deno.remove(joinPath(root, at)).catch(() => {});
    }
  }
  return removed;
}

function parentOf(path: string): string {
  return path.replace(/[/\\]?[^/\\]*$/, "");
}

/** Bytes of a file, or of all files in a folder; undefined if it is not there. */
async function sizeAt(path: string): Promise<number | undefined> {
  try {
    const { isDirectory, size } = await withPath(
      "read",
      path,
      () => Deno.lstat(path),
    );
    if (!isDirectory) return size;
    let sum = 0;
    for await (const { name } of Deno.readDir(path)) {
      sum += await sizeAt(joinPath(path, name)) ?? 0;
    }
    return sum;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw error;
  }
}
