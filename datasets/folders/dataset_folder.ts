/**
 * DatasetFolder: samples of any kind in a folder for each class.
 *
 *     root/cat/1.ext      sample of class 0
 *     root/cat/more/2.ext
 *     root/dog/3.ext      sample of class 1
 *
 * Files are listed when the dataset is made and opened when a sample is asked
 * for. ImageFolder (image_folder.ts) is the same for images.
 *
 * @module
 */

import { type Callable, invoke } from "../../src/data/checks/callable.ts";
import { Dataset } from "../../src/data/datasets/dataset.ts";
import { checkOptionNames } from "../../src/tensor/arguments.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { checkFlags, joinPath, toPath } from "../_shared.ts";
import { filesBelow, findClasses } from "./files.ts";
import {
  checkTransforms,
  describeDataset,
  type JointTransforms,
  type SampleTransform,
  TRANSFORM_OPTIONS,
  transformed,
} from "../samples/transforms.ts";
import { wrapIndex } from "../../src/data/checks/check.ts";

/** Reads the file of a sample. */
export type Loader<Loaded> = Callable<
  [path: string],
  Loaded | Promise<Loaded>
>;

/** Which files are samples, and what is done to them. */
export interface FolderOptions<Loaded, X = Loaded, Y = number>
  extends JointTransforms<Loaded, number, X, Y> {
  /** Endings of the names that count, ".png" for instance, in any case. */
  readonly extensions?: readonly string[] | undefined;
  /** Whether a file counts, by its path; in place of `extensions`. */
  readonly isValidFile?: ((path: string) => boolean) | undefined;
  /** Whether classes without a file are fine. Default: false. */
  readonly allowEmpty?: boolean | undefined;
}

/** Names of the options of `DatasetFolder`. */
export const FOLDER_OPTIONS = [
  "extensions",
  "isValidFile",
  "allowEmpty",
  "transforms",
  ...TRANSFORM_OPTIONS,
];

/**
 * A folder with a folder for each class, read file by file.
 *
 * A sample is what `loader` makes of a file, and the number of its class.
 * Classes and files are in torchvision's order, by name.
 *
 * Source: torchvision.datasets.DatasetFolder.
 */
export class DatasetFolder<Loaded, X = Loaded, Y = number>
  extends Dataset<[X, Y]> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** The folder of the classes' folders. */
  readonly root: string;
  /** Reads a file. */
  readonly loader: Loader<Loaded>;
  /** Endings of names that count, if these decide. */
  readonly extensions: readonly string[] | undefined;
  /** The names of the classes, in order. */
  readonly classes: readonly string[];
  /** The number of each class. */
  readonly classToIdx: Readonly<Record<string, number>>;
  /** The path of each sample. */
  readonly paths: readonly string[];
  /** The class of each sample. */
  readonly targets: Int32Array<ArrayBuffer>;
  /** What is done to what the loader reads. */
  readonly transform: SampleTransform<Loaded, X> | undefined;
  /** What is done to a class's number. */
  readonly targetTransform: SampleTransform<number, Y> | undefined;
  /** What is done to both at once. */
  readonly transforms: SampleTransform<[Loaded, number], [X, Y]> | undefined;

  /**
   * Lists the files of `root`.
   *
   * @throws {TypeError} If there are neither `extensions` nor `isValidFile`, or
   * both, joint and separate transforms, or what is none
   * @throws {Deno.errors.NotFound} If there is no such folder, no folder of a
   * class in it, or no valid file of a class
   * @throws {Deno.errors.PermissionDenied} If a folder may not be read
   */
  constructor(
    root: string | URL,
    loader: Loader<Loaded>,
    options: FolderOptions<Loaded, X, Y>,
  ) {
    super();
    const { extensions, isValidFile, allowEmpty = false } = options;
    checkOptionNames(new.target.name, options, FOLDER_OPTIONS);
    checkFlags(new.target.name, { allowEmpty });
    checkTransforms(new.target.name, options);
    if ((extensions === undefined) === (isValidFile === undefined)) {
      throw new TypeError(
        `Cannot make a dataset of a folder with ` +
          `${extensions ? "both" : "neither"} extensions ` +
          `${extensions ? "and" : "nor"} isValidFile: expected one of them`,
      );
    }
    this.root = toPath(root);
    this.loader = loader;
    this.extensions = extensions;
    this.transform = options.transform;
    this.targetTransform = options.targetTransform;
    this.transforms = options.transforms;

    this.classes = findClasses(this.root);
    this.classToIdx = Object.fromEntries(
      this.classes.map((name, target) => [name, target]),
    );
    const isValid = isValidFile ?? endsIn(extensions ?? []);
    const found = this.classes.map((name) =>
      filesBelow(joinPath(this.root, name), isValid)
    );
    const empty = this.classes.filter((_, target) =>
      found[target]!.length === 0
    );
    if (empty.length > 0 && !allowEmpty) {
      const expected = extensions
        ? `names that end in ${extensions.join(", ")}`
        : "files that isValidFile takes";
      throw new Deno.errors.NotFound(
        `Cannot find files of ${empty.length === 1 ? "class" : "classes"} ` +
          `${empty.join(", ")} in "${this.root}": expected ${expected}`,
      );
    }
    this.paths = found.flat();
    this.targets = Int32Array.from(
      found.flatMap((paths, target) => paths.map(() => target)),
    );
  }

  /** The number of files. */
  override get length(): number {
    return this.paths.length;
  }

  /** Path and class of each sample; a new list each time. */
  get samples(): [path: string, target: number][] {
    return this.paths.map((path, i) => [path, this.targets[i]!]);
  }

  /**
   * The file of sample `index` as the loader reads it, and its class, or what
   * the transforms make of them.
   *
   * @throws {RangeError} If there is no such sample
   * @throws What the loader or a transform throws
   */
  override get(
    index: number,
    generator?: Generator,
  ): [X, Y] | Promise<[X, Y]> {
    const position = wrapIndex(index, this.length, this.constructor.name);
    const target = this.targets[position]!;
    const loaded = invoke(this.loader, this.paths[position]!);
    return loaded instanceof Promise
      ? loaded.then((loaded) =>
        transformed(this, position, [loaded, target], generator)
      )
      : transformed(this, position, [loaded, target], generator);
  }

  /** The path of sample `index`. */
  override sampleName(index: number): string | undefined {
    return this.paths[index];
  }

  /** Name, size, folder and transforms, as torchvision prints them. */
  override toString(): string {
    return describeDataset(this.constructor.name, [
      `Number of datapoints: ${this.length}`,
      `Root location: ${this.root}`,
    ], this);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

function endsIn(extensions: readonly string[]): (path: string) => boolean {
  const endings = extensions.map((extension) => extension.toLowerCase());
  return (path) => {
    const name = path.toLowerCase();
    return endings.some((ending) => name.endsWith(ending));
  };
}
