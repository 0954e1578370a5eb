/**
 * Transforms that turn, shear and bend images.
 *
 * Angles are degrees; points are [x, y] from the upper left corner, in pixels.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Generator } from "../../tensor/generator.ts";
import type { Action, ActionName, Extent, Fill } from "../actions/action.ts";
import { checkFillOf } from "../actions/rows.ts";
import { roundHalfEven } from "../actions/values.ts";
import {
  checkArguments,
  checkCenter,
  checkFill,
  checkNumber,
  checkProbability,
  checkRange,
  checkWarpInterpolation,
} from "./checks.ts";
import {
  affineAction,
  type AffineNumbers,
  type Corners,
  perspectiveAction,
} from "./resolve.ts";
import { Transform, uniform } from "./transform.ts";

/** Options of transforms that turn images. */
export interface RandomWarpOptions {
  /** How values between pixels are found. */
  readonly interpolation?: "nearest" | "bilinear";
  /** What lies around the image. Default: 0. */
  readonly fill?: Fill;
}

/** A range of angles: [-x, x] of one number. */
function angles(
  what: string,
  value: number | readonly number[],
): readonly [number, number] {
  return checkRange(what, value, (x) => [-x, x]);
}

const WARP_OPTIONS = ["interpolation", "fill"];
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
  /** Whether the result holds all of the turned image. Default: false. */
  readonly expand?: boolean;
  /** The point that stays; the middle by default. */
  readonly center?: readonly number[] | undefined;
}

/** Images turned by a random angle. */
export class RandomRotation extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** [least, most] angle, counter-clockwise. */
  readonly degrees: readonly [number, number];
  /** How values between pixels are found. */
  readonly interpolation: "nearest" | "bilinear";
  /** Whether the result holds all of the turned image. */
  readonly expand: boolean;
  /** The point that stays; undefined: the middle. */
  readonly center: readonly number[] | undefined;
  /** What lies around the image. */
  readonly fill: Fill;

  /** @throws {RangeError} If the angles are no range */
  constructor(
    degrees: number | readonly number[],
    options: RandomRotationOptions = {},
  ) {
    super();
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

  /** The turn of such an image. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    return [affineAction(this.params(generator), extent)];
  }

  /** The numbers of a turn. */
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

  /** As torchvision prints it. */
  override toString(): string {
    const { degrees, interpolation, expand, center, fill } = this;
    return `RandomRotation(degrees=[${degrees.join(", ")}], ` +
      `interpolation=${interpolation}, expand=${expand ? "True" : "False"}` +
      (center ? `, center=[${center.join(", ")}]` : "") + `, fill=${fill})`;
  }
}

/**
 * Images turned by an angle between -`degrees` and `degrees`, or between two,
 * counter-clockwise. Interpolation is "nearest" by default.
 *
 * Source: torchvision.transforms.RandomRotation.
 *
 * @throws {RangeError} If the angles are no range
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
  /** Most shift to both sides, as shares of width and height. */
  readonly translate?: readonly number[] | undefined;
  /** [least, most] times larger. */
  readonly scale?: readonly number[] | undefined;
  /** Angles along x, [least, most], or [x, x, y, y]. */
  readonly shear?: number | readonly number[] | undefined;
  /** The point that stays; the middle by default. */
  readonly center?: readonly number[] | undefined;
}

/** Images turned, shifted, scaled and sheared at random. */
export class RandomAffine extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** [least, most] angle, clockwise. */
  readonly degrees: readonly [number, number];
  /** Most shift, as shares of width and height. */
  readonly translate: readonly number[] | undefined;
  /** [least, most] times larger. */
  readonly scale: readonly [number, number] | undefined;
  /** [least, most] angle along x, and along y. */
  readonly shear: readonly (readonly [number, number])[] | undefined;
  /** How values between pixels are found. */
  readonly interpolation: "nearest" | "bilinear";
  /** What lies around the image. */
  readonly fill: Fill;
  /** The point that stays; undefined: the middle. */
  readonly center: readonly number[] | undefined;

  /** @throws {RangeError} If a range is none */
  constructor(
    degrees: number | readonly number[],
    options: RandomAffineOptions = {},
  ) {
    super();
    checkOptionNames("randomAffine", options, AFFINE_OPTIONS);
    const { translate, scale, shear } = options;
    this.degrees = angles("a range of angles", degrees);
    if (translate && translate.length !== 2) {
      throw new RangeError(
        `Cannot shift images by [${
          translate.join(", ")
        }]: expected shares of ` +
          `width and height`,
      );
    }
    translate?.forEach((share) => checkNumber("a share of shift", share, 0, 1));
    this.translate = translate;
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

  /** The map of such an image. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    return [affineAction(this.params(extent, generator), extent)];
  }

  /** The numbers of a map. */
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

  /** As torchvision prints it. */
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
 * Images turned (clockwise), shifted, scaled and sheared at random about their
 * middle. Interpolation is "nearest" by default.
 *
 * Source: torchvision.transforms.RandomAffine.
 *
 * @throws {RangeError} If a range is none
 */
export function randomAffine(
  degrees: number | readonly number[],
  options?: RandomAffineOptions,
): RandomAffine {
  checkArguments("randomAffine", arguments, 2);
  return new RandomAffine(degrees, options);
}

/** Options of `randomPerspective`. */
export interface RandomPerspectiveOptions extends RandomWarpOptions {
  /** How far corners move, as a share of half the image. Default: 0.5. */
  readonly distortionScale?: number;
  /** How probable it is. Default: 0.5. */
  readonly p?: number;
}

/** Images seen from elsewhere, by chance. */
export class RandomPerspective extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** How far corners move, as a share of half the image. */
  readonly distortionScale: number;
  /** How probable it is. */
  readonly p: number;
  /** How values between pixels are found. */
  readonly interpolation: "nearest" | "bilinear";
  /** What lies around the image. */
  readonly fill: Fill;

  /** @throws {RangeError} If a share is not from 0 to 1 */
  constructor(options: RandomPerspectiveOptions = {}) {
    super();
    const { distortionScale = 0.5, p = 0.5 } = checkOptionNames(
      "randomPerspective",
      options,
      ["distortionScale", "p", ...WARP_OPTIONS],
    );
    this.distortionScale = checkNumber("a distortion", distortionScale, 0, 1);
    this.p = checkProbability(p);
    this.interpolation = checkWarpInterpolation(
      options.interpolation ?? "bilinear",
    );
    this.fill = checkFill(options.fill ?? 0);
  }

  /** A warp. */
  override get ops(): readonly ActionName[] {
    return ["warp"];
  }

  /** The map of such an image, or none; none if it is too small for one. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const { interpolation, fill } = this;
    checkFillOf("warp", fill, extent);
    if (generator.random() >= this.p) return [];
    const points = this.params(extent, generator);
    const action = perspectiveAction(
      { ...points, interpolation, fill },
      extent,
    );
    return action ? [action] : [];
  }

  /** The corners of an image, and where they move. */
  params(
    { height, width }: Pick<Extent, "height" | "width">,
    generator: Generator,
  ): { readonly startpoints: Corners; readonly endpoints: Corners } {
    const right = width - 1;
    const bottom = height - 1;
    const far = (length: number): number =>
      generator.integer(
        Math.trunc(this.distortionScale * Math.floor(length / 2)) + 1,
      );
    return {
      startpoints: [[0, 0], [right, 0], [right, bottom], [0, bottom]],
      endpoints: [
        [far(width), far(height)],
        [right - far(width), far(height)],
        [right - far(width), bottom - far(height)],
        [far(width), bottom - far(height)],
      ],
    };
  }

  /** As torchvision prints it. */
  override toString(): string {
    return `RandomPerspective(p=${this.p})`;
  }
}

/**
 * Images seen from elsewhere with probability `p`: each corner moves inwards.
 *
 * Source: torchvision.transforms.RandomPerspective.
 *
 * @throws {RangeError} If a share is not from 0 to 1
 */
export function randomPerspective(
  options?: RandomPerspectiveOptions,
): RandomPerspective {
  checkArguments("randomPerspective", arguments, 1);
  return new RandomPerspective(options);
}
