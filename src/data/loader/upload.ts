/**
 * The loader's last step, on the main thread: host batches become tensors.
 *
 * The tensors of a batch belong to no scope: they live as long as the user
 * keeps them.
 *
 * @module
 */

import { fromHost } from "../../tensor/create.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Generator } from "../../tensor/generator.ts";
import { scope, unscoped } from "../../tensor/scope.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { isPlainObject, isTypedArray, nameOfType } from "../checks/values.ts";
import { type Callable, invoke } from "../checks/callable.ts";
import { ImageBatch } from "../images/image_batch.ts";
import {
  changeFirst,
  checkMade,
  stagedOf,
  type StagedTransform,
  type WaitingImages,
} from "../images/transform.ts";

/**
 * Uploads the arrays and images of a batch; other values stay. `transform` runs
 * the second stage on images that wait for it.
 */
export function uploadBatch(
  batch: unknown,
  transform?: StagedTransform,
): unknown {
  return unscoped(() => upload(batch, transform));
}

function upload(value: unknown, transform?: StagedTransform): unknown {
  if (value instanceof HostArray) return fromHost(value);
  if (value instanceof ImageBatch) return uploadImages(value, transform);
  if (isTypedArray(value)) return fromHost(new HostArray(value));
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === "string")
      ? value
      : value.map((item) => upload(item, transform));
  }
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map((
        [key, item],
      ) => [key, upload(item, transform)]),
    );
  }
  return value;
}

/** Uploads images as uint8 [N, C, H, W], or as the result of the transform. */
function uploadImages(
  { data, shape, sizes, channels, isPlanar, pending }: ImageBatch,
  transform: StagedTransform | undefined,
): Tensor {
  if (!shape) {
    const bytes = fromHost(new HostArray(data));
    if (transform && pending) {
      return finishImages(
        { tensor: bytes, sizes, channels, pending },
        transform,
      );
    }
    throw new TypeError("Cannot make a tensor of images that differ in size");
  }
  const [images, , height, width] = shape;
  const stored = fromHost(
    new HostArray(data, isPlanar ? shape : [images, height, width, channels]),
  );
  const tensor = isPlanar ? stored : stored.permute([0, 3, 1, 2]);
  if (tensor !== stored) stored.dispose(); // the view keeps the elements
  return transform && pending
    ? finishImages({ tensor, sizes, channels, pending }, transform)
    : tensor;
}

/** Runs the second stage, and frees the images and intermediate tensors. */
export function finishImages(
  images: WaitingImages,
  transform: StagedTransform,
): Tensor {
  const result = unscoped(() => scope(() => transform.finish(images)));
  if (result !== images.tensor) images.tensor.dispose();
  return result;
}

/**
 * Applies `transform` to the first item of a batch.
 *
 * @throws {TypeError} If that item, or the result, is not a tensor
 */
export function transformFirst(
  batch: unknown,
  transform: Callable<[batch: Tensor], Tensor>,
  generator: Generator,
): unknown {
  return changeFirst(batch, (item) => applyTo(item, transform, generator));
}

function applyTo(
  item: unknown,
  transform: Callable<[batch: Tensor], Tensor>,
  generator: Generator,
): Tensor {
  if (!(item instanceof Tensor)) {
    throw new TypeError(
      `Cannot apply batchTransform to the first item of a batch: expected a ` +
        `tensor, got ${nameOfType(item)}`,
    );
  }
  // // frees the intermediate tensors; the result belongs to no scope
  const result = unscoped(() =>
    scope(() => {
      const staged = stagedOf(transform);
      const made: unknown = staged
        ? staged.call(item as never, generator) // it takes tensors, too
        : invoke(transform, item);
      checkMade(made, "batchTransform");
      if (made instanceof Tensor) return made;
      throw new TypeError(
        `Cannot use the result of batchTransform: expected a tensor, got ` +
          nameOfType(made),
      );
    })
  );
  if (result !== item) item.dispose();
  return result;
}
