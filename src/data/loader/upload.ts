/**
 * The loader's last step, on the main thread: host batches become tensors.
 *
 * Tensors of batches belong to no scope: they live as long as somebody holds
 * them.
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
 * A batch with tensors in place of its arrays and images; what else it holds
 * stays. Where a transform is still to be finished, `transform` does it.
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

/** The images as uint8 [N, C, H, W], or as the transform makes them. */
function uploadImages(
  { data, shape, sizes, channels, isPlanar, pending }: ImageBatch,
  transform: StagedTransform | undefined,
): Tensor {
  if (!shape) {
    const bytes = fromHost(new HostArray(data));
    if (transform && pending) {
      return finished({ tensor: bytes, sizes, channels, pending }, transform);
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
    ? finished({ tensor, sizes, channels, pending }, transform)
    : tensor;
}

/** The second stage; what it makes on its way, and the images, are freed. */
export function finished(
  images: WaitingImages,
  transform: StagedTransform,
): Tensor {
  const result = unscoped(() => scope(() => transform.finish(images)));
  if (result !== images.tensor) images.tensor.dispose();
  return result;
}

/**
 * The batch with `transform` applied to its first item.
 *
 * @throws {TypeError} If that is no tensor, or does not become one
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
  // what the transform makes on its way is freed, its result belongs to no scope
  const result = unscoped(() =>
    scope(() => {
      const staged = stagedOf(transform);
      const made: unknown = staged
        ? staged.call(item as never, generator) // takes what its author says
        : invoke(transform, item);
      checkMade(made, "batchTransform");
      if (made instanceof Tensor) return made;
      throw new TypeError(
        `Cannot use what batchTransform made of a batch: expected a tensor, ` +
          `got ${nameOfType(made)}`,
      );
    })
  );
  if (result !== item) item.dispose();
  return result;
}
