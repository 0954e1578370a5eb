/**
 * Images of the bench as Kindling loads and changes them: a folder of JPEG
 * files by workers, a batch of bytes on the GPU.
 *
 * @module
 */

import { HostArray, type Tensor, vision } from "@kindling/kindling";
import { ImageFolder } from "@kindling/kindling/datasets";

const T = vision.transforms;

/** An image's bytes as a sample that is collated and uploaded as it is. */
export class Bytes {
  /** Where workers find this class. */
  static url: string = import.meta.url;

  /** Bytes of [H, W, 3]. */
  call({ data, height, width, channels }: vision.Image): HostArray {
    return new HostArray(data, [height, width, channels]);
  }
}

/** The images of a folder, 224 by 224 of their middle, as bytes. */
export function openFolder(root: string): ImageFolder<HostArray> {
  return new ImageFolder(root, {
    transform: T.compose<HostArray>([
      T.resize(256),
      T.centerCrop(224),
      new Bytes(),
    ]),
  });
}

const toNormalised = T.compose([T.toFloat(), T.normalize(T.IMAGENET)]);

/** Bytes of [N, H, W, 3] to normalised floats of [N, 3, H, W], on the GPU. */
export const normalised = {
  call: (images: Tensor): Tensor =>
    toNormalised.call(images.permute([0, 3, 1, 2])),
};

/** What is done to a batch of bytes, [N, 3, H, W], on the GPU. */
export const augment = T.compose([
  T.randomResizedCrop(224, { scale: [0.7, 0.7], ratio: [1, 1] }),
  T.randomHorizontalFlip(),
  T.toFloat(),
  T.normalize(T.IMAGENET),
]);
