/**
 * Grey 28x28 images that lie one after another in one array of bytes, with a
 * label each: how a dataset in memory hands out one of them, or a batch.
 *
 * What is handed out is a copy, so that nobody's transform changes the dataset.
 *
 * @module
 */

import type { BatchContext } from "../src/data/batch.ts";
import { type DType, DTYPES } from "../src/tensor/dtype.ts";
import { HostArray } from "../src/tensor/host_array.ts";
import { type Shape, sizeOf } from "../src/tensor/shape.ts";

/** Pixels along an edge of an image. */
export const EDGE = 28;

/** Bytes of one image. */
export const IMAGE_BYTES = EDGE * EDGE;

/** An image, uint8 of [1, 28, 28] with ink 255 on paper 0, and its class. */
export type LabelledImage = [image: HostArray, label: number];

/** Images, uint8 of [B, 1, 28, 28], and their classes, int32 of [B]. */
export type LabelledBatch = [images: HostArray, labels: HostArray];

/**
 * `index`, if a dataset of `length` samples has it.
 *
 * @throws {RangeError} If it is not an integer from 0 to `length` - 1
 */
export function checkIndex(
  name: string,
  index: number,
  length: number,
): number {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new RangeError(
      `Cannot get sample ${index} of ${name}: it has ${length} samples, ` +
        (length === 0 ? "so no index" : `0 to ${length - 1}`),
    );
  }
  return index;
}

/** A copy of image `index`; the index has been checked. */
export function imageAt(pixels: Uint8Array, index: number): HostArray {
  const at = index * IMAGE_BYTES;
  const data = pixels.slice(at, at + IMAGE_BYTES);
  return new HostArray(data, [1, EDGE, EDGE]);
}

/**
 * Copies of the images and labels at `indices`, which have been checked, in
 * memory that `context` lends where there is one.
 */
export function gather(
  pixels: Uint8Array,
  labels: Int32Array,
  indices: readonly number[],
  context: Pick<BatchContext, "empty"> = { empty },
): LabelledBatch {
  const images = context.empty([indices.length, 1, EDGE, EDGE], "uint8");
  const targets = context.empty([indices.length], "int32");
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const at = index * IMAGE_BYTES;
    images.data.set(pixels.subarray(at, at + IMAGE_BYTES), i * IMAGE_BYTES);
    targets.data[i] = labels[index]!;
  }
  return [images, targets];
}

function empty(shape: Shape, dtype: DType): HostArray {
  return new HostArray(new DTYPES[dtype].array(sizeOf(shape)), shape, dtype);
}
