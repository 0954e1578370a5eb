/**
 * Images of one size that lie one after another in one array of bytes, channel
 * by channel, with a label each: how a dataset in memory hands out one of them,
 * or a batch.
 *
 * What is handed out is a copy, so that nobody's transform changes the dataset.
 *
 * @module
 */

import { checkIndex } from "../../src/data/checks/check.ts";
import type { BatchContext } from "../../src/data/collate/batch_context.ts";
import type { Collated } from "../../src/data/collate/batch.ts";
import { type DType, DTYPES } from "../../src/tensor/dtype.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import { type Channels, Image } from "../../src/vision/image.ts";
import { type SampleTransforms, transformed } from "./transforms.ts";

/** An image, uint8 of [C, H, W], and its class. */
export type LabelledImage = [image: HostArray, label: number];

/** Images, uint8 of [B, C, H, W], and their classes, int32 of [B]. */
export type LabelledBatch = [images: HostArray, labels: HostArray];

/** Images in memory, and what is done to a sample. */
export interface MemoryImages<X, Y>
  extends SampleTransforms<Image, number, X, Y> {
  /** The dataset's name, for messages. */
  readonly name: string;
  /** The images, `C * H * W` bytes each. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** The class of each image. */
  readonly labels: Int32Array<ArrayBufferLike>;
  /** The shape of each image. */
  readonly imageShape: readonly [channels: Channels, H: number, W: number];
}

/**
 * Sample `index`: copies of its bytes, or what the transforms make of it.
 *
 * @throws {RangeError} If there is no such image
 */
export function sampleOf<X, Y>(
  images: MemoryImages<X, Y>,
  index: number,
  generator: Generator | undefined,
): [X, Y] {
  const { name, pixels, labels, imageShape } = images;
  checkIndex(index, labels.length, name);
  const size = sizeOf(imageShape);
  const data = pixels.slice(index * size, (index + 1) * size);
  const label = labels[index]!;
  const { transform, targetTransform } = images;
  if (transform) {
    const image = sideBySide(data, imageShape);
    return transformed(images, index, [image, label], generator);
  }
  const image = new HostArray(data, imageShape) as X; // X without a transform
  return transformed({ targetTransform }, index, [image, label], generator);
}

/**
 * Copies of the images and labels at `indices`, in memory that `context` lends
 * where there is one; undefined if they are to be transformed one by one.
 *
 * @throws {RangeError} If there is no such image
 */
export function batchOf<X, Y>(
  images: MemoryImages<X, Y>,
  indices: readonly number[],
  context: Pick<BatchContext, "empty"> = { empty },
): Collated<[X, Y]> | undefined {
  if (isTransformed(images)) return undefined;
  const { name, pixels, labels, imageShape } = images;
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
 * All images, uint8 of [N, C, H, W], and all labels, not copied; undefined if
 * they are to be transformed one by one.
 */
export function allOf<X, Y>(
  images: MemoryImages<X, Y>,
): LabelledBatch | undefined {
  if (isTransformed(images)) return undefined;
  const { pixels, labels, imageShape } = images;
  const all = new HostArray(pixels, [labels.length, ...imageShape]);
  return [all, new HostArray(labels)];
}

function isTransformed<X, Y>(images: MemoryImages<X, Y>): boolean {
  return Boolean(images.transform ?? images.targetTransform);
}

/** An image for transforms: the channels of a pixel side by side. */
function sideBySide(
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
