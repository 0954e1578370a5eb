/**
 * Folders in the layout of PASCAL VOC: where the files of an image set are.
 *
 *     VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt    a name a line
 *     VOCdevkit/VOC2012/JPEGImages/NAME.jpg
 *     VOCdevkit/VOC2012/SegmentationClass/NAME.png
 *     VOCdevkit/VOC2012/Annotations/NAME.xml
 *
 * Nothing here opens an image or an annotation.
 *
 * @module
 */

import { joinPath, toPath } from "../_shared.ts";
import { readFolder } from "../folders/files.ts";

/** The names of the classes: a mask's value or a box's label is the place. */
export const VOC_CLASSES: readonly string[] = [
  "background",
  "aeroplane",
  "bicycle",
  "bird",
  "boat",
  "bottle",
  "bus",
  "car",
  "cat",
  "chair",
  "cow",
  "diningtable",
  "dog",
  "horse",
  "motorbike",
  "person",
  "pottedplant",
  "sheep",
  "sofa",
  "train",
  "tvmonitor",
];

/** Which images of which year. */
export interface VOCSetOptions {
  /** The year, a folder's name after "VOC". Default: "2012". */
  readonly year?: string;
  /** The image set, a file's name before ".txt". Default: "train". */
  readonly imageSet?: string;
}

/** What one kind of sets consists of, beside images. */
export interface VOCKind {
  /** The folder of the lists of names, in ImageSets. */
  readonly list: string;
  /** The folder of the targets. */
  readonly targets: string;
  /** The ending of a target's name. */
  readonly extension: string;
}

/** An image set, found: what a dataset of it begins with. */
export interface VOCSet {
  /** The folder that it was looked for in. */
  readonly root: string;
  /** The folder of the year. */
  readonly folder: string;
  /** The image set. */
  readonly imageSet: string;
  /** The names of the photos, without folder and ending. */
  readonly names: readonly string[];
}

/**
 * Finds a set below `root`, the folder VOCdevkit or the one it is in.
 *
 * @throws {Deno.errors.NotFound} If a folder or the list is missing; the message
 * says what there is
 * @throws {SyntaxError} If the list is none
 */
export function findVOCSet(
  root: string | URL,
  kind: VOCKind,
  { year = "2012", imageSet = "train" }: VOCSetOptions,
): VOCSet {
  const top = toPath(root);
  const tried = [joinPath(top, "VOCdevkit"), top].map((devkit) =>
    joinPath(devkit, `VOC${year}`)
  );
  const folder = tried.find((folder) => entriesOf(folder) !== undefined);
  if (folder === undefined) {
    throw new Deno.errors.NotFound(
      `Cannot find VOC ${year} in "${top}": expected the folder ` +
        tried.map((path) => `"${path}"`).join(" or "),
    );
  }
  const lists = joinPath(joinPath(folder, "ImageSets"), kind.list);
  for (const needed of ["JPEGImages", kind.targets]) {
    if (entriesOf(joinPath(folder, needed)) !== undefined) continue;
    throw new Deno.errors.NotFound(
      `Cannot read VOC ${year} in "${folder}": it has no folder "${needed}"`,
    );
  }
  const sets = (entriesOf(lists) ?? [])
    .filter((name) => name.endsWith(".txt"))
    .map((name) => name.slice(0, -4)).sort();
  if (!sets.includes(imageSet)) {
    throw new Deno.errors.NotFound(
      `Cannot find image set "${imageSet}" in "${lists}": expected ` +
        (sets.length > 0 ? sets.join(", ") : "a list NAME.txt, got none"),
    );
  }
  const file = joinPath(lists, `${imageSet}.txt`);
  return { root: top, folder, imageSet, names: readList(file) };
}

function readList(file: string): string[] {
  const names: string[] = [];
  const text = Deno.readTextFileSync(file);
  for (const [i, line] of text.split(/\r\n|\n|\r/).entries()) {
    const name = line.trim();
    if (name === "") continue;
    if (/[\s/\\]/.test(name)) {
      throw new SyntaxError(
        `Cannot read "${file}": line ${i + 1}: expected a name, got "${name}"`,
      );
    }
    names.push(name);
  }
  return names;
}

/** Names in a folder; undefined if there is none. */
function entriesOf(folder: string): string[] | undefined {
  try {
    return readFolder(folder).map(({ name }) => name);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw error;
  }
}

/** The file of each photo. */
export function photosOf({ folder, names }: VOCSet): string[] {
  return names.map((name) => photoPath(folder, name));
}

/** The file of each target. */
export function targetsOf({ folder, names }: VOCSet, kind: VOCKind): string[] {
  return names.map((name) => targetPath(folder, kind, name));
}

/** The file of photo `index`; undefined if there is no such photo. */
export function photoOf(set: VOCSet, index: number): string | undefined {
  const name = set.names[index];
  return name === undefined ? undefined : photoPath(set.folder, name);
}

/** The files of sample `index`, which exists. */
export function filesOf(
  { folder, names }: VOCSet,
  kind: VOCKind,
  index: number,
): { readonly photo: string; readonly target: string } {
  const name = names[index]!;
  return {
    photo: photoPath(folder, name),
    target: targetPath(folder, kind, name),
  };
}

function photoPath(folder: string, name: string): string {
  return joinPath(joinPath(folder, "JPEGImages"), `${name}.jpg`);
}

function targetPath(
  folder: string,
  { targets, extension }: VOCKind,
  name: string,
): string {
  return joinPath(joinPath(folder, targets), `${name}${extension}`);
}
