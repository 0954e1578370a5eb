/**
 * The files of CIFAR's binary versions: downloaded, unpacked, read.
 *
 * A .bin file is a run of records: a byte for each kind of label (CIFAR-100 has
 * two, the coarse one first) and 3072 bytes of pixels, the red plane first. The
 * names of a kind's classes are the lines of a text file. A file is believed
 * neither its size nor its labels.
 *
 * @module
 */

import { joinPath, requestAccess, withPath } from "../_shared.ts";
import { download } from "../download/download.ts";
import { extract } from "../archives/extract.ts";
import type { AnyTransforms } from "../samples/transforms.ts";
import {
  checkSourceOptions,
  datasetsFolder,
  fetchOptions,
  type SourceOptions,
} from "../source_options.ts";

/** Bytes of the pixels of an image. */
const IMAGE_BYTES = 3 * 32 * 32;

/** One of the files in the archive. */
export interface CIFARFile {
  /** Its name. */
  readonly file: string;
  /** How many images it has. */
  readonly images: number;
}

/** Where CIFAR-10 or CIFAR-100 comes from. */
export interface CIFARSource {
  /** The dataset's name. */
  readonly name: string;
  /** URLs of the folders that hold the archive, in the order to try. */
  readonly mirrors: readonly string[];
  /** The archive. */
  readonly archive: {
    readonly file: string;
    readonly sizeBytes: number;
    readonly md5: string;
  };
  /** The folder in the archive that holds all files. */
  readonly folder: string;
  /** Names of the classes, a file for each kind of label in a record. */
  readonly classFiles: readonly string[];
  /** The files of the training split. */
  readonly train: readonly CIFARFile[];
  /** The files of the test split. */
  readonly test: readonly CIFARFile[];
}

/** An opened split: what CIFAR-10 and CIFAR-100 consist of. */
export interface CIFARSplit {
  /** Where it comes from. */
  readonly source: CIFARSource;
  /** The folder of datasets. */
  readonly root: string;
  /** Whether it is the training split. */
  readonly train: boolean;
  /** What the labels of each kind stand for. */
  readonly classes: readonly (readonly string[])[];
  /** The images, 3072 bytes each. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** The labels of each image, of each kind. */
  readonly labels: readonly Int32Array<ArrayBufferLike>[];
}

/**
 * Downloads, unpacks and reads one split.
 *
 * @throws As `CIFAR10.open` does
 */
export async function openCIFAR(
  source: CIFARSource,
  options: SourceOptions & AnyTransforms,
): Promise<CIFARSplit> {
  checkSourceOptions(source.name, options);
  const { train = true } = options;
  const root = datasetsFolder(options.root);
  const folder = joinPath(root, source.folder);
  await requestAccess("read", root);
  if (options.download ?? true) await fetchFiles(source, root, options);

  const classes: string[][] = [];
  for (const file of source.classFiles) {
    const text = await Deno.readTextFile(await need(source, folder, file));
    classes.push(text.split(/\r?\n/).filter((line) => line !== ""));
  }
  const files = train ? source.train : source.test;
  const count = files.reduce((sum, { images }) => sum + images, 0);
  const pixels = new Uint8Array(new SharedArrayBuffer(count * IMAGE_BYTES));
  const labels = classes.map(() =>
    new Int32Array(new SharedArrayBuffer(4 * count))
  );
  let first = 0;
  for (const { file, images } of files) {
    const path = await need(source, folder, file);
    const records = await Deno.readFile(path);
    const target: Records = { file, classes, pixels, labels, first };
    readRecords(records, images, target);
    first += images;
  }
  return { source, root, train, classes, pixels, labels };
}

/**
 * Downloads and unpacks the archive, unless the files it holds are there.
 *
 * @throws As `download` and `extract` do
 */
export async function fetchFiles(
  source: CIFARSource,
  root: string,
  options: SourceOptions,
): Promise<void> {
  const folder = joinPath(root, source.folder);
  if (await isUnpacked(source, folder)) return;
  const fetching = fetchOptions(source, options);
  const archive = await download({
    ...source.archive,
    ...fetching,
    folder: root,
  });
  await extract(archive, folder, {
    strip: 1,
    replace: true, // what is there lacks something
    isThere: () => isUnpacked(source, folder),
    signal: fetching.signal,
  });
}

/** Whether all files are there and have the sizes that they should have. */
async function isUnpacked(
  { train, test, classFiles }: CIFARSource,
  folder: string,
): Promise<boolean> {
  const sizes = new Map<string, number | undefined>();
  for (const file of classFiles) sizes.set(file, undefined);
  for (const { file, images } of [...train, ...test]) {
    sizes.set(file, images * (classFiles.length + IMAGE_BYTES));
  }
  for (const [file, expected] of sizes) {
    const path = joinPath(folder, file);
    const size = await withPath("read", path, () => sizeOfFile(path));
    if (size === undefined || (expected ?? size) !== size) return false;
  }
  return true;
}

async function sizeOfFile(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The path of a file that must be there. */
async function need(
  { name }: CIFARSource,
  folder: string,
  file: string,
): Promise<string> {
  const path = joinPath(folder, file);
  const size = await withPath("read", path, () => sizeOfFile(path));
  if (size !== undefined) return path;
  throw new Deno.errors.NotFound(
    `Cannot open ${name}: no file "${path}" (with the option download the ` +
      `archive is fetched and unpacked)`,
  );
}

/** Where the records of a file go. */
interface Records {
  readonly file: string;
  readonly classes: readonly (readonly string[])[];
  readonly pixels: Uint8Array;
  readonly labels: readonly Int32Array[];
  /** The number of the file's first image. */
  readonly first: number;
}

function readRecords(
  records: Uint8Array,
  images: number,
  { file, classes, pixels, labels, first }: Records,
): void {
  const kinds = classes.length;
  const size = kinds + IMAGE_BYTES;
  if (records.length !== images * size) {
    throw new SyntaxError(
      `Cannot read "${file}": expected ${images} records of ${size} bytes, ` +
        `${images * size} in all, got ${records.length}`,
    );
  }
  for (let i = 0; i < images; i++) {
    const at = i * size;
    for (let kind = 0; kind < kinds; kind++) {
      const label = records[at + kind]!;
      const most = classes[kind]!.length - 1;
      if (label > most) {
        throw new SyntaxError(
          `Cannot read "${file}": a label of image ${i} is ${label}, ` +
            `expected 0 to ${most}`,
        );
      }
      labels[kind]![first + i] = label;
    }
    const image = records.subarray(at + kinds, at + size);
    pixels.set(image, (first + i) * IMAGE_BYTES);
  }
}
