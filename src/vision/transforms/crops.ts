/**
 * Steps that make several crops of one image, for tests on their average.
 *
 * They are not transforms: their result is a list, for a function after them.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, Size } from "../actions/action.ts";
import type { HostImage } from "../actions/pixels.ts";
import { extentOfImage, runOnImage } from "../executors/executor.ts";
import { checkArguments, checkSize, type SizeArgument } from "./checks.ts";
import { fiveCropActions } from "./resolve.ts";
import { tuple } from "./transform.ts";

/** Step that makes five crops of an image, or ten. */
export class SeveralCrops {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** Printed text. */
  readonly label: string;
  /** [height, width] */
  readonly size: Size;
  /** Mirroring for five more crops; undefined means five crops only. */
  readonly flip: "hflip" | "vflip" | undefined;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(
    label: string,
    size: SizeArgument,
    flip?: "hflip" | "vflip",
  ) {
    checkArguments("SeveralCrops", arguments, 3);
    this.size = checkSize("crop a part", size);
    this.label = label;
    this.flip = flip;
  }

  /**
   * Returns the crops of a tensor's images.
   *
   * @throws {RangeError} If the image is smaller than the crops
   */
  call(image: Tensor): Tensor[];
  /** Returns the crops of an image. */
  call(image: HostImage): HostImage[];
  call(image: Tensor | HostImage): Tensor[] | HostImage[] {
    const crops = fiveCropActions(this.size, extentOfImage(image));
    // of a tensor these are tensors, of an image images
    return listsOf(this, crops).map((list) => runOnImage(image, list)) as
      | Tensor[]
      | HostImage[];
  }

  /** Returns the text that torchvision prints. */
  toString(): string {
    return this.label;
  }
}

// A function, not a private method: workers rebuild only public fields.
function listsOf(
  { flip }: SeveralCrops,
  crops: readonly Action[],
): readonly (readonly Action[])[] {
  const plain = crops.map((crop) => [crop]);
  return flip
    ? [...plain, ...crops.map((crop): Action[] => [{ op: flip }, crop])]
    : plain;
}

/**
 * Returns the four corners of an image and its middle, a list of five crops. A
 * function may follow this step.
 *
 * Source: torchvision.transforms.FiveCrop.
 *
 * @throws {RangeError} If a size is not a positive integer
 */
export function fiveCrop(size: SizeArgument): SeveralCrops {
  checkArguments("fiveCrop", arguments, 1);
  const label = `FiveCrop(size=${tuple(checkSize("crop a part", size))})`;
  return new SeveralCrops(label, size);
}

/**
 * Returns the four corners of an image and its middle, then those of the mirrored
 * image: a list of ten crops.
 *
 * Source: torchvision.transforms.TenCrop.
 *
 * @throws {RangeError} If a size is not a positive integer
 */
export function tenCrop(
  size: SizeArgument,
  options: {
    /** Whether to mirror top to bottom instead of left to right. */
    readonly verticalFlip?: boolean;
  } = {},
): SeveralCrops {
  checkArguments("tenCrop", arguments, 2);
  const { verticalFlip = false } = checkOptionNames("tenCrop", options, [
    "verticalFlip",
  ]);
  const sizes = tuple(checkSize("crop a part", size));
  const label = `TenCrop(size=${sizes}, vertical_flip=${
    verticalFlip ? "True" : "False"
  })`;
  return new SeveralCrops(label, size, verticalFlip ? "vflip" : "hflip");
}
