/**
 * The choice of the executor: host.ts for images in memory, gpu.ts for tensors.
 *
 * Workers load transforms and have no tensors. To spare them the hundred
 * modules of gpu.ts, transforms/mod.ts registers that executor here.
 *
 * @module
 */

import type { WaitingImages } from "../../data/images/transform.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, Extent } from "../actions/action.ts";
import { extentOf, imageOf, pixelsOf } from "../actions/pixels.ts";
import { runOnHost } from "./host.ts";
import { type MaskActions, moveHostMask } from "./host_masks.ts";

/** An executor of actions on tensors. */
export interface TensorExecutor {
  /** Whether the value is a tensor. */
  takes(value: unknown): value is Tensor;
  /** Returns the extent of a tensor's images. */
  extentOf(tensor: Tensor): Extent;
  /** Returns the tensor after actions, the same for all of its images. */
  run(tensor: Tensor, actions: readonly Action[]): Tensor;
  /** Returns the masks after actions, with `fill` around them. */
  runMask(mask: Tensor, actionsOf: MaskActions, fill: number): Tensor;
  /** Returns the batch after one list of actions for each image. */
  runWaiting(
    images: WaitingImages,
    lists: readonly (readonly Action[])[],
  ): Tensor;
}

let onTensors: TensorExecutor | undefined;

/** Registers the executor of actions on tensors. */
export function setTensorExecutor(executor: TensorExecutor): void {
  onTensors = executor;
}

/**
 * Returns the extent of an image, on the host or on the GPU.
 *
 * @throws {TypeError} If the value is not an image
 */
export function extentOfImage(image: unknown): Extent {
  return onTensors?.takes(image)
    ? onTensors.extentOf(image)
    : extentOf(pixelsOf(image));
}

/**
 * Returns a tensor, or an image on the host, after actions.
 *
 * @throws {TypeError} If the value is not an image, or an action does not take it
 * @throws {RangeError} If a size does not fit
 */
export function runOnImage(
  image: unknown,
  actions: readonly Action[],
): unknown {
  if (onTensors?.takes(image)) return onTensors.run(image, actions);
  const pixels = pixelsOf(image); // checks, even if the list is empty
  return actions.length === 0 ? image : imageOf(runOnHost(pixels, actions));
}

/**
 * Returns a mask after actions, with `fill` around it: a tensor, an image or an
 * array.
 *
 * @throws {TypeError} If the value is none of them
 * @throws {RangeError} If the mask's type cannot hold the fill
 */
export function runOnMask(
  mask: unknown,
  actionsOf: MaskActions,
  fill: number,
): unknown {
  return onTensors?.takes(mask)
    ? onTensors.runMask(mask, actionsOf, fill)
    : moveHostMask(mask, actionsOf, fill);
}

/**
 * Returns images on the GPU after the actions that wait for them.
 *
 * @throws {TypeError} If results differ in size or type, or an action does not
 * take its image
 */
export function runOnWaiting(
  images: WaitingImages,
  lists: readonly (readonly Action[])[],
): Tensor {
  if (onTensors) return onTensors.runWaiting(images, lists);
  throw new TypeError("Cannot transform a batch on the GPU in a worker");
}
