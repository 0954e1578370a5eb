/**
 * VOCSegmentation: photos of PASCAL VOC with a class for every pixel.
 *
 * Masks are images of one channel whose bytes are classes (VOC_CLASSES in
 * files.ts): 0 is background, 255 the border between objects, which counts
 * for nothing.
 *
 * @module
 */

import { Dataset } from "../../src/data/datasets/dataset.ts";
import { Subset } from "../../src/data/datasets/subset.ts";
import { checkOptionNames } from "../../src/tensor/arguments.ts";
import { Generator } from "../../src/tensor/generator.ts";
import type { Image } from "../../src/vision/image.ts";
import { loadImage } from "../samples/image_loader.ts";
import {
  applied,
  checkTransforms,
  describeDataset,
  type SampleTransform,
  TRANSFORM_OPTIONS,
  transformed,
} from "../samples/transforms.ts";
import {
  filesOf,
  findVOCSet,
  photoOf,
  photosOf,
  targetsOf,
  VOC_CLASSES,
  type VOCKind,
  type VOCSetOptions,
} from "./files.ts";

/** A photo and its mask, or what has become of them. */
export interface SegmentationSample<X = Image, Y = Image> {
  /** The photo. */
  readonly image: X;
  /** The class of each pixel. */
  readonly mask: Y;
}

/** Which photos, and what is done to them. */
export interface VOCSegmentationOptions<X = Image, Y = Image>
  extends VOCSetOptions {
  /**
   * The folder of the masks, "SegmentationClassAug" for instance. Default:
   * "SegmentationClass".
   */
  readonly maskFolder?: string;
  /** Applied to the photo. */
  readonly transform?: SampleTransform<Image, X>;
  /** Applied to the mask. */
  readonly targetTransform?: SampleTransform<Image, Y>;
  /** Applied to photo and mask together, in place of the other two. */
  readonly transforms?: SampleTransform<
    SegmentationSample,
    SegmentationSample<X, Y>
  >;
}

const OPTIONS = [
  "year",
  "imageSet",
  "maskFolder",
  "transforms",
  ...TRANSFORM_OPTIONS,
];

/**
 * A segmentation set of PASCAL VOC, or of another set in its layout.
 *
 * A sample is `{ image, mask }`: an RGB `Image` and an `Image` of one channel
 * and the same size, the class of each pixel. torchvision gives them as a pair.
 *
 * Source: Everingham et al. 2010; torchvision.datasets.VOCSegmentation.
 */
export class VOCSegmentation<X = Image, Y = Image>
  extends Dataset<SegmentationSample<X, Y>> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** The folder that it was looked for in. */
  readonly root: string;
  /** The folder of the year. */
  readonly folder: string;
  /** The image set. */
  readonly imageSet: string;
  /** The names of the photos, without folder and ending. */
  readonly names: readonly string[];
  /** What the bytes of a mask stand for. */
  readonly classes: readonly string[] = VOC_CLASSES;
  /** Where masks are. */
  readonly kind: VOCKind;
  /** What is done to a photo. */
  readonly transform: SampleTransform<Image, X> | undefined;
  /** What is done to a mask. */
  readonly targetTransform: SampleTransform<Image, Y> | undefined;
  /** What is done to both at once. */
  readonly transforms:
    | SampleTransform<SegmentationSample, SegmentationSample<X, Y>>
    | undefined;

  /**
   * Reads the names of an image set below `root`, the folder VOCdevkit or the
   * one it is in.
   *
   * @throws {Deno.errors.NotFound} If a folder or the list is missing
   * @throws {SyntaxError} If the list is none
   * @throws {TypeError} If there are joint and separate transforms, or one can't
   * be called
   */
  constructor(
    root: string | URL,
    options: VOCSegmentationOptions<X, Y> = {},
  ) {
    super();
    checkOptionNames("VOCSegmentation", options, OPTIONS);
    checkTransforms("VOCSegmentation", options);
    this.kind = {
      list: "Segmentation",
      targets: options.maskFolder ?? "SegmentationClass",
      extension: ".png",
    };
    const set = findVOCSet(root, this.kind, options);
    this.root = set.root;
    this.folder = set.folder;
    this.imageSet = set.imageSet;
    this.names = set.names;
    this.transform = options.transform;
    this.targetTransform = options.targetTransform;
    this.transforms = options.transforms;
  }

  /** The number of photos. */
  override get length(): number {
    return this.names.length;
  }

  /** The file of each photo; a new list each time. */
  get images(): string[] {
    return photosOf(this);
  }

  /** The file of each mask; a new list each time. */
  get masks(): string[] {
    return targetsOf(this, this.kind);
  }

  /**
   * The part whose photos are in none of `others`: what a second set adds to a
   * first one, or a training set without the photos of a validation set.
   *
   * @example Two sets as one, without duplicates
   * ```ts ignore
   * import { data } from "@kindling/kindling";
   * import { VOCSegmentation } from "@kindling/kindling/datasets";
   *
   * const train = new VOCSegmentation("VOCdevkit", { imageSet: "train" });
   * const val = new VOCSegmentation("VOCdevkit", { imageSet: "val" });
   * const more = new VOCSegmentation("VOCdevkit", {
   *   imageSet: "trainaug",
   *   maskFolder: "SegmentationClassAug",
   * });
   * const all = new data.ConcatDataset([train, more.without(train, val)]);
   * ```
   */
  without(
    ...others: readonly { readonly names: readonly string[] }[]
  ): Subset<SegmentationSample<X, Y>> {
    const known = new Set(others.flatMap(({ names }) => names));
    const indices: number[] = [];
    for (const [index, name] of this.names.entries()) {
      if (!known.has(name)) indices.push(index);
    }
    return new Subset(this, indices);
  }

  /**
   * Photo `index` and its mask, or what the transforms make of them.
   *
   * @throws {RangeError} If there is no such photo
   * @throws {TypeError} If the mask has colours in place of classes, or another
   * size than the photo
   * @throws What decoding throws
   */
  override get(
    index: number,
    generator: Generator = Generator.ofSample(0, 0, index),
  ): SegmentationSample<X, Y> | Promise<SegmentationSample<X, Y>> {
    const { photo, target } = filesOf(
      "VOCSegmentation",
      this,
      this.kind,
      index,
    );
    const image = loadImage(photo);
    const classes = loadImage(target, { mode: "unchanged" });
    const finish = (image: Image, classes: Image) => {
      const sample = { image, mask: checkMask(target, classes, image) };
      return finished(this, sample, index, generator);
    };
    return image instanceof Promise || classes instanceof Promise
      ? Promise.all([image, classes]).then(([image, classes]) =>
        finish(image, classes)
      )
      : finish(image, classes);
  }

  /** The file of photo `index`. */
  override sampleName(index: number): string | undefined {
    return photoOf(this, index);
  }

  /** Name, size, folder and transforms, as torchvision prints them. */
  override toString(): string {
    return describeDataset("VOCSegmentation", [
      `Number of datapoints: ${this.length}`,
      `Root location: ${this.root}`,
    ], this);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

// A function, not a private method: workers rebuild the fields of a dataset,
// and what is private would be missing there.
function finished<X, Y>(
  { transform, targetTransform, transforms }: VOCSegmentation<X, Y>,
  sample: SegmentationSample,
  index: number,
  generator: Generator,
): SegmentationSample<X, Y> {
  if (transforms) return applied("transforms", transforms, sample, generator);
  const separate = { transform, targetTransform };
  const pair: [Image, Image] = [sample.image, sample.mask];
  const [image, mask] = transformed(separate, index, pair, generator);
  return { image, mask };
}

/** A mask, if it is one of the photo. */
function checkMask(file: string, mask: Image, image: Image): Image {
  if (mask.channels !== 1) {
    throw new TypeError(
      `Cannot take "${file}" for a mask: expected a class for each pixel (a ` +
        `palette or grey image), got ${mask.channels} channels`,
    );
  }
  if (mask.width !== image.width || mask.height !== image.height) {
    throw new TypeError(
      `Cannot take "${file}" for the mask of its photo: sizes ${mask.width} x ` +
        `${mask.height} and ${image.width} x ${image.height} must be equal`,
    );
  }
  return mask;
}
