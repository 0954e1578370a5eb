/**
 * FakeData: images of noise with labels, for trying programs and measuring
 * loaders. Nothing can be learned from it.
 *
 * @module
 */

import { Dataset } from "../../src/data/datasets/dataset.ts";
import { checkOptionNames } from "../../src/tensor/arguments.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { type Channels, Image } from "../../src/vision/image.ts";
import {
  checkTransforms,
  describeDataset,
  type SampleTransform,
  type SampleTransforms,
  TRANSFORM_OPTIONS,
  transformed,
} from "../samples/transforms.ts";
import { wrapIndex } from "../../src/data/checks/check.ts";

/** How many fake images, of what size. */
export interface FakeDataOptions<X = Image, Y = number>
  extends SampleTransforms<Image, number, X, Y> {
  /** How many. Default: 1000. */
  readonly size?: number;
  /** [channels, height, width]. Default: [3, 224, 224]. */
  readonly imageSize?: readonly [Channels, number, number];
  /** How many classes. Default: 10. */
  readonly numClasses?: number;
  /** Other images for another number, from 0 to 2^53 - 1. Default: 0. */
  readonly randomOffset?: number;
}

const OPTIONS = [
  "size",
  "imageSize",
  "numClasses",
  "randomOffset",
  ...TRANSFORM_OPTIONS,
];

/** The epoch of the noise's generators: none that a loader comes to. */
const NOISE = 2 ** 32 - 1;

/**
 * Images of noise: every byte of equal likelihood, and so is every label. The
 * same on every machine for the same index and `randomOffset`.
 *
 * Source: torchvision.datasets.FakeData, whose noise is normal and wraps around.
 *
 * @example A sample
 * ```ts
 * import { FakeData } from "@kindling/kindling/datasets";
 * import { assertEquals } from "@std/assert";
 *
 * const noise = new FakeData({ size: 4, imageSize: [3, 8, 16] });
 * const [image, label] = noise.get(3);
 * assertEquals([image.width, image.height], [16, 8]);
 * assertEquals(label, noise.targets[3]);
 * ```
 */
export class FakeData<X = Image, Y = number> extends Dataset<[X, Y]> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** [channels, height, width] of an image. */
  readonly imageSize: readonly [Channels, number, number];
  /** How many classes there are. */
  readonly numClasses: number;
  /** What the noise is drawn from. */
  readonly randomOffset: number;
  /** The class of each image. */
  readonly targets: Int32Array<ArrayBuffer>;
  /** What is done to an image. */
  readonly transform: SampleTransform<Image, X> | undefined;
  /** What is done to a label. */
  readonly targetTransform: SampleTransform<number, Y> | undefined;

  /**
   * Draws the labels; images are drawn when they are asked for.
   *
   * @throws {RangeError} If a size is not a positive integer, there are not 1, 3
   * or 4 channels, or `randomOffset` is out of range
   * @throws {TypeError} If a transform can't be called
   */
  constructor(options: FakeDataOptions<X, Y> = {}) {
    super();
    checkOptionNames("FakeData", options, OPTIONS);
    checkTransforms("FakeData", options);
    const { size = 1000, numClasses = 10, randomOffset = 0 } = options;
    const { imageSize = [3, 224, 224] } = options;
    const [channels, height, width] = imageSize;
    const counts = { size, numClasses, height, width };
    for (const [what, value] of Object.entries(counts)) {
      if (!Number.isInteger(value) || value < 1) {
        throw new RangeError(
          `Cannot make FakeData: ${what} must be a positive integer, got ` +
            value,
        );
      }
    }
    if (![1, 3, 4].includes(channels)) {
      throw new RangeError(
        `Cannot make FakeData of ${channels} channels: expected 1, 3 or 4`,
      );
    }
    this.imageSize = imageSize;
    this.numClasses = numClasses;
    this.randomOffset = randomOffset;
    this.transform = options.transform;
    this.targetTransform = options.targetTransform;
    this.targets = Int32Array.from(
      { length: size },
      (_, index) =>
        Generator.ofSample(randomOffset, NOISE, index).integer(numClasses),
    );
  }

  /** The number of images. */
  override get length(): number {
    return this.targets.length;
  }

  /**
   * Image `index` and its label, or what the transforms make of them.
   *
   * @throws {RangeError} If there is no such image
   */
  override get(index: number, generator?: Generator): [X, Y] {
    const position = wrapIndex(index, this.length, "FakeData");
    const noise = Generator.ofSample(this.randomOffset, NOISE, position);
    const target = noise.integer(this.numClasses);
    const [channels, height, width] = this.imageSize;
    const words = new Uint32Array(Math.ceil(channels * height * width / 4));
    for (let i = 0; i < words.length; i++) words[i] = noise.word();
    const bytes = new Uint8Array(words.buffer, 0, channels * height * width);
    const image = new Image(bytes, width, height, channels);
    return transformed(this, position, [image, target], generator);
  }

  /** Name, size and transforms, as torchvision prints them. */
  override toString(): string {
    const facts = [`Number of datapoints: ${this.length}`];
    return describeDataset("FakeData", facts, this);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
