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

import { checkIndex } from "../../src/data/checks/check.ts";
import type { BatchContext } from "../../src/data/collate/batch_context.ts";
import type { Collated } from "../../src/data/collate/batch.ts";
import { Dataset } from "../../src/data/datasets/dataset.ts";
import { checkOptionNames } from "../../src/tensor/arguments.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
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
import {
  allOf,
  batchOf,
  type LabelledBatch,
  type MemoryImages,
  sampleOf,
} from "../samples/memory_images.ts";
import {
  checkTransforms,
  describeDataset,
  type SampleTransform,
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
export class SyntheticDigits<X = HostArray, Y = number> extends Dataset<[X, Y]>
  implements MemoryImages<X, Y> {
  /** Where workers find this class. */
  static url: string = import.meta.url;

  /** The dataset's name. */
  readonly name: string = "SyntheticDigits";
  /** Whether these are the training digits. */
  readonly train: boolean;
  /** What the digits are drawn from. */
  readonly seed: number;
  /** What the labels stand for. */
  readonly classes: readonly string[] = [..."0123456789"];
  /** The images in shared memory, 784 bytes each; see `drawn`. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** The label of each image, in shared memory. */
  readonly labels: Int32Array<ArrayBufferLike>;
  /** 1 for each image that is in `pixels` already, in shared memory. */
  readonly drawn: Uint8Array<ArrayBufferLike>;
  /** The shape of an image, [1, 28, 28]. */
  readonly imageShape: MemoryImages<X, Y>["imageShape"] = [1, EDGE, EDGE];
  /** What is done to an image. */
  readonly transform: SampleTransform<Image, X> | undefined;
  /** What is done to a label. */
  readonly targetTransform: SampleTransform<number, Y> | undefined;

  /**
   * Draws the labels; images are drawn when they are asked for.
   *
   * @throws {RangeError} If `length` is not a positive integer or `seed` is out
   * of range
   * @throws {TypeError} If `train` is no boolean, or a transform can't be called
   */
  constructor(options: SyntheticDigitsOptions<X, Y> = {}) {
    super();
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
    this.train = train;
    this.seed = seed;
    this.transform = options.transform;
    this.targetTransform = options.targetTransform;
    this.pixels = new Uint8Array(new SharedArrayBuffer(length * IMAGE_BYTES));
    this.labels = new Int32Array(new SharedArrayBuffer(4 * length));
    this.drawn = new Uint8Array(new SharedArrayBuffer(length));
    for (let i = 0; i < length; i++) this.labels[i] = digitOf(digits, i);
  }

  /** The number of images. */
  override get length(): number {
    return this.labels.length;
  }

  /** All images, uint8 of [N, 28, 28], not copied; draws those not yet drawn. */
  get images(): HostArray {
    drawMissing(this, this.labels.keys());
    return new HostArray(this.pixels, [this.length, EDGE, EDGE]);
  }

  /** All labels, int32 of [N], not copied. */
  get targets(): HostArray {
    return new HostArray(this.labels);
  }

  /**
   * A copy of image `index` and its label, or what the transforms make of them.
   *
   * @throws {RangeError} If there is no such image
   */
  override get(index: number, generator?: Generator): [X, Y] {
    checkIndex(index, this.length, this.name);
    drawMissing(this, [index]);
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
    for (const index of indices) checkIndex(index, this.length, this.name);
    drawMissing(this, indices);
    return batchOf(this, indices, context);
  }

  /**
   * All images, uint8 of [N, 1, 28, 28], and labels, for batches on the GPU;
   * undefined if they are transformed.
   */
  override resident(): LabelledBatch | undefined {
    drawMissing(this, this.labels.keys());
    return allOf(this);
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

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
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
