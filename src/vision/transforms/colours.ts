/**
 * Transforms that change the values of images: types, colours, filters.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Generator } from "../../tensor/generator.ts";
import type {
  Action,
  ActionName,
  Extent,
  ImageDType,
} from "../actions/action.ts";
import {
  checkArguments,
  checkBits,
  checkGreyChannels,
  checkImageDType,
  checkMoments,
  checkNumber,
  checkProbability,
  checkRange,
  type SizeArgument,
} from "./checks.ts";
import { blurAction } from "./resolve.ts";
import {
  ChanceTransform,
  FixedTransform,
  Transform,
  tuple,
  uniform,
} from "./transform.ts";

/** Converts bytes 0 to 255 to floats 0 to 1; floats stay as they are. */
export function toFloat(): FixedTransform {
  checkArguments("toFloat", arguments, 0);
  return new FixedTransform("ToFloat()", [TO_FLOAT]);
}

/**
 * Converts images to floats 0 to 1, [C, H, W], as `toFloat` does.
 *
 * Source: torchvision.transforms.ToTensor; on the host the result is a
 * HostArray.
 */
export function toTensor(): FixedTransform {
  checkArguments("toTensor", arguments, 0);
  return new FixedTransform("ToTensor()", [TO_FLOAT]);
}

const TO_FLOAT: Action = { op: "convert", dtype: "float32" };

/**
 * Converts bytes 0 to 255 to floats 0 to 1, or floats to bytes.
 *
 * Source: torchvision.transforms.ConvertImageDtype. Floats beyond 0 to 1 become
 * the first or the last byte, where torchvision wraps them around.
 *
 * @throws {RangeError} If the type is another
 */
export function convertImageDtype(
  dtype: ImageDType = "float32",
): FixedTransform {
  checkArguments("convertImageDtype", arguments, 1);
  return new FixedTransform(
    `ConvertImageDtype(dtype=${checkImageDType(dtype)})`,
    [{ op: "convert", dtype }],
  );
}

/** Means and standard deviations of channels. */
export interface Moments {
  /** Mean of each channel, or one for all. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, or one for all. */
  readonly std: readonly number[];
}

/** Moments of ImageNet, for networks that were trained on it. */
export const IMAGENET: Moments = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/**
 * Computes (value - mean) / std, with numbers for each channel, or one for all.
 * Images must be floats: put `toFloat()` before it. Takes both lists, or one
 * record of them.
 *
 * Source: torchvision.transforms.Normalize.
 *
 * @throws {TypeError} If the numbers of means and deviations differ
 * @throws {RangeError} If a deviation is not above 0
 */
export function normalize(
  mean: readonly number[] | Moments,
  std?: readonly number[],
): FixedTransform {
  const isRecord = typeof mean === "object" && mean !== null && "mean" in mean;
  checkArguments("normalize", arguments, isRecord ? 1 : 2);
  const moments = isRecord
    ? checkOptionNames("normalize", mean, ["mean", "std"])
    : { mean, std: std ?? [] };
  checkMoments(moments.mean, moments.std);
  const label = `Normalize(mean=[${moments.mean.join(", ")}], ` +
    `std=[${moments.std.join(", ")}])`;
  const { mean: means, std: stds } = moments;
  return new FixedTransform(label, [{
    op: "normalize",
    mean: means,
    std: stds,
  }]);
}

/**
 * Makes images grey, of one channel or three.
 *
 * Source: torchvision.transforms.Grayscale.
 *
 * @throws {RangeError} If the number of channels is neither
 */
export function grayscale(
  options: {
    /** 1 or 3. Default: 1. */
    readonly numOutputChannels?: number;
  } = {},
): FixedTransform {
  checkArguments("grayscale", arguments, 1);
  const { numOutputChannels = 1 } = checkOptionNames("grayscale", options, [
    "numOutputChannels",
  ]);
  const channels = checkGreyChannels(numOutputChannels);
  const label = `Grayscale(num_output_channels=${channels})`;
  return new FixedTransform(label, [{ op: "grayscale", channels }]);
}

/** Returns a transform that draws one action with a probability. */
function chance(name: string, action: Action, p: number): ChanceTransform {
  return new ChanceTransform(`${name}p=${checkProbability(p)})`, [action], p);
}

/** Makes images grey with probability `p`, of the same number of channels. */
export function randomGrayscale(p = 0.1): ChanceTransform {
  checkArguments("randomGrayscale", arguments, 1);
  const action: Action = { op: "grayscale", channels: undefined };
  return chance("RandomGrayscale(", action, p);
}

/** Inverts images with probability `p`. */
export function randomInvert(p = 0.5): ChanceTransform {
  checkArguments("randomInvert", arguments, 1);
  return chance("RandomInvert(", { op: "invert" }, p);
}

/**
 * Keeps the highest `bits` bits of bytes, with probability `p`.
 *
 * @throws {RangeError} If `bits` is not an integer from 0 to 8
 */
export function randomPosterize(bits: number, p = 0.5): ChanceTransform {
  checkArguments("randomPosterize", arguments, 2);
  const action: Action = { op: "posterize", bits: checkBits(bits) };
  return chance(`RandomPosterize(bits=${bits},`, action, p);
}

/** Inverts values of at least `threshold`, with probability `p`. */
export function randomSolarize(threshold: number, p = 0.5): ChanceTransform {
  checkArguments("randomSolarize", arguments, 2);
  checkNumber("a threshold", threshold);
  const action: Action = { op: "solarize", threshold };
  return chance(`RandomSolarize(threshold=${threshold},`, action, p);
}

/**
 * Changes the sharpness with probability `p`: 0 blurs, 1 keeps the image.
 *
 * @throws {RangeError} If the factor is negative
 */
export function randomAdjustSharpness(
  sharpnessFactor: number,
  p = 0.5,
): ChanceTransform {
  checkArguments("randomAdjustSharpness", arguments, 2);
  const factor = checkNumber("a sharpness factor", sharpnessFactor, 0);
  const name = `RandomAdjustSharpness(sharpness_factor=${factor},`;
  return chance(name, { op: "sharpness", factor }, p);
}

/** Stretches each channel to the whole range, with probability `p`. */
export function randomAutocontrast(p = 0.5): ChanceTransform {
  checkArguments("randomAutocontrast", arguments, 1);
  return chance("RandomAutocontrast(", { op: "autocontrast" }, p);
}

/** Makes histograms of bytes even, with probability `p`. */
export function randomEqualize(p = 0.5): ChanceTransform {
  checkArguments("randomEqualize", arguments, 1);
  return chance("RandomEqualize(", { op: "equalize" }, p);
}

/** Ranges of `colorJitter`: factors [least, most]; x means 1 - x to 1 + x. */
export interface ColorJitterOptions {
  /** Default: 0. */
  readonly brightness?: number | readonly number[];
  /** Default: 0. */
  readonly contrast?: number | readonly number[];
  /** Default: 0. */
  readonly saturation?: number | readonly number[];
  /** Share of the circle, at most 0.5; x means -x to x. Default: 0. */
  readonly hue?: number | readonly number[];
}

const JITTERS = ["brightness", "contrast", "saturation", "hue"] as const;

type Jitter = typeof JITTERS[number];

/** Transform that changes brightness, contrast, saturation and hue at random. */
export class ColorJitter extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** [least, most] factor; undefined means no change. */
  readonly brightness: readonly [number, number] | undefined;
  /** [least, most] factor; undefined means no change. */
  readonly contrast: readonly [number, number] | undefined;
  /** [least, most] factor; undefined means no change. */
  readonly saturation: readonly [number, number] | undefined;
  /** [least, most] share of the circle; undefined means no change. */
  readonly hue: readonly [number, number] | undefined;

  /** @throws {RangeError} If a range is invalid */
  constructor(options: ColorJitterOptions = {}) {
    super();
    checkArguments("ColorJitter", arguments, 1);
    const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } =
      checkOptionNames("colorJitter", options, [
        "brightness",
        "contrast",
        "saturation",
        "hue",
      ]);
    this.brightness = factors("brightness", brightness);
    this.contrast = factors("contrast", contrast);
    this.saturation = factors("saturation", saturation);
    const turns = checkRange(
      "a range of hue",
      hue,
      (x) => [-x, x],
      -0.5,
      0.5,
    );
    this.hue = turns[0] === 0 && turns[1] === 0 ? undefined : turns;
  }

  /** Names of the changes that have a range. */
  override get ops(): readonly ActionName[] {
    return JITTERS.filter((name) => this[name]);
  }

  /** Returns the changes, in random order. */
  override draw(_: Extent, generator: Generator): readonly Action[] {
    const order = generator.shuffle<Jitter[]>([...JITTERS]);
    const numbers = new Map<Jitter, number>();
    for (const name of JITTERS) {
      const range = this[name];
      if (range) numbers.set(name, uniform(range, generator));
    }
    return order.flatMap((op): Action[] => {
      const factor = numbers.get(op);
      return factor === undefined ? [] : [{ op, factor }];
    });
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const each = JITTERS.map((name) => {
      const range = this[name];
      return `${name}=${range ? `[${range.join(", ")}]` : "None"}`;
    });
    return `ColorJitter(${each.join(", ")})`;
  }
}

function factors(
  name: string,
  value: number | readonly number[],
): readonly [number, number] | undefined {
  const around = (x: number) => [Math.max(0, 1 - x), 1 + x] as const;
  const range = checkRange(`a range of ${name}`, value, around, 0);
  return range[0] === 1 && range[1] === 1 ? undefined : range;
}

/**
 * Changes brightness, contrast, saturation and hue at random, in random order. A
 * number x means factors from 1 - x to 1 + x, and hues from -x to x.
 *
 * Source: torchvision.transforms.ColorJitter.
 *
 * @throws {RangeError} If a range is invalid
 */
export function colorJitter(options?: ColorJitterOptions): ColorJitter {
  checkArguments("colorJitter", arguments, 1);
  return new ColorJitter(options);
}

/** Transform that blurs images by a Gaussian of random width. */
export class GaussianBlur extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** Odd sizes [x, y] of the filter. */
  readonly kernelSize: readonly [number, number];
  /** [least, most] standard deviation, in pixels. */
  readonly sigma: readonly [number, number];

  /** @throws {RangeError} If a size is not odd, or the range is invalid */
  constructor(
    kernelSize: SizeArgument,
    sigma: number | readonly number[] = [0.1, 2],
  ) {
    super();
    checkArguments("GaussianBlur", arguments, 2);
    this.kernelSize = blurAction(kernelSize).kernelSize;
    const least = Number.MIN_VALUE;
    this.sigma = checkRange("a range of sigma", sigma, (x) => [x, x], least);
  }

  /** A blur. */
  override get ops(): readonly ActionName[] {
    return ["blur"];
  }

  /** Returns the blur. */
  override draw(_: Extent, generator: Generator): readonly Action[] {
    const sigma = uniform(this.sigma, generator);
    return [blurAction(this.kernelSize, sigma)];
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const { kernelSize, sigma } = this;
    return `GaussianBlur(kernel_size=${tuple(kernelSize)}, ` +
      `sigma=${tuple(sigma)})`;
  }
}

/**
 * Blurs images by a Gaussian, whose standard deviation is drawn for each image.
 *
 * Source: torchvision.transforms.GaussianBlur.
 *
 * @throws {RangeError} If a size is not odd, or the range is invalid
 */
export function gaussianBlur(
  kernelSize: SizeArgument,
  options: {
    /** Standard deviation, or [least, most], in pixels. Default: [0.1, 2]. */
    readonly sigma?: number | readonly number[];
  } = {},
): GaussianBlur {
  checkArguments("gaussianBlur", arguments, 2);
  const { sigma } = checkOptionNames("gaussianBlur", options, ["sigma"]);
  return new GaussianBlur(kernelSize, sigma);
}
