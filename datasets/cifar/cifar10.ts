/**
 * CIFAR-10: 50,000 and 10,000 colour photos of ten kinds of things, 32x32
 * pixels. CIFAR-100 is the same with other files and labels (cifar100.ts).
 *
 * The archive of the binary version and its unpacked folder lie side by side in
 * ROOT, as torchvision lays those of the Python version. Opened, both arrays
 * are in shared memory: there once, whatever the number of workers.
 *
 * @module
 */

import type { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";
import { type CIFARSource, type CIFARSplit, openCIFAR } from "./files.ts";
import { MemoryImages } from "../samples/memory_images.ts";
import {
  describeDataset,
  type SampleTransforms,
} from "../samples/transforms.ts";
import type { SourceOptions } from "../source_options.ts";

/**
 * How to open CIFAR-10 or CIFAR-100. `transform` gets an `Image`; with it, or a
 * `targetTransform`, samples are made one by one.
 */
export interface CIFAROptions<X = HostArray, Y = number>
  extends SourceOptions, SampleTransforms<Image, number, X, Y> {}

/**
 * CIFAR-10, in memory.
 *
 * A sample is an image, uint8 of [3, 32, 32] (red, green, blue), and its label,
 * 0 to 9. A batch by `getBatch` is uint8 of [B, 3, 32, 32] and int32 of [B].
 * Over the training split pixels / 255 have means 0.4914, 0.4822, 0.4465 and
 * standard deviations 0.2470, 0.2435, 0.2616.
 *
 * Source: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html, binary
 * version; folders as in torchvision.datasets.CIFAR10.
 */
export class CIFAR10<X = HostArray, Y = number> extends MemoryImages<X, Y> {
  /** Where workers find this class. */
  static url: string = import.meta.url;

  /** Files, sums and mirrors. */
  static readonly source: CIFARSource = {
    name: "CIFAR10",
    mirrors: ["https://www.cs.toronto.edu/~kriz/"],
    archive: {
      file: "cifar-10-binary.tar.gz",
      sizeBytes: 170052171,
      md5: "c32a1d4ab5d03f1284b67883e8d87530",
    },
    folder: "cifar-10-batches-bin",
    classFiles: ["batches.meta.txt"],
    train: [1, 2, 3, 4, 5].map((i) => ({
      file: `data_batch_${i}.bin`,
      images: 10_000,
    })),
    test: [{ file: "test_batch.bin", images: 10_000 }],
  };

  /** The folder of datasets. */
  readonly root: string;

  /** Use `CIFAR10.open()`, which reads the files. */
  constructor(
    { source, root, train, classes, pixels, labels }: CIFARSplit,
    transforms?: SampleTransforms<Image, number, X, Y>,
  ) {
    super({
      name: source.name,
      train,
      classes: classes.at(-1)!, // the last kind is the finest
      pixels,
      labels: labels.at(-1)!,
      imageShape: [3, 32, 32],
    }, transforms);
    this.root = root;
  }

  /**
   * Downloads and unpacks what is missing, checks it and reads it into memory.
   *
   * @throws {DownloadError} If no mirror had the archive
   * @throws {Deno.errors.NotCapable} If Deno may not use the network, the
   * environment (to find the cache folder) or the folder
   * @throws {Deno.errors.NotFound} If a file is missing and `download` is false
   * @throws {SyntaxError} If a file is not what its name says
   * @throws {TypeError} If there is no such option, or it is of another type
   */
  static async open<X = HostArray, Y = number>(
    options: CIFAROptions<X, Y> = {},
  ): Promise<CIFAR10<X, Y>> {
    return new CIFAR10(await openCIFAR(CIFAR10.source, options), options);
  }

  /** The label of each class. */
  get classToIdx(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.classes.map((name, i) => [name, i]));
  }

  /** Name, size, folder, split and transforms, as torchvision prints them. */
  override toString(): string {
    return describeDataset(this.name, [
      `Number of datapoints: ${this.length}`,
      `Root location: ${this.root}`,
      `Split: ${this.train ? "Train" : "Test"}`,
    ], this);
  }
}
