/**
 * VOCDetection: photos of PASCAL VOC with a box and a class for every object.
 *
 * @module
 */

import { checkOptionNames } from "../../src/tensor/arguments.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";
import { loadImage } from "../samples/image_loader.ts";
import {
  applied,
  checkTransforms,
  type SampleTransform,
} from "../samples/transforms.ts";
import { annotationParser, boxesOf, type VOCAnnotation } from "./annotation.ts";
import {
  filesOf,
  findVOCSet,
  targetsOf,
  type VOCKind,
  type VOCSetOptions,
} from "./files.ts";
import { wrapIndex } from "../../src/data/checks/check.ts";
import { VOCDataset } from "./dataset.ts";

/** A photo and its objects. */
export interface DetectionSample {
  /** The photo, or what a transform made of it. */
  readonly image: Image | HostArray;
  /** [left, top, right, bottom] of each object: edges, in pixels from 0. */
  readonly boxes: readonly (readonly number[])[];
  /** int32 of [objects]: the class of each, 1 to 20. */
  readonly labels: HostArray;
  /** bool of [objects]: whether it is marked as difficult. */
  readonly difficult: HostArray;
  /** All of the file, as torchvision gives it: texts by element. */
  readonly annotation: VOCAnnotation;
}

/** Which photos, and what is done to them. */
export interface VOCDetectionOptions<Sample = DetectionSample>
  extends VOCSetOptions {
  /** Applied to the photo alone: what does not move it. */
  readonly transform?: SampleTransform<Image, Image | HostArray>;
  /**
   * Applied to the whole sample, in place of the other. One that makes something
   * else of it says what by `new VOCDetection<Something>`.
   */
  readonly transforms?: SampleTransform<DetectionSample, NoInfer<Sample>>;
}

const OPTIONS = ["year", "imageSet", "transform", "transforms"];

const KIND: VOCKind = {
  list: "Main",
  targets: "Annotations",
  extension: ".xml",
};

/**
 * A detection set of PASCAL VOC, or of another set in its layout.
 *
 * A sample is `{ image, boxes, labels, difficult, annotation }`. Photos differ
 * in the number of their objects: `transforms` makes samples that stack, or a
 * collate of the loader keeps them apart.
 *
 * Source: Everingham et al. 2010; torchvision.datasets.VOCDetection, whose
 * target is `annotation` alone.
 */
export class VOCDetection<Sample = DetectionSample> extends VOCDataset<Sample> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** What is done to a photo. */
  readonly transform: SampleTransform<Image, Image | HostArray> | undefined;
  /** What is done to a sample. */
  readonly transforms: SampleTransform<DetectionSample, Sample> | undefined;

  /**
   * Reads the names of an image set below `root`, the folder VOCdevkit or the
   * one it is in.
   *
   * @throws {Deno.errors.NotFound} If a folder or the list is missing
   * @throws {SyntaxError} If the list is none
   * @throws {TypeError} If there are joint and separate transforms, or one can't
   * be called
   */
  constructor(root: string | URL, options: VOCDetectionOptions<Sample> = {}) {
    checkOptionNames("VOCDetection", options, OPTIONS);
    checkTransforms("VOCDetection", options);
    super(findVOCSet(root, KIND, options));
    this.transform = options.transform;
    this.transforms = options.transforms;
  }

  /** The file of each annotation; a new list each time. */
  get annotations(): string[] {
    return targetsOf(this, KIND);
  }

  /**
   * Photo `index` and its objects, or what the transforms make of them.
   *
   * @throws {RangeError} If there is no such photo
   * @throws {SyntaxError} If the annotation is no XML, or an object has no known
   * class or no box
   * @throws What decoding throws
   */
  override async get(
    index: number,
    generator?: Generator,
  ): Promise<Sample> {
    const position = wrapIndex(index, this.length, "VOCDetection");
    generator ??= Generator.ofSample(0, 0, position);
    const { photo, target } = filesOf(this, KIND, position);
    const parse = await annotationParser();
    const annotation = parse(await Deno.readTextFile(target), target);
    const { boxes, labels, difficult } = boxesOf(annotation, target);
    const image = await loadImage(photo);
    const { transform, transforms } = this;
    const sample: DetectionSample = {
      image: transform
        ? applied("transform", transform, image, generator)
        : image,
      boxes,
      labels: new HostArray(labels),
      difficult: new HostArray(difficult, [labels.length], "bool"),
      annotation,
    };
    return transforms
      ? applied("transforms", transforms, sample, generator)
      : sample as Sample; // what it is where there is no transform
  }
}
