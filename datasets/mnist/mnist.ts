/**
 * MNIST: 60,000 and 10,000 handwritten digits, grey, 28x28 pixels. Fashion-MNIST
 * and KMNIST are the same with other files (fashion_mnist.ts, kmnist.ts).
 *
 * Files lie as torchvision lays them, `ROOT/MNIST/raw/*.gz`, so that a folder
 * that it filled is used as it is. Both arrays are in shared memory: they are
 * there once, whatever the number of workers.
 *
 * @module
 */

import type { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";
import { joinPath, requestAccess, withPath } from "../_shared.ts";
import { download } from "../download/download.ts";
import { parseIdx } from "./idx.ts";
import { MemoryImages } from "../samples/memory_images.ts";
import {
  type AnyTransforms,
  describeDataset,
  type SampleTransforms,
} from "../samples/transforms.ts";
import {
  checkSourceOptions,
  datasetsFolder,
  fetchOptions,
  type SourceOptions,
} from "../source_options.ts";

/** Pixels along an edge of an image. */
const EDGE = 28;

/**
 * How to open MNIST, Fashion-MNIST or KMNIST. `transform` gets an `Image` of one
 * channel; with it, or a `targetTransform`, samples are made one by one.
 */
export interface MNISTOptions<X = HostArray, Y = number>
  extends SourceOptions, SampleTransforms<Image, number, X, Y> {}

/** One of the four files. */
export interface MNISTFile {
  /** Its name, compressed. */
  readonly file: string;
  /** Its size in bytes, compressed. */
  readonly sizeBytes: number;
  /** Its MD5, compressed. */
  readonly md5: string;
}

/** Where a dataset of MNIST's form comes from. */
export interface MNISTSource {
  /** The dataset's name, and that of its folder. */
  readonly name: string;
  /** URLs of the folders that hold the files, in the order to try. */
  readonly mirrors: readonly string[];
  /** What the labels 0 to 9 stand for. */
  readonly classes: readonly string[];
  /** The images and the labels of each split. */
  readonly files: Readonly<
    Record<"train" | "test", readonly [images: MNISTFile, labels: MNISTFile]>
  >;
}

/** An opened split: what a dataset of MNIST's form consists of. */
export interface MNISTSplit {
  /** Where it comes from. */
  readonly source: MNISTSource;
  /** The folder that its files are in. */
  readonly folder: string;
  /** Whether it is the training split. */
  readonly train: boolean;
  /** The images, 784 bytes each. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** The class of each image. */
  readonly labels: Int32Array<ArrayBufferLike>;
}

/**
 * MNIST, in memory.
 *
 * A sample is an image, uint8 of [1, 28, 28] with ink 255 on paper 0, and its
 * label, 0 to 9. A batch by `getBatch` is uint8 of [B, 1, 28, 28] and int32
 * of [B]. Over the training split pixels / 255 have mean 0.1307 and standard
 * deviation 0.3081.
 *
 * Source: LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/; files,
 * sums and folders as in torchvision.datasets.MNIST.
 */
export class MNIST<X = HostArray, Y = number> extends MemoryImages<X, Y> {
  /** Where workers find this class. */
  static url: string = import.meta.url;

  /** Files, sums and mirrors. */
  static readonly source: MNISTSource = {
    name: "MNIST",
    mirrors: [
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
      "http://yann.lecun.com/exdb/mnist/",
    ],
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    files: {
      train: [{
        file: "train-images-idx3-ubyte.gz",
        sizeBytes: 9912422,
        md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
      }, {
        file: "train-labels-idx1-ubyte.gz",
        sizeBytes: 28881,
        md5: "d53e105ee54ea40749a09fcbcd1e9432",
      }],
      test: [{
        file: "t10k-images-idx3-ubyte.gz",
        sizeBytes: 1648877,
        md5: "9fb629c4189551a2d022fa330f9573f3",
      }, {
        file: "t10k-labels-idx1-ubyte.gz",
        sizeBytes: 4542,
        md5: "ec29112dd5afa0611ce80d1b7f02629c",
      }],
    },
  };

  /** The folder of the files. */
  readonly folder: string;

  /** Use `MNIST.open()`, which reads the files. */
  constructor(
    { source, folder, train, pixels, labels }: MNISTSplit,
    transforms?: SampleTransforms<Image, number, X, Y>,
  ) {
    super({
      name: source.name,
      train,
      classes: source.classes,
      pixels,
      labels,
      imageShape: [1, EDGE, EDGE],
    }, transforms);
    this.folder = folder;
  }

  /**
   * Downloads what is missing, checks it and reads it into memory.
   *
   * @throws {DownloadError} If no mirror had a file
   * @throws {Deno.errors.NotCapable} If Deno may not use the network, the
   * environment (to find the cache folder) or the folder
   * @throws {Deno.errors.NotFound} If a file is missing and `download` is false
   * @throws {SyntaxError} If a file is not what its name says
   * @throws {TypeError} If there is no such option, or it is of another type
   */
  static async open<X = HostArray, Y = number>(
    options: MNISTOptions<X, Y> = {},
  ): Promise<MNIST<X, Y>> {
    return new MNIST(await openSplit(MNIST.source, options), options);
  }

  /** Name, size, split, classes, folder and transforms, a line each. */
  override toString(): string {
    return describeDataset(this.name, [
      `Number of datapoints: ${this.length}`,
      `Split: ${this.train ? "train" : "test"}`,
      `Sample: uint8 [1, ${EDGE}, ${EDGE}], label 0 to ` +
      `${this.classes.length - 1}`,
      `Classes: ${this.classes.join(", ")}`,
      `Location: ${this.folder}`,
    ], this);
  }
}

/**
 * Downloads and reads one split of a dataset of MNIST's form.
 *
 * @throws As `MNIST.open` does
 */
export async function openSplit(
  source: MNISTSource,
  options: SourceOptions & AnyTransforms,
): Promise<MNISTSplit> {
  checkSourceOptions(source.name, options);
  const { train = true } = options;
  const root = datasetsFolder(options.root);
  const folder = joinPath(joinPath(root, source.name), "raw");
  const [imageFile, labelFile] = source.files[train ? "train" : "test"];

  const images = await parseIdx(
    imageFile.file,
    await readSourceFile(source, imageFile, folder, options),
    3,
  );
  const [count, height, width] = images.shape;
  if (height !== EDGE || width !== EDGE) {
    throw new SyntaxError(
      `Cannot read "${imageFile.file}": expected images of ${EDGE}x${EDGE}, ` +
        `got ${height}x${width}`,
    );
  }

  const { data } = await parseIdx(
    labelFile.file,
    await readSourceFile(source, labelFile, folder, options),
    1,
  );
  if (data.length !== count) {
    throw new SyntaxError(
      `Cannot open ${source.name}: "${imageFile.file}" has ${count} images ` +
        `and "${labelFile.file}" ${data.length} labels`,
    );
  }
  const classes = source.classes.length;
  const wrong = data.findIndex((label) => label >= classes);
  if (wrong !== -1) {
    throw new SyntaxError(
      `Cannot read "${labelFile.file}": label ${wrong} is ${data[wrong]}, ` +
        `expected 0 to ${classes - 1}`,
    );
  }
  const labels = new Int32Array(new SharedArrayBuffer(4 * data.length));
  labels.set(data);
  return { source, folder, train, pixels: images.data, labels };
}

/** The bytes of a file, compressed as they are. */
async function readSourceFile(
  source: MNISTSource,
  file: MNISTFile,
  folder: string,
  options: SourceOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (options.download ?? true) {
    await download({ ...file, ...fetchOptions(source, options), folder });
  } else await requestAccess("read", folder);
  const path = joinPath(folder, file.file);
  return withPath("read", path, async () => {
    try {
      return await Deno.readFile(path);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new Deno.errors.NotFound(
        `Cannot open ${source.name}: no file "${path}", and the option ` +
          `download is false`,
        { cause },
      );
    }
  });
}
