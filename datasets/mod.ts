/**
 * Datasets that fetch themselves, and the means to write more of them.
 *
 * - {@linkcode MNIST}, {@linkcode FashionMNIST}, {@linkcode KMNIST}: 70,000 grey
 *   28x28 images of ten classes each, downloaded once, checked and cached.
 * - {@linkcode CIFAR10}, {@linkcode CIFAR100}: 60,000 colour 32x32 photos.
 * - {@linkcode SyntheticDigits}: drawn digits in the same form, for machines
 *   without network or permissions.
 * - {@linkcode ImageFolder}, {@linkcode DatasetFolder}: images, or files of any
 *   kind, in a folder for each class.
 * - {@linkcode VOCSegmentation}, {@linkcode VOCDetection}: photos in the layout
 *   of PASCAL VOC; {@linkcode MultiHot} makes labels of masks.
 * - {@linkcode Table}: images that a CSV file lists with their labels.
 * - {@linkcode FakeData}: images of noise.
 * - {@linkcode download}: the function through which all of them fetch files;
 *   {@linkcode cacheFolder} says where those are kept, {@linkcode extract}
 *   unpacks archives.
 * - {@linkcode Dataset}: what a dataset of one's own extends, as in the main
 *   module's `data`.
 *
 * What is to happen to samples goes to a dataset's options, one sample at a time,
 * or to the `DataLoader`, on whole batches.
 *
 * ```ts
 * import { SyntheticDigits } from "@kindling/kindling/datasets";
 *
 * const train = new SyntheticDigits({ train: true });
 * const [image, label] = train.get(0);
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
} from "./mnist/mnist.ts";
export { FashionMNIST } from "./mnist/fashion_mnist.ts";
export { KMNIST } from "./mnist/kmnist.ts";
export { CIFAR10, type CIFAROptions } from "./cifar/cifar10.ts";
export { CIFAR100 } from "./cifar/cifar100.ts";
export type { CIFARFile, CIFARSource, CIFARSplit } from "./cifar/files.ts";
export {
  SyntheticDigits,
  type SyntheticDigitsOptions,
} from "./synthetic/digits.ts";
export {
  DatasetFolder,
  type FolderOptions,
  type Loader,
} from "./folders/dataset_folder.ts";
export {
  ImageFolder,
  type ImageFolderOptions,
  IMG_EXTENSIONS,
} from "./folders/image_folder.ts";
export { ImageLoader } from "./samples/image_loader.ts";
export { Table, type TableOptions } from "./table/table.ts";
export type { TableRows } from "./table/rows.ts";
export {
  type SegmentationSample,
  VOCSegmentation,
  type VOCSegmentationOptions,
} from "./voc/segmentation.ts";
export {
  type DetectionSample,
  VOCDetection,
  type VOCDetectionOptions,
} from "./voc/detection.ts";
export type { VOCAnnotation, VOCElement, VOCRecord } from "./voc/annotation.ts";
export type { VOCDataset } from "./voc/dataset.ts";
export {
  VOC_CLASSES,
  type VOCKind,
  type VOCSet,
  type VOCSetOptions,
} from "./voc/files.ts";
export { MultiHot, type MultiHotOptions } from "./voc/multi_hot.ts";
export { FakeData, type FakeDataOptions } from "./synthetic/fake_data.ts";
export type {
  LabelledBatch,
  LabelledImage,
  MemoryImages,
} from "./samples/memory_images.ts";
export type {
  JointTransforms,
  SampleTransform,
  SampleTransforms,
} from "./samples/transforms.ts";
export {
  download,
  DownloadError,
  type DownloadOptions,
  type MirrorFailure,
} from "./download/download.ts";
export type { DownloadProgress } from "./download/progress_bar.ts";
export {
  extract,
  type ExtractLimits,
  type ExtractOptions,
} from "./archives/extract.ts";
export type { ArchiveFormat } from "./archives/entries.ts";
export { cacheFolder } from "../src/cache_folder.ts";
export type { SourceOptions } from "./source_options.ts";
export { Dataset } from "../src/data/datasets/dataset.ts";
export type { Subset } from "../src/data/datasets/subset.ts";
export type { BatchContext } from "../src/data/collate/batch_context.ts";
export type { Callable } from "../src/data/checks/callable.ts";
export type { Collated } from "../src/data/collate/batch.ts";
export {
  type Channels,
  type Colour,
  Image,
  type PaletteColour,
} from "../src/vision/image.ts";
export type { HostPicture, PendingWork } from "../src/data/images/image.ts";
export type { ImageBatch } from "../src/data/images/image_batch.ts";
export type { ImageExtent as Extent } from "../src/data/images/image.ts";
