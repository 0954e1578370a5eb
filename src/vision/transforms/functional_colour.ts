/**
 * Functions that change the values of tensors of images:
 * torchvision.transforms.functional by its names, in camelCase.
 *
 * Images are [..., C, H, W], bytes 0 to 255 or floats 0 to 1; all images of a
 * tensor change alike. Results have the type of the source. Bytes lose their
 * fraction and are not rounded, unless a function says so.
 *
 * @module
 */

import { checkOptionNames, formatValue } from "../../tensor/arguments.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { fromHost } from "../../tensor/create.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, Fill, ImageDType } from "../actions/action.ts";
import { extentOfTensor } from "../executors/atlas.ts";
import { runOnTensor } from "../executors/gpu.ts";
import { type Channels, Image } from "../image.ts";
import {
  checkArguments,
  checkBits,
  checkFill,
  checkGreyChannels,
  checkImageDType,
  checkMoments,
  checkNumber,
  checkSize,
  type SizeArgument,
} from "./checks.ts";
import { blurAction } from "./resolve.ts";

function run(img: Tensor, action: Action): Tensor {
  return runOnTensor(img, [action]);
}

/**
 * Changes the brightness: 0 makes black, 1 keeps the image.
 *
 * @throws {RangeError} If the factor is negative
 */
export function adjustBrightness(
  img: Tensor,
  brightnessFactor: number,
): Tensor {
  checkArguments("adjustBrightness", arguments, 2);
  const factor = checkNumber("a brightness factor", brightnessFactor, 0);
  return run(img, { op: "brightness", factor });
}

/**
 * Changes the contrast: 0 makes the mean grey, 1 keeps the image.
 *
 * @throws {RangeError} If the factor is negative
 */
export function adjustContrast(img: Tensor, contrastFactor: number): Tensor {
  checkArguments("adjustContrast", arguments, 2);
  const factor = checkNumber("a contrast factor", contrastFactor, 0);
  return run(img, { op: "contrast", factor });
}

/**
 * Changes the saturation: 0 makes grey, 1 keeps the image.
 *
 * @throws {RangeError} If the factor is negative
 */
export function adjustSaturation(
  img: Tensor,
  saturationFactor: number,
): Tensor {
  checkArguments("adjustSaturation", arguments, 2);
  const factor = checkNumber("a saturation factor", saturationFactor, 0);
  return run(img, { op: "saturation", factor });
}

/**
 * Turns hues by `hueFactor` of the circle, from -0.5 to 0.5.
 *
 * @throws {RangeError} If the factor is outside that range
 */
export function adjustHue(img: Tensor, hueFactor: number): Tensor {
  checkArguments("adjustHue", arguments, 2);
  const factor = checkNumber("a hue factor", hueFactor, -0.5, 0.5);
  return run(img, { op: "hue", factor });
}

/**
 * Computes gain * value ** gamma, of values 0 to 1.
 *
 * @throws {RangeError} If gamma is negative
 */
export function adjustGamma(img: Tensor, gamma: number, gain = 1): Tensor {
  checkArguments("adjustGamma", arguments, 3);
  return run(img, {
    op: "gamma",
    gamma: checkNumber("gamma", gamma, 0),
    gain: checkNumber("a gain", gain),
  });
}

/**
 * Changes the sharpness: 0 blurs, 1 keeps the image. Border pixels stay.
 *
 * @throws {RangeError} If the factor is negative
 */
export function adjustSharpness(img: Tensor, sharpnessFactor: number): Tensor {
  checkArguments("adjustSharpness", arguments, 2);
  const factor = checkNumber("a sharpness factor", sharpnessFactor, 0);
  return run(img, { op: "sharpness", factor });
}

/**
 * Makes images grey, 0.2989 r + 0.587 g + 0.114 b, of one channel or three.
 *
 * Source: torchvision.transforms.functional.rgb_to_grayscale.
 */
export function rgbToGrayscale(
  img: Tensor,
  options: {
    /** 1 or 3. Default: 1. */
    readonly numOutputChannels?: number;
  } = {},
): Tensor {
  checkArguments("rgbToGrayscale", arguments, 2);
  const { numOutputChannels = 1 } = checkOptionNames(
    "rgbToGrayscale",
    options,
    ["numOutputChannels"],
  );
  return run(img, {
    op: "grayscale",
    channels: checkGreyChannels(numOutputChannels),
  });
}

/** Inverts images: 255, or 1 for floats, minus each value. */
export function invert(img: Tensor): Tensor {
  return run(img, { op: "invert" });
}

/**
 * Keeps the highest `bits` bits of bytes.
 *
 * @throws {TypeError} If the images are not bytes
 * @throws {RangeError} If `bits` is not an integer from 0 to 8
 */
export function posterize(img: Tensor, bits: number): Tensor {
  checkArguments("posterize", arguments, 2);
  return run(img, { op: "posterize", bits: checkBits(bits) });
}

/**
 * Inverts values of at least `threshold`.
 *
 * @throws {RangeError} If the threshold is above the images' largest value
 */
export function solarize(img: Tensor, threshold: number): Tensor {
  checkArguments("solarize", arguments, 2);
  checkNumber("a threshold", threshold);
  return run(img, { op: "solarize", threshold });
}

/** Stretches each channel to the range from black to white. */
export function autocontrast(img: Tensor): Tensor {
  return run(img, { op: "autocontrast" });
}

/**
 * Makes the histogram of each channel even.
 *
 * @throws {TypeError} If the images are not bytes
 */
export function equalize(img: Tensor): Tensor {
  return run(img, { op: "equalize" });
}

/**
 * Blurs images by a Gaussian. `kernelSize` and `sigma` are one number or [x, y];
 * the default of `sigma` is 0.15 * kernelSize + 0.35. Bytes are rounded.
 *
 * Source: torchvision.transforms.functional.gaussian_blur.
 *
 * @throws {RangeError} If a size is not odd, or a deviation not above 0
 */
export function gaussianBlur(
  img: Tensor,
  kernelSize: SizeArgument,
  sigma?: number | readonly number[],
): Tensor {
  checkArguments("gaussianBlur", arguments, 3);
  return run(img, blurAction(kernelSize, sigma));
}

/** Rectangle to fill, in pixels. */
export interface EraseBox {
  /** First row. */
  readonly i: number;
  /** First column. */
  readonly j: number;
  /** Number of rows. */
  readonly h: number;
  /** Number of columns. */
  readonly w: number;
  /** A value, or one for each channel. */
  readonly v: Fill;
}

/**
 * Fills a rectangle of images; its part outside the images is ignored.
 *
 * Source: torchvision.transforms.functional.erase; the rectangle is one record,
 * and `v` a number for each channel.
 *
 * @throws {RangeError} If the rectangle has no pixels
 */
export function erase(img: Tensor, box: EraseBox): Tensor {
  checkArguments("erase", arguments, 2);
  const { i, j, h, w, v } = checkOptionNames("erase", box, [..."ijhwv"]);
  const [height, width] = checkSize("erase a part", [h, w]);
  if (![i, j].every((at) => Number.isInteger(at) && at >= 0)) {
    throw new RangeError(
      `Cannot erase at row ${i} and column ${j}: expected 0 or more`,
    );
  }
  const value = checkFill(v);
  return run(img, { op: "erase", top: i, left: j, height, width, value });
}

/**
 * Computes (value - mean) / std, with numbers for each channel, or one for all.
 * Gradients flow through it.
 *
 * Source: torchvision.transforms.functional.normalize.
 *
 * @throws {TypeError} If the images are bytes, or the lists do not fit their
 * channels
 * @throws {RangeError} If a deviation is not above 0
 */
export function normalize(
  img: Tensor,
  mean: readonly number[],
  std: readonly number[],
): Tensor {
  checkArguments("normalize", arguments, 3);
  checkMoments(mean, std);
  return run(img, { op: "normalize", mean, std });
}

/**
 * Converts bytes 0 to 255 to floats 0 to 1, or floats to bytes, of which each has
 * an equal share of the range.
 *
 * Source: torchvision.transforms.functional.convert_image_dtype. Floats beyond 0
 * to 1 become the first or the last byte, where torchvision wraps them around.
 *
 * @throws {RangeError} If the type is another
 */
export function convertImageDtype(
  image: Tensor,
  dtype: ImageDType = "float32",
): Tensor {
  checkArguments("convertImageDtype", arguments, 2);
  return run(image, { op: "convert", dtype: checkImageDType(dtype) });
}

/**
 * Returns an image on the host as a tensor of floats 0 to 1, [C, H, W].
 *
 * Source: torchvision.transforms.functional.to_tensor.
 *
 * @throws {TypeError} If the value is not an image
 */
export function toTensor(pic: Image | HostArray): Tensor {
  if (pic instanceof HostArray) return run(fromHost(pic), TO_FLOAT);
  if (!(Object(pic).data instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot make a tensor of ${formatValue(pic)}: expected an Image or a ` +
        `HostArray`,
    );
  }
  const { data, height, width, channels } = pic;
  return scope(() => {
    const bytes = fromHost(new HostArray(data, [height, width, channels]));
    return run(bytes.permute([2, 0, 1]).contiguous(), TO_FLOAT);
  });
}

const TO_FLOAT: Action = { op: "convert", dtype: "float32" };

/**
 * Returns the image of a tensor [C, H, W] or [H, W]. Floats 0 to 1 are multiplied
 * by 255 and lose their fraction. Waits for the GPU.
 *
 * Source: torchvision.transforms.functional.to_pil_image.
 *
 * @throws {TypeError} If the tensor is not an image of 1, 3 or 4 channels
 */
export async function toImage(pic: Tensor): Promise<Image> {
  const { channels, height, width, dtype } = extentOfTensor(pic);
  if (pic.ndim > 3 || ![1, 3, 4].includes(channels)) {
    throw new TypeError(
      `Cannot make an image of ${pic.describe()}: expected [C, H, W] with 1, 3 ` +
        `or 4 channels`,
    );
  }
  const reading = scope(() => {
    const planes = pic.ndim === 2 ? pic.unsqueeze(0) : pic;
    const bytes = dtype === "uint8"
      ? planes
      : planes.mul(255).clamp(0, 255).to("uint8");
    return { data: bytes.permute([1, 2, 0]).data() };
  });
  const data = await reading.data;
  return new Image(
    Uint8Array.from(data),
    width,
    height,
    channels as Channels, // checked above
  );
}
