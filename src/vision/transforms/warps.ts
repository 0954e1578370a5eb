/**
 * Transforms that turn, shift, scale and shear images.
 *
 * Angles are degrees; points are [x, y] from the upper left corner, in pixels.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Generator } from "../../tensor/generator.ts";
import type { Action, ActionName, Extent, Fill } from "../actions/action.ts";
import { roundHalfEven } from "../actions/values.ts";
import {
  checkArguments,
  checkCenter,
  checkFill,
  checkNumber,
  checkPair,
  checkRange,
  checkWarpInterpolation,
} from "./checks.ts";
import { affineAction, type AffineNumbers } from "./resolve_warps.ts";
import { Transform, uniform } from "./transform.ts";

/** Options of transforms that turn or bend images. */
export interface RandomWarpOptions {
  /** Method that finds values between pixels. */
  readonly interpolation?: "nearest" | "bilinear";
  /** Value around the image. Default: 0. */
  readonly fill?: Fill;
}

/** Returns a range of angles; one number x means [-x, x]. */
function angles(
  what: string,
  value: number | readonly number[],
): readonly [number, number] {
  return checkRange(what, value, (x) => [-x, x]);
}

/** Names of the options of `RandomWarpOptions`. */
export const WARP_OPTIONS: readonly string[] = ["interpolation", "fill"];
const ROTATION_OPTIONS = [...WARP_OPTIONS, "expand", "center"];
const AFFINE_OPTIONS = [
  ...WARP_OPTIONS,
  "translate",
  "scale",
  "shear",
  "center",
];

/** Options of `randomRotation`. */
export interface RandomRotationOptions extends RandomWarpOptions {
  /** Whether the result holds the whole turned image. Default: false. */
  readonly expand?: boolean;
  /** The fixed point [x, y]; the middle by default. */
  readonly center?: readonly number[] | undefined;
}

/** Transform that turns images by a random angle. */
export class RandomRotation extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** [least, most] angle, counter-clockwise. */
  readonly degrees: readonly [number, number];
  /** Method that finds values between pixels. */
  readonly interpolation: "nearest" | "bilinear";
  /** Whether the result holds the whole turned image. */
  readonly expand: boolean;
  /** The fixed point [x, y]; undefined means the middle. */
  readonly center: readonly number[] | undefined;
  /** Value around the image. */
  readonly fill: Fill;

  /** @throws {RangeError} If the range of angles is invalid */
  constructor(
    degrees: number | readonly number[],
    options: RandomRotationOptions = {},
  ) {
    super();
    checkArguments("RandomRotation", arguments, 2);
    checkOptionNames("randomRotation", options, ROTATION_OPTIONS);
    this.degrees = angles("a range of angles", degrees);
    this.interpolation = checkWarpInterpolation(
      options.interpolation ?? "nearest",
    );
    this.expand = options.expand ?? false;
    this.center = checkCenter(options.center);
    this.fill = checkFill(options.fill ?? 0);
  }

  /** A warp. */
  override get ops(): readonly ActionName[] {
    return ["warp"];
  }

  /** Returns the turn. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    return [affineAction(this.params(generator), extent)];
  }

  /** Draws the numbers of a turn. */
  params(generator: Generator): AffineNumbers {
    const { center, interpolation, fill, expand } = this;
    return {
      angle: -uniform(this.degrees, generator),
      translate: [0, 0],
      scale: 1,
      shear: [0, 0],
      center,
      interpolation,
      fill,
      expand,
    };
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const { degrees, interpolation, expand, center, fill } = this;
    return `RandomRotation(degrees=[${degrees.join(", ")}], ` +
      `interpolation=${interpolation}, expand=${expand ? "True" : "False"}` +
      (center ? `, center=[${center.join(", ")}]` : "") + `, fill=${fill})`;
  }
}

/**
 * Turns images counter-clockwise, by an angle from -`degrees` to `degrees` or from
 * a range. Interpolation is "nearest" by default.
 *
 * Source: torchvision.transforms.RandomRotation.
 *
 * @throws {RangeError} If the range of angles is invalid
 */
export function randomRotation(
  degrees: number | readonly number[],
  options?: RandomRotationOptions,
): RandomRotation {
  checkArguments("randomRotation", arguments, 2);
  return new RandomRotation(degrees, options);
}

/** Options of `randomAffine`. */
export interface RandomAffineOptions extends RandomWarpOptions {
  /** Largest shift to each side, as shares of width and height. */
  readonly translate?: readonly number[] | undefined;
  /** [least, most] factor. */
  readonly scale?: readonly number[] | undefined;
  /** Angles along x, [least, most], or [x, x, y, y]. */
  readonly shear?: number | readonly number[] | undefined;
  /** The fixed point [x, y]; the middle by default. */
  readonly center?: readonly number[] | undefined;
}

/** Transform that turns, shifts, scales and shears images at random. */
export class RandomAffine extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** [least, most] angle, clockwise. */
  readonly degrees: readonly [number, number];
  /** Largest shift, as shares of width and height. */
  readonly translate: readonly number[] | undefined;
  /** [least, most] factor. */
  readonly scale: readonly [number, number] | undefined;
  /** [least, most] angle along x, and along y. */
  readonly shear: readonly (readonly [number, number])[] | undefined;
  /** Method that finds values between pixels. */
  readonly interpolation: "nearest" | "bilinear";
  /** Value around the image. */
  readonly fill: Fill;
  /** The fixed point [x, y]; undefined means the middle. */
  readonly center: readonly number[] | undefined;

  /** @throws {RangeError} If a range is invalid */
  constructor(
    degrees: number | readonly number[],
    options: RandomAffineOptions = {},
  ) {
    super();
    checkArguments("RandomAffine", arguments, 2);
    checkOptionNames("randomAffine", options, AFFINE_OPTIONS);
    const { translate, scale, shear } = options;
    this.degrees = angles("a range of angles", degrees);
    this.translate = translate && checkPair("a shift", translate);
    this.translate?.forEach((share) => checkNumber("a shift", share, 0, 1));
    this.scale = scale &&
      checkRange("a range of scales", scale, (x) => [x, x], 1e-6);
    this.shear = shear === undefined ? undefined : shears(shear);
    this.interpolation = checkWarpInterpolation(
      options.interpolation ?? "nearest",
    );
    this.fill = checkFill(options.fill ?? 0);
    this.center = checkCenter(options.center);
  }

  /** A warp. */
  override get ops(): readonly ActionName[] {
    return ["warp"];
  }

  /** Returns the affine map. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    return [affineAction(this.params(extent, generator), extent)];
  }

  /** Draws the numbers of a map. */
  params(
    { height, width }: Pick<Extent, "height" | "width">,
    generator: Generator,
  ): AffineNumbers {
    const { translate, scale, shear, center, interpolation, fill } = this;
    const angle = uniform(this.degrees, generator);
    const shift = (share: number, length: number): number =>
      roundHalfEven(uniform([-share * length, share * length], generator));
    return {
      angle,
      translate: translate
        ? [shift(translate[0]!, width), shift(translate[1]!, height)]
        : [0, 0],
      scale: scale ? uniform(scale, generator) : 1,
      shear: [
        shear?.[0] ? uniform(shear[0], generator) : 0,
        shear?.[1] ? uniform(shear[1], generator) : 0,
      ],
      center,
      interpolation,
      fill,
    };
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const list = (values: readonly number[]): string =>
      `[${values.join(", ")}]`;
    const { degrees, translate, scale, shear, interpolation, fill, center } =
      this;
    return `RandomAffine(degrees=${list(degrees)}` +
      (translate ? `, translate=${list(translate)}` : "") +
      (scale ? `, scale=${list(scale)}` : "") +
      (shear ? `, shear=${list(shear.flat())}` : "") +
      (interpolation === "nearest" ? "" : `, interpolation=${interpolation}`) +
      (fill === 0 ? "" : `, fill=${fill}`) +
      (center ? `, center=${list(center)}` : "") + ")";
  }
}

function shears(
  value: number | readonly number[],
): readonly (readonly [number, number])[] {
  const along = (part: number | readonly number[]) =>
    angles("a range of shears", part);
  return typeof value !== "number" && value.length === 4
    ? [along(value.slice(0, 2)), along(value.slice(2))]
    : [along(value)];
}

/**
 * Turns images clockwise, shifts, scales and shears them at random. Interpolation
 * is "nearest" by default.
 *
 * Source: torchvision.transforms.RandomAffine.
 *
 * @throws {RangeError} If a range is invalid
 */
export function randomAffine(
  degrees: number | readonly number[],
  options?: RandomAffineOptions,
): RandomAffine {
  checkArguments("randomAffine", arguments, 2);
  return new RandomAffine(degrees, options);
}
