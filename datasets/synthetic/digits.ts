/**
 * SyntheticDigits: digit images that need no file, no network and no
 * permission, in the form of MNIST. It stands in where MNIST cannot be had; it
 * is easier than MNIST, and accuracy on it says nothing about handwriting.
 *
 * An image is drawn when it is first asked for and kept in shared memory, for
 * this thread and every worker.
 *
 * @module
 */

import { checkIndex, wrapIndex } from "../../src/data/checks/check.ts";
import type { BatchContext } from "../../src/data/collate/batch_context.ts";
import type { Collated } from "../../src/data/collate/batch.ts";
import { checkOptionNames } from "../../src/tensor/arguments.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import type { HostArray } from "../../src/tensor/host_array.ts";
import { keyOf } from "../../src/tensor/philox.ts";
import type { Image } from "../../src/vision/image.ts";
import { checkFlags } from "../_shared.ts";
import {
  digitOf,
  type DigitSeed,
  drawDigit,
  EDGE,
  IMAGE_BYTES,
} from "./draw_digit.ts";
import { type LabelledBatch, MemoryImages } from "../samples/memory_images.ts";
import {
  checkTransforms,
  describeDataset,
  type SampleTransforms,
  TRANSFORM_OPTIONS,
} from "../samples/transforms.ts";

/** Which digits to draw, and what is done to them, as in MNIST. */
export interface SyntheticDigitsOptions<X = HostArray, Y = number>
  extends SampleTransforms<Image, number, X, Y> {
  /** Training digits, or others to test on. Default: true. */
  readonly train?: boolean;
  /** How many. Default: 60,000 to train and 10,000 to test, as MNIST. */
  readonly length?: number;
  /** Other digits for another seed, from 0 to 2^53 - 1. Default: 0. */
  readonly seed?: number;
}

/**
 * Drawn digits, the same on every machine for the same seed.
 *
 * A sample is an image, uint8 of [1, 28, 28] with ink 255 on paper 0, and its
 * label, 0 to 9. A batch by `getBatch` is uint8 of [B, 1, 28, 28] and int32
 * of [B]. Pixels / 255 have mean 0.127 and standard deviation 0.287, near
 * enough to MNIST's to normalise them with its figures.
 *
 * @example A digit
 * ```ts
 * import { SyntheticDigits } from "@kindling/kindling/datasets";
 * import { assertEquals } from "@std/assert";
 *
 * const digits = new SyntheticDigits({ train: true });
 * const [image, label] = digits.get(0);
 * assertEquals(image.shape, [1, 28, 28]);
 * assertEquals(label, digits.labels[0]);
 * ```
 */
export class SyntheticDigits<X = HostArray, Y = number>
  extends MemoryImages<X, Y> {
  /** Where workers find this class. */
  static url: string = import.meta.url;

  /** The seed of the digits. */
  readonly seed: number;
  /** 1 for each image that is already in `pixels`, in shared memory. */
  readonly drawn: Uint8Array<ArrayBufferLike>;

  /**
   * Draws the labels; images are drawn when they are asked for.
   *
   * @throws {RangeError} If `length` is not a positive integer or `seed` is out
   * of range
   * @throws {TypeError} If `train` is no boolean, or a transform can't be called
   */
  constructor(options: SyntheticDigitsOptions<X, Y> = {}) {
    const { train = true, seed = 0, length = train ? 60_000 : 10_000 } =
      checkOptionNames("SyntheticDigits", options, [
        "train",
        "length",
        "seed",
        ...TRANSFORM_OPTIONS,
      ]);
    checkFlags("SyntheticDigits", { train });
    checkTransforms("SyntheticDigits", options);
    if (!Number.isInteger(length) || length < 1) {
      throw new RangeError(
        `Cannot make SyntheticDigits: length must be a positive integer, ` +
          `got ${length}`,
      );
    }
    const digits = { key: keyOf(seed), split: train ? 0 : 1 };
    super({
      name: "SyntheticDigits",
      train,
      classes: [..."0123456789"],
      pixels: new Uint8Array(new SharedArrayBuffer(length * IMAGE_BYTES)),
      labels: new Int32Array(new SharedArrayBuffer(4 * length)),
      imageShape: [1, EDGE, EDGE],
    }, options);
    this.seed = seed;
    this.drawn = new Uint8Array(new SharedArrayBuffer(length));
    for (let i = 0; i < length; i++) this.labels[i] = digitOf(digits, i);
  }

  /** All images, uint8 of [N, 28, 28], without a copy. */
  override get images(): HostArray {
    drawMissing(this, this.labels.keys());
    return super.images;
  }

  /**
   * Returns a copy of image `index`, and its label, after the transforms. Negative
   * indices count from the end.
   *
   * @throws {RangeError} If there is no such image
   */
  override get(index: number, generator?: Generator): [X, Y] {
    drawMissing(this, [wrapIndex(index, this.length, this.name)]);
    return super.get(index, generator);
  }

  /**
   * Returns copies of the images and labels at `indices`, in memory of the context
   * if there is one; undefined if there are transforms.
   *
   * @throws {RangeError} If there is no such image
   */
  override getBatch(
    indices: readonly number[],
    context?: Pick<BatchContext, "empty">,
  ): Collated<[X, Y]> | undefined {
    for (const index of indices) checkIndex(index, this.length, this.name);
    drawMissing(this, indices);
    return super.getBatch(indices, context);
  }

  /**
   * Returns all images, uint8 of [N, 1, 28, 28], and labels, without a copy;
   * undefined if there are transforms.
   */
  override resident(): LabelledBatch | undefined {
    drawMissing(this, this.labels.keys());
    return super.resident();
  }

  /** Name, size, split, classes, seed and transforms, a line each. */
  override toString(): string {
    return describeDataset(this.name, [
      `Number of datapoints: ${this.length}`,
      `Split: ${this.train ? "train" : "test"}`,
      `Sample: uint8 [1, ${EDGE}, ${EDGE}], label 0 to 9`,
      `Classes: ${this.classes.join(", ")}`,
      `Seed: ${this.seed}`,
    ], this);
  }
}

type DrawnDigits = Pick<
  SyntheticDigits,
  "seed" | "train" | "pixels" | "drawn"
>;

/**
 * Draws the images at `indices` that nobody has drawn. Two workers may draw the
 * same one at a time: they write the same bytes.
 */
function drawMissing(
  { seed, train, pixels, drawn }: DrawnDigits,
  indices: Iterable<number>,
): void {
  let digits: DigitSeed | undefined;
  for (const index of indices) {
    if (Atomics.load(drawn, index) === 1) continue;
    digits ??= { key: keyOf(seed), split: train ? 0 : 1 };
    const at = index * IMAGE_BYTES;
    drawDigit(digits, index, pixels.subarray(at, at + IMAGE_BYTES));
    // after the bytes: who sees the 1 in another thread sees them as well
    Atomics.store(drawn, index, 1);
  }
}
