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

import type { BatchContext } from "../../src/data/collate/batch_context.ts";
import type { Collated } from "../../src/data/collate/batch.ts";
import { Dataset } from "../../src/data/datasets/dataset.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";
import { type CIFARSource, type CIFARSplit, openCIFAR } from "./files.ts";
import {
  allOf,
  batchOf,
  type LabelledBatch,
  type MemoryImages,
  sampleOf,
} from "../samples/memory_images.ts";
import {
  describeDataset,
  type SampleTransform,
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
export class CIFAR10<X = HostArray, Y = number> extends Dataset<[X, Y]>
  implements MemoryImages<X, Y> {
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

  /** The dataset's name. */
  readonly name: string;
  /** The folder of datasets that it is in. */
  readonly root: string;
  /** Whether this is the training split. */
  readonly train: boolean;
  /** What the labels stand for. */
  readonly classes: readonly string[];
  /** The images in shared memory, 3072 bytes each: red, green, blue planes. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** The label of each image, in shared memory. */
  readonly labels: Int32Array<ArrayBufferLike>;
  /** The shape of an image, [3, 32, 32]. */
  readonly imageShape: MemoryImages<X, Y>["imageShape"] = [3, 32, 32];
  /** What is done to an image. */
  readonly transform: SampleTransform<Image, X> | undefined;
  /** What is done to a label. */
  readonly targetTransform: SampleTransform<number, Y> | undefined;

  /** Use `CIFAR10.open()`, which reads the files. */
  constructor(
    { source, root, train, classes, pixels, labels }: CIFARSplit,
    { transform, targetTransform }: SampleTransforms<Image, number, X, Y> = {},
  ) {
    super();
    this.name = source.name;
    this.root = root;
    this.train = train;
    this.classes = classes.at(-1)!; // the last kind is the finest
    this.pixels = pixels;
    this.labels = labels.at(-1)!;
    this.transform = transform;
    this.targetTransform = targetTransform;
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

  /** The number of images. */
  override get length(): number {
    return this.labels.length;
  }

  /** All images, uint8 of [N, 3, 32, 32], not copied. */
  get images(): HostArray {
    return new HostArray(this.pixels, [this.length, ...this.imageShape]);
  }

  /** All labels, int32 of [N], not copied. */
  get targets(): HostArray {
    return new HostArray(this.labels);
  }

  /** The label of each class. */
  get classToIdx(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.classes.map((name, i) => [name, i]));
  }

  /**
   * A copy of image `index` and its label, or what the transforms make of them.
   *
   * @throws {RangeError} If there is no such image
   */
  override get(index: number, generator?: Generator): [X, Y] {
    return sampleOf(this, index, generator);
  }

  /**
   * Copies of the images and labels at `indices`, in memory that a loader may
   * lend by its `context`; undefined if they are transformed.
   *
   * @throws {RangeError} If there is no such image
   */
  override getBatch(
    indices: readonly number[],
    context?: Pick<BatchContext, "empty">,
  ): Collated<[X, Y]> | undefined {
    return batchOf(this, indices, context);
  }

  /**
   * All images, uint8 of [N, 3, 32, 32], and labels, for batches on the GPU;
   * undefined if they are transformed.
   */
  override resident(): LabelledBatch | undefined {
    return allOf(this);
  }

  /** Name, size, folder, split and transforms, as torchvision prints them. */
  override toString(): string {
    return describeDataset(this.name, [
      `Number of datapoints: ${this.length}`,
      `Root location: ${this.root}`,
      `Split: ${this.train ? "Train" : "Test"}`,
    ], this);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
