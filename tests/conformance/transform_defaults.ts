/**
 * Defaults of torchvision's classes of transforms: a transform that is given
 * only what it needs is the same as one that is given the defaults by name.
 *
 * JavaScript does not tell which defaults a function has. The same is what says
 * the same of itself, and draws the same for equal generators.
 *
 * @module
 */

import { Generator } from "../../src/tensor/generator.ts";
import type { Extent } from "../../src/vision/actions/action.ts";
import * as T from "../../src/vision/transforms/mod.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import { asFields, type Fields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

/** What is wrong with the defaults that the goldens list by class, in words. */
export function defaultDifferences(listed: unknown): (string | undefined)[] {
  return Object.entries(asFields(listed, "defaults")).map(([name, defaults]) =>
    difference(name, asFields(defaults, name))
  );
}

function difference(name: string, listed: Fields): string | undefined {
  const needed: Record<string, unknown> = {};
  for (const [argument, value] of Object.entries(listed)) {
    if (value !== "required") continue;
    if (!(argument in SAMPLES)) throw new Unsupported(`a sample ${argument}`);
    needed[argument] = SAMPLES[argument];
  }
  const bare = evidenceOf(make(name, needed));
  const whole = evidenceOf(make(name, { ...listed, ...needed }));
  return bare === whole
    ? undefined
    : `${name}: got ${bare}, want ${whole} of ${JSON.stringify(listed)}`;
}

/** Arguments that classes can't do without. */
const SAMPLES: Fields = {
  size: [6, 7],
  padding: [1, 2],
  degrees: [-30, 30],
  ["kernel_size"]: [3, 5],
  bits: 3,
  threshold: 0.5,
  ["sharpness_factor"]: 2,
  mean: [0.5, 0.25, 0.125],
  std: [0.5, 0.25, 0.125],
  transforms: [T.randomHorizontalFlip(1)],
};

type Maker = (args: Arguments) => unknown;

/** A transform that happens with probability `p`. */
function chance(
  call: (p: number | undefined) => unknown,
): Maker {
  return (args) => call(args.option("p"));
}

const MAKERS: Readonly<Record<string, Maker>> = {
  CenterCrop: (args) => T.centerCrop(args.value("size")),
  ColorJitter: (args) =>
    T.colorJitter(args.options<T.ColorJitterOptions>(
      "brightness",
      "contrast",
      "saturation",
      "hue",
    )),
  FiveCrop: (args) => T.fiveCrop(args.value("size")),
  GaussianBlur: (args) =>
    T.gaussianBlur(
      args.value("kernel_size"),
      args.options<{ sigma?: number | readonly number[] }>("sigma"),
    ),
  Grayscale: (args) =>
    T.grayscale(
      args.options<{ numOutputChannels?: 1 | 3 }>("numOutputChannels"),
    ),
  Normalize: (args) =>
    T.normalize(args.value<number[]>("mean"), args.value("std")),
  Pad: (args) =>
    T.pad(
      args.value("padding"),
      args.options<T.PadOptions>("fill", "paddingMode"),
    ),
  RandomAdjustSharpness: (args) =>
    T.randomAdjustSharpness(args.value("sharpness_factor"), args.option("p")),
  RandomAffine: (args) =>
    T.randomAffine(
      args.value<number[]>("degrees"),
      args.options<T.RandomAffineOptions>(
        "translate",
        "scale",
        "shear",
        "interpolation",
        "fill",
        "center",
      ),
    ),
  RandomApply: (args) =>
    T.randomApply(args.value("transforms"), args.option("p")),
  RandomAutocontrast: chance((p) => T.randomAutocontrast(p)),
  RandomCrop: (args) =>
    T.randomCrop(
      args.value<number>("size"),
      args.options<T.RandomCropOptions>(
        "padding",
        "padIfNeeded",
        "fill",
        "paddingMode",
      ),
    ),
  RandomEqualize: chance((p) => T.randomEqualize(p)),
  RandomErasing: (args) =>
    T.randomErasing(
      args.options<T.RandomErasingOptions>("p", "scale", "ratio", "value"),
    ),
  RandomGrayscale: chance((p) => T.randomGrayscale(p)),
  RandomHorizontalFlip: chance((p) => T.randomHorizontalFlip(p)),
  RandomInvert: chance((p) => T.randomInvert(p)),
  RandomPerspective: (args) =>
    T.randomPerspective(
      args.options<T.RandomPerspectiveOptions>(
        "distortionScale",
        "p",
        "interpolation",
        "fill",
      ),
    ),
  RandomPosterize: (args) =>
    T.randomPosterize(args.value("bits"), args.option("p")),
  RandomResizedCrop: (args) =>
    T.randomResizedCrop(
      args.value<number>("size"),
      args.options<T.RandomResizedCropOptions>(
        "scale",
        "ratio",
        "interpolation",
        "antialias",
      ),
    ),
  RandomRotation: (args) =>
    T.randomRotation(
      args.value<number[]>("degrees"),
      args.options<T.RandomRotationOptions>(
        "interpolation",
        "expand",
        "center",
        "fill",
      ),
    ),
  RandomSolarize: (args) =>
    T.randomSolarize(args.value("threshold"), args.option("p")),
  RandomVerticalFlip: chance((p) => T.randomVerticalFlip(p)),
  Resize: (args) =>
    T.resize(
      args.value<number>("size"),
      args.options<T.ResizeOptions>("interpolation", "maxSize", "antialias"),
    ),
  TenCrop: (args) =>
    T.tenCrop(
      args.value("size"),
      args.options<{ verticalFlip?: boolean }>("verticalFlip"),
    ),
};

/** A transform of one of torchvision's classes. */
function make(name: string, kwargs: Fields): unknown {
  const maker = MAKERS[name];
  if (!maker) throw new Unsupported(`no torchvision.transforms.${name}`);
  return withArguments({ op: `torchvision.transforms.${name}`, kwargs }, maker);
}

const EXTENTS: readonly Extent[] = [
  { channels: 3, height: 20, width: 31, dtype: "uint8" },
  { channels: 3, height: 13, width: 9, dtype: "float32" },
];

/** What a transform says of itself, and what it draws. */
function evidenceOf(transform: unknown): string {
  if (!(transform instanceof T.Transform)) return String(transform);
  const draws = EXTENTS.flatMap((extent) =>
    Array.from(
      { length: 20 },
      (_, index) => transform.draw(extent, Generator.ofSample(0, 0, index)),
    )
  );
  return `${transform} ${JSON.stringify(draws)}`;
}
