/**
 * What is done to images of the bench: to each photo of a folder as the loader
 * shares it between workers and the GPU, to a batch of bytes on the GPU.
 *
 * @module
 */

import { vision } from "@kindling/kindling";

const T = vision.transforms;

/** What is done to a photo: 224 by 224 of its middle, as normalised floats. */
export const photo = T.compose([
  T.resize(256),
  T.centerCrop(224),
  T.toFloat(),
  T.normalize(T.IMAGENET),
]);

/** What is done to a batch of bytes, [N, 3, H, W], on the GPU. */
export const augment = T.compose([
  T.randomResizedCrop(224, { scale: [0.7, 0.7], ratio: [1, 1] }),
  T.randomHorizontalFlip(),
  T.toFloat(),
  T.normalize(T.IMAGENET),
]);
