/**
 * Stacking: the arrays, or images, of several samples along a new first dim.
 *
 * @module
 */

import type { HostArray } from "../../tensor/host_array.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import type { HostPicture } from "../images/image.ts";
import { ImageBatch } from "../images/image_batch.ts";
import type { BatchContext } from "./batch_context.ts";

/**
 * Combines the arrays that the samples have at `path` into an item of a batch.
 */
export type CombineArrays = (
  arrays: readonly HostArray[],
  path: string,
  context: BatchContext,
) => unknown;

/**
 * Stacks arrays of one shape and dtype along a new first dim.
 *
 * @throws {TypeError} If shapes or dtypes differ
 */
export function stackEqual(
  arrays: readonly HostArray[],
  path: string,
  context: BatchContext,
): HostArray {
  const { shape, dtype } = arrays[0]!;
  for (let i = 1; i < arrays.length; i++) {
    const other = arrays[i]!;
    if (!sameShape(other.shape, shape)) {
      throw new TypeError(
        `Cannot stack ${firstAnd(i, path, context)}: shapes ` +
          `${formatShape(shape)} and ${formatShape(other.shape)} must be equal`,
      );
    }
    if (other.dtype !== dtype) {
      throw new TypeError(
        `Cannot stack ${firstAnd(i, path, context)}: dtypes ${dtype} and ` +
          `${other.dtype} must be equal`,
      );
    }
  }
  const batch = context.empty([arrays.length, ...shape], dtype);
  const size = arrays[0]!.data.length;
  for (let i = 0; i < arrays.length; i++) {
    batch.data.set(arrays[i]!.data, i * size);
  }
  return batch;
}

/**
 * Joins images to one batch. All must have the same number of channels. They
 * must also be of one size, unless a pending transform gives them one.
 *
 * @throws {TypeError} If they differ; the message names two samples
 */
export function stackPictures(
  pictures: readonly HostPicture[],
  path: string,
  context: BatchContext,
): ImageBatch {
  const first = pictures[0]!; // a batch has samples
  for (const [i, other] of pictures.entries()) {
    const unequal = difference(first, other);
    if (!unequal) continue;
    throw new TypeError(
      `Cannot stack ${firstAnd(i, path, context)}: ${unequal}`,
    );
  }
  const bytes = pictures.reduce((sum, { data }) => sum + data.length, 0);
  const { data } = context.empty([bytes], "uint8");
  let offset = 0;
  for (const picture of pictures) {
    data.set(picture.data, offset);
    offset += picture.data.length;
  }
  const pending = pictures.map((picture) => picture.pending);
  return new ImageBatch(
    data as Uint8Array, // the elements of uint8
    pictures.map(({ height, width }) => [height, width]),
    first.channels,
    {
      pending: pending.every((each) => each !== undefined)
        ? pending
        : undefined,
    },
  );
}

/** The difference that keeps two images from being stacked, in words. */
function difference(a: HostPicture, b: HostPicture): string | undefined {
  const [one, other] = [a, b].map((picture) => {
    const { channels, height, width, pending } = picture;
    return { channels, height, width, ...pending?.result };
  });
  if (
    a.channels !== b.channels || one!.channels !== other!.channels
  ) {
    return `images of ${a.channels} and ${b.channels} channels must have as ` +
      `many; convert them where they are read`;
  }
  if (one!.height !== other!.height || one!.width !== other!.width) {
    return `images of ${one!.width} x ${one!.height} and ${other!.width} x ` +
      `${other!.height} pixels must have one size; resize or crop them, with ` +
      `T.resize([h, w]) or T.centerCrop(size) in a transform`;
  }
  return undefined;
}

/** The first sample and another one, for messages. */
function firstAnd(
  position: number,
  path: string,
  { indices }: BatchContext,
): string {
  return `samples ${indices[0]} and ${indices[position]}${at(path)}`;
}

/** The path in a sample, for messages. */
export function at(path: string): string {
  return path === "" ? "" : ` at ${path}`;
}
