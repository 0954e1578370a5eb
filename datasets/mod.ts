/**
 * Datasets that fetch themselves, and the means to write more of them.
 *
 * - {@linkcode MNIST}, {@linkcode FashionMNIST}, {@linkcode KMNIST}: 70,000 grey
 *   28x28 images of ten classes each, downloaded once, checked and cached.
 * - {@linkcode SyntheticDigits}: drawn digits in the same form, for machines
 *   without network or permissions.
 * - {@linkcode download}: the function through which all of them fetch files;
 *   {@linkcode cacheFolder} says where those are kept, {@linkcode extract}
 *   unpacks archives.
 * - {@linkcode Dataset}: what a dataset of one's own extends, as in the main
 *   module's `data`.
 *
 * A dataset holds uint8 images in memory that workers share; what is to happen
 * to them goes to the `DataLoader`.
 *
 * ```ts
 * import { SyntheticDigits } from "@kindling/kindling/datasets";
 *
 * const train = new SyntheticDigits({ train: true });
 * const [images, labels] = train.getBatch([0, 1, 2]);
 * ```
 *
 * @module
 */

export {
  MNIST,
  type MNISTFile,
  type MNISTOptions,
  type MNISTSource,
  type MNISTSplit,
} from "./mnist.ts";
export { FashionMNIST } from "./fashion_mnist.ts";
export { KMNIST } from "./kmnist.ts";
export {
  SyntheticDigits,
  type SyntheticDigitsOptions,
} from "./synthetic_digits.ts";
export type { LabelledBatch, LabelledImage } from "./grey_images.ts";
export {
  download,
  DownloadError,
  type DownloadOptions,
  type MirrorFailure,
} from "./download.ts";
export type { DownloadProgress } from "./progress_bar.ts";
export { extract, type ExtractLimits, type ExtractOptions } from "./extract.ts";
export type { ArchiveFormat } from "./archive_entries.ts";
export { cacheFolder } from "./cache_folder.ts";
export { Dataset } from "../src/data/dataset.ts";
export type { BatchContext, Collated } from "../src/data/batch.ts";
