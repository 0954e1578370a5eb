/**
 * Which executor carries actions out: host.ts for images in memory, gpu.ts for
 * tensors.
 *
 * Workers load transforms and have no tensors. So gpu.ts is not imported here,
 * but makes itself known where it is: a worker is spared its hundred modules.
 *
 * @module
 */

import type { WaitingImages } from "../../data/images/transform.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, Extent } from "./action.ts";
import { runOnHost } from "./host.ts";
import { type MaskActions, moveHostMask } from "./masks.ts";
import { extentOf, imageOf, pixelsOf } from "./pixels.ts";

/** What carries out actions on tensors. */
export interface TensorExecutor {
  /** Whether it is for this value. */
  takes(value: unknown): value is Tensor;
  /** What actions have to know of a tensor's images. */
  extentOf(tensor: Tensor): Extent;
  /** The tensor after actions, the same for all of its images. */
  run(tensor: Tensor, actions: readonly Action[]): Tensor;
  /** The masks after actions, with `fill` beside them. */
  runMask(mask: Tensor, actionsOf: MaskActions, fill: number): Tensor;
  /** The batch after a list of actions for each image. */
  runWaiting(
    images: WaitingImages,
    lists: readonly (readonly Action[])[],
  ): Tensor;
}

let onTensors: TensorExecutor | undefined;

/** Says what carries out actions on tensors from now on. */
export function setTensorExecutor(executor: TensorExecutor): void {
  onTensors = executor;
}

/**
 * What actions have to know of an image, on the host or on the GPU.
 *
 * @throws {TypeError} If it is no image
 */
export function extentOfImage(image: unknown): Extent {
  return onTensors?.takes(image)
    ? onTensors.extentOf(image)
    : extentOf(pixelsOf(image));
}

/**
 * The image after actions, where it is: a tensor, or an image on the host.
 *
 * @throws {TypeError} If it is no image, or an action does not take it
 * @throws {RangeError} If a size does not fit
 */
export function runOnImage(
  image: unknown,
  actions: readonly Action[],
): unknown {
  if (onTensors?.takes(image)) return onTensors.run(image, actions);
  const pixels = pixelsOf(image); // checks, even where nothing is done
  return actions.length === 0 ? image : imageOf(runOnHost(pixels, actions));
}

/**
 * The mask after actions, with `fill` beside it: a tensor, an image or an array.
 *
 * @throws {TypeError} If it is none of them
 * @throws {RangeError} If its type does not have the fill
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
 * Images on the GPU after what waits for them.
 *
 * @throws {TypeError} If results differ, or an action does not take its image
 */
export function runOnWaiting(
  images: WaitingImages,
  lists: readonly (readonly Action[])[],
): Tensor {
  if (onTensors) return onTensors.runWaiting(images, lists);
  throw new TypeError("Cannot transform a batch on the GPU in a worker");
}
