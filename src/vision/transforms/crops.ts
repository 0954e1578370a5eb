/**
 * Steps that make several images of one: what is tested on five or ten crops.
 *
 * They are no transforms: their result is a list, for a function behind them.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, Size } from "../actions/action.ts";
import { checkArguments, checkSize, type SizeArgument } from "./checks.ts";
import { extentOfImage, runOnImage } from "../executors/executor.ts";
import type { HostImage } from "../actions/pixels.ts";
import { fiveCropActions } from "./resolve.ts";
import { tuple } from "./transform.ts";

/** Five crops of images, or ten. */
export class SeveralCrops {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** What it prints. */
  readonly label: string;
  /** [height, width] */
  readonly size: Size;
  /** How the image is mirrored for five more; undefined: it is not. */
  readonly flip: "hflip" | "vflip" | undefined;

  /** @throws {RangeError} If a size is no positive integer */
  constructor(
    label: string,
    size: SizeArgument,
    flip?: "hflip" | "vflip",
  ) {
    this.size = checkSize("crop a part", size);
    this.label = label;
    this.flip = flip;
  }

  /**
   * The crops of a tensor's images.
   *
   * @throws {RangeError} If the image is smaller than the crops
   */
  call(image: Tensor): Tensor[];
  /** The crops of an image. */
  call(image: HostImage): HostImage[];
  call(image: Tensor | HostImage): Tensor[] | HostImage[] {
    const crops = fiveCropActions(this.size, extentOfImage(image));
    // a tensor gives tensors, an image images
    return listsOf(this, crops).map((list) => runOnImage(image, list)) as
      | Tensor[]
      | HostImage[];
  }

  /** As torchvision prints it. */
  toString(): string {
    return this.label;
  }
}

// A function, not a private method: workers rebuild public fields alone.
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
 * The four corners of images and their middle: a list of five. A function may
 * follow it.
 *
 * Source: torchvision.transforms.FiveCrop.
 *
 * @throws {RangeError} If a size is no positive integer
 */
export function fiveCrop(size: SizeArgument): SeveralCrops {
  checkArguments("fiveCrop", arguments, 1);
  const label = `FiveCrop(size=${tuple(checkSize("crop a part", size))})`;
  return new SeveralCrops(label, size);
}

/**
 * The four corners of images and their middle, and those of the mirrored
 * images: a list of ten.
 *
 * Source: torchvision.transforms.TenCrop.
 *
 * @throws {RangeError} If a size is no positive integer
 */
export function tenCrop(
  size: SizeArgument,
  options: {
    /** Whether top and bottom change places. Default: left and right do. */
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
