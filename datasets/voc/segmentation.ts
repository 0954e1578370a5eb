/**
 * VOCSegmentation: photos of PASCAL VOC with a class for every pixel.
 *
 * Masks are images of one channel whose bytes are classes (VOC_CLASSES in
 * files.ts): 0 is background, 255 the border between objects, which counts
 * for nothing.
 *
 * @module
 */

import { Subset } from "../../src/data/datasets/subset.ts";
import { checkOptionNames } from "../../src/tensor/arguments.ts";
import { Generator } from "../../src/tensor/generator.ts";
import type { Image } from "../../src/vision/image.ts";
import { loadImage } from "../samples/image_loader.ts";
import {
  applied,
  checkTransforms,
  type SampleTransform,
  TRANSFORM_OPTIONS,
  transformed,
} from "../samples/transforms.ts";
import {
  filesOf,
  findVOCSet,
  targetsOf,
  type VOCKind,
  type VOCSetOptions,
} from "./files.ts";
import { VOCDataset } from "./dataset.ts";
import { wrapIndex } from "../../src/data/checks/check.ts";

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
  extends VOCDataset<SegmentationSample<X, Y>> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
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
    checkOptionNames("VOCSegmentation", options, OPTIONS);
    checkTransforms("VOCSegmentation", options);
    const kind: VOCKind = {
      list: "Segmentation",
      targets: options.maskFolder ?? "SegmentationClass",
      extension: ".png",
    };
    super(findVOCSet(root, kind, options));
    this.kind = kind;
    this.transform = options.transform;
    this.targetTransform = options.targetTransform;
    this.transforms = options.transforms;
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
    generator?: Generator,
  ): SegmentationSample<X, Y> | Promise<SegmentationSample<X, Y>> {
    const position = wrapIndex(index, this.length, "VOCSegmentation");
    const random = generator ?? Generator.ofSample(0, 0, position);
    const { photo, target } = filesOf(this, this.kind, position);
    const image = loadImage(photo);
    const classes = loadImage(target, { mode: "unchanged" });
    const finish = (image: Image, classes: Image) => {
      const sample = { image, mask: checkMask(target, classes, image) };
      return transformPair(this, sample, position, random);
    };
    return image instanceof Promise || classes instanceof Promise
      ? Promise.all([image, classes]).then(([image, classes]) =>
        finish(image, classes)
      )
      : finish(image, classes);
  }
}

// Not a private method: the copy in a worker lacks those.
function transformPair<X, Y>(
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
