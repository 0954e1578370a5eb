/**
 * ImageFolder: images in a folder for each class.
 *
 *     root/cat/1.jpg      sample of class 0
 *     root/dog/2.png      sample of class 1
 *
 * Everything but how a file is read is dataset_folder.ts.
 *
 * @module
 */

import { checkOptionNames } from "../../src/tensor/arguments.ts";
import type { Image } from "../../src/vision/image.ts";
import {
  DatasetFolder,
  FOLDER_OPTIONS,
  type FolderOptions,
  type Loader,
} from "./dataset_folder.ts";
import { ImageLoader } from "../samples/image_loader.ts";

/**
 * Endings of images' names, as torchvision counts them. A file in a format that
 * can't be decoded is a sample all the same, and says so when it is loaded: the
 * order of samples is torchvision's.
 */
export const IMG_EXTENSIONS: readonly string[] = [
  ".jpg",
  ".jpeg",
  ".png",
  ".ppm",
  ".bmp",
  ".pgm",
  ".tif",
  ".tiff",
  ".webp",
];

/** Which files are images, and what is done to them. */
export interface ImageFolderOptions<X = Image, Y = number>
  extends FolderOptions<Image, X, Y> {
  /** Reads a file. Default: as an RGB image, by `vision.readImage`. */
  readonly loader?: Loader<Image>;
}

/**
 * A folder with a folder of images for each class, read file by file.
 *
 * A sample is an `Image` and the number of its class. Classes and files are in
 * torchvision's order, by name.
 *
 * Source: torchvision.datasets.ImageFolder.
 *
 * @example Two classes
 * ```ts
 * import { vision } from "@kindling/kindling";
 * import { ImageFolder } from "@kindling/kindling/datasets";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * for (const name of ["dog", "cat"]) {
 *   await Deno.mkdir(`${root}/${name}`);
 *   const black = new vision.Image(new Uint8Array(12), 2, 2);
 *   await vision.saveImage(`${root}/${name}/1.png`, black);
 * }
 * const pets = new ImageFolder(root);
 * assertEquals(pets.classToIdx, { cat: 0, dog: 1 });
 * const [image, target] = await pets.get(1);
 * assertEquals([image.width, target], [2, 1]);
 * ```
 */
export class ImageFolder<X = Image, Y = number>
  extends DatasetFolder<Image, X, Y> {
  /** Where workers find this class. */
  static override url: string = import.meta.url;

  /**
   * Lists the images of `root`.
   *
   * @throws As the constructor of `DatasetFolder` does
   */
  constructor(
    root: string | URL,
    options: ImageFolderOptions<X, Y> = {},
  ) {
    const known = ["loader", ...FOLDER_OPTIONS];
    const { loader = new ImageLoader(), ...others } = checkOptionNames(
      "ImageFolder",
      options,
      known,
    );
    const { isValidFile, extensions } = others;
    const usual = isValidFile ? undefined : IMG_EXTENSIONS;
    super(root, loader, { ...others, extensions: extensions ?? usual });
  }

  /** `samples`, by torchvision's other name. */
  get imgs(): [path: string, target: number][] {
    return this.samples;
  }
}
