/**
 * CIFAR-100: the form of CIFAR-10, a hundred classes in twenty groups. Reading,
 * batches and options are those of cifar10.ts.
 *
 * @module
 */

import type { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";
import { CIFAR10, type CIFAROptions } from "./cifar10.ts";
import { type CIFARSource, type CIFARSplit, openCIFAR } from "./files.ts";
import type { SampleTransforms } from "../samples/transforms.ts";

/**
 * CIFAR-100, in memory: samples and batches are those of `CIFAR10`, labels 0 to
 * 99; the group of each image is in `coarseLabels`. Over the training split
 * pixels / 255 have means 0.5071, 0.4865, 0.4409 and standard deviations
 * 0.2673, 0.2564, 0.2762.
 *
 * Source: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html, binary
 * version; folders as in torchvision.datasets.CIFAR100.
 */
export class CIFAR100<X = HostArray, Y = number> extends CIFAR10<X, Y> {
  /** Where workers find this class. */
  static override url: string = import.meta.url;

  /** Files, sums and mirrors. */
  static override readonly source: CIFARSource = {
    name: "CIFAR100",
    mirrors: ["https://www.cs.toronto.edu/~kriz/"],
    archive: {
      file: "cifar-100-binary.tar.gz",
      sizeBytes: 168513733,
      md5: "03b5dce01913d631647c71ecec9e9cb8",
    },
    folder: "cifar-100-binary",
    classFiles: ["coarse_label_names.txt", "fine_label_names.txt"],
    train: [{ file: "train.bin", images: 50_000 }],
    test: [{ file: "test.bin", images: 10_000 }],
  };

  /** What the groups are. */
  readonly coarseClasses: readonly string[];
  /** The group of each image, in shared memory. */
  readonly coarseLabels: Int32Array<ArrayBufferLike>;

  /** Use `CIFAR100.open()`, which reads the files. */
  constructor(
    split: CIFARSplit,
    transforms?: SampleTransforms<Image, number, X, Y>,
  ) {
    super(split, transforms);
    this.coarseClasses = split.classes[0]!; // the source names two kinds
    this.coarseLabels = split.labels[0]!;
  }

  /**
   * Downloads and unpacks what is missing, checks it and reads it into memory.
   *
   * @throws As `CIFAR10.open` does
   */
  static override async open<X = HostArray, Y = number>(
    options: CIFAROptions<X, Y> = {},
  ): Promise<CIFAR100<X, Y>> {
    return new CIFAR100(await openCIFAR(CIFAR100.source, options), options);
  }
}
