/**
 * Datasets of images of one size in memory: the bytes of one image after another,
 * channel by channel, and a label for each.
 *
 * Samples and batches are copies, so that no transform changes the dataset.
 *
 * @module
 */

import { checkIndex, wrapIndex } from "../../src/data/checks/check.ts";
import type { Collated } from "../../src/data/collate/batch.ts";
import type { BatchContext } from "../../src/data/collate/batch_context.ts";
import { Dataset } from "../../src/data/datasets/dataset.ts";
import { type DType, DTYPES } from "../../src/tensor/dtype.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import { type Channels, Image } from "../../src/vision/image.ts";
import {
  type SampleTransform,
  type SampleTransforms,
  transformed,
} from "./transforms.ts";

/** An image, uint8 of [C, H, W], and its class. */
export type LabelledImage = [image: HostArray, label: number];

/** Images, uint8 of [B, C, H, W], and their classes, int32 of [B]. */
export type LabelledBatch = [images: HostArray, labels: HostArray];

/** The base class of datasets of images of one size in memory. */
export abstract class MemoryImages<X, Y> extends Dataset<[X, Y]>
  implements SampleTransforms<Image, number, X, Y> {
  /** The dataset's name. */
  readonly name: string;
  /** Whether this is the training split. */
  readonly train: boolean;
  /** The names of the classes, by label. */
  readonly classes: readonly string[];
  /** The images in shared memory, `C * H * W` bytes each. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** The label of each image, in shared memory. */
  readonly labels: Int32Array<ArrayBufferLike>;
  /** The shape of an image. */
  readonly imageShape: readonly [channels: Channels, H: number, W: number];
  /** The transform of images. */
  readonly transform: SampleTransform<Image, X> | undefined;
  /** The transform of labels. */
  readonly targetTransform: SampleTransform<number, Y> | undefined;

  /** Keeps the arrays without a copy. */
  constructor(
    parts: Pick<
      MemoryImages<X, Y>,
      "name" | "train" | "classes" | "pixels" | "labels" | "imageShape"
    >,
    { transform, targetTransform }: SampleTransforms<Image, number, X, Y> = {},
  ) {
    super();
    this.name = parts.name;
    this.train = parts.train;
    this.classes = parts.classes;
    this.pixels = parts.pixels;
    this.labels = parts.labels;
    this.imageShape = parts.imageShape;
    this.transform = transform;
    this.targetTransform = targetTransform;
  }

  /** The number of images. */
  override get length(): number {
    return this.labels.length;
  }

  /** All images, uint8 of [N, H, W] or [N, C, H, W], without a copy. */
  get images(): HostArray {
    const [channels, height, width] = this.imageShape;
    const sizes = channels === 1 ? [height, width] : this.imageShape;
    return new HostArray(this.pixels, [this.length, ...sizes]);
  }

  /** All labels, int32 of [N], without a copy. */
  get targets(): HostArray {
    return new HostArray(this.labels);
  }

  /**
   * Returns a copy of image `index`, and its label, after the transforms. Negative
   * indices count from the end.
   *
   * @throws {RangeError} If there is no such image
   */
  override get(index: number, generator?: Generator): [X, Y] {
    const { name, pixels, labels, imageShape } = this;
    const position = wrapIndex(index, labels.length, name);
    const size = sizeOf(imageShape);
    const data = pixels.slice(position * size, (position + 1) * size);
    const label = labels[position]!;
    const { transform, targetTransform } = this;
    if (transform) {
      const image = channelsLast(data, imageShape);
      return transformed(this, position, [image, label], generator);
    }
    const image = new HostArray(data, imageShape) as X; // without a transform
    return transformed(
      { targetTransform },
      position,
      [image, label],
      generator,
    );
  }

  /**
   * Returns copies of the images and labels at `indices`, in memory of the context
   * if there is one; undefined if there are transforms.
   *
   * @throws {RangeError} If there is no such image
   */
  override getBatch(
    indices: readonly number[],
    context: Pick<BatchContext, "empty"> = { empty },
  ): Collated<[X, Y]> | undefined {
    if (isTransformed(this)) return undefined;
    const { name, pixels, labels, imageShape } = this;
    for (const index of indices) checkIndex(index, labels.length, name);
    const size = sizeOf(imageShape);
    const batch = context.empty([indices.length, ...imageShape], "uint8");
    const targets = context.empty([indices.length], "int32");
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      const image = pixels.subarray(index * size, (index + 1) * size);
      batch.data.set(image, i * size);
      targets.data[i] = labels[index]!;
    }
    const result: LabelledBatch = [batch, targets];
    return result as Collated<[X, Y]>; // X and Y are HostArray and number here
  }

  /**
   * Returns all images, uint8 of [N, C, H, W], and labels, without a copy;
   * undefined if there are transforms.
   */
  override resident(): LabelledBatch | undefined {
    if (isTransformed(this)) return undefined;
    const { pixels, labels, imageShape } = this;
    const all = new HostArray(pixels, [labels.length, ...imageShape]);
    return [all, new HostArray(labels)];
  }

  /** Describes the dataset, a fact a line. */
  abstract override toString(): string;

  /** The text of `console.log`. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

function isTransformed<X, Y>(images: MemoryImages<X, Y>): boolean {
  return Boolean(images.transform ?? images.targetTransform);
}

/** Makes an image, with the channels of a pixel side by side. */
function channelsLast(
  planes: Uint8Array,
  [channels, height, width]: MemoryImages<never, never>["imageShape"],
): Image {
  if (channels === 1) return new Image(planes, width, height, 1);
  const bytes = new Uint8Array(planes.length);
  const plane = height * width;
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < plane; i++) {
      bytes[i * channels + channel] = planes[channel * plane + i]!;
    }
  }
  return new Image(bytes, width, height, channels);
}

function empty(shape: Shape, dtype: DType): HostArray {
  return new HostArray(new DTYPES[dtype].array(sizeOf(shape)), shape, dtype);
}
