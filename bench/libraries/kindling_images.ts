/**
 * Images of the bench as Kindling loads and changes them: a folder of JPEG
 * files by workers, a batch of bytes on the GPU.
 *
 * @module
 */

import { HostArray, type Tensor, type vision } from "@kindling/kindling";
import { ImageFolder } from "@kindling/kindling/datasets";

import {
  convertImageDtype,
  hflip,
  normalize,
  resizedCrop,
} from "../../src/vision/transforms/functional.ts";
import { resizeCrop } from "../../src/vision/resize_host.ts";

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const SHORTER = 256;
const EDGE = 224;

/** Resize(256) and CenterCrop(224) of torchvision, in one pass. */
export class Centre {
  /** Where workers find this class. */
  static url: string = import.meta.url;

  /** Bytes of [224, 224, 3]. */
  call(image: vision.Image): HostArray {
    const { width, height } = image;
    const shorter = Math.min(width, height);
    const size = [height, width].map((length) =>
      Math.floor(SHORTER * length / shorter)
    ) as [number, number]; // of two
    const [top, left] = size.map((length) =>
      Math.round((length - EDGE) / 2)
    ) as [number, number]; // of two
    const window = { top, left, height: EDGE, width: EDGE };
    const { data } = resizeCrop(image, { size, window });
    return new HostArray(data, [EDGE, EDGE, 3]);
  }
}

/** The images of a folder, as `Centre` makes them. */
export function openFolder(root: string): ImageFolder<HostArray> {
  return new ImageFolder(root, { transform: new Centre() });
}

/** Bytes of [N, H, W, 3] to normalised floats of [N, 3, H, W], on the GPU. */
export const normalised = {
  call: (images: Tensor): Tensor =>
    normalize(convertImageDtype(images.permute([0, 3, 1, 2])), MEAN, STD),
};

/** Of a batch of bytes the same part, scaled to 224, mirrored, normalised. */
export function augment(images: Tensor): Tensor {
  const box = { top: 20, left: 12, height: 200, width: 230 };
  const part = hflip(resizedCrop(images, box, { size: [EDGE, EDGE] }));
  return normalize(convertImageDtype(part), MEAN, STD);
}
